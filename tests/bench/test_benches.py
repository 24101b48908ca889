"""The benches work; how fast is nothing for a test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bench import (
    burst,
    coverage,
    footprint,
    growth,
    lateness,
    million,
    reading,
    report,
    writing,
)
from bench.figures import Figure, Outcome, Table
from bench.load import ACCOUNTS
from bench.matrix import Size
from bench.simulator import Simulator, running
from bot.ledger.tables import items
from bot.settings import Settings
from bot.wiring.platforms import Catalog


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with running() as one:
        yield one


async def test_the_bare_client_and_the_bot_publish_the_same_posts(simulator: Simulator) -> None:
    bare = await burst.bare(simulator, posts=1)
    first = await simulator.call("GET", "posts")
    bot = await burst.bot(simulator, posts=1)
    second = await simulator.call("GET", "posts")
    assert bare.posts == bot.posts == ACCOUNTS
    assert sorted(post["text"] for post in first["posts"]) == sorted(
        post["text"] for post in second["posts"]
    )


async def test_the_bot_takes_the_trivial_servers_answers_for_true() -> None:
    async with running("bench.trivial") as server:
        assert (await burst.bot(server, posts=1)).posts == ACCOUNTS


async def test_a_long_past_differs_from_a_short_one_in_nothing_else(tmp_path: Path) -> None:
    sizes = (200, 1_000)
    counts = []
    for past in sizes:
        url = f"sqlite:///{(tmp_path / f'{past}.sqlite3').as_posix()}"
        async with growth.ledger_of(tmp_path, past, url) as app:
            await growth.idle_tick(app, 0)
            await growth.coverage_page(app, 0)
            await growth.month_counts(app, 0)
            await growth.busy_tick(app, 0)
            async with app.core.ledger.read() as conn:
                counts.append(await conn.scalar(select(func.count()).select_from(items)))
    assert counts[1] > counts[0]


@pytest.mark.parametrize("name", reading.BARE)
def test_the_same_posts_are_parsed_and_checked(tmp_path: Path, name: str) -> None:
    kind, parse = reading.BARE[name]
    files = reading.write(tmp_path, kind, count=60)
    assert reading.bare_s(files, parse) > 0
    assert reading.whole_s(tmp_path, Catalog(Settings().platforms), expected=60) > 0


async def test_lateness_pairs_every_post_with_a_bare_call(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lateness, "_PAUSE_S", 0.05)
    late_bot, late_bare = await lateness.one_round(simulator)
    assert len(late_bot) == len(late_bare) == ACCOUNTS
    assert min(late_bot + late_bare) >= 0


async def test_the_index_finds_what_it_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(million, "ACCOUNTS", 4)
    monkeypatch.setattr(writing, "ACCOUNTS", 4)
    parts = iter([writing.make_part(number, size=150) for number in range(2)])
    async with million.opened(tmp_path) as app:
        built = await million.fill(app, (150, 300), parts)
        questions = (await million.asking(app, 300)).all(3)
        answered = await million.ask(app, questions)
    outcome = million.outcome_of(built, answered, 0.1, tmp_path)
    values = {figure.name: figure.value for figure in outcome.figures}
    assert values["found of what had to be found"] > 80
    assert values["index in the ledger's file, per item"] > 0


async def test_an_upload_is_measured_to_its_end(simulator: Simulator) -> None:
    assert await footprint.upload(simulator, 60 * 1024 * 1024) < 60


def test_the_page_shows_targets_and_tables_and_keeps_what_was_not_measured(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    outcome = Outcome(
        title="A burst",
        figures=[Figure(name="bot ÷ bare", value=0.5, at_least=0.7)],
        tables=[Table(title="Speeds", headings=("who", "posts/s"), rows=[("bot", "1,000")])],
    )
    other = Outcome(title="Another", figures=[Figure(name="speed", value=3, unit="ms")])
    report.write([outcome, other], today=date(2026, 11, 22), runs=5, page=page)
    renewed = replace(other, figures=[Figure(name="speed", value=4, unit="ms")])
    report.write([renewed], today=date(2026, 11, 23), runs=3, page=page)
    text = page.read_text(encoding="utf-8")
    assert text.count("\n## ") == 3
    assert "## A burst\n\n2026-11-22, 5 runs.\n" in text
    assert "| bot ÷ bare | 0.50 | ≥ 0.7 | missed |" in text
    assert "| bot | 1,000 |" in text
    assert "## Another\n\n2026-11-23, 3 runs.\n" in text
    assert "| speed | 4.00 ms |" in text
    assert "3.00 ms" not in text


async def test_the_grid_and_its_cells_are_compared_on_the_same_matrix(tmp_path: Path) -> None:
    size = Size(units=3, accounts=6, key_items=2)
    url = f"sqlite:///{(tmp_path / 'matrix.sqlite3').as_posix()}"
    async with coverage.matrix_of(tmp_path, size, url) as app:
        figures, row = await coverage.compare(app, "SQLite", size)
    assert [figure.unit for figure in figures] == ["ms", ""]
    assert row[0] == "SQLite"
