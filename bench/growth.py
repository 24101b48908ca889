"""What a long history costs: the same work on a ledger of a million publications and of few.

Both ledgers hold the same present month and the same posts about to come due; only the past
differs. A ratio of 1 means that nobody will notice the years going by.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import update

from bench.figures import Figure, Outcome, Table, median
from bench.past import DUE_EACH, DUE_TIMES, NOW, fill
from bot.app import App, open_app
from bot.clock import VirtualClock
from bot.domain.counts import By, parse_span
from bot.domain.message import Message
from bot.engine import answers
from bot.engine.dispatch import tick
from bot.ledger.tables import publications
from bot.settings import Settings
from tests.services import postgres_server

FEW, MANY = 10_000, 1_000_000
_LIMIT = 1.3
_ZONE = ZoneInfo("Asia/Shanghai")
_MONTH = parse_span("2026-11", _ZONE)
Work = Callable[[App, int], Awaitable[object]]


class _Dropped:
    """A queue that loses every message: only the tick is of interest."""

    async def put(self, message: Message) -> None:
        """Forgets it."""


async def idle_tick(app: App, turn: int) -> None:
    """A tick with nothing due."""
    assert (await tick(app.core, _Dropped())).idle


async def busy_tick(app: App, turn: int) -> None:
    """A tick that claims what comes due."""
    clock = app.core.clock
    assert isinstance(clock, VirtualClock)
    clock.set(NOW + timedelta(minutes=turn + 1))
    found = await tick(app.core, _Dropped())
    assert len(found.publish) == DUE_EACH, found


async def _settle(app: App) -> None:
    """Has what was claimed over and done with, or its accounts would be busy at the next tick."""
    under_way = publications.c.next_at.is_not(None) & (publications.c.state == "queued")
    async with app.core.ledger.write() as conn:
        await conn.execute(
            update(publications).where(under_way).values(state="cancelled", next_at=None)
        )


async def coverage_page(app: App, turn: int) -> None:
    """Coverage of the month's key items."""
    found, _roster = await answers.coverage(app.core, since=_MONTH.since, until=_MONTH.until)
    assert found


async def month_counts(app: App, turn: int) -> None:
    """The month's counts."""
    found = await answers.counts(app.core, _MONTH, by=[By.UNIT, By.PLATFORM], zone=_ZONE)
    assert found.counted


# Busy ticks come last: they are what changes the ledger.
_WORKS: Sequence[tuple[str, Work]] = (
    ("tick with nothing due", idle_tick),
    ("coverage page of a month", coverage_page),
    ("counts of a month", month_counts),
    (f"tick that claims {DUE_EACH}", busy_tick),
)


@asynccontextmanager
async def ledger_of(folder: Path, past: int, url: str) -> AsyncIterator[App]:
    """The bot on a ledger with so many past publications."""
    parts: dict[str, Any] = {
        "ledger": {"url": url},
        "files": {"handoff": folder / "handoff", "key": folder / "secret.key"},
    }
    async with open_app(Settings(**parts), clock=VirtualClock(NOW)) as app:
        await fill(app.core.ledger, past, postgres=url.startswith("postgresql"))
        yield app


async def _times(few: App, many: App, work: Work, rounds: int) -> tuple[float, float]:
    """Median seconds on either ledger, by turns."""
    taken: tuple[list[float], list[float]] = ([], [])
    for turn in range(rounds):
        for app, into in zip((few, many), taken, strict=True):
            begin = time.perf_counter()
            await work(app, turn)
            into.append(time.perf_counter() - begin)
            await _settle(app)
    return median(taken[0][1:]), median(taken[1][1:])  # the first round fills caches


async def _compare(few: App, many: App, database: str) -> tuple[list[Figure], Table]:
    figures, rows = [], []
    for name, work in _WORKS:
        short, long = await _times(few, many, work, DUE_TIMES)
        figures.append(Figure(name=f"{name}, {database}", value=long / short, at_most=_LIMIT))
        rows.append((name, f"{1000 * short:.2f} ms", f"{1000 * long:.2f} ms"))
    headings = (database, f"{FEW:,} past publications", f"{MANY:,}")
    return figures, Table(title=f"Median times, {database}", headings=headings, rows=rows)


async def measure(runs: int) -> Outcome:
    """Many ÷ few for everything that must not grow, on both databases."""
    figures, tables = [], []
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        apps = [
            await stack.enter_async_context(
                ledger_of(folder, past, f"sqlite:///{(folder / f'{past}.sqlite3').as_posix()}")
            )
            for past in (FEW, MANY)
        ]
        found, table = await _compare(apps[0], apps[1], "SQLite")
        figures += found
        tables.append(table)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(postgres_server())
        apps = [
            await stack.enter_async_context(ledger_of(folder, past, server.create(f"past_{past}")))
            for past in (FEW, MANY)
        ]
        found, table = await _compare(apps[0], apps[1], "PostgreSQL")
        figures += found
        tables.append(table)
    title = f"A long history: {MANY:,} past publications ÷ {FEW:,}"
    return Outcome(title=title, figures=figures, tables=tables)
