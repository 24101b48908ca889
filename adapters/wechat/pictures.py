"""Pictures made fit for WeChat's two upload calls."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image, ImageOps

from adapters.wechat import limits
from adapters.wechat.api import File
from bot.domain.post import Media
from bot.errors import MediaError
from bot.i18n import _

# Articles are about 677 CSS pixels wide; twice that is sharp on every phone.
_WIDTHS = (1354, 1080, 800, 600)
_QUALITIES = (88, 75, 60)


def inline_file(media: Media, path: Path) -> File:
    """The picture as jpg or png below 1 MB, converted and scaled down only when it must be.

    Blocks (file and processor). Raises MediaError when it is no picture or cannot be made to fit.
    """
    if media.mime in limits.INLINE_TYPES and media.size < limits.INLINE_MAX_BYTES:
        return _as_is(media, path, limits.INLINE_TYPES[media.mime])
    try:
        with Image.open(path) as picture:
            small = _small_jpeg(_upright(picture))
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        message = _("The picture {path} cannot be read.").format(path=media.path)
        raise MediaError(message) from error
    if small is None:
        raise MediaError(_("The picture {path} cannot be made small.").format(path=media.path))
    return File(name=f"{media.sha256[:16]}.jpg", mime="image/jpeg", data=small)


def cover_file(media: Media, path: Path) -> File:
    """The cover as it is; `check` has seen to its type and size. Blocks; raises MediaError."""
    return _as_is(media, path, limits.COVER_TYPES.get(media.mime, "jpg"))


def _as_is(media: Media, path: Path, extension: str) -> File:
    try:
        data = path.read_bytes()
    except OSError as error:
        message = _("The picture {path} cannot be read.").format(path=media.path)
        raise MediaError(message) from error
    return File(name=f"{media.sha256[:16]}.{extension}", mime=media.mime, data=data)


def _upright(picture: Image.Image) -> Image.Image:
    turned = ImageOps.exif_transpose(picture).convert("RGBA")
    page = Image.new("RGB", turned.size, "white")  # JPEG has no transparency; black would show
    page.paste(turned, mask=turned.getchannel("A"))
    return page


def _small_jpeg(picture: Image.Image) -> bytes | None:
    for width in _WIDTHS:
        fitting = picture.copy()
        fitting.thumbnail((width, width * 10))
        for quality in _QUALITIES:
            buffer = io.BytesIO()
            fitting.save(buffer, "JPEG", quality=quality)
            if buffer.tell() < limits.INLINE_MAX_BYTES:
                return buffer.getvalue()
    return None
