"""A cover in the forms a platform shows it in, cut from its middle."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image, ImageOps

from bot.domain.post import Media
from bot.errors import MediaError
from bot.i18n import _

_QUALITY = 92
_PIXELS_MAX = 89_478_485  # Pillow's own idea of a bomb


def cut(cover: Media, path: Path, ratio: tuple[int, int]) -> bytes:
    """The largest piece of this shape, upright, as JPEG; never enlarged. Raises MediaError.

    `ratio` is width to height. Equal pictures give equal bytes.
    """
    try:
        with Image.open(path) as picture:
            if picture.width * picture.height > _PIXELS_MAX:
                raise MediaError(
                    _("{path} has far too many pixels to be opened safely.").format(path=cover.path)
                )
            upright = ImageOps.exif_transpose(picture).convert("RGB")
            scale = min(upright.width / ratio[0], upright.height / ratio[1])
            size = max(1, round(ratio[0] * scale)), max(1, round(ratio[1] * scale))
            cropped = ImageOps.fit(upright, size, Image.Resampling.LANCZOS)
            buffer = io.BytesIO()
            cropped.save(buffer, "JPEG", quality=_QUALITY)
            return buffer.getvalue()
    except MediaError:
        raise
    except Exception as error:
        # Pillow's decoders raise many kinds (OSError, SyntaxError, struct.error, ValueError, …).
        message = _("The picture {path} cannot be read; it may be damaged.")
        raise MediaError(message.format(path=cover.path)) from error
