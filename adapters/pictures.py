"""Pictures made fit for a platform: a converted copy in a cache folder, the original untouched.

A copy holds nothing but the picture: upright, in sRGB, without place, camera or comments.
"""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image, ImageCms, ImageOps, ImageSequence

from bot.domain.post import Media
from bot.domain.problem import Problem
from bot.errors import MediaError
from bot.i18n import _

_VERSION: Final = 1  # raise it when a copy would come out differently: old copies are not used
MAX_PIXELS: Final = 89_478_485  # Pillow's own idea of a bomb; all frames of an animation together
_READ: Final = ("JPEG", "PNG", "GIF", "WEBP", "BMP")
_MIMES: Final[Mapping[str, str]] = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",  # a camera's JPEG with a preview in it
    "PNG": "image/png",
    "GIF": "image/gif",
    "WEBP": "image/webp",
    "BMP": "image/bmp",
}
EXTENSIONS: Final[Mapping[str, str]] = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/bmp": "bmp",
}
_TRANSPARENT: Final = frozenset({"image/png", "image/gif", "image/webp"})
_QUALITIES: Final = (92, 85, 75, 65, 55)
_SHRINK: Final = 0.8  # of both sides, once no quality is low enough
_LEAST_SIDE: Final = 64  # a picture smaller than this shows nothing
# What Pillow tells of a file that is about the picture itself. Anything else (EXIF with the place,
# XMP, comments, colour profiles, the editor's notes) is left out of copies.
_HARMLESS: Final = frozenset(
    {
        "jfif", "jfif_version", "jfif_unit", "jfif_density", "adobe", "adobe_transform", "dpi",
        "progressive", "progression", "gamma", "srgb", "chromaticity", "aspect", "interlace",
        "transparency", "background", "duration", "loop", "version", "extension", "timestamp",
        "compression", "default_image", "blend", "disposal", "bbox",
    }
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Fit:
    """What a platform takes as a picture; 0 means that no limit is known."""

    formats: tuple[str, ...]  # "image/jpeg", …; a picture keeps its own if it is among them
    max_bytes: int = 0  # largest size that is still taken
    max_width: int = 0  # pixels
    max_height: int = 0
    min_width: int = 0  # pictures are never made larger: smaller ones are a problem
    min_height: int = 0

    def takes(self, mime: str, size: int, width: int, height: int) -> bool:
        """True when such a picture needs no change."""
        small = not self.max_bytes or size <= self.max_bytes
        return mime in self.formats and small and self.sides(width, height) == (width, height)

    def sides(self, width: int, height: int) -> tuple[int, int]:
        """The largest sides of the same shape that are taken, at most those given."""
        scale = min(
            1.0,
            self.max_width / width if self.max_width else 1.0,
            self.max_height / height if self.max_height else 1.0,
        )
        return max(1, int(width * scale + 0.001)), max(1, int(height * scale + 0.001))


def problems(picture: Media, to: Fit, title: str) -> Iterator[Problem]:
    """What `fit` cannot put right. Pure; `title` is the platform's name for people."""
    if not picture.width or not picture.height:
        return
    width, height = to.sides(picture.width, picture.height)
    if width < to.min_width or height < to.min_height:
        yield Problem(
            code="picture-too-small",
            message=_(
                "{path} is {width}×{height} large; {platform} takes {least} pixels or more."
            ).format(
                path=picture.path,
                width=picture.width,
                height=picture.height,
                platform=title,
                least=f"{to.min_width}×{to.min_height}",
            ),
            hint=_("Take a larger picture of a similar shape; enlarging would only blur it."),
        )


def fit(media: Media, path: Path, to: Fit, cache: Path) -> Path:
    """A copy of the picture the platform takes, under an ASCII name that tells its type.

    It is made once and then found in `cache`; the same picture always gives the same bytes. Blocks
    (disk and processor). Raises MediaError when the file is not the picture that was planned, is
    damaged, has far too many pixels, or cannot be made to fit.
    """
    name = f"{media.sha256[:32]}-{_fingerprint(to)}"
    for extension in EXTENSIONS.values():
        ready = cache / f"{name}.{extension}"
        if ready.exists():
            return ready
    mime, data = _convert(media, _read(media, path), to)
    return _keep(data, cache / f"{name}.{EXTENSIONS[mime]}", media)


def page_of(media: Media, path: Path) -> Image.Image:
    """The picture upright in sRGB on white, to be cut and saved. Blocks; raises MediaError."""
    with _opened(media, _read(media, path)) as picture:
        return _on_white(_still(picture))


def mime_of(copy: Path) -> str:
    """The type of a copy `fit` made."""
    return next(mime for mime, extension in EXTENSIONS.items() if copy.suffix == f".{extension}")


def _fingerprint(to: Fit) -> str:
    return hashlib.blake2b(f"{_VERSION} {to!r}".encode(), digest_size=6).hexdigest()


def _read(media: Media, path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        message = _("The picture {path} cannot be opened: {why}")
        raise MediaError(message.format(path=media.path, why=error.strerror)) from error
    # What is kept under this name must be this picture, even when the file is changed just now.
    if hashlib.sha256(data).hexdigest() != media.sha256:
        message = _("{file} has changed since it was planned. Run `bot plan` again.")
        raise MediaError(message.format(file=media.path))
    return data


def _keep(data: bytes, target: Path, media: Media) -> Path:
    """Puts the copy in place whole or not at all, also when the power fails meanwhile."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, written = tempfile.mkstemp(dir=target.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(written).replace(target)
        except OSError:
            Path(written).unlink(missing_ok=True)
            raise
    except OSError as error:
        message = _("The converted picture of {path} cannot be stored: {why}")
        raise MediaError(message.format(path=media.path, why=error.strerror)) from error
    return target


@contextmanager
def _opened(media: Media, data: bytes) -> Iterator[Image.Image]:
    """The picture, decoded; whatever goes wrong with it inside the block is a MediaError."""
    try:
        with Image.open(io.BytesIO(data), formats=_READ) as picture:
            _refuse_bomb(picture, media)
            picture.load()
            yield picture
    except MediaError:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise _bomb(media) from error
    except Exception as error:
        # Pillow's decoders raise many kinds (OSError, SyntaxError, struct.error, ValueError, …).
        message = _("The picture {path} cannot be read; it may be damaged.")
        raise MediaError(message.format(path=media.path)) from error


def _convert(media: Media, data: bytes, to: Fit) -> tuple[str, bytes]:
    with _opened(media, data) as picture:
        mime = _MIMES[picture.format or ""]
        if to.takes(mime, len(data), *picture.size) and _is_bare(picture):
            return mime, data
        made = next(_attempts(picture, mime, to), None)
    if made is None:
        message = _("The picture {path} cannot be made small enough without spoiling it.")
        raise MediaError(message.format(path=media.path))
    return made


def _refuse_bomb(picture: Image.Image, media: Media) -> None:
    if picture.width * picture.height > MAX_PIXELS:
        raise _bomb(media)


def _bomb(media: Media) -> MediaError:
    message = _("{path} has far too many pixels to be opened safely.")
    return MediaError(message.format(path=media.path))


def _is_bare(picture: Image.Image) -> bool:
    """True when the file holds nothing but the picture, in colours every phone shows."""
    plain = picture.mode not in ("CMYK", "LAB", "YCbCr") and picture.format != "MPO"
    return plain and not picture.getexif() and _HARMLESS.issuperset(picture.info)


def _attempts(picture: Image.Image, mime: str, to: Fit) -> Iterator[tuple[str, bytes]]:
    """Copies that fit, the best first."""
    if mime in to.formats and mime in ("image/gif", "image/webp") and _moves(picture):
        yield from _animations(picture, mime, to)
        picture.seek(0)
    still = _still(picture)
    for size in _sizes(to, still.size):
        scaled = still if size == still.size else still.resize(size, Image.Resampling.LANCZOS)
        for kind in _kinds(still, mime, to):
            for data in _encoded(scaled, kind):
                if not to.max_bytes or len(data) <= to.max_bytes:
                    yield kind, data


def _sizes(to: Fit, size: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Sides to try, from the largest that fits down to the smallest that makes sense."""
    width, height = to.sides(*size)
    yield width, height
    while min(width, height) * _SHRINK >= _LEAST_SIDE:
        width, height = int(width * _SHRINK), int(height * _SHRINK)
        if width < to.min_width or height < to.min_height:
            return
        yield width, height


def _kinds(still: Image.Image, mime: str, to: Fit) -> list[str]:
    """The types to try: its own, then one that keeps transparency, then as the platform has it."""
    own = [mime] if mime in to.formats else []
    clear = [kind for kind in to.formats if kind in _TRANSPARENT and still.mode == "RGBA"]
    return list(dict.fromkeys([*own, *clear, *to.formats]))


def _still(picture: Image.Image) -> Image.Image:
    """The first frame upright in sRGB: RGBA where anything is transparent, else RGB."""
    upright = ImageOps.exif_transpose(picture)
    clear = _is_clear(upright)
    if upright.mode.startswith("I"):  # 16 bits of grey, which a plain conversion would cut off
        upright = upright.convert("I").point(lambda value: value / 256).convert("L")
    if upright.mode in ("P", "PA", "LA", "1"):
        upright = upright.convert("RGBA" if clear else "RGB")
    colour = _srgb(upright, picture.info.get("icc_profile"))
    made = colour.convert("RGBA" if clear else "RGB")
    made.info.clear()
    return made


def _is_clear(picture: Image.Image) -> bool:
    """True when something shows through, not when it only could."""
    if not picture.has_transparency_data:
        return False
    least, _most = picture.convert("RGBA").getchannel("A").getextrema()
    return least != 255


def _srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """The colours as every phone shows them; a broken profile is passed over."""
    if not profile:
        return picture
    mode = "RGBA" if picture.mode == "RGBA" else "RGB"
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        target = ImageCms.createProfile("sRGB")
        made = ImageCms.profileToProfile(picture, source, target, outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture
    return made or picture


def _encoded(picture: Image.Image, mime: str) -> Iterator[bytes]:
    """The picture as files of this type, the best first."""
    if mime == "image/jpeg":
        page = _on_white(picture)
        for quality in _QUALITIES:
            yield _saved(page, "JPEG", quality=quality, optimize=True, progressive=True)
    elif mime == "image/webp":
        for quality in _QUALITIES:
            yield _saved(picture, "WEBP", quality=quality)
    elif mime == "image/png":
        yield _saved(picture, "PNG", optimize=True)
    elif mime == "image/gif":
        yield _saved(picture, "GIF")
    elif mime == "image/bmp":
        yield _saved(_on_white(picture), "BMP")


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode != "RGBA":
        return picture
    page = Image.new("RGB", picture.size, "white")  # else transparent parts would turn black
    page.paste(picture, mask=picture.getchannel("A"))
    return page


def _saved(picture: Image.Image, kind: str, **how: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **how)
    return buffer.getvalue()


def _moves(picture: Image.Image) -> bool:
    return getattr(picture, "n_frames", 1) > 1


def _animations(picture: Image.Image, mime: str, to: Fit) -> Iterator[tuple[str, bytes]]:
    """The whole animation, scaled down until it fits; none when it is too much to work on."""
    if picture.width * picture.height * getattr(picture, "n_frames", 1) > MAX_PIXELS:
        return
    frames, times = [], []
    for frame in ImageSequence.Iterator(picture):
        frames.append(frame.convert("RGBA"))
        times.append(int(frame.info.get("duration", 100)))
    # Without the word the animation plays once; 0 lets it play for ever.
    loop = {"loop": picture.info["loop"]} if "loop" in picture.info else {}
    for size in _sizes(to, picture.size):
        data = _animated(frames, times, size, mime, loop)
        if not to.max_bytes or len(data) <= to.max_bytes:
            yield mime, data


def _animated(
    frames: list[Image.Image],
    times: list[int],
    size: tuple[int, int],
    mime: str,
    loop: Mapping[str, int],
) -> bytes:
    scaled = [frame.resize(size, Image.Resampling.LANCZOS) for frame in frames]
    for frame in scaled:
        frame.info.clear()
    how = {"save_all": True, "append_images": scaled[1:], "duration": times, **loop}
    if mime == "image/gif":
        return _saved(scaled[0], "GIF", disposal=2, **how)
    return _saved(scaled[0], "WEBP", **how)
