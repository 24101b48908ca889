"""How late the first call comes when the bot has been idle: real time, one post at a time.

Between its posts a bare `loop.call_at` makes the same request, half a pause later; what the timer,
the wire and the platform cost is in both figures, so their difference is the bot's own.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from sqlalchemy import update

from bench import load
from bench.figures import Figure, Outcome, percentile
from bench.load import ACCOUNTS
from bench.simulator import Simulator, running
from bot.app import App, open_app
from bot.engine import plan, service
from bot.ledger.tables import publications

_PAUSE_S = 0.5
_LEAD_S = 2.0  # until the first post, for the bot to fall idle
_BARE_POST = 500  # number of the bare client's text
_TARGET_MS = 100


async def one_round(simulator: Simulator) -> tuple[list[float], list[float]]:
    """Milliseconds from due to the platform's taking, of the bot's posts and of the bare calls."""
    await load.prepare(simulator, now=None)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        load.write_schedules(
            folder / "schedules", posts=1, at=datetime.now(UTC) + timedelta(days=1)
        )
        async with open_app(load.settings_of(folder, simulator.url)) as app:
            await plan.apply(app.core, app.read())
            await load.authorise(app)
            start = time.time() + _LEAD_S
            due = [start + _PAUSE_S * number for number in range(ACCOUNTS)]
            await _set_due(app, due)
            await _publish(app, simulator, [moment + _PAUSE_S / 2 for moment in due])
    taken = await _taken(simulator)
    late_bot = [taken[f"a{n:02d}-weibo", 0] - moment for n, moment in enumerate(due)]
    bare = [(f"a{n:02d}-weibo", moment + _PAUSE_S / 2) for n, moment in enumerate(due)]
    late_bare = [taken[account, _BARE_POST] - moment for account, moment in bare]
    return [1000 * late for late in late_bot], [1000 * late for late in late_bare]


async def _set_due(app: App, due: Sequence[float]) -> None:
    """Gives each account's post its own moment, finer than a calendar can say."""
    async with app.core.ledger.write() as conn:
        for number, moment in enumerate(due):
            at = datetime.fromtimestamp(moment, UTC)
            await conn.execute(
                update(publications)
                .where(publications.c.account == f"a{number:02d}-weibo")
                .values(due_at=at, next_at=at)
            )


async def _publish(app: App, simulator: Simulator, bare_due: Sequence[float]) -> None:
    """Serves until every post is out, with the bare calls in between."""
    stop = asyncio.Event()
    serving = asyncio.create_task(service.keep_ticking(app.core, app.local, stop))
    loop = asyncio.get_running_loop()
    calls: list[asyncio.Task[None]] = []
    async with aiohttp.ClientSession() as session:

        def call(number: int) -> None:
            calls.append(loop.create_task(_bare(session, simulator, number)))

        for number, moment in enumerate(bare_due):
            at = loop.time() + moment - time.time()
            loop.call_at(at, call, number)
        await asyncio.sleep(bare_due[-1] - time.time() + _PAUSE_S)
        await asyncio.gather(*calls)
    stop.set()
    await serving
    await app.local.join()


async def _bare(session: aiohttp.ClientSession, simulator: Simulator, number: int) -> None:
    url = f"{simulator.url}/weibo{load.SHARE}"
    form, headers = load.form_of(_BARE_POST), load.headers_of(number)
    async with session.post(url, data=form, headers=headers) as answer:
        (await answer.json())["idstr"]


async def _taken(simulator: Simulator) -> dict[tuple[str, int], float]:
    """When the platform took each post: account and number of the text → seconds."""
    shown: Any = await simulator.call("GET", "posts")
    return {
        (post["account"], 0 if load.text_of(0) in post["text"] else _BARE_POST): (
            datetime.fromisoformat(post["published_at"]).timestamp()
        )
        for post in shown["posts"]
    }


async def measure(runs: int) -> Outcome:
    """p50 and p99 of both, and how much of the p99 is the bot's own."""
    bot: list[float] = []
    bare: list[float] = []
    async with running() as simulator:
        for _run in range(runs):
            late_bot, late_bare = await one_round(simulator)
            bot += late_bot
            bare += late_bare
    own = percentile(bot, 99) - percentile(bare, 99)
    figures = [
        Figure(name="p99, bot − bare call_at", value=own, unit="ms", at_most=_TARGET_MS),
        Figure(
            name="p50, bot − bare call_at",
            value=percentile(bot, 50) - percentile(bare, 50),
            unit="ms",
        ),
        Figure(name="p99 of the bot", value=percentile(bot, 99), unit="ms"),
        Figure(name="p99 of the bare call", value=percentile(bare, 99), unit="ms"),
        Figure(name="worst of the bot", value=max(bot), unit="ms"),
    ]
    title = f"Lateness of the first call, idle bot, {len(bot)} posts {_PAUSE_S:g} s apart"
    return Outcome(title=title, figures=figures)
