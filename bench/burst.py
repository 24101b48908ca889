"""A burst of one-call posts: the bot, with its ledger, against a bare aiohttp client.

Both make the same requests, as many at once, to the same server, which runs in a process of its
own. What is measured is how much of the wire's speed is left when every post is claimed, granted,
recorded and durable.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from bench import load, process
from bench.figures import Figure, Outcome, median
from bench.load import ACCOUNTS, CONCURRENCY, NOON, POSTS, Run
from bench.simulator import Simulator, running
from bot.app import App, open_app
from bot.clock import VirtualClock
from bot.domain.publication import State
from bot.engine import plan, service
from bot.ledger import publications


async def bare(simulator: Simulator, *, posts: int = POSTS) -> Run:
    """The same requests from nothing but aiohttp."""
    await load.prepare(simulator)
    gate = asyncio.Semaphore(CONCURRENCY)
    url = f"{simulator.url}/weibo{load.SHARE}"

    async def line(session: aiohttp.ClientSession, number: int) -> None:
        async with gate:
            for post in range(posts):
                form, headers = load.form_of(post), load.headers_of(number)
                async with session.post(url, data=form, headers=headers) as answer:
                    (await answer.json())["idstr"]

    async with aiohttp.ClientSession() as session:
        cpu, begin = process.cpu_s(simulator.pid), time.perf_counter()
        await asyncio.gather(*(line(session, number) for number in range(ACCOUNTS)))
        seconds = time.perf_counter() - begin
    return Run(
        posts=ACCOUNTS * posts,
        seconds=seconds,
        platform_cpu_s=process.cpu_s(simulator.pid) - cpu,
    )


@asynccontextmanager
async def planned(simulator: Simulator, *, posts: int = POSTS) -> AsyncIterator[App]:
    """The bot on a fresh SQLite ledger at noon, with every post due and nothing sent."""
    await load.prepare(simulator)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        load.write_schedules(folder / "schedules", posts=posts)
        settings = load.settings_of(folder, simulator.url)
        async with open_app(settings, clock=VirtualClock(NOON)) as app:
            await plan.apply(app.core, app.read())
            await load.authorise(app)
            yield app


async def bot(simulator: Simulator, *, posts: int = POSTS) -> Run:
    """The whole way of the posts, all due at once."""
    async with planned(simulator, posts=posts) as app:
        cpu, begin = process.cpu_s(simulator.pid), time.perf_counter()
        await service.run_due(app.core, app.local)
        seconds = time.perf_counter() - begin
        cpu = process.cpu_s(simulator.pid) - cpu
        async with app.core.ledger.read() as conn:
            states = await publications.count_by_state(conn)
    if states != {State.PUBLISHED: ACCOUNTS * posts}:
        raise SystemExit(f"the burst did not go out whole: {states}")
    return Run(posts=ACCOUNTS * posts, seconds=seconds, platform_cpu_s=cpu)


def speed(runs: list[Run]) -> float:
    """Posts per second of the middle run."""
    return median([run.speed for run in runs])


async def _by_turns(server: Simulator, runs: int) -> tuple[list[Run], list[Run]]:
    bare_runs, bot_runs = [], []
    await bare(server)  # warms both sides up
    await bot(server)
    for _run in range(runs):
        bare_runs.append(await bare(server))
        bot_runs.append(await bot(server))
    return bare_runs, bot_runs


async def measure(runs: int) -> Outcome:
    """Bot ÷ bare client, against the simulator and against a server that does nothing."""
    async with running() as simulator:
        bare_runs, bot_runs = await _by_turns(simulator, runs)
    async with running("bench.trivial") as server:
        bare_trivial, bot_trivial = await _by_turns(server, runs)
    figures = [
        Figure(name="bot ÷ bare", value=speed(bot_runs) / speed(bare_runs), at_least=0.70),
        Figure(name="bot", value=speed(bot_runs), unit="posts/s"),
        Figure(name="bare client", value=speed(bare_runs), unit="posts/s"),
        Figure(
            name="simulator busy while the bare client runs",
            value=100 * median([run.platform_share for run in bare_runs]),
            unit="% of a core",
            note="near 100: the simulator, not the client, is what bounds the bare figure",
        ),
        Figure(
            name="simulator busy while the bot runs",
            value=100 * median([run.platform_share for run in bot_runs]),
            unit="% of a core",
        ),
        Figure(
            name="bot ÷ bare, against a server that only answers",
            value=speed(bot_trivial) / speed(bare_trivial),
            note="nothing of the bot's work hides behind the platform's",
        ),
        Figure(name="bot, same server", value=speed(bot_trivial), unit="posts/s"),
        Figure(name="bare client, same server", value=speed(bare_trivial), unit="posts/s"),
    ]
    title = f"Burst of {ACCOUNTS * POSTS:,} one-call posts: the bot (SQLite) and a bare client"
    return Outcome(title=title, figures=figures)
