"""Looks into the office's pictures and videos: what they are, not what their names say."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import ParseError

from PIL import Image, UnidentifiedImageError
from pymediainfo import MediaInfo

from bot.domain.post import Media
from bot.domain.problem import Place, Problem, Severity
from bot.i18n import _
from bot.schedule.folder import Folder

_FORMATS: Final = ("JPEG", "PNG", "GIF", "WEBP", "BMP")
# MPO is how cameras write a JPEG with a preview in it, opened as a JPEG and taken as one.
_MIMES: Final[Mapping[str, str]] = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "PNG": "image/png",
    "GIF": "image/gif",
    "WEBP": "image/webp",
    "BMP": "image/bmp",
}
_EXTENSIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
    "image/bmp": (".bmp",),
    "video/mp4": (".mp4", ".m4v"),
}


@dataclass(frozen=True, kw_only=True)
class _Look:
    """What one file turned out to be, before anybody asks whether it fits."""

    media: Media | None
    code: str = ""
    message: str = ""
    hint: str = ""


@dataclass(kw_only=True)
class Gallery:
    """Looks at each file once per reading, however often it is named."""

    folder: Folder
    looks: dict[tuple[Path, int, int], _Look] = field(default_factory=dict)

    def picture(
        self, path: str, place: Place, post: str | None
    ) -> tuple[Media | None, list[Problem]]:
        """The picture at `path`, None when there is none; and its problems, at `place`."""
        return self._get(path, place, post, video=False)

    def video(
        self, path: str, place: Place, post: str | None
    ) -> tuple[Media | None, list[Problem]]:
        """The MP4 video at `path`, None when there is none; and its problems, at `place`."""
        return self._get(path, place, post, video=True)

    def _get(
        self, path: str, place: Place, post: str | None, *, video: bool
    ) -> tuple[Media | None, list[Problem]]:
        full, (code, message, hint) = self.folder.locate(path)
        if full is None:
            look = _Look(media=None, code=code or "media-missing", message=message, hint=hint)
        else:
            look = self._look(full, path, video=video)
        if look.media is None:
            return None, [_problem(look, place, post)]
        self.folder.seen[path] = look.media.sha256
        return replace(look.media, path=path), _extension(look.media.mime, path, place, post)

    def _look(self, full: Path, path: str, *, video: bool) -> _Look:
        try:
            stat = full.stat()
            key = (full, stat.st_mtime_ns, stat.st_size)
            if key not in self.looks:
                self.looks[key] = _inspect(full, path, stat.st_size)
        except OSError as error:
            return _Look(
                media=None,
                code="file-unreadable",
                message=_("{path} cannot be opened: {why}").format(path=path, why=error.strerror),
                hint=_("Check the file's permissions."),
            )
        look = self.looks[key]
        is_video = look.media is not None and look.media.mime.startswith("video/")
        if video and not is_video and look.code != "media-damaged":
            return _not_a_video(path)
        if not video and is_video:
            return _not_a_picture(path)
        return look


def _inspect(full: Path, path: str, size: int) -> _Look:
    with full.open("rb") as stream:
        head = stream.read(12)
        stream.seek(0)
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    media = Media(path=path, sha256=sha256, size=size, mime="")
    # ISO base media: a size of four bytes, then "ftyp".
    return _video(full, media) if head[4:8] == b"ftyp" else _picture(full, media)


def _picture(full: Path, media: Media) -> _Look:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(full, formats=_FORMATS) as image:
                mime = _MIMES[image.format or ""]
                width, height = image.size
                image.verify()
            # `verify` does not notice a JPEG that ends too early; decoding it does.
            with Image.open(full, formats=_FORMATS) as image:
                image.load()
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        return _Look(
            media=None,
            code="picture-too-large",
            message=_("{path} has far too many pixels to be opened safely.").format(
                path=media.path
            ),
            hint=_("Make it smaller; 2000 pixels wide is enough everywhere."),
        )
    except UnidentifiedImageError:
        return _not_a_picture(media.path)
    except Exception:
        # Pillow's decoders raise many kinds (OSError, SyntaxError, struct.error, ValueError, …).
        return _damaged(media.path)
    return _Look(media=replace(media, mime=mime, width=width, height=height))


def _video(full: Path, media: Media) -> _Look:
    try:
        tracks = MediaInfo.parse(full).tracks
    except (RuntimeError, ParseError):  # it gives up, or its own answer cannot be read
        return _damaged(media.path)
    general = next((track for track in tracks if track.track_type == "General"), None)
    video = next((track for track in tracks if track.track_type == "Video"), None)
    if general is None or general.format != "MPEG-4":
        return _not_a_video(media.path)
    if video is None or general.istruncated == "Yes" or not video.duration:
        return _damaged(media.path)
    return _Look(
        media=replace(
            media,
            mime="video/mp4",
            width=int(video.width or 0),
            height=int(video.height or 0),
            duration_s=float(video.duration) / 1000,
            codec=str(video.format or ""),
        )
    )


def _not_a_picture(path: str) -> _Look:
    return _Look(
        media=None,
        code="not-a-picture",
        message=_("{path} is not a picture.").format(path=path),
        hint=_("Use a JPEG, PNG, GIF or WebP file; renaming a file does not convert it."),
    )


def _not_a_video(path: str) -> _Look:
    return _Look(
        media=None,
        code="not-a-video",
        message=_("{path} is not an MP4 video.").format(path=path),
        hint=_("Export the video as MP4 (H.264); renaming a file does not convert it."),
    )


def _damaged(path: str) -> _Look:
    return _Look(
        media=None,
        code="media-damaged",
        message=_("{path} is cut off or damaged.").format(path=path),
        hint=_(
            "Copy the file again from where it came from, and open it once to see that it plays."
        ),
    )


def _problem(look: _Look, place: Place, post: str | None) -> Problem:
    return Problem(code=look.code, message=look.message, hint=look.hint, place=place, post=post)


def _extension(mime: str, path: str, place: Place, post: str | None) -> list[Problem]:
    fitting = _EXTENSIONS[mime]
    if path.lower().endswith(fitting):
        return []
    return [
        Problem(
            code="wrong-extension",
            message=_("{path} is in truth {mime}.").format(path=path, mime=mime),
            hint=_("Give the file a name that ends in {extension}.").format(extension=fitting[0]),
            severity=Severity.WARNING,
            place=place,
            post=post,
        )
    ]
