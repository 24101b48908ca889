"""The slots of a recurring column: on which days it is due, and when.

A rule (RFC 5545) gives days; days left out are taken away, days moved off a public holiday, further
days added. Nothing here knows posts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from bot.domain.holidays import DayKind, DayType

MAX_YEARS: Final = 10  # of one column
FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2099
_LONGEST_BREAK = 20  # days; no public holiday is as long, weekends at both ends included


class Off(StrEnum):
    """What becomes of a slot on a public holiday."""

    KEEP = "keep"
    SKIP = "skip"
    BEFORE = "before"  # the last workday before it
    AFTER = "after"  # the first workday after it


KindOf = Callable[[date], DayKind]  # workday, weekend or public holiday


@dataclass(frozen=True, kw_only=True)
class Recurrence:
    """When a column is due. Days are those of `zone`."""

    clock: time
    zone: ZoneInfo
    rule: str = ""  # RFC 5545 without DTSTART and UNTIL; "": only the days of `extra`
    workdays: bool = False  # of the rule's days only those that are worked
    start: date | None = None  # its first day; slots are numbered from there
    until: date | None = None  # its last day
    left_out: frozenset[date] = frozenset()
    extra: frozenset[date] = frozenset()  # taken as they are, holidays or not
    holidays: Off = Off.KEEP

    @property
    def end(self) -> date | None:
        """The last day a slot may be meant for; None when the rule goes on by itself."""
        if self.start is None:
            return self.until
        limit = _plus_years(self.start, MAX_YEARS)
        return limit if self.until is None else min(self.until, limit)

    @property
    def too_long(self) -> bool:
        """True when it is to run longer than a column may."""
        if self.start is None or self.until is None:
            return False
        return self.until > _plus_years(self.start, MAX_YEARS)

    def empty(self) -> bool:
        """True when the rule gives no day at all within its span."""
        first = self.start or date(FIRST_YEAR, 1, 1)
        return bool(self.rule) and not _any_day(self.rule, first, self.end)


@dataclass(frozen=True, kw_only=True)
class Slot:
    """One place of a column in the calendar."""

    day: date
    due_at: datetime  # UTC
    # The rule's days it stands for: its own, or those that a holiday moved here.
    meant: tuple[date, ...]
    number: int | None = None  # from 1, for a column with a first day

    @property
    def moved(self) -> bool:
        """True when a holiday moved it."""
        return self.day not in self.meant


@dataclass(kw_only=True)
class Slots:
    """The slots of one column, found a year at a time."""

    recurrence: Recurrence
    kind_of: KindOf
    _years: dict[int, list[Slot]] = field(default_factory=dict)

    def on(self, day: date) -> Slot | None:
        """The slot on this day; a day a holiday moved one away from names that one too."""
        near = self.between(_earlier(day, _LONGEST_BREAK), _later(day, _LONGEST_BREAK))
        here = [slot for slot in near if slot.day == day]
        return next(iter([*here, *(slot for slot in near if day in slot.meant)]), None)

    def between(self, first: date, last: date) -> list[Slot]:
        """All slots from the first to the last day, both included, by time."""
        years = range(max(first.year, FIRST_YEAR), min(last.year, LAST_YEAR) + 1)
        return [slot for year in years for slot in self._year(year) if first <= slot.day <= last]

    def around(self, day: date) -> tuple[Slot | None, Slot | None]:
        """The nearest slot before a day and the nearest after it, within a year."""
        before = self.between(_earlier(day, 366), _earlier(day, 1))
        after = self.between(_later(day, 1), _later(day, 366))
        return (before[-1] if before else None), (after[0] if after else None)

    def _year(self, year: int) -> list[Slot]:
        if year not in self._years:
            self._years[year] = self._numbered(year)
        return self._years[year]

    def _numbered(self, year: int) -> list[Slot]:
        days = self._days(year)
        number: int | None = None
        if (start := self.recurrence.start) is not None:
            # A day before the first one is there only when a holiday moved it.
            first = max(_earlier(start, _LONGEST_BREAK).year, FIRST_YEAR)
            number = 1 + sum(len(self._year(earlier)) for earlier in range(first, year))
        return [
            Slot(
                day=day,
                due_at=_moment(day, self.recurrence),
                meant=tuple(days[day]),
                number=None if number is None else number + place,
            )
            for place, day in enumerate(sorted(days))
        ]

    def _days(self, year: int) -> dict[date, list[date]]:
        """The days of the year that have a slot, each with those the rule meant."""
        first = _earlier(date(year, 1, 1), _LONGEST_BREAK)
        last = _later(date(year, 12, 31), _LONGEST_BREAK)
        days: dict[date, list[date]] = {}
        for meant in self._meant(first, last):
            if meant in self.recurrence.extra:
                continue  # named by hand: it stays where it is, holiday or not
            day = self._moved(meant)
            if day is not None and day.year == year and day not in self.recurrence.left_out:
                days.setdefault(day, []).append(meant)
        for day in self.recurrence.extra:
            if day.year == year:
                days.setdefault(day, []).append(day)
        return days

    def _meant(self, first: date, last: date) -> Iterable[date]:
        recurrence = self.recurrence
        if recurrence.end is not None:
            last = min(last, recurrence.end)
        if recurrence.start is not None and recurrence.start > last:
            return
        for day in _rule_days(recurrence.rule, recurrence.start, first, last):
            worked = not (recurrence.workdays and self.kind_of(day).off)
            if worked and day not in recurrence.left_out:
                yield day

    def _moved(self, day: date) -> date | None:
        """Where a day's slot is: there, off a holiday, or nowhere."""
        policy = self.recurrence.holidays
        if policy is Off.KEEP or self.kind_of(day).type is not DayType.HOLIDAY:
            return day
        if policy is Off.SKIP:
            return None
        step = timedelta(days=1 if policy is Off.AFTER else -1)
        found = day
        for _day in range(_LONGEST_BREAK):
            found += step
            if not self.kind_of(found).off:
                return found
        return day


def _moment(day: date, recurrence: Recurrence) -> datetime:
    return datetime.combine(day, recurrence.clock, recurrence.zone).astimezone(UTC)


@lru_cache(1024)
def _rule_days(rule: str, start: date | None, first: date, last: date) -> Sequence[date]:
    """The rule's days within the span, which may begin before `start`."""
    if not rule or first > last:
        return ()
    begin = first if start is None else start
    found = rrulestr(rule, dtstart=datetime.combine(begin, time()))
    after, before = (datetime.combine(day, time()) for day in (first, last))
    return [moment.date() for moment in found.between(after, before, inc=True)]


@lru_cache(1024)
def _any_day(rule: str, first: date, last: date | None) -> bool:
    begin = datetime.combine(first, time())
    found = rrulestr(rule, dtstart=begin).after(begin, inc=True)
    return found is not None and (last is None or found.date() <= last)


def _plus_years(day: date, years: int) -> date:
    year = min(day.year + years, date.max.year)
    leap_day = (day.month, day.day) == (2, 29)
    return date(year, 2, 28) if leap_day else day.replace(year=year)


def _earlier(day: date, days: int) -> date:
    return date.fromordinal(max(day.toordinal() - days, 1))


def _later(day: date, days: int) -> date:
    return date.fromordinal(min(day.toordinal() + days, date.max.toordinal()))
