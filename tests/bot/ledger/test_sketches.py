"""Candidates among stored texts, on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import func, select, update

from bot.contract import Item
from bot.domain.normalise import normalise
from bot.domain.sketch import sketch
from bot.ledger import items, sketches, tables
from bot.ledger.sketches import Sketched
from bot.ledger.store import Ledger
from tests.bot.ledger.stand import NOW, ledger
from tests.data.health_texts import FLU, FOOTER, HANDS, NURSE
from tests.pairs import Pair

DAY = timedelta(days=1)
ACCOUNT = "u01-weibo"


def item(name: str, text: str, days: int = 0) -> Item:
    """An item of so many days ago."""
    return Item(
        platform_id=name,
        title=name,
        url=f"https://weibo.example/{name}",
        text=text,
        published_at=NOW - days * DAY,
    )


async def enter(opened: Ledger, *shown: Item) -> int:
    """Reads the items back and sketches what is new; returns how many texts that were."""
    async with opened.write() as conn:
        await items.upsert(conn, ACCOUNT, shown, NOW)
    async with opened.read() as conn:
        due = await sketches.unsketched(conn, 100)
    made = [Sketched(**vars(one), hashes=sketch(normalise(one.text))) for one in due]
    await opened.transact(partial(sketches.add, rows=sketches.rows_of(made)))
    await opened.transact(partial(sketches.done, made=made))
    return len(made)


async def nearest(opened: Ledger, text: str, limit: int = 4) -> Sequence[str]:
    """Titles of what is found, in the order of the ledger."""
    hashes = sketch(normalise(text))
    async with opened.read() as conn:
        found = await conn.run(lambda c: sketches.nearest(c, hashes, NOW + DAY, limit))
    return sorted(row.title for row in found)


async def test_candidates_share_a_passage(pair: Pair) -> None:
    async with ledger(pair) as opened:
        assert await enter(opened, item("flu", FLU + FOOTER), item("nurse", NURSE + FOOTER)) == 2
        assert await nearest(opened, f"本周要闻\n{FLU}\n{HANDS}", limit=1) == ["flu"]
        assert await nearest(opened, HANDS) == []
        async with opened.read() as conn:
            hashes = sketch(normalise(FLU[-120:]))
            here = await conn.run(lambda c: sketches.within(c, hashes, NOW - DAY, NOW))
            past = await conn.run(lambda c: sketches.within(c, hashes, NOW - 9 * DAY, NOW - DAY))
        assert (len(here), past) == (1, set())


async def test_of_equals_the_earliest_is_first(pair: Pair) -> None:
    async with ledger(pair) as opened:
        copies = [item(f"copy {days}", f"第{days}期\n{FLU}", days) for days in (3, 9, 1, 5)]
        await enter(opened, *copies)
        assert await nearest(opened, FLU, limit=2) == ["copy 5", "copy 9"]


async def test_a_text_that_has_changed_is_due_again(pair: Pair) -> None:
    async with ledger(pair) as opened:
        assert await enter(opened, item("one", FLU)) == 1
        assert await enter(opened, item("one", FLU)) == 0
        assert await enter(opened, item("one", NURSE)) == 1
        assert await nearest(opened, NURSE) == ["one"]


async def test_a_text_that_changes_meanwhile_stays_due(pair: Pair) -> None:
    async with ledger(pair) as opened:
        async with opened.write() as conn:
            (key,) = await items.upsert(conn, ACCOUNT, [item("one", FLU)], NOW)
        late = Sketched(item=key, text="what stood there before", published_at=NOW, hashes=())
        await opened.transact(partial(sketches.done, made=[late]))
        async with opened.read() as conn:
            assert [one.item for one in await sketches.unsketched(conn, 9)] == [key]


@pytest.mark.parametrize("version", [1, 10**6])
async def test_sketches_of_another_version_are_forgotten(pair: Pair, version: int) -> None:
    async with ledger(pair) as opened:
        await enter(opened, item("one", FLU))
        async with opened.write() as conn:
            assert not await sketches.outdated(conn)
            await conn.execute(update(tables.items).values(sketched=version))
            assert await sketches.outdated(conn)
            await sketches.forget(conn)
            assert await conn.scalar(select(func.count()).select_from(tables.sketches)) == 0
        assert await enter(opened) == 1


async def test_what_every_item_ends_with_tells_nothing(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An excerpt's few hashes outweigh the footer's many."""
    monkeypatch.setattr(sketches, "_COMMON", 5)
    async with ledger(pair) as opened:
        others = [item(f"other {n}", f"第{n}号停诊通知。" + FOOTER, n) for n in range(8)]
        await enter(opened, item("flu", FLU), *others)
        assert await nearest(opened, FLU[:60] + FOOTER) == ["flu"]
        assert len(await nearest(opened, FOOTER)) == 4, "a template gives some that carry it"
