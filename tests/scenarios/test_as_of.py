"""An old report can be made again: what was answered at each moment is answered once more."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.contract import Item
from bot.domain.counts import By, parse_span
from bot.domain.coverage import CellState
from bot.domain.matching import Verdict
from bot.engine import answers, exempting, people
from bot.ledger import items, verdicts
from bot.ledger.tables import items as shown
from tests.bot.engine.world import BODY, TEN, World, key_item, open_world, roster

HOUR = timedelta(hours=1)
K1 = "k1"
LINK = "https://mp.weixin.qq.com/s/second"


@pytest.fixture
async def district(tmp_path: Path) -> AsyncIterator[World]:
    """Both units reprint by hand."""
    manual = {"reprint": "manual"}
    members = roster(u02_wechat=manual, u03_wechat=manual)
    async with open_world(tmp_path, members) as opened:
        yield opened


async def _answers(world: World, at: datetime | None = None) -> tuple[Any, ...]:
    """Coverage with all its evidence, and the counts of May."""
    zone = world.settings().zone
    covered = await answers.covered(world.app.core, at=at)
    span = parse_span("2026-05", zone)
    counted = await answers.counts(world.app.core, span, by=[By.UNIT], zone=zone, at=at)
    return covered.items, covered.lacking, counted


async def _found(world: World, decision: str) -> None:
    """u03's account is read, and shows something."""
    now = world.clock.now()
    item = Item(
        platform_id="9_1",
        url="https://mp.weixin.qq.com/s/third",
        title="流感防护",
        text="流感季来了",
        published_at=now - HOUR,
    )
    async with world.app.core.ledger.write() as conn:
        await items.upsert(conn, "u03-wechat", [item], now)
        number = await conn.scalar(select(shown.c.id).where(shown.c.account == "u03-wechat"))
        verdict = Verdict(
            post=K1,
            account="u03-wechat",
            level="D",
            decision=decision,  # type: ignore[arg-type]
            rule="cut",
            source_ok=False,
        )
        await verdicts.record(conn, number, verdict, "", now)


async def _gone(world: World) -> None:
    """u02 takes its reprint down."""
    async with world.app.core.ledger.write() as conn:
        mine = shown.c.account == "u02-wechat"
        await conn.execute(update(shown).where(mine).values(deleted_at=world.clock.now()))


async def test_every_report_can_be_made_again(district: World) -> None:
    """Receipts, matches, decisions, exemptions, corrections and deletions; nothing is rewritten."""
    world, core = district, district.app.core

    async def confirm() -> None:
        pub = await world.pub(f"{K1}@u02-wechat")
        await people.confirm(core, pub, url=LINK, at=None, by="u02")

    async def correct() -> None:
        world.write_body(K1, BODY + "\n更正：门诊时间为八点。\n")
        await world.plan()

    deeds: list[Callable[[], Awaitable[None]]] = [
        confirm,
        lambda: exempting.exempt(core, K1, "u03", reason="与本单位无关", by="宣传科"),
        correct,
        lambda: _gone(world),
        lambda: exempting.end(core, K1, "u03", by="宣传科"),
        lambda: _found(world, "doubtful"),
        lambda: _found(world, "reprinted"),
    ]
    await world.plan(key_item(K1))
    told = {world.clock.now(): await _answers(world)}
    for number, deed in enumerate(deeds, 1):
        await world.run(until=TEN + number * HOUR)
        await deed()
        told[world.clock.now()] = await _answers(world)
    await world.run(until=TEN + 30 * HOUR)
    told[world.clock.now()] = await _answers(world)

    states = [covered[0].states for covered, _lacking, _counted in told.values()]
    assert [one["u02"] for one in states[:5]] == [
        *(CellState.OPEN, CellState.ON_TIME, CellState.ON_TIME, CellState.ON_TIME),
        CellState.OPEN,
    ]
    assert [one["u03"] for one in states] == [
        *(CellState.OPEN, CellState.OPEN, CellState.EXEMPT, CellState.EXEMPT, CellState.EXEMPT),
        *(CellState.OPEN, CellState.OPEN, CellState.ON_TIME, CellState.ON_TIME),
    ]
    [corrected] = [covered[0] for covered, *_ in told.values()][3:4]
    # Weibo shows nothing of the article in which the correction was made.
    assert [row.account for row in corrected.accounts if row.outdated] == [
        "u01-wechat",
        "u02-wechat",
    ]
    assert [row.unit for row in corrected.units if row.outdated] == ["u02"]
    for moment, before in told.items():
        again = await _answers(world, moment)
        assert again[0] == before[0], moment
        assert again[2] == before[2], moment
