"""The rules by which a day of the year is found, as the list of health days writes them.

| rule | means |
|---|---|
| `05-31` | the same date every year; `02-29` is the 28th in other years |
| `12-28..01-03` | a span, also over the end of a year; it belongs to the year it begins in |
| `05 second sunday` | first, second, third, fourth or last weekday of a month |
| `02 last day` | the last day of a month |
| `05 week 3 sun-sat` | a week from Sunday to Saturday; week 1 contains the 1st |
| `lunar 09-09` | a lunar date (农历); day 30 is the month's last, so 除夕 is `lunar 12-30` |
| `notice 06`, `notice 06..07` | set by a yearly notice, in these months: never guessed |
| `2027-06-10`, `2027-06-10..2027-06-16` | in this one year only, as the notice says |
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from bot.domain import lunar

Span = tuple[date, date]  # first and last day, both of it
_Spans = Callable[[int], list[Span]]
_Made = tuple[_Spans, Mapping[str, object]]

_WEEKDAYS: Final = {name.lower(): number for number, name in enumerate(calendar.day_name)}
_ORDINALS: Final = {"first": 0, "second": 1, "third": 2, "fourth": 3, "last": -1}
_LEAP: Final = 2000  # in this year every month and day exists
_WEEK: Final = timedelta(days=7)
_SEPARATORS: Final = str.maketrans(
    {"/": "-", "年": "-", "月": "-", "日": " ", "～": "..", "~": ".."}
)


class BadRule(ValueError):
    """The text is no rule."""


@dataclass(frozen=True, kw_only=True)
class DayRule:
    """A rule; two are equal when their text is."""

    text: str
    months: tuple[int, int] | None = None  # of `notice`: first and last month it may fall in
    year: int | None = None  # of a rule for one year only
    _spans: _Spans = field(default=lambda _year: [], compare=False, repr=False)

    def spans(self, year: int) -> list[Span]:
        """The spans that belong to a year: one as a rule, none for `notice`, rarely two (lunar)."""
        return self._spans(year)


def parse(text: str) -> DayRule:
    """The rule in `text`; raises BadRule.

    Full-width characters, capitals and spaces do not matter, and dates may be written as Excel
    makes them: 2027/6/10, 6月14日.
    """
    plain = " ".join(unicodedata.normalize("NFKC", text).lower().translate(_SEPARATORS).split())
    for pattern, make in _FORMS:
        if found := pattern.fullmatch(plain):
            try:
                spans, more = make(*found.groups())
            except ValueError as error:  # a month 13, a 31 June
                raise BadRule(text) from error
            return DayRule(text=text.strip(), _spans=spans, **more)  # type: ignore[arg-type]
    raise BadRule(text)


def _clamped(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


def _fixed(month: str, day: str) -> _Made:
    when = date(_LEAP, int(month), int(day))

    def spans(year: int) -> list[Span]:
        only = _clamped(year, when.month, when.day)
        return [(only, only)]

    return spans, {}


def _span(month: str, day: str, to_month: str, to_day: str) -> _Made:
    first, last = date(_LEAP, int(month), int(day)), date(_LEAP, int(to_month), int(to_day))

    def spans(year: int) -> list[Span]:
        end = year if first <= last else year + 1
        return [
            (_clamped(year, first.month, first.day), _clamped(end, last.month, last.day)),
        ]

    return spans, {}


def _weekday(month: str, ordinal: str, name: str) -> _Made:
    number, weekday, place = _month(month), _WEEKDAYS[name], _ORDINALS[ordinal]

    def spans(year: int) -> list[Span]:
        weeks = [week[weekday] for week in calendar.monthcalendar(year, number)]
        only = date(year, number, [day for day in weeks if day][place])
        return [(only, only)]

    return spans, {}


def _last_day(month: str) -> _Made:
    number = _month(month)

    def spans(year: int) -> list[Span]:
        only = _clamped(year, number, 31)
        return [(only, only)]

    return spans, {}


def _week(month: str, which: str) -> _Made:
    number, weeks = _month(month), int(which) - 1

    def spans(year: int) -> list[Span]:
        first = date(year, number, 1)
        sunday = first - timedelta(days=first.isoweekday() % 7) + weeks * _WEEK
        return [(sunday, sunday + timedelta(days=6))]

    return spans, {}


def _lunar(month: str, day: str) -> _Made:
    number, which = _month(month), int(day)
    if not 1 <= which <= 30:
        raise ValueError(day)
    return lambda year: [(when, when) for when in lunar.in_year(year, number, which)], {}


def _notice(first: str, last: str | None) -> _Made:
    return lambda _year: [], {"months": (_month(first), _month(last or first))}


def _dated(*parts: str | None) -> _Made:
    year, month, day, *end = (int(part) if part else 0 for part in parts)
    first = date(year, month, day)
    last = date(*end) if any(end) else first
    if last < first:
        raise ValueError
    return lambda asked: [(first, last)] if asked == first.year else [], {"year": first.year}


def _month(text: str) -> int:
    return date(_LEAP, int(text), 1).month


_DAY: Final = r"(\d{1,2})-(\d{1,2})"
_DATE: Final = rf"(\d{{4}})-{_DAY}"
_TO: Final = r" ?\.\.+ ?"
_FORMS: Final[tuple[tuple[re.Pattern[str], Callable[..., _Made]], ...]] = (
    (re.compile(_DAY, re.ASCII), _fixed),
    (re.compile(_DAY + _TO + _DAY, re.ASCII), _span),
    (
        re.compile(rf"(\d{{1,2}}) ({'|'.join(_ORDINALS)}) ({'|'.join(_WEEKDAYS)})", re.ASCII),
        _weekday,
    ),
    (re.compile(r"(\d{1,2}) last day", re.ASCII), _last_day),
    (re.compile(r"(\d{1,2}) week ([1-5]) sun-sat", re.ASCII), _week),
    (re.compile(rf"lunar {_DAY}", re.ASCII), _lunar),
    (re.compile(rf"notice (\d{{1,2}})(?:{_TO}(\d{{1,2}}))?", re.ASCII), _notice),
    (re.compile(rf"{_DATE}(?:{_TO}{_DATE})?", re.ASCII), _dated),
)
