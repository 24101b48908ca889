"""What a reader of the engine found: what was known at a batch's beginning and true no more."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from bot import worker as workers
from bot.domain.publication import Hold, State
from bot.engine import people
from bot.errors import LedgerError
from tests.bot.engine.world import TEN, World, article, key_item, open_world, roster, status
from tests.pairs import Servers

pytestmark = pytest.mark.both_ways

SHARE = "statuses/share"
BROKEN = {
    "sqlite": [
        "CREATE TRIGGER broken BEFORE INSERT ON events WHEN NEW.name = 'publication.prepared' "
        "BEGIN SELECT RAISE(ABORT, 'no space left'); END"
    ],
    "postgresql": [
        "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'no space left'; END $$",
        "CREATE TRIGGER broken BEFORE INSERT ON events FOR EACH ROW "
        "WHEN (NEW.name = 'publication.prepared') EXECUTE FUNCTION broken()",
    ],
}


async def _sql(world: World, *statements: str) -> None:
    async with world.app.core.ledger.write() as conn:
        for statement in statements:
            await conn.execute(text(statement))


async def test_a_reprint_held_for_a_release_that_has_just_come_is_not_forgotten(
    world: World,
) -> None:
    """Both waited for the end of a freeze; the reprint's account had another post before it."""
    world.write_roster(roster(u02_weibo={"reprint": "auto"}))
    before = status("p0", "2026-05-06 09:50", accounts=["u02-weibo"], window="12h")
    await people.freeze(world.app.core, True, by="officer", reason="公祭日")
    await world.plan(before, key_item(accounts=["u01-weibo"], window="12h"))
    await world.run(until=TEN + timedelta(hours=2))
    await world.plan(before, key_item(accounts=["u01-weibo"], window="13h"))
    await world.run(until=TEN + timedelta(hours=3))
    reprint = await world.pub("k1@u02-weibo")
    assert (reprint.state, reprint.reason) == (State.HELD, Hold.FROZEN)
    await world.fault("u02-weibo", "latency", path=SHARE, seconds=0.5)
    await people.freeze(world.app.core, False, by="officer", reason="")
    await world.run(until=TEN + timedelta(hours=6))
    assert await world.state("k1@u01-weibo") is State.PUBLISHED
    assert await world.state("k1@u02-weibo") is State.PUBLISHED


async def test_the_wish_of_the_last_minute_goes_not_the_one_before(world: World) -> None:
    """In doubt, corrected, found absent, and corrected again behind a slow post."""
    first = status("p1")
    await world.plan(first, status("p2"))
    for _call in range(2):
        await world.fault("u01-weibo", "drop_before", path=SHARE)
    await world.run(until=TEN + timedelta(seconds=60))
    await world.plan(first, status("p2", text="【勤洗手】改过一次，回家先洗手。"))
    await world.fault("u01-weibo", "latency", path=SHARE, seconds=1.0)
    working = asyncio.create_task(world.run(until=TEN + timedelta(hours=1)))
    while await world.requests(SHARE) < 3:
        await asyncio.sleep(0)
    assert await world.state("p2@u01-weibo") is State.QUEUED
    await world.plan(first, status("p2", text="【勤洗手】改过两次，饭前也要洗手。"))
    await working
    assert "改过两次" in "".join(post["text"] for post in await world.posts())
    assert len(await world.posts()) == 2


async def test_a_ledger_that_fails_while_preparing_is_no_fault_of_the_post(world: World) -> None:
    """The cause passes, and nobody has to say that the post may go."""
    await world.plan(article())
    await _sql(world, *BROKEN["postgresql" if world.app.redis else "sqlite"])
    await world.run(until=TEN)
    await _sql(world, "DROP TRIGGER broken" + (" ON events" if world.app.redis else ""))
    await world.run()
    pub = await world.pub("p1@u01-wechat")
    assert (pub.state, pub.commits) == (State.PUBLISHED, 1)


async def test_who_must_leave_a_newer_ledger_finishes_what_is_being_sent(tmp_path: Path) -> None:
    """Another version has upgraded it; the call under way is recorded before the end."""
    async with open_world(tmp_path) as world:
        await world.plan(status(), status("p2", at="2026-05-06 10:01", accounts=["u02-weibo"]))
        await world.at(TEN + timedelta(seconds=59.7))  # so that the second tick comes soon
        await world.fault("u01-weibo", "latency", path=SHARE, seconds=1.5)
        working = asyncio.create_task(workers.work(world.app, [], asyncio.Event()))
        while not await world.requests(SHARE):
            await asyncio.sleep(0)
        await _sql(world, "UPDATE alembic_version SET version_num = '9999'")
        with pytest.raises(LedgerError):
            await working
        assert await world.state("p1@u01-weibo") is State.PUBLISHED


async def test_a_release_between_reading_the_calendar_and_taking_it_over_counts(
    tmp_path: Path, servers: Servers
) -> None:
    """Only on PostgreSQL; on SQLite nothing comes between."""
    members = roster(u02_weibo={"reprint": "auto"})
    async with open_world(tmp_path, members, servers.pair("overtaken")) as world:
        item = key_item(accounts=["u01-weibo"])
        await world.plan(item)
        async with world.app.core.ledger.write() as conn:
            await conn.execute(text("SELECT 1 FROM units FOR UPDATE"))
            planning = asyncio.create_task(world.plan(item | {"text": "【重点】请看新的全文。"}))
            while not await _somebody_waits(world):
                await asyncio.sleep(0.01)
            await world.run(until=TEN + timedelta(minutes=1))
            assert await world.state("k1@u01-weibo") is State.PUBLISHED
        await planning
        await world.run(until=TEN + timedelta(hours=20))
        assert await world.state("k1@u02-weibo") is State.PUBLISHED
    servers.postgres.drop("overtaken")


async def _somebody_waits(world: World) -> bool:
    async with world.app.core.ledger.read() as conn:
        return bool(await conn.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))


async def test_a_yes_between_reading_the_calendar_and_taking_it_over_counts(
    tmp_path: Path, servers: Servers
) -> None:
    """The liaison accepted just then; nobody asks a second time."""
    members = roster(u02_weibo={"reprint": "confirm"})
    async with open_world(tmp_path, members, servers.pair("accepted")) as world:
        item = key_item(accounts=["u01-weibo"])
        await world.plan(item)
        await world.run(until=TEN + timedelta(minutes=1))
        reprint = await world.pub("k1@u02-weibo")
        assert (reprint.state, reprint.reason) == (State.HELD, Hold.ACCEPTANCE)
        async with world.app.core.ledger.write() as conn:
            await conn.execute(text("SELECT 1 FROM units FOR UPDATE"))
            planning = asyncio.create_task(world.plan(item | {"text": "【重点】请看新的全文。"}))
            while not await _somebody_waits(world):
                await asyncio.sleep(0.01)
            await people.accept(world.app.core, reprint, by="liaison")
        await planning
        await world.run(until=TEN + timedelta(hours=20))
        assert await world.state("k1@u02-weibo") is State.PUBLISHED
    servers.postgres.drop("accepted")
