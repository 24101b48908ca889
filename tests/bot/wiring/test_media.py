"""The office's files as the adapters get them: only what was planned."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from bot.domain.post import Media
from bot.errors import MediaError
from bot.wiring.media import MediaFolder

DATA = b"what was planned"


@pytest.fixture
def planned(tmp_path: Path) -> Media:
    (tmp_path / "clip.mp4").write_bytes(DATA)
    return Media(
        path="clip.mp4", sha256=hashlib.sha256(DATA).hexdigest(), size=len(DATA), mime="video/mp4"
    )


def test_what_was_planned_is_opened(planned: Media, tmp_path: Path) -> None:
    assert MediaFolder(tmp_path).path(planned).read_bytes() == DATA


def test_another_content_of_the_same_length_and_time_is_refused(
    planned: Media, tmp_path: Path
) -> None:
    folder, file = MediaFolder(tmp_path), tmp_path / "clip.mp4"
    stat = folder.path(planned).stat()
    file.write_bytes(DATA[::-1])
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    with pytest.raises(MediaError, match=r"clip\.mp4"):
        folder.path(planned)


def test_a_file_put_back_is_opened_again(planned: Media, tmp_path: Path) -> None:
    folder, file = MediaFolder(tmp_path), tmp_path / "clip.mp4"
    file.write_bytes(b"")
    with pytest.raises(MediaError):
        folder.path(planned)
    file.write_bytes(DATA)
    assert folder.path(planned) == file.resolve()


@pytest.mark.parametrize("left", ["nothing", "a folder", "a loop of links"])
def test_what_cannot_be_opened_is_a_media_error(planned: Media, tmp_path: Path, left: str) -> None:
    file = tmp_path / "clip.mp4"
    file.unlink()
    if left == "a folder":
        file.mkdir()
    elif left == "a loop of links":
        file.symlink_to("clip.mp4")
    with pytest.raises(MediaError, match=r"clip\.mp4"):
        MediaFolder(tmp_path).path(planned)
