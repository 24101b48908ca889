"""What the machine and the races of tests/property once found, each as small as it can be."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.publication import State
from bot.engine import people
from tests.bot.engine.world import TEN, World, article, status
from tests.bot.ledger.stand import add, get, ledger

pytestmark = pytest.mark.both_ways


async def test_more_readers_than_connections_wait_their_turn(tmp_path: Path) -> None:
    """Each held one of fifteen connections and waited for a thread; the threads waited for one."""
    async with ledger(tmp_path) as opened:
        (pub,) = await add(opened, 1)
        async with asyncio.timeout(10):
            found = await asyncio.gather(*(get(opened, pub) for _reader in range(64)))
    assert {one.id for one in found} == {pub}


@pytest.mark.parametrize("how", ["withdrawn", "removed"])
async def test_what_is_called_off_in_doubt_is_looked_for(world: World, how: str) -> None:
    """A mass send under review, its answer lost, was cancelled during a freeze; then it showed."""
    other = status("p2", at="2026-05-09 10:00")
    await world.plan(article(push=True, window="12h"), other)
    await world.fault("u01-wechat", "slow_review", seconds=3600)
    await world.fault("u01-wechat", "lost_answer", path="message/mass/sendall")
    await world.run(until=TEN + timedelta(seconds=100))
    await people.freeze(world.app.core, True, by="officer", reason="哀悼日")
    await world.run(until=TEN + timedelta(minutes=10))
    pub = await world.pub("p1@u01-wechat")
    assert (pub.state, pub.reason) == (State.HELD, "frozen")
    if how == "removed":
        await world.plan(other)
    else:
        await people.cancel(world.app.core, pub, by="officer")
    await world.run(until=TEN + timedelta(days=2))
    assert len(await world.posts("u01-wechat")) == 1
    assert await world.state("p1@u01-wechat") is State.PUBLISHED
