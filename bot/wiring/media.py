"""The office's media files, opened for the adapters."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from pathlib import Path

from bot.domain.post import Media
from bot.errors import MediaError
from bot.i18n import _
from bot.schedule.digests import sha256, stamp
from bot.schedule.word import pictures


class MediaFolder:
    """Opens files of the schedules folder, and only while they are what was planned.

    Pictures within Word files are laid into `cache` to be opened there; it may be emptied at any
    time. Without one they lie in a folder that goes with this object.
    """

    def __init__(self, folder: Path, cache: Path | None = None) -> None:
        self._folder = folder.resolve()
        self._cache = cache

    def path(self, media: Media) -> Path:
        """The file; raises MediaError when it is gone or has changed since it was planned.

        Blocks while a file is looked at for the first time: seconds for a video of some GB.
        """
        try:
            path = self._find(media)
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

    def _find(self, media: Media) -> Path:
        path = (self._folder / media.path).resolve()
        file = pictures.within(media.path)
        return self._taken_out(file, media) if file and not path.exists() else path

    def _taken_out(self, file: str, media: Media) -> Path:
        """A picture of a Word file, as a file of its own; the Word file itself without it."""
        word = (self._folder / file).resolve()
        part = pictures.part_of(word, stamp(word.stat()), media.sha256, media.size)
        if not part:
            return word  # whose content is not what was planned
        target = self._room() / f"{media.sha256}{Path(part).suffix}"
        if not target.exists() or sha256(target, stamp(target.stat())) != media.sha256:
            handle, made = tempfile.mkstemp(dir=target.parent)
            with os.fdopen(handle, "wb") as stream:
                stream.write(pictures.extract(word, part))
            Path(made).replace(target)  # never half of it, also with two processes
        return target

    def _room(self) -> Path:
        if self._cache is None:
            self._cache = Path(tempfile.mkdtemp(prefix="bot-pictures-"))
            weakref.finalize(self, shutil.rmtree, self._cache, ignore_errors=True)
        self._cache.mkdir(parents=True, exist_ok=True)
        return self._cache
