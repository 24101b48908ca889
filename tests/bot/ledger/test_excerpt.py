"""What a rehearsal begins with: taken from one ledger, entered into another."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update

from bot.domain.publication import State
from bot.ledger import excerpt, inspect, publications
from bot.ledger.posts import content_hash, save
from bot.ledger.tables import exemptions, items, usage, verdicts
from bot.ledger.tables import publications as rows
from tests.bot.ledger.stand import NOW, add, ledger, post
from tests.pairs import Pair

SENT = {"commits": 1, "committed_at": NOW, "checkpoint": {"draft": "m1"}}
STATES: list[dict[str, Any]] = [
    {"state": "published", "published_at": NOW, "url": "https://weibo.com/1/a", **SENT},
    {"state": "sending", "lease": "abc", **SENT},
    {"state": "unknown", "doubt_since": NOW, **SENT},
    {"state": "queued", "lease": "abc"},
    {"state": "waiting", "doubt_since": NOW, "reason": "not_published", **SENT},
    {"state": "cancelled", "withdrawn": "withdrawn"},
]


async def test_an_excerpt_has_nothing_under_way(pair: Pair, tmp_path: Path) -> None:
    """What was sent counts as public, what waits begins anew, a person's word stands."""
    names = [f"p{number}" for number in range(len(STATES))]
    async with ledger(pair) as real:
        ids = await add(real, len(STATES))
        async with real.write() as conn:
            for pk, changes in zip(ids, STATES, strict=True):
                await conn.execute(update(rows).where(rows.c.id == pk).values(**changes))
            await conn.execute(insert(items), _items(ids))
            await conn.execute(insert(usage), _usage())
            await conn.execute(insert(verdicts), [_verdict(1, "p0"), _verdict(2, "p5")])
            await conn.execute(insert(exemptions), [_exempt(name) for name in ("p0", "p5")])
        async with inspect.inspect(pair.ledger_url) as seen:
            found = await excerpt.read(seen.conn, names, NOW)
    assert [row["used"] for row in found.usage] == [2]  # that of last month is left out

    (tmp_path / "new").mkdir()
    async with ledger(tmp_path / "new") as opened:
        async with opened.write() as conn:
            for name in names[:-1]:  # p5 is not played
                await save(conn, post(name), content_hash(post(name)), NOW)
            await excerpt.enter(conn, found)
        async with opened.read() as conn:
            pubs = {pub.post: pub for pub in await publications.search(conn)}
            shown = {row.platform_id: row.publication for row in await conn.execute(select(items))}
            judged = list((await conn.execute(select(verdicts.c.post))).scalars())
            exempt = list((await conn.execute(select(exemptions.c.post))).scalars())
    assert {name: pub.state for name, pub in pubs.items()} == {
        "p0": State.PUBLISHED,
        "p1": State.PUBLISHED,
        "p2": State.PUBLISHED,
        "p3": State.PLANNED,
        "p4": State.WAITING,
    }
    for pub in pubs.values():
        assert (pub.lease, pub.doubt_since) == (None, None) or pub.state is State.PUBLISHED
    assert pubs["p1"].published_at == NOW
    assert dict(pubs["p4"].checkpoint) == {}
    assert shown == {"i0": pubs["p0"].id, "i5": None}
    assert (judged, exempt) == (["p0"], ["p0"])


def _items(ids: list[int]) -> list[dict[str, Any]]:
    common = {"account": "u01-weibo", "unit": "u01", "platform": "weibo", "kind": "original"}
    times = dict.fromkeys(("published_at", "first_seen_at", "last_seen_at"), NOW)
    return [
        {"platform_id": f"i{n}", "publication": ids[n], "by_bot": True, **common, **times}
        for n in (0, 5)
    ]


def _usage() -> list[dict[str, Any]]:
    common = {"account": "u01-weibo", "action": "publish", "period": "day"}
    return [
        common | {"start": NOW, "used": 2},
        common | {"start": NOW - timedelta(days=40), "used": 3},
    ]


def _verdict(item: int, name: str) -> dict[str, Any]:
    return {
        "item": item,
        "post": name,
        "account": "u01-weibo",
        "published_at": NOW,
        "at": NOW,
        "level": "A",
        "decision": "reprinted",
        "rule": "marker",
        "rule_version": 1,
        "source_ok": True,
        "scores": {},
        "passages": [],
    }


def _exempt(name: str) -> dict[str, Any]:
    return {"post": name, "unit": "u01", "reason": "不相关", "by": "manager", "at": NOW}
