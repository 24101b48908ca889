"""The grid of a year says of every unit what its cells say one by one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import func, select, update

from bench.coverage import matrix_of
from bench.matrix import NOW, Size
from bot.app import App
from bot.clock import VirtualClock
from bot.domain.coverage import CellState
from bot.domain.roster import Roster
from bot.engine import answers, grid
from bot.ledger import imports, roster
from bot.ledger.connection import Connection
from bot.ledger.tables import accounts, items, posts, publications, verdicts
from tests.pairs import Pair

SIZE = Size(units=9, accounts=24, key_items=10)


@pytest.fixture
async def app(tmp_path: Path, pair: Pair) -> AsyncIterator[App]:
    async with matrix_of(tmp_path, SIZE, pair.ledger_url) as opened:
        yield opened


async def _same(app: App) -> set[CellState]:
    """Fails where the two ways differ; says which states there are."""
    states, _members = await grid.standings(app.core)
    covered, _members = await answers.coverage(app.core)
    assert states == [item.lean() for item in covered]
    return {state for item in states for state in item.states.values()}


async def test_the_grid_is_what_its_cells_are(app: App) -> None:
    """On ledgers nobody thought of: whatever is changed at random, both ways agree."""
    chance = Random(20261122)
    seen = await _same(app)
    for _round in range(5):
        async with app.core.ledger.write() as conn:
            await _meddle(conn, chance)
            await _rename(conn, chance)
        clock = app.core.clock
        assert isinstance(clock, VirtualClock)
        seen |= await _same(app)
    assert seen == set(CellState) - {CellState.NOT_EXPECTED}


async def _meddle(conn: Connection, chance: Random) -> None:
    """Deletes, doubts, supersedes, unreads, opens and closes at random."""
    everything = {
        table: list((await conn.execute(select(table.c.id).order_by(table.c.id))).scalars())
        for table in (items, verdicts, publications, posts, accounts)
    }

    async def some(table: object, share: float, **values: object) -> None:
        for key in chance.sample(everything[table], int(len(everything[table]) * share)):  # type: ignore[index]
            await conn.execute(update(table).where(table.c.id == key).values(**values))  # type: ignore[arg-type,attr-defined]

    await some(items, 0.05, deleted_at=NOW)
    await some(items, 0.02, deleted_at=None)
    await some(verdicts, 0.1, superseded=True)
    await some(verdicts, 0.1, decision="doubtful")
    await some(verdicts, 0.05, decision="reprinted", superseded=False)
    public = {"state": "published", "platform_id": "x", "commits": 1}
    at = NOW - timedelta(days=chance.randrange(400))
    await some(publications, 0.03, **public, published_at=at)
    typed = {"state": "published", "platform_id": "", "url": "https://x.cn", "commits": 0}
    await some(publications, 0.03, **typed, published_at=at)
    for state in ("sending", "pending", "unknown", "missed"):
        await some(publications, 0.04, state=state, published_at=None)
    await some(posts, 0.1, first_release_at=None)
    await some(posts, 0.1, first_release_at=at, deadline_at=at + timedelta(hours=4))
    await some(posts, 0.1, deadline_at=NOW + timedelta(hours=1))
    await some(posts, 0.2, must=["u001", "u002", "u003"], may=["u003", "u004"])
    await some(posts, 0.1, must=[], may=["u005"])
    await some(accounts, 0.2, read_until=at)
    await some(accounts, 0.1, read_from=at)


async def _rename(conn: Connection, chance: Random) -> None:
    """Moves an account to another unit, and closes a unit, from some day on."""
    members = await roster.load(conn)
    mover = chance.choice([one for one in members.accounts.values() if not one.flagship])
    day = date(2026, chance.randrange(1, 13), 1)
    ended = chance.choice(list(members.units.values())[1:])
    changed = Roster(
        name=members.name,
        units={**members.units, ended.id: replace(ended, closed=day)},
        accounts={**members.accounts, mover.id: replace(mover, unit="u000", changed=day)},
    )
    await roster.save(conn, changed, NOW)


async def test_an_account_that_moved_counts_for_the_unit_it_belonged_to(app: App) -> None:
    async with app.core.ledger.write() as conn:
        members = await roster.load(conn)
        for name in ("u001-wechat", "u001-weibo", "u001-website"):
            one = replace(members.accounts[name], unit="u002", changed=date(2026, 7, 1))
            members = replace(members, accounts={**members.accounts, name: one})
        await roster.save(conn, members, NOW)
        await conn.execute(update(items).where(items.c.account == "u001-wechat").values(unit="?"))
    covered, _members = await answers.coverage(app.core)
    for item in covered:
        units = {row.account: row.unit for row in item.accounts}
        before = item.released_at is not None and item.released_at.month < 7
        assert units["u001-wechat"] == ("u001" if before else "u002")


async def test_a_unit_is_asked_only_while_it_is_there(app: App) -> None:
    async with app.core.ledger.write() as conn:
        members = await roster.load(conn)
        opened = replace(members.units["u003"], opened=date(2026, 4, 1))
        closed = replace(members.units["u004"], closed=date(2026, 9, 1))
        units = {**members.units, "u003": opened, "u004": closed}
        await roster.save(conn, replace(members, units=units), NOW)
    states, known = await grid.standings(app.core)
    for item in states:
        assert item.released_at is not None
        assert ("u003" in item.states) == (item.released_at.month >= 4)
        assert ("u004" in item.states) == (item.released_at.month < 9)
    assert {"u003", "u004"} <= known.units.keys()
    await _same(app)


async def test_an_item_whose_time_is_put_right_moves_its_verdicts(app: App) -> None:
    """An export knows the minute better than a list did: what was on time is late."""
    async with app.core.ledger.write() as conn:
        judged = select(verdicts.c.item).where(verdicts.c.decision == "reprinted")
        for item in sorted((await conn.execute(judged)).scalars()):
            await imports.amend(conn, item, {"published_at": NOW})
    assert CellState.LATE in await _same(app)


async def test_nothing_is_read_for_no_key_items(app: App) -> None:
    assert (await grid.standings(app.core, since=NOW))[0] == []
    async with app.core.ledger.read() as conn:
        assert await conn.scalar(select(func.count()).select_from(posts)) == SIZE.key_items
