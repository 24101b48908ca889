"""Puts a changed file in the place of one of the office's own, at once and only when it is safe.

The file is read, changed in memory, written beside itself and read back. Only when it then says
what it should, and nobody has touched or opened it meanwhile, does it take the old file's place:
whatever happens, the old file or the new one is there, whole.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from bot.schedule.digests import stamp


class Why(StrEnum):
    """What keeps a file from being replaced."""

    OPEN = "open"  # somebody has it on the screen; `detail` is the lock's name
    CHANGED = "changed"  # it was touched meanwhile
    UNSAFE = "unsafe"  # the change cannot be made without changing something else
    OWNER = "owner"  # it would belong to somebody else afterwards


class NotReplaced(Exception):
    """The file stays as it is."""

    def __init__(self, why: Why, detail: str = "") -> None:
        super().__init__(why.value)
        self.why = why
        self.detail = detail


def locks(path: Path) -> list[Path]:
    """The lock files by which Excel, WPS and LibreOffice say that they have the file open."""
    names = (f"~${path.name}", f"~${path.name[2:]}", f".~{path.name}", f".~lock.{path.name}#")
    return [lock for lock in map(path.with_name, names) if os.path.lexists(lock)]


def replace_file(
    path: Path, change: Callable[[bytes], bytes], is_right: Callable[[Path], bool]
) -> None:
    """Puts what `change` makes of the file's bytes in its place.

    `change` raises ValueError or LookupError where it cannot be made safely; `is_right` looks at
    the new file beside the old one. Raises NotReplaced and OSError.
    """
    _check_closed(path)
    seen = os.stat(path)
    raw = path.read_bytes()
    try:
        made = change(raw)
    except (ValueError, LookupError, RecursionError) as error:
        raise NotReplaced(Why.UNSAFE, str(error)) from error
    # Hidden and named as what is passing: neither a calendar nor a change of the folder.
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(made)
            stream.flush()
            _keep_owner(fresh, path, seen)
            os.fsync(stream.fileno())
        if not is_right(fresh):
            raise NotReplaced(Why.UNSAFE)
        _check_closed(path)
        if stamp(os.stat(path)) != stamp(seen) or digest(path.read_bytes()) != digest(raw):
            raise NotReplaced(Why.CHANGED)
        os.replace(fresh, path)
    finally:
        with suppress(FileNotFoundError):
            fresh.unlink()
    sync_folder(path.parent)


def digest(raw: bytes) -> str:
    """The bytes in one short text."""
    return hashlib.sha256(raw).hexdigest()


def _check_closed(path: Path) -> None:
    found = locks(path)
    if found:
        raise NotReplaced(Why.OPEN, found[0].name)


def _keep_owner(fresh: Path, path: Path, seen: os.stat_result) -> None:
    """Gives the new file the old one's rights."""
    shutil.copystat(path, fresh)  # extended attributes, access lists among them, too
    os.utime(fresh)
    if os.name != "posix":
        return
    now = os.stat(fresh)
    if (now.st_uid, now.st_gid) == (seen.st_uid, seen.st_gid):
        return
    try:
        os.chown(fresh, seen.st_uid, seen.st_gid)
        os.chmod(fresh, stat.S_IMODE(seen.st_mode))
    except PermissionError as error:
        raise NotReplaced(Why.OWNER) from error


def sync_folder(folder: Path) -> None:
    """Makes the new name last; not every system and drive can do it."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
