"""Gaps: silent accounts are found to the day, unread ones are never called silent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.gaps import (
    AccountGap,
    AccountPosts,
    Forecast,
    GapRules,
    GapState,
    Lapse,
    Limits,
    Planned,
    Saving,
    account_gap,
    forecast,
    update_rate,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
RULES = GapRules(by_regime={"gov": Limits(warn_days=7, fail_days=10)})


def at(text: str) -> datetime:
    """A Beijing time in 2026, "05-06 10:00" or "05-06"."""
    full = f"2026-{text}" if " " in text else f"2026-{text} 12:00"
    return datetime.fromisoformat(full).replace(tzinfo=SHANGHAI).astimezone(UTC)


SINCE, UNTIL = at("05-01 00:00"), at("06-01 00:00")


def gap(
    *posted: str,
    as_of: str = "06-10",
    read_until: str | None = "06-10",
    read_from: str | None = None,
    opened: date | None = None,
    regime: str = "sector_institution",
) -> AccountGap:
    return account_gap(
        AccountPosts(
            account="u14-wechat",
            unit="u14",
            platform="wechat",
            regime=regime,
            opened=opened,
            posted=[at(text) for text in posted],
            read_from=at(read_from) if read_from else None,
            read_until=at(read_until) if read_until else None,
        ),
        since=SINCE,
        until=UNTIL,
        as_of=at(as_of),
        zone=SHANGHAI,
        rules=RULES,
    )


@pytest.mark.parametrize(
    ("as_of", "days", "state"),
    [
        ("05-10 12:00", 9, GapState.OK),
        ("05-11 00:00", 10, GapState.WARN),
        ("05-15 23:59", 14, GapState.WARN),
        ("05-16 00:00", 15, GapState.FAIL),
    ],
)
def test_warn_at_ten_days_fail_beyond_fourteen(as_of: str, days: int, state: GapState) -> None:
    result = gap("05-01 23:59", as_of=as_of)
    assert (result.gap_days, result.state) == (days, state)
    assert result.last_post_at == at("05-01 23:59")


def test_limits_depend_on_the_regime() -> None:
    assert gap("05-01", as_of="05-12", regime="gov").state is GapState.FAIL
    assert gap("05-01", as_of="05-12").state is GapState.WARN


def test_a_silence_inside_the_period_is_found_although_the_account_posts_again() -> None:
    result = gap("04-30", "05-06", "05-25", "05-30")
    assert result.state is GapState.OK
    assert (result.max_gap_days, result.met) == (19, False)
    assert result.lapsed == (
        Lapse(from_day=date(2026, 5, 6), to_day=date(2026, 5, 25), days=19, ended=True),
    )


def test_a_silence_that_lasts_ends_with_the_period() -> None:
    result = gap("05-10")
    assert result.gap_days == 21
    assert result.lapsed == (
        Lapse(from_day=date(2026, 5, 10), to_day=date(2026, 5, 31), days=21, ended=False),
    )


def test_a_silence_from_before_the_period_counts_in_full() -> None:
    result = gap("04-10", "05-02", "05-12", "05-22", "05-31")
    assert [(lapse.from_day, lapse.days) for lapse in result.lapsed] == [(date(2026, 4, 10), 22)]


def test_a_silence_that_ended_before_the_period_does_not_count() -> None:
    result = gap("03-01", "04-30", "05-10", "05-20", "05-30")
    assert (result.lapsed, result.max_gap_days, result.met) == ((), 10, True)


def test_posts_after_the_period_do_not_count() -> None:
    assert gap("05-10", "06-02").last_post_at == at("05-10")


def test_an_account_never_read_is_unknown_never_silent() -> None:
    result = gap(read_until=None)
    assert result.state is GapState.UNKNOWN
    assert (result.gap_days, result.max_gap_days, result.met, result.lapsed) == (
        None,
        None,
        None,
        (),
    )


def test_old_readings_leave_a_long_gap_unknown() -> None:
    result = gap("05-10", as_of="05-28", read_until="05-20")
    assert (result.state, result.gap_days, result.met) == (GapState.UNKNOWN, None, None)
    assert (result.max_gap_days, result.lapsed) == (10, ())


def test_what_old_readings_did_prove_stays_proven() -> None:
    result = gap("05-01", read_until="05-20")
    assert result.state is GapState.UNKNOWN
    assert result.met is False
    assert [(lapse.to_day, lapse.days, lapse.ended) for lapse in result.lapsed] == [
        (date(2026, 5, 20), 19, False)
    ]


def test_an_account_that_posted_lately_is_ok_even_unread() -> None:
    """Our own receipts prove it; reading more could only make the gap shorter."""
    result = gap("04-28", "05-09", "05-20", "05-28", read_until=None)
    assert (result.state, result.gap_days, result.met) == (GapState.OK, 3, True)


def test_time_before_the_readings_began_proves_nothing() -> None:
    result = gap("03-01", read_from="05-25")
    assert (result.state, result.max_gap_days, result.met) == (GapState.UNKNOWN, 6, None)
    assert gap("03-01", read_from="05-10").state is GapState.FAIL


def test_a_read_account_without_any_post_is_silent_since_the_readings_began() -> None:
    result = gap()
    assert (result.state, result.gap_days, result.last_post_at) == (GapState.FAIL, 30, None)


def test_an_account_that_opens_later_has_not_started() -> None:
    result = gap(opened=date(2026, 6, 1))
    assert (result.state, result.gap_days, result.met) == (GapState.NOT_STARTED, None, None)


def test_a_new_account_is_counted_from_its_opening() -> None:
    assert gap(opened=date(2026, 5, 26)).state is GapState.OK
    assert gap(opened=date(2026, 5, 20)).gap_days == 11
    assert gap(opened=date(2026, 5, 20)).state is GapState.WARN


def test_the_rate_counts_only_what_is_known() -> None:
    good = gap("04-28", "05-09", "05-20", "05-28")
    rate = update_rate(
        [good, good, gap("05-01"), gap(read_until=None), gap(opened=date(2027, 1, 1))]
    )
    assert (rate.met, rate.known, rate.unknown) == (2, 3, 1)
    assert rate.rate == pytest.approx(2 / 3)
    assert update_rate([]).rate is None


DAYS = st.integers(0, 61).map(lambda n: at("04-01") + timedelta(days=n))


@given(st.lists(DAYS), DAYS | st.none(), DAYS | st.none(), DAYS)
def test_no_reading_never_means_a_lapse(
    posted: list[datetime],
    read_from: datetime | None,
    read_until: datetime | None,
    as_of: datetime,
) -> None:
    posts = AccountPosts(
        account="a",
        unit="u",
        platform="wechat",
        posted=posted,
        read_from=read_from,
        read_until=read_until,
    )
    result = account_gap(posts, since=SINCE, until=UNTIL, as_of=as_of, zone=SHANGHAI, rules=RULES)
    if read_until is None:
        assert result.lapsed == ()
        assert result.state in (GapState.OK, GapState.UNKNOWN)
    for lapse in result.lapsed:
        assert read_until is not None
        assert lapse.to_day <= read_until.astimezone(SHANGHAI).date()
        assert read_from is None or lapse.from_day >= read_from.astimezone(SHANGHAI).date()
        assert lapse.days > 14


TODAY = date(2026, 5, 12)


def coming(day: str, *, sure: bool = True, account: str = "u14-wechat") -> Planned:
    return Planned(account=account, post=f"p{day}", at=at(day), sure=sure)


def foreseen(*planned: Planned, last: str = "05-01", **more: Any) -> Forecast:
    """Of an account that posted last on that day, seen on 12 May: it fails on the 16th."""
    [one] = forecast([gap(last, as_of="05-12", **more)], planned, today=TODAY, zone=SHANGHAI)
    return one


@pytest.mark.parametrize(
    ("planned", "saving", "post"),
    [
        ((), Saving.NONE, ""),
        ((coming("05-15 23:59"),), Saving.SAVED, "p05-15 23:59"),
        ((coming("05-16 00:00"),), Saving.TOO_LATE, "p05-16 00:00"),
        ((coming("05-13", sure=False),), Saving.IF_DONE, "p05-13"),
        ((coming("05-13", sure=False), coming("05-14")), Saving.SAVED, "p05-14"),
        ((coming("05-13", sure=False), coming("05-17")), Saving.IF_DONE, "p05-13"),
        ((coming("05-13", account="u15-wechat"),), Saving.NONE, ""),
    ],
)
def test_what_is_planned_saves_an_account_or_not(
    planned: tuple[Planned, ...], saving: Saving, post: str
) -> None:
    one = foreseen(*planned)
    assert (one.warns_on, one.fails_on) == (date(2026, 5, 11), date(2026, 5, 16))
    assert one.saving is saving
    assert (one.planned.post if one.planned else "") == post


def test_an_account_that_has_failed_is_not_saved_any_more() -> None:
    one = foreseen(coming("05-13"), last="04-20")
    assert (one.state, one.saving, one.fails_on) == (GapState.FAIL, Saving.FAILED, date(2026, 5, 5))


def test_what_nobody_knows_is_not_foreseen() -> None:
    one = foreseen(coming("05-13"), read_until=None)
    assert (one.state, one.fails_on, one.saving) == (GapState.UNKNOWN, None, None)
    assert one.planned is not None


def test_limits_of_the_regime_decide_the_day() -> None:
    assert foreseen(regime="gov", last="05-04").fails_on == date(2026, 5, 15)


def test_the_most_urgent_comes_first() -> None:
    def named(name: str, last: str, **more: Any) -> AccountGap:
        return replace(gap(last, as_of="05-12", **more), account=name)

    gaps = [
        named("unknown", "05-01", read_until=None),
        named("saved", "05-01"),
        named("later", "05-06"),
        named("next", "05-03"),
        named("failed", "04-20"),
        replace(named("not open", "05-01"), state=GapState.NOT_STARTED),
    ]
    found = forecast(gaps, [coming("05-13", account="saved")], today=TODAY, zone=SHANGHAI)
    assert [one.account for one in found] == ["failed", "next", "later", "saved", "unknown"]
