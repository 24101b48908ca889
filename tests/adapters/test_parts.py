"""Files in parts: none empty, none missing, a preparation that ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.parts import STEPS_MAX, Parts
from bot.errors import MediaError

MB = 1024 * 1024


@pytest.mark.parametrize("size", [1, 8 * MB, 8 * MB + 1, 499_999_999, 4_000_000_000])
def test_a_preparation_always_ends(size: int) -> None:
    """The engine gives it 200 steps."""
    parts, sent, steps = Parts(size=size, part=8 * MB), 0, 0
    while sent < parts.count:
        sent, steps = max(parts.step(sent)) + 1, steps + 1
    assert steps <= STEPS_MAX
    assert (parts.count - 1) * parts.part < size <= parts.count * parts.part


def test_a_part_is_read_by_itself(tmp_path: Path) -> None:
    file = tmp_path / "film.mp4"
    file.write_bytes(b"abcdefgh")
    parts = Parts(size=8, part=3)
    assert [parts.read(file, n) for n in range(parts.count)] == [b"abc", b"def", b"gh"]


@pytest.mark.parametrize("content", [None, b"", b"abcdefg"])
def test_a_file_that_is_gone_or_shorter_is_not_sent(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "film.mp4"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(MediaError, match=r"film\.mp4"):
        Parts(size=8, part=3).read(file, 2)
