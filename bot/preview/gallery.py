"""The post's pictures as part of the page: scaled-down copies, written as `data:` addresses."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from adapters.pictures import Fit, fit
from bot.domain.post import Media
from bot.errors import MediaError
from bot.wiring.media import MediaFolder

# As wide as a phone at nearly double density. The page may hold a picture a dozen times.
COPY: Final = Fit(formats=("image/webp",), max_width=640, max_height=1400, max_bytes=60_000)


def pictures(media: Iterable[Media], folder: Path, cache: Path) -> dict[str, str]:
    """The address of each picture by its path; those that cannot be read are left out.

    Blocks (disk and processor) when a picture is new to `cache`.
    """
    store = MediaFolder(folder, cache)
    found = {}
    for medium in media:
        if medium.mime.startswith("image/"):
            try:
                copy = fit(medium, store.path(medium), COPY, cache).read_bytes()
            except (MediaError, OSError):  # a drawn box says so in its place
                continue
            found[medium.path] = f"data:image/webp;base64,{base64.b64encode(copy).decode()}"
    return found
