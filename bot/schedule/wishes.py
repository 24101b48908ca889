"""What somebody wants to be saved, in the words of a calendar file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from bot.i18n import _
from bot.schedule.entries import NotSaved
from bot.schedule.lined import CONTROL
from bot.schedule.naming import Planned
from bot.schedule.shapes import PostShape

# The keys of a post in the order docs/calendar.md has them.
ORDER: Final = (
    *("id", "at", "slot", "after", "title", "accounts", "column", "topic", "body", "text"),
    *("digest", "cover", "images", "video", "author", "reviewer", "source", "source_url", "link"),
    *("push", "window", "ai_generated", "consent", "patient_story", "ignore", "more", "variants"),
    *("key", "embargo"),
)
ARTICLE: Final = "article"  # the name of the long text itself, where a fault of it is told
_MAX_TEXT: Final = 100_000  # characters of one value; what is longer is a body
_MAX_DEPTH: Final = 5


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is to be saved. A key whose new value is None is taken out.

    Values are those of a YAML calendar; times may be aware datetimes, days dates, flags bools.
    """

    post: str | None  # None: a new entry
    changes: Mapping[str, Any] = field(default_factory=dict)
    article: str | None = None  # the long text; None: as it is
    file: str | None = None  # for a new entry; None: the one of its month
    # What is known under ids that a new entry may get; another post's id is not taken.
    known: Mapping[str, Planned] = field(default_factory=dict)
    remove: bool = False


def said(changes: Mapping[str, Any], zone: str) -> dict[str, Any]:
    """The values as a calendar file has them. Raises NotSaved for what none can have."""
    unknown = [key for key in changes if key not in PostShape.model_fields]
    if unknown:
        message = _("A post has no key “{key}”.").format(key=unknown[0])
        raise NotSaved(message, field=str(unknown[0]))
    return {key: _said(value, key, ZoneInfo(zone), 0) for key, value in changes.items()}


def _said(value: Any, key: str, zone: ZoneInfo, depth: int) -> Any:
    if depth > _MAX_DEPTH:
        raise NotSaved(_("The value is too deeply nested."), field=key)
    if isinstance(value, str):
        return sound(value, key).strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return f"{value.astimezone(zone):%Y-%m-%d %H:%M}"
    if isinstance(value, Mapping):
        pairs = {str(name): _said(each, key, zone, depth + 1) for name, each in value.items()}
        return {sound(name, key): each for name, each in pairs.items() if each is not None}
    if isinstance(value, list | tuple):
        return [_said(each, key, zone, depth + 1) for each in value if each is not None]
    return None if value is None else str(value)  # a date, a number


def sound(text: str, key: str) -> str:
    """The text with our line ends. Raises NotSaved for what no file can hold."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    bad = CONTROL.search(text)
    if bad is not None:
        message = _("The value contains the invisible character U+{code}.")
        raise NotSaved(message.format(code=f"{ord(bad[0]):04X}"), field=key)
    if key != ARTICLE and len(text) > _MAX_TEXT:
        message = _("The text is too long for a calendar; a long text belongs into the body.")
        raise NotSaved(message, field=key)
    return text
