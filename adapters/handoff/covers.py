"""A cover in the forms a platform shows it in, cut from its middle."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image, ImageOps

from adapters.pictures import page_of
from bot.domain.post import Media

_QUALITY = 92


def cut(cover: Media, path: Path, ratio: tuple[int, int]) -> bytes:
    """The largest piece of this shape, upright, as JPEG; never enlarged. Raises MediaError.

    `ratio` is width to height. Equal pictures give equal bytes.
    """
    page = page_of(cover, path)
    scale = min(page.width / ratio[0], page.height / ratio[1])
    size = max(1, round(ratio[0] * scale)), max(1, round(ratio[1] * scale))
    buffer = io.BytesIO()
    ImageOps.fit(page, size, Image.Resampling.LANCZOS).save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()
