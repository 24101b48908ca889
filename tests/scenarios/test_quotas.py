"""Quotas: foreseen by the plan, kept by the engine, shared out between writing and reading."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.coverage import CellState
from bot.domain.publication import State
from bot.domain.quota import PLATFORM_ZONE
from bot.engine.answers import coverage
from bot.engine.collect import Collected, collect, collect_due, worth_reading
from bot.engine.plan import Plan, preview
from tests.bot.engine.world import (
    START,
    TEN,
    Data,
    World,
    article,
    key_item,
    open_world,
    roster,
    status,
)

SHARE, TIMELINE = "share.json", "user_timeline.json"
MIDNIGHT = TEN + timedelta(hours=14)  # in Beijing
JUNE = datetime(2026, 6, 1, tzinfo=PLATFORM_ZONE)
READ_DAY = "BOT_PLATFORMS__WEIBO__QUOTAS__READ_DAY"
SERVICE: Data = {"kind": "service", "name": "健康u02服务"}


@pytest.fixture
async def district(tmp_path: Path) -> AsyncIterator[World]:
    """u02 has a 服务号, which reprints by mass send; u03 reprints on a 订阅号 the same way."""
    members = roster(
        u02_wechat={**SERVICE, "reprint": "auto", "push": True},
        u03_wechat={"reprint": "auto", "push": True},
    )
    async with open_world(tmp_path, members) as opened:
        yield opened


def foreseen(plan: Plan) -> dict[str, datetime | None]:
    return {
        f"{late.post}@{one.account}": late.goes_at for one in plan.overruns for late in one.late
    }


async def sent_at(world: World, names: Iterable[str]) -> dict[str, datetime | None]:
    return {name: (await world.pub(name)).committed_at for name in names}


async def reading(world: World, account: str) -> Collected:
    [one] = await collect(world.app.core, [account])
    return one


# ── publishing ────────────────────────────────────────────────────────────────────────────────


async def test_a_subscription_accounts_mass_sends_go_one_a_day_as_foreseen(world: World) -> None:
    """Three at once: each waits for its own midnight, and says so; the fourth cannot."""
    plan = await world.plan(
        article("p1", push=True),
        article("p2", "2026-05-06 10:05", push=True, window="3d"),
        article("p3", "2026-05-06 10:10", push=True, window="3d"),
        article("p4", "2026-05-06 10:15", push=True, window="3h"),
    )
    seen = foreseen(plan)
    assert seen == {
        "p2@u01-wechat": MIDNIGHT,
        "p3@u01-wechat": MIDNIGHT + timedelta(days=1),
        "p4@u01-wechat": None,
    }
    await world.run(until=TEN + timedelta(hours=1))
    for name in ("p2@u01-wechat", "p3@u01-wechat"):
        pub = await world.pub(name)
        assert (pub.state, pub.reason, pub.next_at) == (State.WAITING, "quota", MIDNIGHT)
    await world.run()
    assert await world.requests("mass/sendall") == 3
    assert await sent_at(world, seen) == seen
    assert await world.state("p4@u01-wechat") is State.MISSED


async def test_a_service_accounts_fifth_mass_send_waits_for_the_next_month(
    district: World,
) -> None:
    """Four a calendar month; a second on one day goes the day after."""
    days = ["06 10:00", "06 11:00", "08 10:00", "09 10:00", "12 10:00"]
    posts = [
        article(f"p{n}", f"2026-05-{day}", accounts=["u02-wechat"], push=True, window="30d")
        for n, day in enumerate(days, 1)
    ]
    seen = foreseen(await district.plan(*posts))
    assert seen == {"p2@u02-wechat": MIDNIGHT, "p5@u02-wechat": JUNE}
    await district.run(until=START + timedelta(days=20))
    assert len(await district.posts("u02-wechat")) == 4
    waits = await district.pub("p5@u02-wechat")
    assert (waits.state, waits.reason, waits.next_at) == (State.WAITING, "quota", JUNE)
    assert waits.error["until"] == JUNE.isoformat()
    await district.run(until=JUNE + timedelta(hours=1))
    assert await sent_at(district, seen) == seen
    assert await district.requests("mass/sendall") == 5


@pytest.mark.both_ways
async def test_weibo_takes_thirty_an_hour(world: World) -> None:
    """The platform is not asked for the thirty-first before the hour is over."""
    posts = [status(f"p{n:02}", f"2026-05-06 10:{n:02}", window="2h") for n in range(32)]
    seen = foreseen(await world.plan(*posts))
    eleven = TEN + timedelta(hours=1)
    assert seen == {"p30@u01-weibo": eleven, "p31@u01-weibo": eleven}
    await world.run(until=TEN + timedelta(minutes=50))
    assert await world.requests(SHARE) == 30
    assert (await world.pub("p31@u01-weibo")).next_at == eleven
    await world.run()
    assert await sent_at(world, seen) == seen
    assert await world.requests(SHARE) == 32


@pytest.mark.parametrize(
    ("code", "until"),
    [(10023, MIDNIGHT), (10024, TEN + timedelta(hours=1)), (20016, TEN + timedelta(hours=1))],
)
async def test_the_platforms_own_limit_wins_over_our_count(
    world: World, code: int, until: datetime
) -> None:
    """Something else used it up: the post waits as long as the platform says."""
    await world.plan(status(window="2d"))
    await world.fault("u01-weibo", "code", code=code, path=SHARE)
    await world.run(until=TEN + timedelta(minutes=5))
    pub = await world.pub("p1@u01-weibo")
    assert (pub.state, pub.reason, pub.next_at) == (State.WAITING, "quota", until)
    assert pub.error["code"] == str(code)
    await world.run()
    assert await sent_at(world, ["p1@u01-weibo"]) == {"p1@u01-weibo": until}


async def test_a_mass_send_is_an_ordinary_post_on_a_platform_that_knows_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOT_PLATFORMS__WEIBO__QUOTAS__PUBLISH_HOUR", "1")
    await world.start()
    plan = await world.plan(
        status("p1", push=True), status("p2", "2026-05-06 10:20", push=True, window="2h")
    )
    assert foreseen(plan) == {"p2@u01-weibo": TEN + timedelta(hours=1)}
    await world.run()
    assert await sent_at(world, foreseen(plan)) == foreseen(plan)


async def test_a_platform_without_a_figure_is_not_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """0 leaves it to the platform's own answer."""
    monkeypatch.setenv("BOT_PLATFORMS__WECHAT__QUOTAS__PUSH_DAY", "0")
    await world.start()
    plan = await world.plan(article("p1", push=True), article("p2", push=True, window="2d"))
    assert plan.overruns == []
    await world.run(until=TEN + timedelta(hours=1))
    assert await world.requests("mass/sendall") == 2
    assert (await world.pub("p2@u01-wechat")).next_at == MIDNIGHT


async def test_reprints_that_fan_out_are_foreseen_account_by_account(district: World) -> None:
    """Two key items on one day: the second mass send of each unit has to wait, or is missed."""
    plan = await district.plan(
        key_item("k1", accounts=["u01-wechat"]),
        key_item("k2", at="2026-05-06 15:00", accounts=["u01-wechat"]),
        key_item("k3", at="2026-05-06 20:00", accounts=["u01-wechat"]),
    )
    seen = foreseen(plan)
    assert set(seen) == {
        f"{post}@{unit}-wechat" for post in ("k2", "k3") for unit in ("u02", "u03")
    }
    assert seen["k2@u03-wechat"] == MIDNIGHT
    assert seen["k3@u03-wechat"] == MIDNIGHT + timedelta(days=1)
    await district.run()
    assert await sent_at(district, seen) == seen


@pytest.mark.both_ways
async def test_the_plan_knows_what_has_been_sent(world: World) -> None:
    """Half a day later only what is left of the quota counts, and a retry is no second send."""
    await world.plan(article("p1", push=True))
    await world.fault("u01-wechat", "status_before", status=502, path="mass/sendall")
    await world.run(until=TEN + timedelta(minutes=1))
    assert (await preview(world.app.core, world.app.read())).overruns == []
    await world.run()
    world.write_calendar(article("p1", push=True), article("p2", "2026-05-06 18:00", push=True))
    [one] = (await preview(world.app.core, world.app.read())).overruns
    assert (one.used, one.planned, [late.post for late in one.late]) == (1, 1, ["p2"])


# ── reading ───────────────────────────────────────────────────────────────────────────────────


async def test_reading_stops_at_its_budget_and_publishing_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The account says until when; from midnight on it is read again."""
    monkeypatch.setenv(READ_DAY, "2")
    await world.start()
    await world.plan(status())
    for _time in range(2):
        assert (await reading(world, "u01-weibo")).until is None
    spent = await reading(world, "u01-weibo")
    assert (spent.until, spent.error) == (MIDNIGHT, "")
    assert await world.requests(TIMELINE) == 2
    await world.run()
    assert await world.state("p1@u01-weibo") is State.PUBLISHED
    await world.at(MIDNIGHT)
    again = await reading(world, "u01-weibo")
    assert (again.until, again.seen) == (None, 1)


async def test_what_is_not_read_is_unknown_never_silent(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A unit may have carried it while nobody was allowed to look."""
    monkeypatch.setenv(READ_DAY, "1")
    world.write_roster(roster(u02_weibo={"reprint": "manual"}))
    await world.start()
    key = {"deadline": "T+6h", "spread": "2h"}
    await world.plan(key_item(accounts=["u01-wechat"], key=key))
    await reading(world, "u02-weibo")
    await world.run(until=TEN + timedelta(hours=12))
    assert (await reading(world, "u02-weibo")).until == MIDNIGHT
    [item], _roster = await coverage(world.app.core)
    assert {cell.state for cell in item.accounts if cell.account == "u02-weibo"} == {
        CellState.UNKNOWN
    }


async def test_the_platforms_word_ends_reading_for_the_day(world: World) -> None:
    """Other programs of the office used the calls up; nothing more is asked until midnight."""
    await world.plan(status())
    await world.fault("u01-weibo", "code", code=10023, path=TIMELINE)
    refused = await reading(world, "u01-weibo")
    assert refused.until == MIDNIGHT
    assert "10023" in refused.error
    asked = await world.requests(TIMELINE)
    assert (await reading(world, "u01-weibo")).until == MIDNIGHT
    assert await world.requests(TIMELINE) == asked
    assert "u01-weibo" not in await worth_reading(world.app.core)


async def test_a_look_is_counted_and_never_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A doubt is ended although the day's readings are spent; and looks leave fewer readings."""
    monkeypatch.setenv(READ_DAY, "1")
    await world.start()
    await world.plan(status())
    assert (await reading(world, "u01-weibo")).until is None
    await world.fault("u01-weibo", "lost_answer", path=SHARE)
    await world.run()
    assert await world.state("p1@u01-weibo") is State.PUBLISHED
    assert await world.requests(TIMELINE) == 2

    await world.at(MIDNIGHT)
    await world.plan(status(), status("p2", "2026-05-07 10:00"))
    await world.fault("u01-weibo", "lost_answer", path=SHARE)
    await world.run()
    assert await world.state("p2@u01-weibo") is State.PUBLISHED
    spent = await reading(world, "u01-weibo")
    assert spent.until == MIDNIGHT + timedelta(days=1)


async def test_accounts_are_read_when_it_is_worth_it(world: World) -> None:
    """Weibo's short list sixteen times a day at most, WeChat every six hours; all at first."""
    await world.plan(status())
    everyone = {f"{unit}-{name}" for unit in ("u01", "u02", "u03") for name in ("wechat", "weibo")}
    assert {one.account for one in await collect_due(world.app.core)} == everyone
    assert await collect_due(world.app.core) == []
    weibo = {name for name in everyone if name.endswith("weibo")}
    await world.at(START + timedelta(minutes=95))
    assert await worth_reading(world.app.core) == []
    await world.at(START + timedelta(minutes=96))
    assert set(await worth_reading(world.app.core)) == weibo
    assert {one.account for one in await collect_due(world.app.core)} == weibo
    await world.at(START + timedelta(hours=6))
    assert set(await worth_reading(world.app.core)) == everyone


async def test_an_account_in_trouble_is_not_asked_again_and_again(world: World) -> None:
    """It is read at its next turn, as if it had answered."""
    await world.plan(status())
    await world.fault("u01-weibo", "status_before", status=502, times=-1)
    [failed] = [one for one in await collect_due(world.app.core) if one.account == "u01-weibo"]
    assert failed.error
    asked = await world.requests(TIMELINE)
    await world.at(START + timedelta(minutes=10))
    assert await collect_due(world.app.core) == []
    assert await world.requests(TIMELINE) == asked
