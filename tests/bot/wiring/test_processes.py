"""Two operating-system processes that need the same token at the same moment."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
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
from tests.pairs import Pair

pytestmark = pytest.mark.both_ways

PROGRAM = Path(__file__).with_name("refresher.py")
ROOT = Path(__file__).parents[3]
DAY = timedelta(days=1)
IN_VARIABLE = {"credential": "env:U01_SECRET"}


@pytest.fixture
async def world(tmp_path: Path, pair: Pair) -> AsyncIterator[World]:
    """A district whose roster is in the ledger."""
    async with open_world(tmp_path, pair=pair) as opened:
        await opened.plan(status("p1", at="2026-06-30 10:00"))
        yield opened


async def worker(world: World, account: str, *, kill: bool = False) -> Process:
    """A process that is ready to ask for a token."""
    job = {
        "folder": str(world.folder),
        "ledger_url": world.pair.ledger_url,
        "redis_url": world.pair.redis_url,
        "base_url": world.base_url,
        "now": world.clock.now().isoformat(),
        "account": account,
        "kill": kill,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(PROGRAM),
        json.dumps(job),
        stdin=PIPE,
        stdout=PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    return process


async def race(*processes: Process) -> list[dict[str, Any]]:
    """Lets all go at once; the fields each found stored afterwards."""
    said = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))
    assert [process.returncode for process in processes] == [0] * len(processes)
    return [json.loads(out) for out, _err in said]


async def slow(world: World, platform: str, path: str) -> None:
    """Each answer takes so long that the other process surely asks meanwhile."""
    fault = {"platform": platform, "kind": "latency", "path": path, "seconds": 0.4, "times": -1}
    await world.outside.call("POST", "faults", fault)


async def test_two_processes_fetch_one_wechat_token(world: World) -> None:
    await slow(world, "wechat", "stable_token")
    one, two = await race(await worker(world, "u01-wechat"), await worker(world, "u01-wechat"))
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
        one, two = await race(await worker(world, "u01-wechat"), await worker(world, "u01-wechat"))
        assert one["access_token"] == two["access_token"] != ""
        assert await world.requests("stable_token") == 1


async def test_two_processes_renew_one_douyin_grant(world: World) -> None:
    """A renewal kills the old refresh token at once: two of them would lose the account."""
    await _ends_in(world, access=DAY / 2, refresh=4 * DAY)
    await slow(world, "douyin", "oauth/")
    one, two = await race(await worker(world, "u01-douyin"), await worker(world, "u01-douyin"))
    assert one == two
    assert one["renewals"] == "1"
    assert await world.requests("renew_refresh_token") == 1
    assert await world.requests("oauth/refresh_token") == 1


async def test_a_rotated_token_is_durable_before_it_is_used(world: World) -> None:
    """Killed right after the store: the next process works with what the dead one got."""
    await _ends_in(world, access=10 * DAY, refresh=4 * DAY)
    dying = await worker(world, "u01-douyin", kill=True)
    await dying.communicate(b"go\n")
    assert dying.returncode == -9
    (found,) = await race(await worker(world, "u01-douyin"))
    assert found["renewals"] == "1"
    assert await world.requests("renew_refresh_token") == 1
    # The old one is dead by now; the platform takes the stored one.
    world.clock.set(world.clock.now() + 10 * DAY)
    await world.outside.set_clock(world.clock.now())
    (found,) = await race(await worker(world, "u01-douyin"))
    assert await world.requests("oauth/refresh_token") == 1
    assert not found.get("trouble")


async def _ends_in(world: World, *, access: timedelta, refresh: timedelta) -> None:
    now = world.clock.now()
    await ends(world, "u01-douyin", expires_at=now + access, refresh_expires_at=now + refresh)
