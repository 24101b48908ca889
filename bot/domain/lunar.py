"""The Chinese lunisolar calendar and its solar terms, by lunar_python (docs/dependencies.md)."""

from __future__ import annotations

from datetime import date
from functools import cache

from lunar_python import Lunar, LunarMonth, Solar


@cache
def to_solar(year: int, month: int, day: int) -> date:
    """The date of a lunar day. Day 30 of a month of 29 days is its last: 除夕 is `12, 30`."""
    length = LunarMonth.fromYm(year, month).getDayCount()
    solar = Lunar.fromYmd(year, month, min(day, length)).getSolar()
    return date(solar.getYear(), solar.getMonth(), solar.getDay())


def in_year(year: int, month: int, day: int) -> list[date]:
    """The dates within a year on which a lunar day falls: one, or none or two around its ends."""
    found = (to_solar(lunar_year, month, day) for lunar_year in (year - 1, year))
    return [moment for moment in found if moment.year == year]


@cache
def tomb_sweeping(year: int) -> date:
    """清明, the solar term on 4 to 6 April."""
    term = Solar.fromYmd(year, 4, 5).getLunar().getJieQiTable()["清明"]
    return date(term.getYear(), term.getMonth(), term.getDay())
