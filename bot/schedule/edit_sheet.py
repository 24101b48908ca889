"""Changes entries of a calendar in a sheet."""

from __future__ import annotations

from bot.schedule.entries import Files, Found
from bot.schedule.exports import Plain


def change(raw: bytes, files: Files, found: Found, old: Plain, new: Plain) -> bytes:
    """The file whose entry says `new` instead of `old`."""
    raise ValueError("not yet")


def add(raw: bytes, files: Files, file: str, fields: Plain) -> tuple[bytes, int]:
    """The file with one more entry, and that entry's number among its posts."""
    raise ValueError("not yet")


def drop(raw: bytes, files: Files, found: Found) -> bytes:
    """The file without the entry."""
    raise ValueError("not yet")


def says(plain: object) -> object:
    """What a file says, without what its kind of file cannot tell apart."""
    return plain
