"""Versions that differ, and clocks that jump: nothing more is sent than may be."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from bot import logs
from bot.clock import VirtualClock
from bot.domain.admission import needs_look
from bot.domain.message import Work
from bot.domain.publication import State
from bot.engine import service
from bot.engine.dispatch import tick
from bot.errors import LedgerError
from bot.ledger import publications
from tests.bot.engine.world import TEN, Holding, World, article, open_world, status
from tests.pairs import Pair, Servers

pytestmark = pytest.mark.both_ways

SUBMIT = "freepublish/submit"
SHARE = "statuses/share"
HOUR = timedelta(hours=1)


async def _upgrade(world: World) -> None:
    """What a newer version does first when it opens the ledger."""
    async with world.app.core.ledger.write() as conn:
        await conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))


async def _restore(world: World, revision: str) -> None:
    async with world.app.core.ledger.write() as conn:
        await conn.execute(text(f"UPDATE alembic_version SET version_num = '{revision}'"))


async def _put_back(pair: Pair, revision: str) -> None:
    engine = create_async_engine(pair.ledger_url)
    async with engine.begin() as conn:
        await conn.execute(text(f"UPDATE alembic_version SET version_num = '{revision}'"))
    await engine.dispose()


async def _revision(world: World) -> str:
    async with world.app.core.ledger.read() as conn:
        return str(await conn.scalar(text("SELECT version_num FROM alembic_version")))


async def test_a_ledger_upgraded_before_the_message_is_left_alone(world: World) -> None:
    """The claim was made; the worker that gets the message must not take it any more."""
    await world.plan(status())
    await world.at(TEN)
    queue = Holding()
    await tick(world.app.core, queue)
    mine = await _revision(world)
    await _upgrade(world)
    for message in queue.messages:
        with pytest.raises(LedgerError, match="9999"):
            await world.app.handlers[message.work](message)
    with pytest.raises(LedgerError, match="9999"):
        await tick(world.app.core, queue)
    assert await world.requests("") == 0
    async with world.app.core.ledger.read() as conn:
        [pub] = await publications.search(conn)
    assert pub.state is State.QUEUED
    await _restore(world, mine)
    await world.run()
    assert await world.requests(SHARE) == 1


async def test_a_ledger_upgraded_between_taking_and_granting_refuses_the_grant(
    world: World,
) -> None:
    """While the draft is on its way up: the transaction of the grant itself asks."""
    await world.plan(article())
    slow = await world.fault("u01-wechat", "latency", path="draft/add", seconds=1.0)
    await world.at(TEN)
    queue = Holding()
    await tick(world.app.core, queue)
    mine = await _revision(world)
    working = asyncio.create_task(world.app.publisher(queue.messages[0]))
    while not await world.outside.fired(slow):
        assert not working.done()
    await _upgrade(world)
    await working
    assert await world.requests("draft/add") == 1
    assert await world.requests(SUBMIT) == 0
    await _restore(world, mine)
    await world.run()
    assert await world.requests(SUBMIT) == 1
    assert await world.state("p1@u01-wechat") is State.PUBLISHED


async def test_a_message_of_a_kind_this_version_does_not_know_is_not_swallowed(
    tmp_path: Path, servers: Servers, capsys: pytest.CaptureFixture[str]
) -> None:
    """A newer worker put it. It is said, and the ledger brings the row up again."""
    logs.configure("warning")
    pair = servers.pair("test_unknown_message")
    async with open_world(tmp_path, pair=pair) as world:
        await world.plan(status())
        await world.at(TEN)
        holding = Holding()
        await tick(world.app.core, holding)
        redis = world.app.redis
        assert redis is not None
        await redis.enqueue_job("work", "celebrate", list(holding.messages[0].ids))
        await redis.enqueue_job("a_job_nobody_knows", 1)
        await world.queue.join()
        assert await world.requests("") == 0
        assert await world.state("p1@u01-weibo") is State.QUEUED
        await world.run()
        assert await world.state("p1@u01-weibo") is State.PUBLISHED
        assert await world.requests(SHARE) == 1
    servers.postgres.drop("test_unknown_message")
    said = capsys.readouterr().err
    structlog.reset_defaults()
    assert "queue.unknown_message" in said
    assert "work=celebrate" in said
    assert "a_job_nobody_knows" in said
    assert "Traceback" not in said


async def test_a_worker_ends_when_a_newer_version_has_upgraded_the_ledger(
    tmp_path: Path, servers: Servers
) -> None:
    """Also one that never schedules: the message tells it."""
    pair = servers.pair("test_old_worker")
    async with open_world(tmp_path, pair=pair) as world:
        await world.plan(status())
        await world.at(TEN)
        holding = Holding()
        await tick(world.app.core, holding)
        mine = await _revision(world)
        await _upgrade(world)
        await world.app.queue.put(holding.messages[0])
        await world.queue.join()
        with pytest.raises(LedgerError, match="9999"):
            await world.stop()  # its worker had ended by then
        assert await world.requests("") == 0
        await _put_back(pair, mine)
        await world.start()
        await world.run()
        assert await world.requests(SHARE) == 1
    servers.postgres.drop("test_old_worker")


class Jumping(VirtualClock):
    """A clock that somebody sets."""

    def jump(self, by: timedelta) -> None:
        self._now += by


async def _with_jumping_clock(world: World) -> Jumping:
    clock = Jumping(world.clock.now())
    world.clock = clock
    await world.start()
    return clock


async def _until(world: World, end: datetime) -> None:
    """Lets the bot work; the platforms' clocks are right and stand still until ours is there."""
    while True:
        await service.run_due(world.app.core, world.queue)
        due = await service.next_due(world.app.core)
        if due is None or due > end:
            return
        world.clock.set(due)
        with suppress(RuntimeError):
            await world.outside.set_clock(world.clock.now())


async def test_a_clock_set_back_sends_nothing_twice_and_everything_recovers(world: World) -> None:
    """One is in doubt, one waits for its quota, one is public, one has not come."""
    clock = await _with_jumping_clock(world)
    await world.plan(
        status("p1"),
        status("p2", accounts=["u02-weibo"]),
        status("p3", accounts=["u03-weibo"]),
        status("p4", "2026-05-06 10:05"),
    )
    await world.fault("u01-weibo", "lost_answer", path=SHARE)
    await world.fault("u02-weibo", "code", path=SHARE, code=10022)
    await world.run(until=TEN)
    assert await world.state("p1@u01-weibo") is State.UNKNOWN
    assert await world.state("p2@u02-weibo") is State.WAITING
    clock.jump(-HOUR)
    before = await world.requests(SHARE)
    await service.run_due(world.app.core, world.queue)
    assert await world.requests(SHARE) == before
    await _until(world, TEN + HOUR)
    for name in ("p1@u01-weibo", "p2@u02-weibo", "p3@u03-weibo", "p4@u01-weibo"):
        assert await world.state(name) is State.PUBLISHED
    assert len(await world.posts()) == 4


async def test_a_look_that_seems_to_lie_in_the_future_does_not_permit_a_call(world: World) -> None:
    """It said "not there"; then the clock was set back. Who knows how old that word is now."""
    clock = await _with_jumping_clock(world)
    await world.plan(status(window="6h"))
    await world.fault("u01-weibo", "status_before", path=SHARE, status=502)
    await world.run(until=TEN)
    pub = await world.pub("p1@u01-weibo")
    while pub.cleared_at is None:
        assert pub.next_at is not None
        await world.at(pub.next_at)
        holding = Holding()
        await tick(world.app.core, holding)
        for message in holding.messages:
            assert message.work is Work.LOOK
            await world.app.handlers[message.work](message)
        pub = await world.pub("p1@u01-weibo")
    assert needs_look(pub, pub.cleared_at) is False
    assert needs_look(pub, pub.cleared_at - timedelta(seconds=30)) is False
    assert needs_look(pub, pub.cleared_at - HOUR) is True
    clock.jump(-HOUR)
    await _until(world, TEN + HOUR)
    assert await world.state("p1@u01-weibo") is State.PUBLISHED
    assert await world.requests(SHARE) == 2
    assert len(await world.posts()) == 1
