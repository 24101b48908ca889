"""Pictures made fit for WeChat's two upload calls; what fits already goes as it is."""

from __future__ import annotations

from pathlib import Path

from adapters.pictures import EXTENSIONS, Fit, fit, mime_of
from adapters.wechat import limits
from adapters.wechat.api import File
from bot.domain.post import Media
from bot.errors import MediaError
from bot.i18n import _

INLINE = Fit(formats=limits.INLINE_TYPES, max_bytes=limits.INLINE_MAX_BYTES - 1)
MATERIAL = Fit(formats=limits.MATERIAL_TYPES, max_bytes=limits.MATERIAL_MAX_BYTES)


def inline_file(media: Media, path: Path, cache: Path) -> File:
    """A picture for inside an article: jpg or png below 1 MB.

    Blocks (disk and processor). Raises MediaError when it is no picture, is not the one that was
    planned, or cannot be made to fit.
    """
    return _file(media, fit(media, path, INLINE, cache))


def material_file(media: Media, path: Path, cache: Path) -> File:
    """A cover or a gallery's picture: any of four kinds up to 10 MB. As `inline_file` otherwise."""
    return _file(media, fit(media, path, MATERIAL, cache))


def _file(media: Media, copy: Path) -> File:
    mime = mime_of(copy)
    try:
        data = copy.read_bytes()
    except OSError as error:
        message = _("The picture {path} cannot be read.").format(path=media.path)
        raise MediaError(message) from error
    return File(name=f"{media.sha256[:16]}.{EXTENSIONS[mime]}", mime=mime, data=data)
