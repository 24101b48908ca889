"""The office's files as the adapters get them: only what was planned."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from bot.domain.post import Media
from bot.errors import MediaError
from bot.wiring.media import MediaFolder
from tests.bot.schedule.packing import drawing, package, paragraph, png, write

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


def in_a_word_text(folder: Path, colour: str = "red") -> Media:
    """The second picture of posts/a.docx in the folder."""
    raw = package(
        paragraph(drawing("rId1")) + paragraph(drawing("rId2")),
        parts={"word/media/image1.png": png("blue"), "word/media/image2.png": png(colour)},
        links={"rId1": ("image", "media/image1.png"), "rId2": ("image", "media/image2.png")},
    )
    write(folder, "posts/a.docx", raw)
    sha256, size = hashlib.sha256(png(colour)).hexdigest(), len(png(colour))
    return Media(path="posts/a.docx#2", sha256=sha256, size=size, mime="image/png")


@pytest.mark.parametrize("given", [True, False])
def test_a_picture_of_a_word_text_is_a_file_outside_the_schedules(
    tmp_path: Path, *, given: bool
) -> None:
    schedules, cache = tmp_path / "schedules", tmp_path / "cache"
    media = in_a_word_text(schedules)
    store = MediaFolder(schedules, cache) if given else MediaFolder(schedules)
    path = store.path(media)
    assert (path.read_bytes(), path.suffix) == (png("red"), ".png")
    assert [item.name for item in schedules.iterdir()] == ["posts"]
    assert [item.name for item in (schedules / "posts").iterdir()] == ["a.docx"]
    assert (path.parent == cache) == given


def test_one_taken_out_before_is_made_good_again(tmp_path: Path) -> None:
    media = in_a_word_text(tmp_path / "schedules")
    store = MediaFolder(tmp_path / "schedules", tmp_path / "cache")
    store.path(media).write_bytes(b"half")
    assert store.path(media).read_bytes() == png("red")
    store.path(media).unlink()
    assert store.path(media).read_bytes() == png("red")


def test_a_word_text_saved_again_with_another_picture_is_refused(tmp_path: Path) -> None:
    media = in_a_word_text(tmp_path)
    store = MediaFolder(tmp_path)
    store.path(media)
    in_a_word_text(tmp_path, "green")
    with pytest.raises(MediaError, match=r"a\.docx#2"):
        store.path(media)
    (tmp_path / "posts" / "a.docx").unlink()
    with pytest.raises(MediaError, match=r"a\.docx#2"):
        store.path(media)
    write(tmp_path, "posts/a.docx", b"no Word file")
    with pytest.raises(MediaError, match=r"a\.docx#2"):
        store.path(media)


def test_a_file_whose_own_name_has_that_sign_is_a_file(tmp_path: Path) -> None:
    write(tmp_path, "a.docx#1", DATA)
    media = Media(
        path="a.docx#1", sha256=hashlib.sha256(DATA).hexdigest(), size=len(DATA), mime="image/png"
    )
    assert MediaFolder(tmp_path).path(media).read_bytes() == DATA
