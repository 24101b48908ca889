"""The sample month, read once, with everything a preview needs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from adapters import registry
from bot.domain.post import Post
from bot.preview.frames import Gallery, Preview, preview
from bot.preview.page import page
from bot.schedule.reader import Reading, read
from bot.wiring.platforms import Catalog

FOLDER = Path(__file__).parents[3] / "schedules"
ZONE = ZoneInfo("Asia/Shanghai")
CATALOG = Catalog({})


@cache
def month() -> Reading:
    return read(FOLDER, platforms=registry.platforms(), modes=registry.modes)


def post(name: str) -> Post:
    return next(post for post in month().posts if post.id == name)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A preview and its page."""

    made: Preview
    html: str


def show(shown: Post, gallery: Gallery | None = None, *accounts: str) -> Shown:
    made = preview(shown, month(), CATALOG, gallery or Gallery(), accounts=frozenset(accounts))
    return Shown(made=made, html=page(made, month().roster, ZONE))
