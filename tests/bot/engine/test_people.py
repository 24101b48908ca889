"""When a reprint became public: what a person types, and what the platform shows of the same."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.contract import Item
from bot.domain.coverage import CellState
from bot.domain.tasks import Answer, Said
from bot.engine import answers, carried, grid, people, tasks
from bot.engine.collect import collect
from bot.errors import UsageError
from bot.ledger import items
from bot.ledger.tables import posts, publications
from tests.bot.engine.world import TEN, World, key_item, open_world, roster

HOUR = timedelta(hours=1)
LATE = TEN + 29 * HOUR  # the deadline is a day after the release
MINE = "k1@u03-wechat"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A key item is out since ten; u03 has a package."""
    async with open_world(tmp_path, roster(u03_wechat={"reprint": "manual"})) as opened:
        await opened.plan(key_item())
        await opened.run(until=TEN + 30 * HOUR)
        yield opened


async def state(world: World, at: datetime | None = None) -> CellState:
    """How u03 stands by its evidence; the fast grid must say the same."""
    ((item,), _members) = await answers.coverage(world.app.core, at=at)
    if at is None:
        ((lean,), _members) = await grid.standings(world.app.core)
        assert lean == item.lean()
    return item.states["u03"]


async def confirm(world: World, url: str, at: datetime | None) -> None:
    await people.confirm(world.app.core, await world.pub(MINE), url=url, at=at, by="u03")


async def test_what_the_platform_shows_beats_what_was_typed(world: World) -> None:
    account = world.app.read().roster.accounts["u03-wechat"]
    says = [{"title": "别的", "content": "<p>今天开讲座。</p>"}]
    await world.outside.publish(account, says, mass=False, at=LATE)
    (shown,) = await world.posts("u03-wechat")
    await confirm(world, shown["url"], TEN + HOUR)
    assert await state(world) is CellState.ON_TIME
    before = world.clock.now()
    await world.at(before + HOUR)
    await collect(world.app.core, ["u03-wechat"])
    assert await state(world) is CellState.LATE
    assert (await world.pub(MINE)).published_at == LATE
    assert (await world.events(MINE))[-2:] == ["confirmed", "time_read"]
    assert await state(world, at=before) is CellState.ON_TIME  # as it was answered then


@pytest.mark.parametrize("by_task", [False, True])
async def test_a_post_that_was_listed_before_it_was_reported(world: World, by_task: bool) -> None:
    url = "https://mp.weixin.qq.com/s/mine"
    item = Item(platform_id="9_1", url=url, title="别的", text="讲座", published_at=LATE)
    async with world.app.core.ledger.write() as conn:
        await items.upsert(conn, "u03-wechat", [item], world.clock.now())
    if by_task:
        answer = Answer(said=Said.REPORTED, url=url, at=TEN + HOUR)
        pub = await world.pub(MINE)
        await tasks.finish(world.app.core, f"hand_off-{pub.id}", answer, by="u03")
    else:
        await confirm(world, url, TEN + HOUR)
    assert await state(world) is CellState.LATE


async def test_a_time_that_cannot_be_is_refused(world: World) -> None:
    url = "https://mp.weixin.qq.com/s/mine"
    pub = await world.pub(MINE)
    for wrong in (TEN - 2 * HOUR, world.clock.now() + HOUR, TEN - timedelta(days=400)):
        with pytest.raises(UsageError):
            await confirm(world, url, wrong)
        answer = Answer(said=Said.REPORTED, url=url, at=wrong)
        with pytest.raises(UsageError):
            await tasks.finish(world.app.core, f"hand_off-{pub.id}", answer, by="u03")
    await confirm(world, url, TEN - timedelta(minutes=5))  # a slow clock
    assert (await world.pub(MINE)).published_at == TEN
    assert await state(world) is CellState.ON_TIME


async def test_a_typed_time_before_the_release_is_no_proof(world: World) -> None:
    """However it came into the ledger: nobody knows whether it was on time."""
    await confirm(world, "https://mp.weixin.qq.com/s/mine", None)
    async with world.app.core.ledger.write() as conn:
        mine = publications.c.account == "u03-wechat"
        early = {"published_at": TEN - 3 * HOUR}
        await conn.execute(update(publications).where(mine).values(**early))
    assert await state(world) is CellState.UNKNOWN
    async with world.app.core.ledger.write() as conn:
        await conn.execute(update(publications).where(mine).values(platform_id="9_1"))
    assert await state(world) is CellState.ON_TIME  # it was read
    async with world.app.core.ledger.write() as conn:
        await conn.execute(update(publications).where(mine).values(platform_id=""))
        await conn.execute(update(posts).values(first_release_at=None))
        made: list[dict[str, object]] = []
        await carried.take_times(conn, "u03-wechat", world.clock.now(), made)
        assert [event["name"] for event in made] == ["publication.time_read"]
    async with world.app.core.ledger.write() as conn:
        await conn.execute(update(publications).where(mine).values(platform_id=""))
    assert await state(world) is CellState.OPEN
