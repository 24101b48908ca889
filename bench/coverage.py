"""A year of a big matrix at once: 500 accounts × 200 key items, and the same cell by cell."""

from __future__ import annotations

import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from bench.figures import Figure, Outcome, Table, median
from bench.matrix import NOW, Size, fill
from bot.app import App, open_app
from bot.clock import VirtualClock
from bot.domain.coverage import ItemStates
from bot.engine import answers, grid
from bot.settings import Settings
from tests.services import postgres_server

_LIMIT_MS = 100
_ROUNDS = 9
Work = Callable[[App], Awaitable[list[ItemStates]]]


async def at_once(app: App) -> list[ItemStates]:
    """How each unit stands to each key item."""
    found, _members = await grid.standings(app.core)
    return found


async def cell_by_cell(app: App) -> list[ItemStates]:
    """The same with all evidence, as one key item is answered."""
    found, _members = await answers.coverage(app.core)
    return [item.lean() for item in found]


@asynccontextmanager
async def matrix_of(folder: Path, size: Size, url: str) -> AsyncIterator[App]:
    """The bot on a ledger with a matrix of that size."""
    parts: dict[str, Any] = {
        "ledger": {"url": url},
        "files": {"handoff": folder / "handoff", "key": folder / "secret.key"},
    }
    async with open_app(Settings(**parts), clock=VirtualClock(NOW)) as app:
        await fill(app.core.ledger, size)
        yield app


async def _ms(app: App, work: Work, rounds: int) -> float:
    taken = []
    for _round in range(rounds + 1):
        begin = time.perf_counter()
        await work(app)
        taken.append(1000 * (time.perf_counter() - begin))
    return median(taken[1:])  # the first round fills caches


async def compare(app: App, database: str, size: Size) -> tuple[list[Figure], tuple[str, ...]]:
    """Milliseconds at once, and how much longer cell by cell takes; the answers must agree."""
    begin = time.perf_counter()
    plain_way = await cell_by_cell(app)
    plain = 1000 * (time.perf_counter() - begin)
    if await at_once(app) != plain_way:
        raise SystemExit("the two ways differ")
    fast = await _ms(app, at_once, _ROUNDS)
    cells = f"{size.accounts} accounts × {size.key_items} key items"
    figures = [
        Figure(name=f"{cells}, {database}", value=fast, unit="ms", at_most=_LIMIT_MS),
        Figure(name=f"cell by cell ÷ at once, {database}", value=plain / fast, at_least=5),
    ]
    return figures, (database, f"{fast:.0f} ms", f"{plain:.0f} ms")


async def measure(runs: int) -> Outcome:
    """The whole grid with the ledger's reads, on both databases."""
    size = Size()
    figures, rows = [], []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(postgres_server())
        urls = {
            "SQLite": f"sqlite:///{(folder / 'matrix.sqlite3').as_posix()}",
            "PostgreSQL": server.create("matrix"),
        }
        for database, url in urls.items():
            async with matrix_of(folder, size, url) as app:
                found, row = await compare(app, database, size)
            figures += found
            rows.append(row)
    table = Table(
        title="Median times", headings=("", "the grid", "every cell with its evidence"), rows=rows
    )
    return Outcome(title="Coverage of a year", figures=figures, tables=[table])
