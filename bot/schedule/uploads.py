"""Takes pictures and videos into the schedules folder, for what they are and not for their names.

A file is written beside its place, looked into there, and gets its name only when it is sound.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final

from bot.domain.post import Media
from bot.domain.problem import NOWHERE
from bot.errors import UsageError
from bot.i18n import _
from bot.schedule.digests import sha256, stamp
from bot.schedule.media import EXTENSIONS, inspect, like_a_video, unfit
from bot.schedule.replacing import sync_folder

_FOLDER: Final = "media"
_PIECE: Final = 1_000_000  # bytes read at once
_HEAD: Final = 12  # bytes by which pictures and videos are told apart
_MAX_NAME: Final = 60  # characters without the ending; file systems take 255 bytes
# Neither a path, nor anything Markdown, sheets or shells take for something else.
_UNSAFE: Final = re.compile(r"[^\w-]+")
_DEVICES: Final = re.compile(r"(?i)(?:con|prn|aux|nul|com\d|lpt\d)$")  # names Windows keeps


class NotTaken(UsageError):
    """The file was not taken in; the text says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How large an uploaded file may be, in bytes."""

    picture: int = 10_000_000
    video: int = 4_000_000_000


@dataclass(kw_only=True)
class Upload:
    """One file on its way in. Nothing is left of it unless `keep` is reached.

    For pieces as they arrive: `with Upload(…) as upload: upload.write(piece) …; upload.keep()`.
    """

    root: Path  # the schedules folder
    name: str  # as its sender calls it
    day: date  # of the post it is for, or of today: it goes into its month's folder
    limits: Limits = field(default_factory=Limits)
    size: int = 0
    _head: bytes = b""
    _stream: BinaryIO | None = None
    _fresh: Path = field(default_factory=Path)
    _sum: hashlib._Hash = field(default_factory=hashlib.sha256)

    def __enter__(self) -> Upload:
        folder = self.root / _FOLDER / f"{self.day:%Y-%m}"
        if not folder.resolve().is_relative_to(self.root.resolve()):
            raise NotTaken(_("{path} leads out of the schedules folder.").format(path=_FOLDER))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=".upload.", suffix=".part", dir=folder)
        except OSError as error:
            raise _unwritten(error) from error
        self._fresh, self._stream = Path(name), os.fdopen(handle, "wb")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._stream is not None:
            self._stream.close()
        with suppress(OSError):
            self._fresh.unlink()
        with suppress(OSError):
            self._fresh.parent.rmdir()  # only where nothing lies in it

    def write(self, piece: bytes) -> None:
        """Takes in the next piece. Raises NotTaken as soon as there are too many."""
        assert self._stream is not None
        self._head = (self._head + piece[:_HEAD])[:_HEAD]
        self.size += len(piece)
        is_video = len(self._head) == _HEAD and like_a_video(self._head)
        limit = self.limits.video if is_video else self.limits.picture
        if self.size > limit:
            message = _("{name} is too large: {mb} MB at most.")
            raise NotTaken(message.format(name=self.shown, mb=limit // 1_000_000))
        self._sum.update(piece)
        try:
            self._stream.write(piece)
        except OSError as error:
            raise _unwritten(error) from error

    def keep(self) -> str:
        """The path of the file in the schedules folder, with forward slashes.

        The same content that is there already keeps its path. Raises NotTaken for what is neither
        a picture nor a video, or cannot be used.
        """
        assert self._stream is not None
        try:
            self._stream.flush()
            os.fsync(self._stream.fileno())
            self._stream.close()
            media = self._looked()
            there = self._same()
            return there if there is not None else self._named(media)
        except OSError as error:
            raise _unwritten(error) from error

    @property
    def shown(self) -> str:
        """The sender's name for it, fit to be shown."""
        return "".join(sign for sign in self.name[-80:] if sign.isprintable()) or "?"

    def _looked(self) -> Media:
        look = inspect(self._fresh, stamp(self._fresh.stat()))
        if look.media is None:
            problem = unfit(look.code, self.shown, NOWHERE, None)
            raise NotTaken(f"{problem.message} {problem.hint}")
        return look.media

    def _same(self) -> str | None:
        """A file of the folder with this very content."""
        for path in _files(self.root / _FOLDER):
            seen = path.stat()
            if seen.st_size == self.size and sha256(path, stamp(seen)) == self._sum.hexdigest():
                return path.relative_to(self.root).as_posix()
        return None

    def _named(self, media: Media) -> str:
        """Gives it a name that is free, and never somebody else's."""
        folder = self._fresh.parent
        self._fresh.chmod(folder.stat().st_mode & 0o666)
        stem, ending = safe_name(self.name, media.mime)
        for number in range(1, 10_000):
            path = folder / (f"{stem}-{number}{ending}" if number > 1 else f"{stem}{ending}")
            try:
                os.link(self._fresh, path)  # fails where there is one, at the same moment too
            except FileExistsError:
                continue
            except OSError:  # a drive that has no links
                if os.path.lexists(path):
                    continue
                os.replace(self._fresh, path)
            sync_folder(folder)
            return path.relative_to(self.root).as_posix()
        raise NotTaken(_("There are too many files called {name}.").format(name=self.shown))


def take_media(
    root: Path, name: str, source: Path | BinaryIO, *, day: date, limits: Limits | None = None
) -> str:
    """Copies a picture or video into the folder, and tells its path there. Raises NotTaken."""
    with Upload(root=root, name=name, day=day, limits=limits or Limits()) as upload:
        for piece in _pieces(source):
            upload.write(piece)
        return upload.keep()


def safe_name(name: str, mime: str) -> tuple[str, str]:
    """A file's name without its ending, and the ending its content asks for."""
    plain = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    stem, _dot, ending = plain.rpartition(".")
    stem = _UNSAFE.sub("-", stem or plain)[:_MAX_NAME].strip("-_") or mime.partition("/")[0]
    if _DEVICES.match(stem):
        stem = f"{stem}-1"
    fitting = EXTENSIONS[mime]
    said = f".{ending.lower()}"
    return stem, said if said in fitting else fitting[0]


def _pieces(source: Path | BinaryIO) -> Iterator[bytes]:
    if isinstance(source, Path):
        with source.open("rb") as stream:
            yield from _pieces(stream)
        return
    while piece := source.read(_PIECE):
        yield piece


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            yield path


def _unwritten(error: OSError) -> NotTaken:
    message = _("The file cannot be stored: {why}").format(why=error.strerror or error)
    return NotTaken(message)
