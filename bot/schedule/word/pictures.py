"""The pictures within Word files, addressed `posts/a.docx#1`."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from bot.schedule.digests import Stamp
from bot.schedule.word.parts import Refused, open_package


def within(path: str) -> str:
    """The Word file a picture's path leads into; "" for the path of a file of its own."""
    file, mark, number = path.rpartition("#")
    return file if mark and number.isdecimal() and file.lower().endswith(".docx") else ""


@lru_cache(maxsize=1024)
def part_of(full: Path, seen: Stamp, digest: str, size: int) -> str:
    """The part of the Word file that has exactly these bytes; "" without one. Raises OSError.

    `digest` is their SHA-256 as hex, `size` their number. What counts is the content: programs
    number the pictures of a file anew whenever they save it.
    """
    with full.open("rb") as stream:
        try:
            package = open_package(stream)
            for info in package.archive.infolist():
                raw = package.picture(info.filename) if info.file_size == size else None
                if raw is not None and hashlib.sha256(raw).hexdigest() == digest:
                    return info.filename
        except Refused:
            pass
    return ""


def extract(full: Path, part: str) -> bytes:
    """The bytes of a part found before; none when the file changed meanwhile. Raises OSError."""
    with full.open("rb") as stream:
        try:
            return open_package(stream).picture(part) or b""
        except Refused:
            return b""
