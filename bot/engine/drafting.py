"""Drafts a year's topics: one slot for every health day, with what was said on it last year."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot.domain.days import DRAFT_MARK, HealthDay, Occurrence, named_in
from bot.engine.ports import Core
from bot.ledger import posts
from bot.ledger.posts import StoredPost
from bot.schedule.days import Days

TOPIC: Final = "health-day"
COLUMN: Final = "卫生健康主题日"
_USUAL: Final = time(10)
_AROUND: Final = timedelta(days=7)  # a post that names the day may go out so much off it
_MAX_ID: Final = 64


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A slot for one health day; `id` and `at` are None while its date is set by a notice."""

    occurrence: Occurrence
    id: str | None
    at: datetime | None  # in the office's zone
    planned: bool  # the calendar has a post of this id already
    earlier: tuple[StoredPost, ...]  # last year's posts on the same day

    @property
    def title(self) -> str:
        """A title that nobody can take for a finished one."""
        return f"{self.occurrence.day.names[0]}{DRAFT_MARK}"


async def draft(
    core: Core, days: Days, year: int, *, zone: ZoneInfo, planned: Collection[str] = ()
) -> list[Draft]:
    """The drafts of a year (1990 to 2100), by date. `planned` are ids the calendar has already."""
    since = datetime(year - 1, 1, 1, tzinfo=zone) - _AROUND
    until = datetime(year, 1, 1, tzinfo=zone) + _AROUND
    async with core.ledger.read() as conn:
        known = await posts.between(conn, since, until)
    at = _usual_time(known, zone)
    before = {(one.day.name_zh, one.number): one for one in days.occurrences(year - 1)}
    made, taken = [], set[str]()
    for one in days.occurrences(year):
        name = None if one.first is None else _unused(_id_of(one.day, one.first), taken)
        made.append(
            Draft(
                occurrence=one,
                id=name,
                at=None if one.first is None else datetime.combine(one.first, at, zone),
                planned=name in planned,
                earlier=_earlier(before.get((one.day.name_zh, one.number)), known, days, zone),
            )
        )
    return made


def _usual_time(known: Sequence[StoredPost], zone: ZoneInfo) -> time:
    """When most posts of last year were planned; of several times the earliest."""
    times = Counter(post.due_at.astimezone(zone).time() for post in known)
    return min(times, key=lambda at: (-times[at], at), default=_USUAL)


def _id_of(day: HealthDay, first: date) -> str:
    """The year is in it: an id names one post for ever."""
    words = re.sub(r"\(.*?\)|'", "", day.name_en).partition(" / ")[0].lower()
    slug = "-".join(re.findall(r"[a-z0-9]+", words))
    slug = slug or f"day-{hashlib.blake2b(day.name_zh.encode(), digest_size=3).hexdigest()}"
    name = f"{first:%Y%m%d}-{slug}"
    return name if len(name) <= _MAX_ID else name[:_MAX_ID].rpartition("-")[0]


def _unused(name: str, taken: set[str]) -> str:
    number = 1
    tried = name
    while tried in taken:
        number += 1
        tried = f"{name[: _MAX_ID - 4]}-{number}"
    taken.add(tried)
    return tried


def _earlier(
    before: Occurrence | None, known: Sequence[StoredPost], days: Days, zone: ZoneInfo
) -> tuple[StoredPost, ...]:
    """Posts that named the day at about its date, and posts of its kind on it that named none."""
    if before is None:
        return ()
    found = []
    for post in known:
        on = post.due_at.astimezone(zone).date()
        named = named_in(post.title, days.health)
        if before.day in named:
            fits = _near(before, on, _AROUND)
        else:
            fits = not named and post.topic == TOPIC and _near(before, on, timedelta())
        if fits:
            found.append(post)
    return tuple(found)


def _near(before: Occurrence, on: date, around: timedelta) -> bool:
    if before.first is None or before.last is None:
        return on.year == before.year and around > timedelta()
    return before.first - around <= on <= before.last + around
