"""Days as they hold for this office: the lists that come along, and its own corrections.

health-days.csv corrects, adds and switches off health days; holidays.csv corrects public holidays
(docs/health-days.md). A line with a mistake is left out and told; the list stays as it was.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Final

from bot.domain import days, holidays
from bot.domain.day_rules import BadRule, DayRule, parse
from bot.domain.days import HealthDay, Occurrence
from bot.domain.holidays import DayKind, DayType
from bot.domain.problem import Place, Problem
from bot.i18n import _
from bot.schedule.faults import suggestion
from bot.schedule.folder import Folder
from bot.schedule.tables import Row, Table, read_table

HEALTH_DAYS_FILE: Final = "health-days.csv"
HOLIDAYS_FILE: Final = "holidays.csv"
_OFF: Final = "off"
_TEXTS: Final = ("name_en", "organiser", "source")
_SHOWN: Final = 40  # characters of a wrong value: it may be half the file
_KINDS: Final = {"holiday": DayType.HOLIDAY, "workday": DayType.MAKE_UP}
_DATE: Final = re.compile(r"(\d{4})[-/年](\d{1,2})[-/月](\d{1,2})日?", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Days:
    """What is known of the days of any year."""

    health: tuple[HealthDay, ...] = field(default_factory=days.load)
    corrections: Mapping[date, DayKind] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    @cached_property
    def _years(self) -> dict[int, list[Occurrence]]:
        return {}

    def occurrences(self, year: int) -> list[Occurrence]:
        """The health days of a year, by date; see `bot.domain.days`."""
        if year not in self._years:  # a page asks for the same years for every week it shows
            self._years[year] = days.occurrences(year, self.health)
        return self._years[year]

    def between(self, first: date, last: date) -> list[Occurrence]:
        """Health days of known date that touch the days from `first` to `last`."""
        return list(days.touching(self.occurrences, first, last))

    def kind_of(self, day: date) -> DayKind:
        """Workday, weekend, holiday or make-up workday; see `bot.domain.holidays`."""
        return holidays.kind_of(day, self.corrections)


def read_days(folder: Folder) -> Days:
    """The days with the office's corrections, as far as these can be read. Never raises."""
    own = read_table(folder, HEALTH_DAYS_FILE, required=("name_zh", "rule"), optional=_TEXTS)
    free = read_table(folder, HOLIDAYS_FILE, required=("date", "kind"), optional=("name",))
    return Days(
        health=_corrected(own),
        corrections=_corrections(free),
        problems=(*own.problems, *free.problems),
    )


@dataclass(kw_only=True)
class _Own:
    """What the office says of one day."""

    row: Row
    rule: DayRule | None = None
    off: bool = False
    dated: list[DayRule] = field(default_factory=list)
    said: Place | None = None  # where `rule` or `off` stands


def _corrected(table: Table) -> tuple[HealthDay, ...]:
    listed = days.load()
    known = {name: day.name_zh for day in listed for name in (day.name_zh, *day.names)}
    own: dict[str, _Own] = {}
    for row in table.rows:
        if _complete(table, row, ("name_zh", "rule")):
            name = row.cells["name_zh"]
            name = known.get(name, name)
            _take(table, own.setdefault(name, _Own(row=row)), row)
    health = [_merge(day, own.pop(day.name_zh, None)) for day in listed]
    health += [_new(name, one) for name, one in own.items()]
    return tuple(day for day in health if day is not None)


def _take(table: Table, own: _Own, row: Row) -> None:
    off = row.cells["rule"].lower() == _OFF
    rule = None if off else _rule(table, row)
    if rule is not None and rule.year is not None:
        own.dated.append(rule)
    elif rule is not None or off:
        if own.said is not None:
            _twice(table, row.cells["name_zh"], own.said, row)
            return
        own.rule, own.off, own.said = rule, off, row.place


def _rule(table: Table, row: Row) -> DayRule | None:
    try:
        return parse(row.cells["rule"])
    except BadRule:
        message = _("“{rule}” is no rule for a day.").format(rule=row.cells["rule"][:_SHOWN])
        hint = _(
            "Write for example 05-31, 04-25..05-01, 05 second sunday, lunar 09-09, "
            "2027-06-14..2027-06-20 for one year, or off; docs/health-days.md has them all."
        )
        table.wrong("bad-day-rule", message, hint, row.place)
        return None


def _merge(day: HealthDay, own: _Own | None) -> HealthDay | None:
    """A day of the list as the office wants it; None when it is switched off."""
    if own is None:
        return day
    if own.off:
        return None
    cells = {name: text for name, text in own.row.cells.items() if text and name in _TEXTS}
    return replace(day, rule=own.rule or day.rule, dated=tuple(own.dated), **cells)


def _new(name: str, own: _Own) -> HealthDay | None:
    if own.rule is None and not own.dated:  # switched off without being there, or no good rule
        return None
    return HealthDay(
        name_zh=name,
        rule=own.rule or own.dated[0],
        dated=tuple(own.dated),
        **{key: own.row.cells.get(key, "") for key in _TEXTS},
    )


def _corrections(table: Table) -> dict[date, DayKind]:
    found: dict[date, DayKind] = {}
    places: dict[date, Place] = {}
    for row in table.rows:
        if not _complete(table, row, ("date", "kind")):
            continue
        day, kind = _date(table, row), _kind(table, row)
        if day is None or kind is None:
            continue
        if kind is DayType.MAKE_UP and day.isoweekday() < 6:
            kind = DayType.WORKDAY
        if day in found:
            _twice(table, row.cells["date"], places[day], row)
            continue
        found[day] = DayKind(type=kind, name=row.cells.get("name", ""))
        places[day] = row.place
    return found


def _date(table: Table, row: Row) -> date | None:
    text = row.cells["date"]
    parts = _DATE.fullmatch(unicodedata.normalize("NFKC", text))
    try:
        if parts is not None:
            return date(*map(int, parts.groups()))
    except ValueError:
        pass
    message = _("“{text}” is no date.").format(text=text[:_SHOWN])
    hint = _("Write it as YYYY-MM-DD, for example 2015-03-01.")
    table.wrong("bad-date", message, hint, row.place)
    return None


def _kind(table: Table, row: Row) -> DayType | None:
    text = row.cells["kind"].lower()
    if text in _KINDS:
        return _KINDS[text]
    message = _("“{value}” is not allowed for {key}.").format(value=text[:_SHOWN], key="kind")
    table.wrong("unknown-value", message, suggestion(text, _KINDS), row.place)
    return None


def _complete(table: Table, row: Row, needed: Sequence[str]) -> bool:
    empty = [name for name in needed if not row.cells[name]]
    for name in empty:
        message = _("“{key}” has no value.").format(key=name)
        table.wrong("empty-value", message, _("Fill it in, or delete the line."), row.place)
    return not empty


def _twice(table: Table, name: str, first: Place, row: Row) -> None:
    message = _("{name} stands twice, first at {place}.").format(name=name, place=first)
    table.wrong("day-twice", message, _("Delete one of the two lines."), row.place)
