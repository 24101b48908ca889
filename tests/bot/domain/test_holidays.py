"""Public holidays: the notice for 2026 as it was printed, and years whose notice is not out."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.holidays import DayKind, DayType, kind_of

# 国务院办公厅关于2026年部分节假日安排的通知, 2025-11-04
# https://politics.gmw.cn/2025-11/04/content_38391083.htm
OFF_2026 = {
    "元旦": [("01-01", "01-03")],
    "春节": [("02-15", "02-23")],
    "清明节": [("04-04", "04-06")],
    "劳动节": [("05-01", "05-05")],
    "端午节": [("06-19", "06-21")],
    "中秋节": [("09-25", "09-27")],
    "国庆节": [("10-01", "10-07")],
}
WORKED_2026 = {
    "01-04": "元旦",
    "02-14": "春节",
    "02-28": "春节",
    "05-09": "劳动节",
    "09-20": "国庆节",
    "10-10": "国庆节",
}


def in_2026(text: str) -> date:
    return date.fromisoformat(f"2026-{text}")


def as_noticed(day: date) -> tuple[DayType, str]:
    for name, spans in OFF_2026.items():
        if any(in_2026(first) <= day <= in_2026(last) for first, last in spans):
            return DayType.HOLIDAY, name
    if f"{day:%m-%d}" in WORKED_2026:
        return DayType.MAKE_UP, WORKED_2026[f"{day:%m-%d}"]
    return (DayType.WEEKEND if day.isoweekday() > 5 else DayType.WORKDAY), ""


def test_every_day_of_2026_is_as_the_notice_says() -> None:
    year = [date(2026, 1, 1) + timedelta(days=number) for number in range(365)]
    wrong = [day for day in year if (kind_of(day).type, kind_of(day).name) != as_noticed(day)]
    assert wrong == []


def test_a_year_without_a_notice_says_so() -> None:
    spring = kind_of(date(2099, 10, 2))
    assert (spring.type, spring.name, spring.known) == (DayType.HOLIDAY, "国庆节", False)
    assert kind_of(date(2099, 10, 6)) == DayKind(type=DayType.WORKDAY, known=False)
    assert kind_of(date(2099, 10, 10)) == DayKind(type=DayType.WEEKEND, known=False)


def test_the_statutory_days_are_certain_in_any_year() -> None:
    def free(year: int) -> list[str]:
        first = date(year, 1, 1)
        kinds = (
            (first + timedelta(days=n), kind_of(first + timedelta(days=n))) for n in range(365)
        )
        return [f"{day:%m-%d}" for day, kind in kinds if kind.type is DayType.HOLIDAY]

    # The lunar ones as another library (cnlunar) has them too.
    assert free(2099) == [
        *("01-01", "01-20", "01-21", "01-22", "01-23"),
        *("04-04", "05-01", "05-02", "06-23", "09-29", "10-01", "10-02", "10-03"),
    ]


@pytest.mark.parametrize("known", [date(2018, 12, 29), date(2025, 12, 31), date(2026, 12, 25)])
def test_the_end_of_a_year_waits_for_the_next_notice(known: date) -> None:
    """The notice for 2019 made 29 December 2018 a workday."""
    assert kind_of(known).known
    assert kind_of(date(2018, 12, 29)).type is DayType.MAKE_UP
    latest = next(y for y in range(2026, 2100) if not kind_of(date(y + 1, 6, 1)).known)
    assert kind_of(date(latest, 12, 25)).known
    assert not kind_of(date(latest, 12, 31)).known


def test_the_office_knows_better() -> None:
    shut = DayKind(type=DayType.HOLIDAY, name="三月三")
    day = date(2026, 4, 20)
    assert kind_of(day).type is DayType.WORKDAY
    assert kind_of(day, {day: shut}) == shut
    assert kind_of(day + timedelta(days=1), {day: shut}).type is DayType.WORKDAY


def test_what_is_off() -> None:
    assert {kind: DayKind(type=kind).off for kind in DayType} == {
        DayType.WORKDAY: False,
        DayType.WEEKEND: True,
        DayType.HOLIDAY: True,
        DayType.MAKE_UP: False,
    }


@settings(deadline=None)
@given(st.dates(date(1990, 1, 1), date(2100, 12, 31)))
def test_any_day_has_a_kind(day: date) -> None:
    kind = kind_of(day)
    weekend = day.isoweekday() > 5
    if kind.type in {DayType.WEEKEND, DayType.MAKE_UP}:
        assert weekend
    if kind.type is DayType.WORKDAY:
        assert not weekend
