"""Looks into the office's pictures and videos: what they are, not what their names say."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import ParseError

from PIL import Image, UnidentifiedImageError
from pymediainfo import MediaInfo

from bot.domain.post import Media
from bot.domain.problem import Place, Problem, Severity
from bot.i18n import N_, _
from bot.schedule.digests import Stamp, sha256, stamp
from bot.schedule.folder import Folder, unreadable

_FORMATS: Final = ("JPEG", "PNG", "GIF", "WEBP", "BMP")
# MPO is how cameras write a JPEG with a preview in it, opened as a JPEG and taken as one.
_PICTURES: Final[Mapping[str, str]] = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "PNG": "image/png",
    "GIF": "image/gif",
    "WEBP": "image/webp",
    "BMP": "image/bmp",
}
# By MediaInfo's name for the container; of all of these it is known when they are cut off.
_VIDEOS: Final[Mapping[str, str]] = {
    "MPEG-4": "video/mp4",
    "WebM": "video/webm",
    "Matroska": "video/x-matroska",
    "AVI": "video/x-msvideo",
    "Flash Video": "video/x-flv",
}
EXTENSIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
    "image/bmp": (".bmp",),
    "video/mp4": (".mp4", ".m4v"),
    "video/quicktime": (".mov", ".qt"),
    "video/3gpp": (".3gp", ".3gpp", ".3g2"),
    "video/webm": (".webm",),
    "video/x-matroska": (".mkv",),
    "video/x-msvideo": (".avi",),
    "video/x-flv": (".flv",),
}
# ISO base media names its brand after a size of four bytes and "ftyp": these are photos.
_PHOTO_BRANDS: Final = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis"}
)
_ORIENTATION: Final = 0x0112  # EXIF
_ON_ITS_SIDE: Final = range(5, 9)
_DAMAGED: Final = "media-damaged"
_SAID: Final[Mapping[str, tuple[str, str]]] = {
    "not-a-picture": (
        N_("{path} is not a picture."),
        N_("Use a JPEG, PNG, GIF or WebP file; renaming a file does not convert it."),
    ),
    "picture-heic": (
        N_("{path} is a photo in a format of phones (HEIC or AVIF) that platforms do not take."),
        N_(
            "Open it and save it as JPEG. On an iPhone choose Settings, Camera, Formats, Most "
            "Compatible, and later photos are JPEG at once."
        ),
    ),
    "picture-too-large": (
        N_("{path} has far too many pixels to be opened safely."),
        N_("Make it smaller; 2000 pixels wide is enough everywhere."),
    ),
    "not-a-video": (
        N_("{path} is not a video of a kind that can be used (MP4, MOV, WebM, MKV, AVI, FLV)."),
        N_("Export the video as MP4 (H.264); renaming a file does not convert it."),
    ),
    _DAMAGED: (
        N_("{path} is empty, cut off or damaged."),
        N_("Copy the file again from where it came from, and open it once to see that it plays."),
    ),
}


@dataclass(frozen=True, kw_only=True)
class Look:
    """What one file turned out to be, whatever it is called and for; `code` when it is unfit."""

    media: Media | None = None  # without its path
    code: str = ""
    made_by_ai: bool = False  # its own label says so


@dataclass(kw_only=True)
class Gallery:
    """The pictures and videos of one folder, each with its problems at the place that names it."""

    folder: Folder
    made_by_ai: set[str] = field(default_factory=set)  # paths whose files are labelled so

    def picture(
        self, path: str, place: Place, post: str | None
    ) -> tuple[Media | None, list[Problem]]:
        """The picture at `path`, None when there is none; and its problems, at `place`."""
        return self._get(path, place, post, video=False)

    def video(
        self, path: str, place: Place, post: str | None
    ) -> tuple[Media | None, list[Problem]]:
        """The video at `path`, None when there is none; and its problems, at `place`."""
        return self._get(path, place, post, video=True)

    def _get(
        self, path: str, place: Place, post: str | None, *, video: bool
    ) -> tuple[Media | None, list[Problem]]:
        full, (code, message, hint) = self.folder.locate(path)
        if full is None:
            return None, [
                Problem(
                    code=code or "media-missing", message=message, hint=hint, place=place, post=post
                )
            ]
        try:
            look = inspect(full, stamp(full.stat()))
        except OSError as error:
            self.folder.shut.add(path)
            return None, [replace(unreadable(path, error, place), post=post)]
        code = _unfit(look, video=video)
        if code or look.media is None:
            return None, [unfit(code, path, place, post)]
        self.folder.seen[path] = look.media.sha256
        if look.made_by_ai:
            self.made_by_ai.add(path)
        return replace(look.media, path=path), _extension(look.media.mime, path, place, post)


def unfit(code: str, path: str, place: Place, post: str | None) -> Problem:
    """What to tell of a picture or video that cannot be used, `code` being its look's."""
    message, hint = (_(text) for text in _SAID[code])
    message = message.format(path=path)
    return Problem(code=code, message=message, hint=hint, place=place, post=post)


def _unfit(look: Look, *, video: bool) -> str:
    """Why the file cannot be used as a video, or as a picture; "" when it can."""
    if look.code == _DAMAGED:
        return _DAMAGED
    is_video = look.media is not None and look.media.mime.startswith("video/")
    if video:
        return "" if is_video else "not-a-video"
    return "not-a-picture" if is_video else look.code


@lru_cache(maxsize=4096)
def inspect(full: Path, seen: Stamp) -> Look:
    """What is in the file; remembered while its stamp is the same. Raises OSError.

    The content is read once, in pieces; a video's structure is found without reading it all.
    """
    with full.open("rb") as stream:
        head = stream.read(12)
    if not head:
        return Look(code=_DAMAGED)
    if head[4:8] == b"ftyp" and head[8:12] in _PHOTO_BRANDS:
        return Look(code="picture-heic")
    look = _video(full) if like_a_video(head) else _picture(full)
    if look.media is None:
        return look
    return replace(look, media=replace(look.media, sha256=sha256(full, seen), size=seen[0]))


def like_a_video(head: bytes) -> bool:
    """True when a file that begins so, with at least 12 bytes, is a video or nothing."""
    # Old QuickTime files begin with any of its boxes; the others with signs of their own.
    boxes = (b"ftyp", b"moov", b"mdat", b"wide")
    signs = (b"\x1aE\xdf\xa3", b"FLV\x01")
    return head[4:8] in boxes or head[:4] in signs or head[8:12] == b"AVI "


def look_at(raw: bytes) -> Look:
    """What a picture is that stands within another file."""
    if not raw:
        return Look(code=_DAMAGED)
    look = _picture(raw)
    if look.media is None:
        return look
    digest = hashlib.sha256(raw).hexdigest()
    return Look(media=replace(look.media, sha256=digest, size=len(raw)))


def _picture(source: Path | bytes) -> Look:
    def opened() -> Image.Image:
        file = source if isinstance(source, Path) else BytesIO(source)
        return Image.open(file, formats=_FORMATS)

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with opened() as image:
                mime = _PICTURES[image.format or ""]
                image.verify()
            # `verify` does not notice a JPEG that ends too early; decoding it does.
            with opened() as image:
                image.load()
                width, height = image.size
                labelled = _is_labelled(image.info)
                turned = image.getexif().get(_ORIENTATION, 1) in _ON_ITS_SIDE
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        return Look(code="picture-too-large")
    except UnidentifiedImageError:
        return Look(code="not-a-picture")
    except Exception:
        # Pillow's decoders raise many kinds (OSError, SyntaxError, struct.error, ValueError, …).
        return Look(code=_DAMAGED)
    if turned:
        width, height = height, width
    return Look(media=_made(mime, width, height), made_by_ai=labelled)


def _is_labelled(info: Mapping[Any, Any]) -> bool:
    """True when PNG texts, XMP or EXIF hold the implicit label of 标识办法, a field AIGC."""
    return any(
        "AIGC" in str(name) or (b"AIGC" in value if isinstance(value, bytes) else "AIGC" in value)
        for name, value in info.items()
        if isinstance(value, bytes | str)
    )


def _video(full: Path) -> Look:
    try:
        tracks = MediaInfo.parse(full).tracks
    except (RuntimeError, ParseError):  # it gives up, or its own answer cannot be read
        return Look(code=_DAMAGED)
    first: dict[str, Any] = {}
    for track in tracks:
        first.setdefault(track.track_type, track)
    general, video, audio = (first.get(name) for name in ("General", "Video", "Audio"))
    if general is None or general.format not in _VIDEOS:
        return Look(code="not-a-video")
    if general.istruncated == "Yes" or (general.format == "Flash Video" and _ends_early(full)):
        return Look(code=_DAMAGED)
    if video is None:
        return Look(code="not-a-video" if audio is not None else _DAMAGED)
    if not video.duration:
        return Look(code=_DAMAGED)
    return Look(media=_measured(general, video, audio))


def _ends_early(flv: Path) -> bool:
    """True when the last tag is not whole, which MediaInfo does not tell of this container.

    A tag is a byte, the length of its data (3 bytes), 7 more and the data; after it stands how long
    all that was (4 bytes). Adobe Flash Video File Format Specification 10.1, E.3 and E.4.1.
    """
    with flv.open("rb") as stream:
        end = stream.seek(-4, os.SEEK_END)
        length = int.from_bytes(stream.read(4))
        stream.seek(max(end - length, 0))
        return int.from_bytes(stream.read(4)[1:]) + 11 != length


def _measured(general: Any, video: Any, audio: Any) -> Media:
    width, height = int(video.width or 0), int(video.height or 0)
    # Phones film in one way only and note how they were held.
    if round(float(video.rotation or 0)) % 180 == 90:
        width, height = height, width
    return replace(
        _made(_container(general), width, height),
        # Tools differ on the length by some tenths; platforms may take the longest.
        duration_s=max(float(video.duration), float(general.duration or 0)) / 1000,
        codec=str(video.format or ""),
        audio=str(audio.format or "") if audio is not None else "",
        fps=float(video.frame_rate or 0),
        bit_rate=int(float(general.overall_bit_rate or 0)),
    )


def _container(general: Any) -> str:
    profile = str(general.format_profile or "")
    if general.format == "MPEG-4" and profile.startswith("QuickTime"):
        return "video/quicktime"
    if general.format == "MPEG-4" and profile.startswith("3GPP"):
        return "video/3gpp"
    return _VIDEOS[general.format]


def _made(mime: str, width: int, height: int) -> Media:
    """A picture or video whose path, digest and size are filled in later."""
    return Media(path="", sha256="", size=0, mime=mime, width=width, height=height)


def _extension(mime: str, path: str, place: Place, post: str | None) -> list[Problem]:
    fitting = EXTENSIONS[mime]
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
