"""The web desk of a big matrix: what each page costs, and what the people there cost publishing."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from bench import crowded, matrix, office, process, walk
from bench.crowd import PEOPLE
from bench.crowded import Crowded
from bench.figures import Figure, Outcome, Table, median, percentile
from bench.matrix import Size
from bench.office import Office
from bench.simulator import running
from bench.walk import Cost, Place
from tests.services import free_port, postgres_server

_TIMES = 20
_FEW_TIMES = 3  # of what is a file and no page
_PAGE_MS = 100
_FIRST_KB = 200
_SLOWED = 0.90
_READY_S = 60
_NOBODY = "http://127.0.0.1:9"


def size_of_now() -> Size:
    """The whole matrix, its year ending now: `bot` itself goes by the wall clock."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    return Size(start=now - (matrix.NOW - Size().start))


@asynccontextmanager
async def serving(at: Office) -> AsyncIterator[tuple[str, int]]:
    """`bot web` on the office's ledger: where, and its process."""
    listen = f"127.0.0.1:{free_port()}"
    settings = office.settings_of(
        at.folder, at.settings.ledger.url, platform=_NOBODY, listen=listen
    )
    env = office.environment_of(settings)
    async with process.python("-m", "bot", "web", env=env) as desk, walk.client() as client:
        async with asyncio.timeout(_READY_S):
            while not await _answers(client, f"http://{listen}/healthz"):
                await asyncio.sleep(0.1)
        yield f"http://{listen}", desk.pid


async def _answers(client: aiohttp.ClientSession, url: str) -> bool:
    try:
        return (await walk.fetch(client, url, "")).status == 200
    except aiohttp.ClientError:
        return False


async def all_pages(
    at: Office, places: Sequence[Place], times: int
) -> tuple[list[Cost], tuple[int, int]]:
    """What each page costs; and the first load: bytes as sent, and unpacked."""
    async with serving(at) as (url, pid), walk.client() as client:
        first = await walk.first_load(client, url, at.cookies["officer"])
        costs = [
            await walk.cost_of(
                client,
                url,
                pid,
                place,
                at.cookies[place.role],
                min(times, _FEW_TIMES) if place.is_file else times,
            )
            for place in places
        ]
    return costs, first


def figures_of(costs: Sequence[Cost], first: tuple[int, int], database: str) -> list[Figure]:
    """The slowest and the biggest page, and the first load."""
    pages = [cost for cost in costs if cost.html]
    slow = max(pages, key=_p95_ms)
    big = max(pages, key=lambda cost: cost.bytes)
    return [
        Figure(
            name=f"slowest page, 95th percentile, {database}",
            value=_p95_ms(slow),
            unit="ms",
            at_most=_PAGE_MS,
            note=f"{slow.place.name} for the {slow.place.role}",
        ),
        Figure(
            name=f"first load with styles and scripts, {database}",
            value=first[0] / 1024,
            unit="KB",
            at_most=_FIRST_KB,
            note=f"{first[1] / 1024:.0f} KB unpacked",
        ),
        Figure(
            name=f"the same if the biggest page comes first, {database}",
            value=(big.sent + first[0]) / 1024,
            unit="KB",
            at_most=_FIRST_KB,
            note=big.place.name,
        ),
    ]


def _p95_ms(cost: Cost) -> float:
    return 1000 * percentile(cost.times_s, 95)


def table_of(costs: Sequence[Cost], database: str) -> Table:
    """Every page."""
    rows = [
        (
            f"`{cost.place.name}`" + ("" if cost.html else " (file)"),
            cost.place.role,
            f"{1000 * percentile(cost.times_s, 50):.0f}",
            f"{_p95_ms(cost):.0f}",
            f"{1000 * cost.cpu_s / len(cost.times_s):.0f}",
            f"{1000 * cost.cold_s:.0f}",
            f"{cost.bytes / 1024:.0f}",
            f"{cost.sent / 1024:.0f}",
            "" if not cost.html else "met" if _p95_ms(cost) <= _PAGE_MS else "missed",
        )
        for cost in costs
    ]
    return Table(
        title=f"Every page, {database}",
        headings=(
            *("page", "asked by", "p50 ms", "p95 ms", "CPU ms", "first ms", "KB", "KB sent"),
            f"≤ {_PAGE_MS} ms",
        ),
        rows=rows,
        note="First: when nobody has asked before; a year's counts are then kept for some seconds.",
    )


async def with_people(
    at: Office, paths: Sequence[str], runs: int
) -> tuple[list[Crowded], list[Crowded]]:
    """Bursts with nobody at the desk, and with people there, by turns."""
    alone, together = [], []
    async with running() as simulator:
        for _run in range(runs):
            alone.append(await crowded.burst(simulator, at, paths, people=False))
            together.append(await crowded.burst(simulator, at, paths, people=True))
    return alone, together


def burst_figures(alone: Sequence[Crowded], together: Sequence[Crowded]) -> list[Figure]:
    """How much of the speed is left, and how long people waited meanwhile."""
    before = median([one.run.speed for one in alone])
    after = median([one.run.speed for one in together])
    pages_s = [seconds for one in together for seconds in one.pages_s]
    return [
        Figure(name=f"{PEOPLE} people ÷ nobody", value=after / before, at_least=_SLOWED),
        Figure(name="nobody at the desk", value=before, unit="posts/s"),
        Figure(name=f"{PEOPLE} people at the desk", value=after, unit="posts/s"),
        Figure(
            name="their pages before and in the burst, median",
            value=1000 * percentile(pages_s, 50),
            unit="ms",
            note="the desk gives way to publishing",
        ),
        Figure(name="the same, 95th percentile", value=1000 * percentile(pages_s, 95), unit="ms"),
    ]


async def measure(runs: int) -> Outcome:
    """All pages on both databases; the burst on SQLite, where people and publishing share most."""
    size = size_of_now()
    figures: list[Figure] = []
    tables: list[Table] = []
    async with AsyncExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(postgres_server())
        urls: Mapping[str, str] = {
            "PostgreSQL": server.create("desk"),
            "SQLite": f"sqlite:///{(root / 'SQLite' / 'ledger.sqlite3').as_posix()}",
        }
        for database, url in urls.items():
            folder = root / database
            folder.mkdir()
            settings = office.settings_of(folder, url, platform=_NOBODY, listen="")
            async with office.opened(folder, settings, size) as (app, at):
                places = await walk.places(app, list(at.cookies))
            costs, first = await all_pages(at, places, _TIMES)
            figures += figures_of(costs, first, database)
            tables.append(table_of(costs, database))
        paths = [
            path
            for one in places
            if one.role == "officer" and not one.is_file
            for path in one.paths[:3]
        ]
        figures += burst_figures(*await with_people(at, paths, runs))
    title = (
        f"The desk: {size.accounts} accounts, {size.key_items} key items, {office.ITEMS:,} items"
    )
    return Outcome(title=title, figures=figures, tables=tables)
