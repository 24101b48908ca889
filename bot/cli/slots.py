"""The slots of recurring columns in the days ahead, for `bot plan`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from rich.markup import escape

from bot.cli.output import iso, local, screen
from bot.i18n import _
from bot.schedule.filling import Coming
from bot.schedule.reader import Reading

AHEAD: Final = timedelta(days=31)


def coming(reading: Reading, now: datetime) -> list[Coming]:
    """The slots of the next 31 days, by time, filled and empty."""
    return reading.slots.coming(now, AHEAD)


def as_json(slot: Coming, zone: ZoneInfo) -> dict[str, object]:
    """One of `slots` in `bot plan --format json`; no posts: it is still empty."""
    return {
        "column": slot.column,
        "day": slot.slot.day.isoformat(),
        "due_at": iso(slot.slot.due_at, zone),
        "meant": [day.isoformat() for day in slot.slot.meant],
        "posts": list(slot.posts),
    }


def show(slots: Sequence[Coming], zone: ZoneInfo) -> None:
    """Prints those that nobody fills yet."""
    for one in slots:
        if not one.posts:
            line = _("{when} {column}: there is no post yet.").format(
                when=local(one.slot.due_at, zone), column=escape(one.column)
            )
            screen.print(f"[yellow]{line}[/]")
