"""The office's media files, opened for the adapters."""

from __future__ import annotations

import hashlib
from pathlib import Path

from bot.domain.post import Media
from bot.errors import MediaError
from bot.i18n import _


class MediaFolder:
    """Opens files of the schedules folder, and only while they are what was planned."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._seen: dict[tuple[str, int, int], str] = {}

    def path(self, media: Media) -> Path:
        """The file; raises MediaError when it is gone or has changed since it was planned."""
        path = (self._folder / media.path).resolve()
        try:
            found = path.stat()
        except OSError as error:
            raise MediaError(
                _("{file} is not there any more. Put it back, or plan the post again.").format(
                    file=media.path
                )
            ) from error
        known = (media.path, found.st_size, found.st_mtime_ns)
        if known not in self._seen:
            with path.open("rb") as file:
                self._seen[known] = hashlib.file_digest(file, "sha256").hexdigest()
        if self._seen[known] != media.sha256:
            raise MediaError(
                _("{file} has changed since it was planned. Run `bot plan` again.").format(
                    file=media.path
                )
            )
        return path
