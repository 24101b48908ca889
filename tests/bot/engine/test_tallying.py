"""What the database counts is what counting one by one gives, whatever happened to the items."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from bench.coverage import matrix_of
from bench.matrix import NOW, Size
from bot.app import App
from bot.domain.counts import By, Counts, parse_span
from bot.domain.post import Kind
from bot.engine import answers, tallying
from bot.engine.tallying import NUMBERS, Tallied
from bot.ledger import roster
from bot.ledger.tables import items
from tests.pairs import Pair

SIZE = Size(units=5, accounts=12, key_items=8)
HERE = ZoneInfo("Asia/Shanghai")
ASKED: list[tuple[By, ...]] = [
    (),
    (By.UNIT, By.PLATFORM),
    (By.ACCOUNT, By.MONTH),
    (By.UNIT, By.QUARTER, By.YEAR),
    (By.COLUMN,),
    (By.COLUMN, By.UNIT, By.MONTH),
]


@pytest.fixture
async def app(tmp_path: Path, pair: Pair) -> AsyncIterator[App]:
    async with matrix_of(tmp_path, SIZE, pair.ledger_url) as opened:
        await shaken(opened, Random(7))
        yield opened


async def shaken(app: App, luck: Random) -> None:
    """Pushes of several articles, reposts, deletions, twins by link, and a unit that changed."""
    async with app.core.ledger.write() as conn:
        known = (await conn.execute(select(items).order_by(items.c.id))).all()
        linked = set[tuple[str, str | None]]()
        for row in known:
            values: dict[str, Any] = {
                "push_id": luck.choice(["", "", f"push{luck.randrange(40)}"]),
                "notified": luck.random() < 0.3,
                "kind": luck.choice([Kind.ORIGINAL.value, Kind.REPRINT.value]),
                "repost_of": luck.choice(["", "", "", "other"]),
                "by_bot": luck.random() < 0.5,
                "column": luck.choice(["", "科普", "通知"]),
                "deleted_at": NOW if luck.random() < 0.1 else None,
                "first_seen_at": row.published_at + timedelta(days=luck.randrange(60)),
                # At the ends of months too, by the office's clock.
                "published_at": luck.choice(
                    [row.published_at, parse_span("2026-03", HERE).since - timedelta(seconds=1)]
                ),
            }
            if luck.random() < 0.15:
                values["platform_id"] = values["url"] = f"https://here.example/{luck.randrange(4)}"
            elif luck.random() < 0.3:
                values["url"] = f"https://here.example/{luck.randrange(4)}"
            if (row.account, values.get("platform_id")) in linked:
                values.pop("platform_id", None)
            linked.add((row.account, values.get("platform_id")))
            await conn.execute(update(items).where(items.c.id == row.id).values(**values))
        members = await roster.load(conn)
        moved = next(iter(members.accounts.values()))
        units = [unit for unit in members.units if unit != moved.unit]
        changed = replace(moved, unit=units[0], changed=date(2026, 2, 10))
        await roster.save(
            conn, replace(members, accounts={**members.accounts, moved.id: changed}), NOW
        )


def lines(found: Counts | Tallied) -> list[tuple[dict[str, str], dict[str, int]]]:
    if isinstance(found, Tallied):
        return [(dict(one.keys), dict(one.numbers)) for one in found.lines]
    return [
        (dict(one.keys), {name: getattr(one, name) for name in NUMBERS}) for one in found.groups
    ]


async def test_the_same_numbers_by_every_way_of_asking(app: App, pair: Pair) -> None:
    """On both databases."""
    seen = twice = 0
    for label in ("2026", "2026-02", "2025-Q4"):
        span = parse_span(label, HERE)
        for at in (None, NOW - timedelta(days=45)):
            for by in ASKED:
                slow = await answers.counts(app.core, span, by=by, zone=HERE, at=at)
                quick = await tallying.tally(app.core, span, by=by, zone=HERE, at=at)
                assert lines(quick) == lines(slow), (label, at, by)
                assert quick.total == {name: getattr(slow.total, name) for name in NUMBERS}
                assert quick.deleted + quick.twice == len(slow.left_out)
                assert quick.twice == sum(one.reason == "twice" for one in slow.left_out)
                by_platform = {name: count for name, count in slow.by_platform.items() if count}
                assert quick.by_platform == by_platform
                seen += slow.total.articles
                twice += quick.twice
        units = ["u002", "u003"]
        slow = await answers.counts(app.core, span, by=[By.UNIT], zone=HERE, units=units)
        quick = await tallying.tally(app.core, span, by=[By.UNIT], zone=HERE, units=units)
        assert lines(quick) == lines(slow)
        assert quick.deleted + quick.twice == len(slow.left_out)
    assert seen > 500
    assert twice
