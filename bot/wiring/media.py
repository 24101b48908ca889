"""The office's media files, opened for the adapters."""

from __future__ import annotations

from pathlib import Path

from bot.domain.post import Media
from bot.errors import MediaError
from bot.i18n import _
from bot.schedule.digests import sha256, stamp


class MediaFolder:
    """Opens files of the schedules folder, and only while they are what was planned."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def path(self, media: Media) -> Path:
        """The file; raises MediaError when it is gone or has changed since it was planned.

        Blocks while a file is looked at for the first time: seconds for a video of some GB.
        """
        try:
            path = (self._folder / media.path).resolve()
            found = sha256(path, stamp(path.stat()))
        except (OSError, RuntimeError) as error:  # gone, unreadable, a loop of links
            raise MediaError(
                _("{file} is not there any more. Put it back, or plan the post again.").format(
                    file=media.path
                )
            ) from error
        if found != media.sha256:
            raise MediaError(
                _("{file} has changed since it was planned. Run `bot plan` again.").format(
                    file=media.path
                )
            )
        return path
