"""The registry's history: what was said of units and accounts, and the roster at any moment.

Nothing is overwritten. Each entry has what is other than before and the moment from which that
counts; of two that count, the one noted later is believed. So a change that is told late, with a
day in the past, counts from that day on, and a period long over keeps the roster it had.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any, Final, Generic, TypeVar

from bot.domain.roster import Account, Roster, Unit, start_of

ALWAYS: Final = datetime(1900, 1, 1, tzinfo=UTC)
# Days that say themselves from when they count.
_DATED: Final = frozenset({"opened", "closed"})
Facts = Mapping[str, Any]  # a unit's or account's fields but its id, as JSON has them
T = TypeVar("T", Unit, Account)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Something said of a unit or account."""

    id: int
    since: datetime
    facts: Facts  # what is other than before; the first entry of a subject has all
    replaces: int | None = None  # an entry that was given with the wrong day


@dataclass(frozen=True, kw_only=True)
class New:
    """An entry to be made."""

    since: datetime
    facts: Facts
    replaces: int | None = None


def latest(entries: Sequence[Entry]) -> dict[str, Any]:
    """What was said last, all entries (by id) of a subject together."""
    return _folded(_valid(entries))


def timeline(entries: Sequence[Entry]) -> list[tuple[datetime, Facts]]:
    """From when which facts count, oldest first; what came before the first is as the first."""
    valid = _valid(entries)
    sinces = sorted({entry.since for entry in valid[1:]} - {ALWAYS})
    steps = [ALWAYS, *sinces]
    return [
        (step, _folded([valid[0], *(one for one in valid[1:] if one.since <= step)]))
        for step in steps
    ]


def _valid(entries: Sequence[Entry]) -> list[Entry]:
    replaced = {entry.replaces for entry in entries}
    return [entry for entry in entries if entry.id not in replaced]


def _folded(entries: Iterable[Entry]) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for entry in entries:
        facts |= entry.facts
    return facts


def entries_for(known: Sequence[Entry], before: Facts, facts: Facts, now: datetime) -> list[New]:
    """What must be noted so that `facts` are said of a subject with these entries.

    `before` are its latest facts. Where the row names the day of the change it counts from then,
    else from now. When nothing but that day is other than before, the change that was given with
    the wrong day, or with none, is noted again with the right one.
    """
    if not known:
        return [New(since=_moment(facts.get("opened")) or ALWAYS, facts=facts)]
    delta = {name: value for name, value in facts.items() if before.get(name) != value}
    if delta.keys() == {"changed"} and (wrong := _misdated(known, before)) and delta["changed"]:
        since = start_of(date.fromisoformat(delta["changed"]))
        return [New(since=since, facts={**wrong.facts, **delta}, replaces=wrong.id)]
    told = {name: value for name, value in delta.items() if name in _DATED and value}
    rest = {name: value for name, value in delta.items() if name not in told}
    found = [New(since=ALWAYS, facts=told)] if told else []
    if rest:
        found.append(New(since=_moment(rest.get("changed")) or now, facts=rest))
    return found


def _misdated(known: Sequence[Entry], before: Facts) -> Entry | None:
    """The entry whose day is put right; never the first, which has no other day than always."""
    further = [one for one in _valid(known)[1:] if not one.facts.keys() <= _DATED | {"changed"}]
    if before.get("changed"):
        further = [one for one in further if one.facts.get("changed") == before["changed"]]
    return further[-1] if further else None


def _moment(day: str | None) -> datetime | None:
    return start_of(date.fromisoformat(day)).astimezone(UTC) if day else None


@dataclass(frozen=True, kw_only=True)
class Course(Generic[T]):
    """A unit or account in the course of time."""

    sinces: tuple[datetime, ...]  # ascending
    states: tuple[T, ...]  # from each of those on

    def at(self, moment: datetime) -> T:
        """As it was; before the first entry as in the first."""
        return self.states[max(bisect_right(self.sinces, moment) - 1, 0)]


@dataclass(frozen=True, kw_only=True)
class History:
    """All units and accounts there ever were, as they were at any moment."""

    units: Mapping[str, Course[Unit]]
    accounts: Mapping[str, Course[Account]]
    _known: dict[int, Roster] = field(default_factory=dict)

    def unit_of(self, account: str, at: datetime) -> str:
        """The unit an account belonged to; "" when nobody ever heard of it."""
        course = self.accounts.get(account)
        return course.at(at).unit if course is not None else ""

    def at(self, moment: datetime) -> Roster:
        """The roster in force then, in the order of today's.

        Whatever is known stands in it; who had opened or closed says `is_open` and `status_at`.
        """
        index = bisect_right(self._steps, moment)
        if index not in self._known:
            self._known[index] = Roster(
                units={name: course.at(moment) for name, course in self.units.items()},
                accounts={name: course.at(moment) for name, course in self.accounts.items()},
            )
        return self._known[index]

    @cached_property
    def _steps(self) -> list[datetime]:
        steps = {since for course in self.units.values() for since in course.sinces}
        steps |= {since for course in self.accounts.values() for since in course.sinces}
        return sorted(steps)
