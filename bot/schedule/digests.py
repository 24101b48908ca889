"""What is in a file, as one short text; read once as long as the file is not touched."""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from pathlib import Path

Stamp = tuple[int, int, int]


def stamp(stat: os.stat_result) -> Stamp:
    """Equal while a file was not touched.

    The change time too: a copy may bring its old modification time along.
    """
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


@lru_cache(maxsize=4096)
def sha256(path: Path, seen: Stamp) -> str:
    """The file's digest as hex, remembered under its path and stamp.

    Reads in pieces: a video of 4 GB costs seconds the first time and no memory. Raises OSError.
    """
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
