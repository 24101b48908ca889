"""Two operating-system processes that need the same token at the same moment."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from bot.ledger.tables import credentials
from bot.stage import outside
from tests.bot.engine.entering import ends
from tests.bot.engine.world import World, open_world, roster, status
from tests.forks import ROOT, Command
from tests.pairs import Pair

pytestmark = pytest.mark.both_ways

PROGRAM = "tests.bot.wiring.refresher"
SOON_S = 60.0
DAY = timedelta(days=1)
IN_VARIABLE = {"credential": "env:U01_SECRET"}


@pytest.fixture
async def world(tmp_path: Path, pair: Pair) -> AsyncIterator[World]:
    """A district whose roster is in the ledger."""
    async with open_world(tmp_path, pair=pair) as opened:
        await opened.plan(status("p1", at="2026-06-30 10:00"))
        yield opened


def worker(world: World, account: str, *, kill: bool = False) -> Command:
    """A process on its way to where it asks for a token."""
    job = {
        "folder": str(world.folder),
        "ledger_url": world.pair.ledger_url,
        "redis_url": world.pair.redis_url,
        "base_url": world.base_url,
        "now": world.clock.now().isoformat(),
        "account": account,
        "kill": kill,
    }
    return Command(ROOT, json.dumps(job), env=os.environ, stdin=None, program=PROGRAM)


async def lived(*processes: Command) -> list[str]:
    """Lets all go at once, when all are ready; what each then said."""
    for process in processes:
        assert await asyncio.to_thread(process.stdout.readline) == "ready\n"
    for process in processes:
        process.tell("go\n")
    ends = (asyncio.to_thread(process.communicate, SOON_S) for process in processes)
    return [out for out, _err in await asyncio.gather(*ends)]


async def race(*processes: Command) -> list[dict[str, Any]]:
    """Lets all go at once; the fields each found stored afterwards."""
    said = await lived(*processes)
    assert [process.returncode for process in processes] == [0] * len(processes)
    return [json.loads(out) for out in said]


async def slow(world: World, platform: str, path: str) -> None:
    """Each answer takes so long that the other process surely asks meanwhile."""
    fault = {"platform": platform, "kind": "latency", "path": path, "seconds": 0.4, "times": -1}
    await world.outside.call("POST", "faults", fault)


async def test_two_processes_fetch_one_wechat_token(world: World) -> None:
    await slow(world, "wechat", "stable_token")
    one, two = await race(*(worker(world, "u01-wechat") for _number in range(2)))
    assert one["access_token"] == two["access_token"] != ""
    assert await world.requests("stable_token") == 1


async def test_two_processes_make_one_token_of_a_variables_secret(
    tmp_path: Path, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no row yet, so that both want to make it."""
    async with open_world(tmp_path, roster(u01_wechat=IN_VARIABLE), pair) as world:
        await world.plan(status("p1", at="2026-06-30 10:00"))
        members = world.app.read().roster
        secret = outside.credential(members.accounts["u01-wechat"])
        monkeypatch.setenv("U01_SECRET", json.dumps(secret))
        async with world.app.core.ledger.write() as conn:
            await conn.execute(delete(credentials).where(credentials.c.account == "u01-wechat"))
        await slow(world, "wechat", "stable_token")
        one, two = await race(*(worker(world, "u01-wechat") for _number in range(2)))
        assert one["access_token"] == two["access_token"] != ""
        assert await world.requests("stable_token") == 1


async def test_two_processes_renew_one_douyin_grant(world: World) -> None:
    """A renewal kills the old refresh token at once: two of them would lose the account."""
    await _ends_in(world, access=DAY / 2, refresh=4 * DAY)
    await slow(world, "douyin", "oauth/")
    one, two = await race(*(worker(world, "u01-douyin") for _number in range(2)))
    assert one == two
    assert one["renewals"] == "1"
    assert await world.requests("renew_refresh_token") == 1
    assert await world.requests("oauth/refresh_token") == 1


async def test_a_rotated_token_is_durable_before_it_is_used(world: World) -> None:
    """Killed right after the store: the next process works with what the dead one got."""
    await _ends_in(world, access=10 * DAY, refresh=4 * DAY)
    dying = worker(world, "u01-douyin", kill=True)
    await lived(dying)
    assert dying.returncode == -9
    (found,) = await race(worker(world, "u01-douyin"))
    assert found["renewals"] == "1"
    assert await world.requests("renew_refresh_token") == 1
    # The old one is dead by now; the platform takes the stored one.
    world.clock.set(world.clock.now() + 10 * DAY)
    await world.outside.set_clock(world.clock.now())
    (found,) = await race(worker(world, "u01-douyin"))
    assert await world.requests("oauth/refresh_token") == 1
    assert not found.get("trouble")


async def _ends_in(world: World, *, access: timedelta, refresh: timedelta) -> None:
    now = world.clock.now()
    await ends(world, "u01-douyin", expires_at=now + access, refresh_expires_at=now + refresh)
