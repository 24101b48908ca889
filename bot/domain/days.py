"""The health days of a year: 世界无烟日, 爱国卫生月 and the rest of the list that comes along.

The list (health_days.csv beside this file) names a source for every day. Themes change every year
and are not in it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Final

from bot.domain.day_rules import DayRule, parse

COLUMNS: Final = ("name_zh", "name_en", "rule", "organiser", "source")
DRAFT_MARK: Final = "（选题）"  # in a draft's title, until somebody has written a real one
FIRST_YEAR: Final = 1990
LAST_YEAR: Final = 2100
_QUOTES: Final = re.compile(r"[《》「」“”\s]")
_WIDE: Final = re.compile("^(?:世界|国际|联合国|全国|全球|中国)")
_BRACKETS: Final = re.compile(r"[（(）)]")


@dataclass(frozen=True, kw_only=True)
class HealthDay:
    """A day, week or month of the list."""

    name_zh: str
    name_en: str = ""
    rule: DayRule
    organiser: str = ""  # as the list has it, several parted by 、 or ；
    source: str = ""
    dated: tuple[DayRule, ...] = ()  # for single years, and stronger than `rule` there

    @property
    def names(self) -> tuple[str, ...]:
        """What it is called, its usual name first: 世界癌症日（世界抗癌日） has two names."""
        parts = _BRACKETS.split(_QUOTES.sub("", self.name_zh))
        return tuple(part.removeprefix("原") for part in parts if len(part) > 1)

    def occurrences(self, year: int) -> list[Occurrence]:
        """When it is in a year; see `occurrences`."""
        stronger = [span for rule in self.dated for span in rule.spans(year)]
        spans = stronger or self.rule.spans(year)
        if self.rule.months is not None and not spans:
            return [Occurrence(day=self, year=year, months=self.rule.months)]
        return [
            Occurrence(day=self, year=year, first=first, last=last, number=number)
            for number, (first, last) in enumerate(spans, start=1)
        ]


@dataclass(frozen=True, kw_only=True)
class Occurrence:
    """A health day in one year. `first` and `last` are None while its notice is not known."""

    day: HealthDay
    year: int  # the one it is of: it may begin or end in a neighbouring one
    first: date | None = None
    last: date | None = None  # belongs to it; equals `first` for a single day
    months: tuple[int, int] | None = None  # while unknown: the first and last month it may be in
    number: int = 1  # a lunar day around new year can come a second time

    @property
    def _order(self) -> tuple[date, bool]:
        month = self.months[0] if self.months else 1
        return self.first or date(self.year, month, 1), self.first is not None


@cache
def load() -> tuple[HealthDay, ...]:
    """The list that comes along, in the order of the year."""
    file = resources.files(__package__).joinpath("health_days.csv")
    rows = csv.DictReader(file.read_text(encoding="utf-8").splitlines())
    return tuple(
        HealthDay(
            name_zh=row["name_zh"],
            name_en=row["name_en"],
            rule=parse(row["rule"]),
            organiser=row["organiser"],
            source=row["source"],
        )
        for row in rows
    )


def occurrences(year: int, days: Sequence[HealthDay] | None = None) -> list[Occurrence]:
    """All days of a year (1990 to 2100), by date; those waiting for a notice before their month.

    `days` are those of the list unless given.
    """
    found = (one for day in (load() if days is None else days) for one in day.occurrences(year))
    return sorted(found, key=lambda one: one._order)


def between(
    first: date, last: date, days: Sequence[HealthDay] | None = None
) -> Iterator[Occurrence]:
    """Those of known date that touch the days from `first` to `last`, by date."""
    return touching(lambda year: occurrences(year, days), first, last)


def touching(
    of_year: Callable[[int], Iterable[Occurrence]], first: date, last: date
) -> Iterator[Occurrence]:
    """The same, from what each year has."""
    # Spans reach over the ends of years.
    for year in range(max(first.year - 1, FIRST_YEAR), min(last.year + 1, LAST_YEAR) + 1):
        for one in of_year(year):
            if one.first and one.last and one.first <= last and one.last >= first:
                yield one


def named_in(title: str, days: Iterable[HealthDay]) -> list[HealthDay]:
    """The days that a title names, by any of their names or a short one: 护士节 for 国际护士节.

    Short names may belong to two days (全国高血压日 and 世界高血压日); look at the date as well.
    """
    plain = _QUOTES.sub("", title)
    return [day for day in days if any(name in plain for name in _spoken(day))]


def _spoken(day: HealthDay) -> Iterator[str]:
    for name in day.names:
        yield name
        short = _WIDE.sub("", name)
        if len(short) > 2:  # "水日" of 世界水日 is part of other words
            yield short
