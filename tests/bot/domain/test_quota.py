"""Periods of quotas: in Beijing time, without gap and without overlap."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.quota import (
    PLATFORM_ZONE,
    READ,
    Budget,
    Key,
    Period,
    budgets_of,
    period_end,
    period_start,
    spend,
)

MOMENTS = st.timedeltas(timedelta(0), timedelta(days=15 * 365)).map(
    lambda gone: datetime(2020, 1, 1, tzinfo=UTC) + gone
)


@given(MOMENTS, st.sampled_from(Period))
def test_every_moment_lies_in_one_period(moment: datetime, period: Period) -> None:
    """And the next begins where it ends."""
    start, end = period_start(moment, period), period_end(moment, period)
    assert start <= moment < end
    assert period_start(end, period) == end
    assert period_start(end - timedelta(microseconds=1), period) == start


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        (Period.HOUR, "2026-05-31 23:00", "2026-06-01 00:00"),
        (Period.DAY, "2026-05-31 00:00", "2026-06-01 00:00"),
        (Period.MONTH, "2026-05-01 00:00", "2026-06-01 00:00"),
    ],
)
def test_the_last_minute_of_may_in_beijing(period: Period, start: str, end: str) -> None:
    """It is afternoon in London and still the 31st."""
    moment = datetime(2026, 5, 31, 15, 59, tzinfo=UTC)
    assert period_start(moment, period) == _beijing(start)
    assert period_end(moment, period) == _beijing(end)


def test_a_month_ends_with_the_year() -> None:
    """Also in a December and a leap February."""
    december = period_end(_beijing("2027-12-15 10:00"), Period.MONTH)
    assert december == _beijing("2028-01-01 00:00")
    assert period_end(_beijing("2028-02-29 23:59"), Period.MONTH) == _beijing("2028-03-01 00:00")


PUBLISH = Budget(action="publish", limit=2, period=Period.DAY)
PUSH = Budget(action="push", limit=1, period=Period.MONTH, account_kind="service")
OPEN = Budget(action="publish", limit=0, period=Period.HOUR)
READING = Budget(action=READ, limit=1, period=Period.DAY)


def test_an_action_spends_its_own_quotas() -> None:
    """Those of its kind of account, and none without a figure."""
    every = (PUBLISH, PUSH, OPEN, READING)
    assert budgets_of(every, "publish", "service") == (PUBLISH,)
    assert budgets_of(every, "push", "service") == (PUSH,)
    assert budgets_of(every, "push", "subscription") == ()
    assert budgets_of(every, READ, "") == (READING,)


def test_where_there_is_one_way_only_a_mass_send_goes_that_way() -> None:
    """And reading is never publishing."""
    assert budgets_of((PUBLISH,), "push", "") == (PUBLISH,)
    assert budgets_of((PUBLISH,), READ, "") == ()


def test_spending_takes_one_of_each_or_nothing() -> None:
    used: dict[Key, int] = {}
    now = _beijing("2026-05-31 12:00")
    assert spend(used, "a", (PUBLISH, PUSH), now) is None
    before = dict(used)
    assert spend(used, "a", (PUBLISH, PUSH), now) == _beijing("2026-06-01 00:00")
    assert used == before
    assert spend(used, "b", (PUBLISH, PUSH), now) is None
    assert spend(used, "a", (PUBLISH, PUSH), _beijing("2026-06-01 00:00")) is None


def _beijing(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PLATFORM_ZONE)
