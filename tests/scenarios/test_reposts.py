"""A repost that a unit's own short list shows no more is known from the original's reposts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.coverage import CellState
from bot.engine.answers import coverage
from bot.engine.collect import collect
from bot.ledger import items
from tests.bot.engine.world import TEN, World, key_item

BY_HAND = timedelta(hours=3)
TIMELINE = "repost_timeline.json"


async def _at_hand(world: World, account: str, **more: str) -> None:
    data = {"platform": "weibo", "account": account, **more}
    await world.outside.call("POST", "console", data)


async def _reposted_and_buried(world: World) -> None:
    """u02 reposts the key item by hand, then posts more than its list shows."""
    await world.plan(key_item(accounts=["u01-weibo"]))
    await world.run(until=TEN + BY_HAND)
    (first,) = await world.posts("u01-weibo")
    await collect(world.app.core)
    await _at_hand(world, "u02-weibo", kind="repost", target=first["id"])
    for number in range(6):
        await world.at(TEN + BY_HAND + timedelta(minutes=10 + number))
        await _at_hand(world, "u02-weibo", text=f"医院门诊时间调整，第{number}号通知。")


async def _state(world: World) -> CellState:
    (item,), _members = await coverage(world.app.core)
    (row,) = [row for row in item.accounts if row.account == "u02-weibo"]
    return row.state


@pytest.mark.both_ways
async def test_a_repost_long_off_the_list_still_counts(world: World) -> None:
    await _reposted_and_buried(world)
    await world.at(TEN + timedelta(hours=25))
    await collect(world.app.core, ["u02-weibo"])
    assert await _state(world) is not CellState.ON_TIME  # its own list has lost it
    await collect(world.app.core)
    await collect(world.app.core)
    assert await world.requests(TIMELINE) == 1, "asked once, at the deadline"
    assert await _state(world) is CellState.ON_TIME


@pytest.mark.parametrize("code", [20101, 10014])
async def test_a_list_that_is_refused_does_not_keep_the_account_from_being_read(
    world: World, code: int
) -> None:
    await _reposted_and_buried(world)
    await world.at(TEN + timedelta(hours=25))
    await world.fault("u01-weibo", "code", code=code, path=TIMELINE, times=-1)
    read = await collect(world.app.core, ["u01-weibo"])
    assert [one.error for one in read] == [""]


async def test_a_list_that_gave_no_answer_is_asked_for_again(world: World) -> None:
    await _reposted_and_buried(world)
    await world.at(TEN + timedelta(hours=25))
    await world.fault("u01-weibo", "status_before", status=503, path=TIMELINE, times=3)
    (failed,) = await collect(world.app.core, ["u01-weibo"])
    assert failed.error
    (read,) = await collect(world.app.core, ["u01-weibo"])
    assert not read.error
    await collect(world.app.core, ["u02-weibo"])
    assert await _state(world) is CellState.ON_TIME


@pytest.mark.both_ways
async def test_what_was_listed_is_kept_when_the_reposts_are_not_told(world: World) -> None:
    """By the next reading the account's own short list has lost it."""
    await _reposted_and_buried(world)
    await world.at(TEN + timedelta(hours=25))
    await _at_hand(world, "u01-weibo", text="停诊通知，请相互转告。")
    await world.fault("u01-weibo", "status_before", status=503, path=TIMELINE, times=3)
    (failed,) = await collect(world.app.core, ["u01-weibo"])
    assert failed.error
    for number in range(6):
        await world.at(TEN + timedelta(hours=25, minutes=10 + number))
        await _at_hand(world, "u01-weibo", text=f"委机关值班安排，第{number}号通知。")
    (read,) = await collect(world.app.core, ["u01-weibo"])
    assert not read.error
    async with world.app.core.ledger.read() as conn:
        found = await items.between(conn, TEN, None)
    assert any("停诊通知" in row.text for row in found)
