"""Where a calendar exceeds quotas: played forward as grants will be, over months and zones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.forecast import Late, QuotaUse, Wish, demand, forecast
from bot.domain.planning import desired, diff
from bot.domain.post import Method
from bot.domain.publication import State
from bot.domain.quota import PLATFORM_ZONE, Budget, Period, key_of, period_start
from bot.domain.roster import ReprintPolicy
from tests.bot.domain.making import (
    LATER,
    NOW,
    account,
    fitness,
    key_item,
    post,
    publication,
    roster,
)

DAILY = Budget(action="push", limit=1, period=Period.DAY)
MONTHLY = Budget(action="push", limit=4, period=Period.MONTH)
HOURLY = Budget(action="publish", limit=30, period=Period.HOUR)
ACCOUNT = "u01-wechat"


def beijing(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PLATFORM_ZONE)


def wish(name: str, at: str, *budgets: Budget, hours: float = 6) -> Wish:
    moment = beijing(at)
    return Wish(
        post=name,
        account=ACCOUNT,
        due_at=moment,
        at=moment,
        not_after=moment + timedelta(hours=hours),
        budgets=budgets or (DAILY,),
    )


def ends(found: Sequence[QuotaUse]) -> dict[str, datetime | None]:
    return {late.post: late.goes_at for one in found for late in one.late}


def test_what_fits_is_not_told() -> None:
    assert forecast([wish("a", "2026-05-06 10:00"), wish("b", "2026-05-07 10:00")], {}) == []


def test_the_second_of_a_day_is_named_with_what_becomes_of_it() -> None:
    """One has a window beyond midnight and waits for it; the other ends before and is missed."""
    waits = wish("b", "2026-05-06 12:00", hours=24)
    ends_first = wish("c", "2026-05-06 13:00")
    [one] = forecast([wish("a", "2026-05-06 10:00"), waits, ends_first], {})
    assert one == QuotaUse(
        account=ACCOUNT,
        action="push",
        period=Period.DAY,
        start=beijing("2026-05-06 00:00"),
        end=beijing("2026-05-07 00:00"),
        limit=1,
        used=0,
        planned=3,
        carried=0,
        late=(
            Late(
                post="b",
                due_at=waits.at,
                not_after=waits.not_after,
                goes_at=beijing("2026-05-07 00:00"),
            ),
            Late(post="c", due_at=ends_first.at, not_after=ends_first.not_after, goes_at=None),
        ),
    )


def test_what_is_put_off_pushes_the_next_day_on() -> None:
    """It comes up at midnight and takes the place of the post that was planned for that day."""
    wishes = [
        wish("a", "2026-05-06 10:00"),
        wish("b", "2026-05-06 12:00", hours=48),
        wish("c", "2026-05-07 10:00", hours=48),
    ]
    first, second = forecast(wishes, {})
    assert ends([first]) == {"b": beijing("2026-05-07 00:00")}
    assert ends([second]) == {"c": beijing("2026-05-08 00:00")}
    assert (second.planned, second.carried) == (1, 1)


def test_what_was_granted_already_counts() -> None:
    used = {key_of(ACCOUNT, DAILY, beijing("2026-05-06 08:00")): 1}
    [one] = forecast([wish("a", "2026-05-06 10:00")], used)
    assert (one.used, one.planned, ends([one])) == (1, 1, {"a": None})


def test_a_fifth_mass_send_waits_for_the_first_of_the_next_month() -> None:
    """A month of the calendar, in February of a leap year too."""
    days = ["2028-02-03", "2028-02-07", "2028-02-14", "2028-02-21", "2028-02-29"]
    wishes = [wish(day, f"{day} 23:30", MONTHLY, hours=12) for day in days]
    [one] = forecast(wishes, {})
    assert (one.start, one.end) == (beijing("2028-02-01 00:00"), beijing("2028-03-01 00:00"))
    assert ends([one]) == {"2028-02-29": beijing("2028-03-01 00:00")}


def test_the_periods_are_beijings() -> None:
    """17:00 in London on the 31st is June in Beijing: a new month, and another day."""
    last = datetime(2026, 5, 31, 15, 59, tzinfo=UTC)

    def at(moment: datetime) -> Wish:
        return Wish(
            post=f"p{moment:%d-%H%M}",
            account=ACCOUNT,
            due_at=moment,
            at=moment,
            not_after=moment + timedelta(hours=1),
            budgets=(MONTHLY,),
        )

    spread = [at(last - timedelta(days=days)) for days in range(1, 5)]
    assert forecast([*spread, at(last + timedelta(minutes=1))], {}) == []
    assert ends(forecast([*spread, at(last)], {})) == {"p31-1559": beijing("2026-06-01 00:00")}


def test_thirty_an_hour() -> None:
    burst = [wish(f"p{n:02}", f"2026-05-06 10:{n:02}", HOURLY) for n in range(32)]
    [one] = forecast(burst, {})
    assert (one.planned, one.limit) == (32, 30)
    assert set(ends([one]).values()) == {beijing("2026-05-06 11:00")}
    assert set(ends([one])) == {"p30", "p31"}


def test_a_window_that_ends_with_the_period_is_missed() -> None:
    """At that moment its window is over already."""
    late = wish("b", "2026-05-06 20:00", hours=4)
    assert ends(forecast([wish("a", "2026-05-06 10:00"), late], {})) == {"b": None}


def test_a_retry_does_not_pay_twice() -> None:
    """Its first call has spent today's; tomorrow's is another."""
    used = {key_of(ACCOUNT, DAILY, beijing("2026-05-06 08:00")): 1}

    def again(at: str) -> Wish:
        return replace(wish("a", at), paid="push", paid_at=beijing("2026-05-06 09:00"))

    assert forecast([again("2026-05-06 10:00")], used) == []
    tomorrow = [wish("b", "2026-05-07 09:00"), again("2026-05-07 10:00")]
    assert ends(forecast(tomorrow, used)) == {"a": None}


def test_with_two_quotas_spent_the_longer_decides_and_both_are_told() -> None:
    daily = Budget(action="publish", limit=2, period=Period.DAY)
    hourly = Budget(action="publish", limit=1, period=Period.HOUR)
    wishes = [wish(f"p{n}", f"2026-05-06 10:{n:02}", hourly, daily, hours=72) for n in range(4)]
    found = forecast(wishes, {})
    assert ends(found)["p1"] == beijing("2026-05-06 11:00")
    assert ends(found)["p2"] == beijing("2026-05-07 00:00")
    # p1 comes up twice on that day and is one of its four posts all the same.
    [day] = [one for one in found if one.period is Period.DAY and one.start.day == 6]
    assert (day.planned, day.carried) == (4, 0)


@pytest.mark.parametrize("kind", ["publish", "push"])
def test_accounts_do_not_share_quotas(kind: str) -> None:
    budget = Budget(action=kind, limit=1, period=Period.DAY)
    one = wish("a", "2026-05-06 10:00", budget)
    twins = [replace(one, account=name) for name in ("x", "y")]
    assert forecast(twins, {}) == []


_BEGIN = datetime(2026, 5, 30, tzinfo=UTC)
WISHES = st.lists(
    st.tuples(
        st.integers(0, 5 * 24 * 60),  # minutes from the begin, over the end of a month
        st.integers(1, 80),  # hours of the window
        st.sampled_from([(DAILY,), (MONTHLY,), (DAILY, MONTHLY)]),
    ),
    max_size=25,
).map(
    lambda rows: [
        Wish(
            post=f"p{n:02}",
            account=ACCOUNT,
            due_at=_BEGIN + timedelta(minutes=at),
            at=_BEGIN + timedelta(minutes=at),
            not_after=_BEGIN + timedelta(minutes=at, hours=window),
            budgets=budgets,
        )
        for n, (at, window, budgets) in enumerate(rows)
    ]
)


@given(WISHES, st.integers(0, 5))
def test_as_foreseen_nothing_goes_beyond_a_quota_or_its_window(
    wishes: list[Wish], used: int
) -> None:
    """And who is not named goes at the planned time; a period is told only when it is too full."""
    spent = {key_of(ACCOUNT, MONTHLY, _BEGIN): used}
    found = forecast(wishes, spent)
    late = ends(found)
    goes = {one.post: late.get(one.post, one.at) for one in wishes}
    for one in wishes:
        at = goes[one.post]
        assert at is None or one.at <= at < one.not_after
    counts = Counter(spent)
    for one in wishes:
        if (at := goes[one.post]) is not None:
            counts.update(key_of(ACCOUNT, budget, at) for budget in one.budgets)
    limits = {"day": 1, "month": max(4, used)}
    assert all(count <= limits[key[2]] for key, count in counts.items())
    for full in found:
        assert full.used + full.planned + full.carried > full.limit
        assert full.start == period_start(full.start, full.period)


@given(WISHES)
def test_the_order_of_the_files_does_not_matter(wishes: list[Wish]) -> None:
    assert forecast(wishes, {}) == forecast(reversed(wishes), {})


# ── who will ask ──────────────────────────────────────────────────────────────────────────────


def quotas(name: str, method: Method) -> tuple[Budget, ...]:
    return (Budget(action=method.value, limit=1, period=Period.DAY),)


def test_a_key_item_asks_on_every_account_that_reprints_it() -> None:
    """At their places in the spread; what goes by hand spends nothing."""
    members = roster(
        account(),
        account("u02-wechat", reprint=ReprintPolicy.AUTO, push=True),
        account("u03-weibo", reprint=ReprintPolicy.CONFIRM),
        account("u04-website", reprint=ReprintPolicy.MANUAL),
    )
    wanted = desired(post(key=key_item()), members, fitness(members), content_hash="a", blocked=())
    changes = diff(wanted, [], keep=(), released={}, now=NOW)
    wishes = demand((), changes, quotas, released={}, now=NOW)
    found = {one.account: (one.at - NOW, one.budgets[0].action) for one in wishes}
    assert found == {
        "u01-wechat": (timedelta(0), "publish"),
        "u02-wechat": (timedelta(minutes=30), "push"),
        "u03-weibo": (timedelta(minutes=60), "publish"),
    }
    # Released an hour late, they follow it.
    released = {"p1": NOW + timedelta(hours=1)}
    moved = demand((), changes, quotas, released=released, now=NOW)
    assert {one.account: one.at - NOW for one in moved}["u02-wechat"] == timedelta(minutes=90)


@pytest.mark.parametrize(
    "state", [State.PUBLISHED, State.SENDING, State.UNKNOWN, State.PENDING, State.MISSED]
)
def test_what_has_been_sent_or_given_up_asks_no_more(state: State) -> None:
    known = [publication(state=state)]
    assert demand(known, (), quotas, released={}, now=NOW) == []


def test_what_the_platform_put_off_asks_then() -> None:
    until = NOW + timedelta(hours=3)
    known = [publication(state=State.WAITING, next_at=until, paid="publish", committed_at=NOW)]
    [one] = demand(known, (), quotas, released={}, now=NOW)
    assert (one.due_at, one.at, one.paid, one.paid_at) == (NOW, until, "publish", NOW)


def test_a_planned_change_counts_as_made() -> None:
    """Moved to the evening, and the one that was taken out asks no more."""
    members = roster(account())
    known = [publication(), publication(id=2, post="p2", key="k2")]
    evening = post(due_at=NOW + timedelta(hours=9))
    wanted = desired(evening, members, fitness(members), content_hash="a", blocked=())
    changes = diff(wanted, known, keep=(), released={}, now=NOW)
    [one] = demand(known, changes, quotas, released={}, now=NOW)
    assert (one.post, one.at, one.not_after) == (
        "p1",
        NOW + timedelta(hours=9),
        NOW + timedelta(hours=15),
    )


def test_a_window_that_is_over_is_not_the_quotas_fault() -> None:
    assert demand([publication()], (), quotas, released={}, now=LATER) == []
