"""Public holidays of mainland China, and the weekends that are worked for them (调休).

Which days are off is decided every year by a notice of the State Council, which comes out early in
the November before. The library knows the years whose notice is out; of others only the statutory
days are certain, and `known` says so: a rule can then keep silent rather than be wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Final

import chinese_calendar

from bot.domain import lunar


class DayType(StrEnum):
    """What a day is at work."""

    WORKDAY = "workday"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"  # also the weekends within one
    MAKE_UP = "make_up"  # 调休上班日: a weekend that is worked


@dataclass(frozen=True, kw_only=True)
class DayKind:
    """What a day is, as far as it is known."""

    type: DayType
    name: str = ""  # of the holiday a day belongs to, or is worked for: "春节"
    known: bool = True  # False: the notice for it is not known, so it may turn out another

    @property
    def off(self) -> bool:
        """True when offices are closed."""
        return self.type in {DayType.HOLIDAY, DayType.WEEKEND}


NO_CORRECTIONS: Final[Mapping[date, DayKind]] = MappingProxyType({})
_NAMES: Final = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "National Day": "国庆节",
    "Mid-autumn Festival": "中秋节",
}
# The notice for a year has reached back to 29 December of the one before (2018, for 2019).
_TAIL: Final = (12, 26)


def kind_of(day: date, corrections: Mapping[date, DayKind] = NO_CORRECTIONS) -> DayKind:
    """What a day is. `corrections` are the office's own and win over everything."""
    corrected = corrections.get(day)
    return corrected or _by_notice(day) or _by_law(day)


@cache
def _by_notice(day: date) -> DayKind | None:
    """From the notices the library has; None when the notice for the day is not among them."""
    tail = (day.month, day.day) >= _TAIL
    try:
        if tail:
            chinese_calendar.is_workday(day + timedelta(days=7))  # is the next one out?
        off, english = chinese_calendar.get_holiday_detail(day)
    except (NotImplementedError, OverflowError):
        return None
    plain = DayType.WEEKEND if day.isoweekday() > 5 else DayType.WORKDAY
    if english is None:
        return DayKind(type=plain)
    name = _NAMES.get(english) or str(chinese_calendar.Holiday(english).chinese)
    if off:
        return DayKind(type=DayType.HOLIDAY, name=name)
    return DayKind(type=DayType.MAKE_UP, name=name)


def _by_law(day: date) -> DayKind:
    name = _statutory(day.year).get(day)
    if name is not None:
        return DayKind(type=DayType.HOLIDAY, name=name, known=False)
    plain = DayType.WEEKEND if day.isoweekday() > 5 else DayType.WORKDAY
    return DayKind(type=plain, known=False)


@cache
def _statutory(year: int) -> Mapping[date, str]:
    """The 13 days of 全国年节及纪念日放假办法, article 2 as amended on 2024-11-10."""
    new_year = lunar.to_solar(year, 1, 1)
    spring = {new_year + timedelta(days=offset): "春节" for offset in (-1, 0, 1, 2)}
    return (
        {date(year, 1, 1): "元旦"}
        | spring
        | {
            lunar.tomb_sweeping(year): "清明节",
            date(year, 5, 1): "劳动节",
            date(year, 5, 2): "劳动节",
            lunar.to_solar(year, 5, 5): "端午节",
            lunar.to_solar(year, 8, 15): "中秋节",
            date(year, 10, 1): "国庆节",
            date(year, 10, 2): "国庆节",
            date(year, 10, 3): "国庆节",
        }
    )
