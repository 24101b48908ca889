"""What the charts show, as plain values: no drawing, no ledger.

Nothing unknown is a zero here: an account nobody could read has no number of days, a day nobody
could read has no number of posts, and a unit of unknown state is no missing one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from bot.domain.coverage import CARRIED, ItemCoverage
from bot.domain.gaps import GapState, Limits
from bot.domain.post import Kind
from bot.domain.publication import State

WEEK = timedelta(days=7)
Slot = tuple[datetime, datetime]  # from, until


@dataclass(frozen=True, kw_only=True)
class SilentAccount:
    """How long an account has been silent."""

    account: str
    name: str
    unit: str  # as shown in tables
    platform: str
    state: GapState
    days: int | None  # since its last post; None: nobody knows
    last_post_at: datetime | None
    limits: Limits


@dataclass(frozen=True, kw_only=True)
class Silences:
    """All accounts, in the order of the roster."""

    as_of: datetime
    zone: tzinfo
    accounts: tuple[SilentAccount, ...]


@dataclass(frozen=True, kw_only=True)
class Curve:
    """When the required units carried a key item."""

    title: str
    released_at: datetime | None
    deadline_at: datetime
    as_of: datetime
    zone: tzinfo
    required: int
    carried: tuple[datetime, ...]  # one a unit that carried it, oldest first
    open: int
    missing: int
    unknown: int
    exempt: int
    optional: int

    def by(self, moment: datetime) -> int:
        """How many had carried it at this moment."""
        return sum(at <= moment for at in self.carried)


def curve_of(item: ItemCoverage, zone: tzinfo) -> Curve:
    """The curve of one key item; units that need not carry it are not in it."""
    times = [row.at for row in item.units if row.state in CARRIED and row.at is not None]
    return Curve(
        title=item.title,
        released_at=item.released_at,
        deadline_at=item.deadline_at,
        as_of=item.as_of,
        zone=zone,
        required=item.required,
        carried=tuple(sorted(times)),
        open=item.open,
        missing=item.missing,
        unknown=item.unknown,
        exempt=item.exempt,
        optional=item.optional,
    )


@dataclass(frozen=True, kw_only=True)
class Day:
    """One day of a year."""

    day: date
    posts: int | None  # None: to come, or none was seen and not all accounts were read
    health: tuple[str, ...] = ()  # the health days that begin on it


@dataclass(frozen=True, kw_only=True)
class Year:
    """How much was posted on each day of a year."""

    title: str  # of the unit; "" for the whole matrix
    year: int
    today: date  # what comes later has not happened yet
    days: tuple[Day, ...]
    unreadable: int  # accounts on platforms that nobody can read for us


@dataclass(frozen=True, kw_only=True)
class Delays:
    """Some publications that went out equally late."""

    due_at: datetime  # to the quarter of an hour
    delay_min: int  # whole minutes after the planned time; negative: earlier
    by_hand: bool
    count: int


@dataclass(frozen=True, kw_only=True)
class Punctuality:
    """Planned against actual times of what was planned in a period and is public."""

    since: datetime
    until: datetime
    zone: tzinfo
    on_time_min: int  # up to here it is on time
    planned: int  # publications, also those that are not public
    delays: tuple[Delays, ...]


class Outcome(StrEnum):
    """What became of what was planned."""

    PUBLISHED = "published"
    CARRIED_BY_HAND = "carried_by_hand"  # the unit had carried it before the bot could
    WAITING = "waiting"  # its time, a quota or the platform
    HANDED_OFF = "handed_off"
    HELD = "held"
    UNKNOWN = "unknown"  # nobody can tell whether it went out
    FAILED = "failed"
    MISSED = "missed"
    CANCELLED = "cancelled"


_OUTCOMES = {
    State.PUBLISHED: Outcome.PUBLISHED,
    State.HANDED_OFF: Outcome.HANDED_OFF,
    State.HELD: Outcome.HELD,
    State.UNKNOWN: Outcome.UNKNOWN,
    State.FAILED: Outcome.FAILED,
    State.MISSED: Outcome.MISSED,
    State.CANCELLED: Outcome.CANCELLED,
}


def outcome(state: State, *, carried_by_hand: bool) -> Outcome:
    """What a publication in this state has come to."""
    if state is State.CANCELLED and carried_by_hand:
        return Outcome.CARRIED_BY_HAND
    return _OUTCOMES.get(state, Outcome.WAITING)


@dataclass(frozen=True, kw_only=True)
class Flow:
    """What became of the publications planned in a period."""

    since: datetime
    until: datetime
    zone: tzinfo
    counts: Mapping[tuple[Kind, Outcome], int]


@dataclass(frozen=True, kw_only=True)
class Weeks:
    """Posts a week, by platform."""

    weeks: tuple[date, ...]  # Mondays
    today: date  # its week is not over, and later ones have not begun
    known: tuple[bool, ...]  # by week: all accounts that can be read were read through it
    platforms: Mapping[str, tuple[int, ...]]  # the one with most first


def days_of(first: date, end: date, zone: tzinfo) -> Iterator[Slot]:
    """Each day from `first` up to and without `end`, as the zone's clocks have it."""
    for number in range((end - first).days):
        yield slot(first + timedelta(days=number), timedelta(days=1), zone)


def weeks_of(first: date, end: date, zone: tzinfo) -> Iterator[Slot]:
    """Each week from Monday to Sunday that touches the days from `first` up to, without, `end`."""
    monday = first - timedelta(days=first.weekday())
    while monday < end:
        yield slot(monday, WEEK, zone)
        monday += WEEK


def slot(first: date, length: timedelta, zone: tzinfo) -> Slot:
    """From midnight to midnight, in UTC."""
    begin, end = (
        datetime.combine(day, time(), zone).astimezone(UTC) for day in (first, first + length)
    )
    return begin, end


def placed(slots: Sequence[Slot], moments: Iterable[datetime]) -> list[int]:
    """How many of the moments lie in each of the slots, which follow one another."""
    begins = [slot[0] for slot in slots]
    counts = [0] * len(slots)
    for moment in moments:
        number = bisect_right(begins, moment) - 1
        if number >= 0 and moment < slots[number][1]:
            counts[number] += 1
    return counts
