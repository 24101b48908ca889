"""What the platforms' looks are put together from: words, pictures, signs, bars.

Everything here is HTML without scripts; what comes from a post is escaped. The signs are drawn for
this program: no platform's own pictures are used. Words shown on a phone are Chinese whatever
language the commands speak, since they stand for what the platform itself shows.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from html import escape
from pathlib import Path
from typing import Final

from bot.contract import Scene
from bot.domain.post import Media, Variant
from bot.domain.quota import PLATFORM_ZONE
from bot.i18n import _

SCHEMES: Final = frozenset({"data"})  # where pictures may come from
AI_CHOSEN: Final = "作者声明：内容由AI生成"  # what a person ticks on the platform's page
LINK: Final = r"https?://[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+"
HASHTAG: Final = r"#[^#\s，。！？、；：]+#?"
_MENTION: Final = r"@[\w\-]{2,30}"
_MISSING: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 360 240"><rect width="360" height="240" '
    'fill="#eceff1"/><path d="M150 96h60v44h-60zM158 132l14-18 10 12 7-8 13 14z" fill="none" '
    'stroke="#78848c" stroke-width="3" stroke-linejoin="round"/><text x="180" y="172" '
    'text-anchor="middle" font-size="15" font-family="sans-serif" fill="#4a555c">{text}</text>'
    "</svg>"
)
# Lines within 24 by 24.
_SIGNS: Final[Mapping[str, str]] = {
    "back": "M15 4l-8 8 8 8",
    "close": "M5 5l14 14M19 5L5 19",
    "more": "M5 12h.01M12 12h.01M19 12h.01",
    "search": "M10.5 4a6.5 6.5 0 1 0 0 13a6.5 6.5 0 0 0 0-13zM15.3 15.3L21 21",
    "heart": "M12 20.3L4.4 12.7a4.7 4.7 0 0 1 6.6-6.7l1 1 1-1a4.7 4.7 0 0 1 6.6 6.7z",
    "talk": "M4 5h16v11.5H9.5L5 20.5v-4H4z",
    "star": "M12 3.5l2.6 5.4 5.9.8-4.3 4.1 1 5.9-5.2-2.8-5.2 2.8 1-5.9L3.5 9.7l5.9-.8z",
    "share": "M13.5 5l7 6.5-7 6.5v-3.8C8.5 14.2 5.5 16 3.5 19.5 4 13.5 7.5 9.3 13.5 8.8z",
    "play": "M8 5l11 7-11 7z",
    "link": "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6",
    "coin": "M12 3.5a8.5 8.5 0 1 0 0 17a8.5 8.5 0 0 0 0-17zM12 8v8M9 9h6M8.5 12h7",
    "full": "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
    "home": "M4 11l8-7 8 7v9h-5.5v-5h-5v5H4z",
}


@cache
def css(module: str) -> str:
    """The style sheet beside a look's module, whose `__file__` is given."""
    return Path(module).with_suffix(".css").read_text(encoding="utf-8")


def shared_css() -> str:
    """What the parts themselves look like; every page of looks needs it."""
    return css(__file__)


def found(pictures: Mapping[str, str], paths: Sequence[str]) -> dict[str, str]:
    """An address for each of the paths: the given one, or a drawn box that names the path."""
    return {
        path: pictures[path] if pictures.get(path, "").startswith("data:image/") else _missing(path)
        for path in paths
    }


def _missing(path: str) -> str:
    text = _("Picture missing: {path}").format(path=path[-24:]) if path else _("No cover")
    drawn = _MISSING.format(text=escape(text)).encode("utf-8", "replace")
    return f"data:image/svg+xml;base64,{base64.b64encode(drawn).decode()}"


def picture(scene: Scene, media: Media | None, *, style: str = "") -> str:
    """An `<img>` of a picture of the post."""
    return _img(scene, media, _("Picture"), style)


def cover(scene: Scene, media: Media | None, *, style: str = "") -> str:
    """An `<img>` of a cover; a drawn box where there is none."""
    return _img(scene, media, _("Cover"), style)


def _img(scene: Scene, media: Media | None, alt: str, style: str) -> str:
    path = media.path if media else ""
    style = f' style="{escape(style)}"' if style else ""
    return f'<img src="{found(scene.pictures, [path])[path]}" alt="{escape(alt)}"{style}>'


def sign(name: str, label: str = "") -> str:
    """A small drawn sign; with the label as words beside or below it, else for the eye only."""
    lines = f'<path d="{_SIGNS[name]}"/>'
    drawn = f'<svg class="pt-sign" viewBox="0 0 24 24" aria-hidden="true">{lines}</svg>'
    return f"<span>{drawn}{escape(label)}</span>" if label else drawn


def avatar(name: str) -> str:
    """The account's picture, of which nothing is known here: the first sign of its name."""
    return f'<span class="pt-avatar" aria-hidden="true">{escape(name.strip()[:1])}</span>'


def top(title: str, left: str = "back", right: str = "more") -> str:
    """The bar above a page of an app."""
    return f'<div class="pt-top">{sign(left)}<b>{escape(title)}</b>{sign(right)}</div>'


def bottom(*labelled: tuple[str, str]) -> str:
    """The bar of buttons at the end of a page: signs with their labels."""
    return f'<div class="pt-bottom">{"".join(sign(name, label) for name, label in labelled)}</div>'


def words(text: str, topic: str = HASHTAG) -> str:
    """A short text as apps show it: topics and names marked, an address as 网页链接."""
    pieces = re.split(f"({LINK}|{topic}|{_MENTION})", text)
    return "".join(
        _marked(piece) if number % 2 else escape(piece) for number, piece in enumerate(pieces)
    )


def _marked(piece: str) -> str:
    if re.match("https?://", piece):
        return f'<span class="pt-link">{sign("link")}网页链接</span>'
    return f'<span class="pt-link">{escape(piece)}</span>'


def moment(at: datetime) -> str:
    """A time as platforms write it, in Beijing."""
    local = at.astimezone(PLATFORM_ZONE)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"


def length_s(duration_s: float) -> str:
    """How long a video is, e.g. 00:32."""
    whole = round(duration_s)
    hours = f"{whole // 3600}:" if whole >= 3600 else ""
    return f"{hours}{whole // 60 % 60:02d}:{whole % 60:02d}"


def size_words(size: int) -> str:
    """How large a file is, for people."""
    return f"{size / 1_000_000:.1f} MB" if size >= 1_000_000 else f"{size / 1000:.0f} KB"


def ai_notice(variant: Variant, scene: Scene) -> str:
    """The line below AI-made content; only a person can tick it, interfaces have no field."""
    return f'<p class="pt-ai">{AI_CHOSEN}</p>' if variant.ai_generated and scene.by_hand else ""
