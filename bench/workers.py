"""`bot worker` processes on PostgreSQL and Redis: real processes, real time.

The plan is made here; then all posts are given one due second a little ahead, for which the
workers wait. Timed from that second to the last post's entry in the ledger.
"""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select, update

from bench import load, process
from bench.figures import Figure, Outcome, median
from bench.load import ACCOUNTS, Run
from bench.simulator import Simulator, running
from bot.app import App, open_app
from bot.domain.publication import State
from bot.engine import plan
from bot.ledger import publications as queries
from bot.ledger.tables import events, publications
from tests.services import Postgres, Redis, postgres_server, redis_server

_LATENCY_S = 0.150
_POSTS = 20  # per account, where every call takes 150 ms
# Accounts at once per process. An account publishes one post after the other, so with as many at
# once as there are accounts one process is as fast as ten.
_FEW = {"BOT_ENGINE__CONCURRENCY": "16"}
_LEAD_S = 6.0  # for the workers to start and fall idle
_LIMIT_S = 180
_LOOK_S = 0.1


@dataclass(frozen=True, kw_only=True)
class Servers:
    """A running Redis and PostgreSQL; every run gets a database of its own."""

    redis: Redis
    postgres: Postgres
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    def fresh(self) -> tuple[str, str]:
        """Addresses of an empty ledger and an empty queue."""
        self.redis.flush()
        return self.postgres.create(f"bench_{next(self.numbers)}"), self.redis.url


@asynccontextmanager
async def servers() -> AsyncIterator[Servers]:
    """Both, gone at the end of the block."""
    with redis_server() as redis, postgres_server() as postgres:
        yield Servers(redis=redis, postgres=postgres)


async def burst(
    simulator: Simulator, at: Servers, *, workers: int, posts: int, latency_s: float = 0.0
) -> Run:
    """One burst by so many worker processes."""
    await load.prepare(simulator, now=None)
    if latency_s:
        fault = {"platform": "weibo", "kind": "latency", "seconds": latency_s, "times": -1}
        await simulator.call("POST", "faults", fault)
    ledger, redis = at.fresh()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        load.write_schedules(folder / "schedules", posts=posts, at=tomorrow)
        settings = load.settings_of(folder, simulator.url, ledger=ledger, redis=redis)
        async with open_app(settings) as app:
            await plan.apply(app.core, app.read())
            await load.authorise(app)
            seconds, cpu = await _worked_off(
                app,
                simulator,
                workers,
                {**load.environment_of(folder, settings), **_FEW}
                if latency_s
                else load.environment_of(folder, settings),
            )
    return Run(posts=ACCOUNTS * posts, seconds=seconds, platform_cpu_s=cpu)


async def _worked_off(
    app: App, simulator: Simulator, workers: int, env: Mapping[str, str]
) -> tuple[float, float]:
    """Seconds from due to done, and the platform's CPU seconds in them."""
    async with AsyncExitStack() as stack:
        for _number in range(workers):
            await stack.enter_async_context(process.python("-m", "bot", "worker", env=env))
        due = datetime.now(UTC) + timedelta(seconds=_LEAD_S)
        async with app.core.ledger.write() as conn:
            await conn.execute(update(publications).values(due_at=due, next_at=due))
        await asyncio.sleep((due - datetime.now(UTC)).total_seconds())
        cpu = process.cpu_s(simulator.pid)
        await _all_published(app)
        cpu = process.cpu_s(simulator.pid) - cpu
        async with app.core.ledger.read() as conn:
            last = await conn.scalar(
                select(func.max(events.c.at)).where(events.c.to_state == State.PUBLISHED.value)
            )
    return (last - due).total_seconds(), cpu


async def _all_published(app: App) -> None:
    async with asyncio.timeout(_LIMIT_S):
        while True:
            async with app.core.ledger.read() as conn:
                states = await queries.count_by_state(conn)
            if set(states) == {State.PUBLISHED}:
                return
            await asyncio.sleep(_LOOK_S)


async def measure(runs: int) -> Outcome:
    """Two workers ÷ one, where the platform takes 150 ms for every call."""
    one: list[float] = []
    two: list[float] = []
    async with running() as simulator, servers() as at:
        for _run in range(runs):
            for into, workers in ((one, 1), (two, 2)):
                run = await burst(
                    simulator, at, workers=workers, posts=_POSTS, latency_s=_LATENCY_S
                )
                into.append(run.speed)
    figures = [
        Figure(name="two workers ÷ one", value=median(two) / median(one), at_least=1.8),
        Figure(name="one worker", value=median(one), unit="posts/s"),
        Figure(name="two workers", value=median(two), unit="posts/s"),
    ]
    title = f"`bot worker` on PostgreSQL and Redis, {1000 * _LATENCY_S:.0f} ms a call"
    return Outcome(title=title, figures=figures)
