"""A burst of posts while people are at the desk, and while nobody is: `bot run`, real time.

Every run has a copy of the same ledger. Its posts are given one due second a little ahead; timed
from that second to the last post's entry in the ledger.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import aiohttp
from sqlalchemy import func, select, update

from bench import load, office, process, walk
from bench.load import Run
from bench.office import BURST_ACCOUNTS, BURST_POSTS, Office
from bench.simulator import Simulator
from bot.domain.publication import State
from bot.ledger.store import Ledger, open_ledger
from bot.ledger.tables import events, publications
from tests.services import free_port

_SETTLE_S = 20.0  # everybody has opened a page or two by then
_LEAD_S = 3.0
_LIMIT_S = 180
_LOOK_S = 0.25
_READY_S = 240
_CALM_S, _CALM = 3.0, 0.15  # of a processor
_MINE = publications.c.post.in_([f"burst-{number:02d}" for number in range(BURST_POSTS)])


@dataclass(frozen=True, kw_only=True)
class Crowded:
    """One burst, and what the people at the desk had meanwhile."""

    run: Run
    pages_s: Sequence[float]  # of each page that was opened


async def burst(simulator: Simulator, at: Office, paths: Sequence[str], *, people: bool) -> Crowded:
    """One burst on a copy of the office's ledger."""
    await load.prepare(simulator, now=None)
    file, result = at.folder / "run.sqlite3", at.folder / "pages.json"
    shutil.copyfile(at.folder / "ledger.sqlite3", file)
    listen = f"127.0.0.1:{free_port()}"
    url = f"http://{listen}"
    settings = office.settings_of(
        at.folder, f"sqlite:///{file.as_posix()}", platform=simulator.url, listen=listen
    )
    env = office.environment_of(settings)
    async with _running(settings.ledger.url, env, url) as ledger, AsyncExitStack() as stack:
        if people:
            said = (url, at.cookies["officer"], str(result), *paths)
            await stack.enter_async_context(process.python("-m", "bench.crowd", *said))
        await asyncio.sleep(_SETTLE_S)
        seconds, cpu = await _sent(ledger, simulator)
    for rest in at.folder.glob("run.sqlite3*"):
        rest.unlink()
    run = Run(posts=BURST_ACCOUNTS * BURST_POSTS, seconds=seconds, platform_cpu_s=cpu)
    return Crowded(run=run, pages_s=json.loads(result.read_text("utf-8")) if people else ())


@asynccontextmanager
async def _running(ledger_url: str, env: Mapping[str, str], url: str) -> AsyncIterator[Ledger]:
    """`bot run`, ready, and its ledger."""
    ledger = await open_ledger(ledger_url)
    try:
        async with process.python("-m", "bot", "run", env=env) as bot, walk.client() as client:
            async with asyncio.timeout(_READY_S):
                while not await _ready(client, url):
                    await asyncio.sleep(_LOOK_S)
                while await _busy(bot.pid):  # what it does first after a start is no part of this
                    pass
            yield ledger
    finally:
        await ledger.close()


async def _ready(client: aiohttp.ClientSession, url: str) -> bool:
    try:
        return (await walk.fetch(client, f"{url}/readyz", "")).status == 200
    except aiohttp.ClientError:
        return False


async def _busy(pid: int) -> bool:
    before = process.cpu_s(pid)
    await asyncio.sleep(_CALM_S)
    return process.cpu_s(pid) - before > _CALM_S * _CALM


async def _sent(ledger: Ledger, simulator: Simulator) -> tuple[float, float]:
    """Seconds from due to done, and the platform's CPU seconds in them."""
    due = datetime.now(UTC) + timedelta(seconds=_LEAD_S)
    async with ledger.write() as conn:
        await conn.execute(update(publications).where(_MINE).values(due_at=due, next_at=due))
    await asyncio.sleep((due - datetime.now(UTC)).total_seconds())
    cpu = process.cpu_s(simulator.pid)
    try:
        async with asyncio.timeout(_LIMIT_S):
            while await _left(ledger):
                await asyncio.sleep(_LOOK_S)
    except TimeoutError:
        raise SystemExit(f"the burst did not go out: {await _left(ledger)} are left") from None
    cpu = process.cpu_s(simulator.pid) - cpu
    async with ledger.read() as conn:
        ends = select(func.max(events.c.at)).join(publications).where(_MINE)
        last = await conn.scalar(ends.where(events.c.to_state == State.PUBLISHED.value))
    return (last - due).total_seconds(), cpu


async def _left(ledger: Ledger) -> int:
    async with ledger.read() as conn:
        query = select(func.count()).select_from(publications)
        return int(
            await conn.scalar(query.where(_MINE, publications.c.state != State.PUBLISHED.value))
        )
