"""The slots of a column: the library's own days, and what holidays make of them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.domain.holidays import DayKind, DayType, kind_of
from bot.domain.slots import MAX_YEARS, Off, Recurrence, Slots

SHANGHAI = ZoneInfo("Asia/Shanghai")
MAY = (date(2026, 5, 1), date(2026, 5, 31))


def slots(rule: str = "FREQ=WEEKLY;BYDAY=WE", **more: Any) -> Slots:
    made = Recurrence(clock=time(10), zone=SHANGHAI, rule=rule, **more)
    return Slots(recurrence=made, kind_of=kind_of)


def days(found: Slots, first: date = MAY[0], last: date = MAY[1]) -> list[str]:
    return [f"{slot.day:%m-%d}" for slot in found.between(first, last)]


def test_a_weekly_column_has_its_days_at_its_time() -> None:
    assert days(slots()) == ["05-06", "05-13", "05-20", "05-27"]
    assert slots().between(*MAY)[0].due_at == datetime(2026, 5, 6, 2, tzinfo=UTC)


def test_days_left_out_and_further_days() -> None:
    found = slots(left_out=frozenset({date(2026, 5, 13)}), extra=frozenset({date(2026, 5, 9)}))
    assert days(found) == ["05-06", "05-09", "05-20", "05-27"]


def test_slots_are_numbered_from_the_first_day_over_the_years() -> None:
    found = slots(start=date(2025, 12, 1))
    first = found.between(date(2025, 12, 1), date(2026, 1, 31))
    assert [slot.number for slot in first] == list(range(1, 10))
    assert [slot.number for slot in slots().between(*MAY)] == [None] * 4


def test_a_column_ends() -> None:
    found = slots(start=date(2026, 5, 7), until=date(2026, 5, 20))
    assert days(found) == ["05-13", "05-20"]
    assert found.on(date(2026, 5, 27)) is None
    before, after = found.around(date(2026, 5, 14))
    assert before is not None
    assert after is not None
    assert (before.day, after.day) == (date(2026, 5, 13), date(2026, 5, 20))
    assert found.around(date(2026, 5, 21))[1] is None


# The National Day of 2026: off from 1 to 7 October; 20 September and 10 October are worked.
@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (Off.KEEP, ["09-30", "10-07", "10-14"]),
        (Off.SKIP, ["09-30", "10-14"]),
        (Off.BEFORE, ["09-30", "10-14"]),
        (Off.AFTER, ["09-30", "10-08", "10-14"]),
    ],
)
def test_a_holiday_moves_a_slot_as_the_column_says(policy: Off, expected: list[str]) -> None:
    found = slots(holidays=policy)
    span = date(2026, 9, 28), date(2026, 10, 14)
    assert days(found, *span) == expected


def test_a_slot_goes_by_the_day_it_was_meant_for_as_well() -> None:
    found = slots(holidays=Off.AFTER)
    moved = found.on(date(2026, 10, 7))
    assert moved is not None
    assert (moved.day, moved.moved, moved.meant) == (
        date(2026, 10, 8),
        True,
        (date(2026, 10, 7),),
    )
    assert found.on(date(2026, 10, 8)) == moved
    # Moved to the last workday before, it meets the week before's own slot: one slot, both days.
    met = slots(holidays=Off.BEFORE).on(date(2026, 10, 7))
    assert met is not None
    assert met.meant == (date(2026, 9, 30), date(2026, 10, 7))


def test_workdays_are_those_that_are_worked() -> None:
    found = slots("FREQ=DAILY", workdays=True)
    assert days(found, date(2026, 9, 19), date(2026, 9, 26)) == [
        "09-20", "09-21", "09-22", "09-23", "09-24",
    ]  # fmt: skip


def test_the_offices_own_holidays_count() -> None:
    def closed(day: date) -> DayKind:
        shut = day == date(2026, 5, 13)
        return DayKind(type=DayType.HOLIDAY) if shut else kind_of(day)

    found = Slots(recurrence=slots(holidays=Off.AFTER).recurrence, kind_of=closed)
    assert days(found) == ["05-06", "05-14", "05-20", "05-27"]


def test_a_column_ends_after_ten_years_by_itself() -> None:
    found = slots("FREQ=DAILY", start=date(2024, 2, 29))
    assert found.recurrence.end == date(2024 + MAX_YEARS, 2, 28)
    assert found.on(date(2034, 2, 28)) is not None
    assert found.on(date(2034, 3, 1)) is None
    assert slots(start=date(2026, 1, 1), until=date(2036, 1, 2)).recurrence.too_long
    assert not slots(start=date(2026, 1, 1), until=date(2036, 1, 1)).recurrence.too_long


def test_days_far_away_have_no_slots() -> None:
    for day in (date.min, date.max, date(1999, 12, 29)):
        assert slots().on(day) is None
        assert slots().around(day) in ((None, None), (None, slots().on(date(2000, 1, 5))))


RULES = st.sampled_from(
    [
        "FREQ=DAILY",
        "FREQ=DAILY;INTERVAL=3",
        "FREQ=WEEKLY;BYDAY=MO,TH",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE",
        "FREQ=WEEKLY;COUNT=9;BYDAY=FR",
        "FREQ=MONTHLY;BYMONTHDAY=15,-1",
        "FREQ=MONTHLY;BYDAY=1MO",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=12",
        "FREQ=YEARLY;BYDAY=20WE",
    ]
)
NEAR = st.dates(date(2024, 1, 1), date(2028, 12, 31))


@settings(deadline=None, max_examples=60)
@given(RULES, NEAR, NEAR, st.integers(0, 400))
def test_without_holidays_the_slots_are_the_librarys_own(
    rule: str, start: date, first: date, length: int
) -> None:
    last = first + timedelta(days=length)
    begin = datetime.combine(start, time())
    bounds = (datetime.combine(day, time()) for day in (first, last))
    own = [moment.date() for moment in rrulestr(rule, dtstart=begin).between(*bounds, inc=True)]
    found = slots(rule, start=start)
    assert [slot.day for slot in found.between(first, last)] == own
    assert all(found.on(day) is not None for day in own[:5])


@example("FREQ=DAILY", date(2024, 1, 1), Off.BEFORE, set(), {date(2024, 1, 1)})
@settings(deadline=None, max_examples=60)
@given(RULES, NEAR, st.sampled_from(Off), st.sets(NEAR, max_size=4), st.sets(NEAR, max_size=4))
def test_moving_leaves_one_slot_a_day_and_loses_none(
    rule: str, start: date, policy: Off, left_out: set[date], extra: set[date]
) -> None:
    span = start, date(start.year, 12, 31)
    kept = slots(rule, start=start)
    found = slots(
        rule,
        start=start,
        holidays=policy,
        left_out=frozenset(left_out),
        extra=frozenset(day for day in extra if day >= start),
    )
    there = found.between(start - timedelta(days=30), span[1] + timedelta(days=30))
    assert max(Counter(slot.day for slot in there).values(), default=1) == 1
    meant = [day for slot in there for day in slot.meant]
    assert len(meant) == len(set(meant))
    for slot in kept.between(*span):
        holiday = kind_of(slot.day).type is DayType.HOLIDAY
        moved = found.on(slot.day)
        if slot.day in left_out or (moved is None and policy is Off.SKIP and holiday):
            continue
        # Gone only where the day it was moved to is left out.
        assert (moved is not None) or (holiday and policy in {Off.BEFORE, Off.AFTER})
    numbers = [slot.number for slot in there]
    assert numbers == sorted(numbers, key=lambda number: number or 0)
