"""Verdicts: which item carries which key item, by what evidence. Superseded, never overwritten."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, insert, select, update

from bot.domain.matching import Verdict
from bot.ledger.connection import Connection
from bot.ledger.tables import items, verdicts


@dataclass(frozen=True, kw_only=True)
class Carried:
    """A key item on an account, as a verdict in force says."""

    verdict: int
    post: str
    account: str
    at: datetime  # when it was judged
    published_at: datetime
    url: str
    title: str
    level: str
    decision: str
    rule: str
    source_ok: bool
    content_hash: str
    scores: Mapping[str, float]
    deleted_at: datetime | None


async def record(
    conn: Connection, item: int, verdict: Verdict, content_hash: str, now: datetime
) -> bool:
    """Enters a verdict unless it says nothing new; what a person decided stays in force."""
    current = (
        await conn.execute(
            select(verdicts).where(
                verdicts.c.item == item,
                verdicts.c.post == verdict.post,
                verdicts.c.superseded.is_(False),
            )
        )
    ).one_or_none()
    if current is not None:
        if current.decided_by or _same(current, verdict, content_hash):
            return False
        await conn.execute(
            update(verdicts).where(verdicts.c.id == current.id).values(superseded=True)
        )
    await conn.execute(
        insert(verdicts).values(
            item=item,
            post=verdict.post,
            account=verdict.account,
            published_at=select(items.c.published_at).where(items.c.id == item).scalar_subquery(),
            at=now,
            level=verdict.level or "",
            decision=verdict.decision,
            rule=verdict.rule,
            rule_version=verdict.rule_version,
            source_ok=verdict.source_ok,
            scores=dict(verdict.scores),
            passages=list(verdict.passages),
            content_hash=content_hash,
        )
    )
    return True


def _same(row: Any, verdict: Verdict, content_hash: str) -> bool:
    return (row.level, row.decision, row.rule, row.source_ok, row.content_hash) == (
        verdict.level or "",
        verdict.decision,
        verdict.rule,
        verdict.source_ok,
        content_hash,
    )


def carried_columns() -> Select[Any]:
    """Verdicts with their items, in the shape of `Carried`."""
    return select(
        verdicts.c.id.label("verdict"),
        verdicts.c.post,
        verdicts.c.account,
        verdicts.c.at,
        items.c.published_at,
        items.c.url,
        items.c.title,
        verdicts.c.level,
        verdicts.c.decision,
        verdicts.c.rule,
        verdicts.c.source_ok,
        verdicts.c.content_hash,
        verdicts.c.scores,
        items.c.deleted_at,
    ).join(items, items.c.id == verdicts.c.item)


async def carried(conn: Connection, ids: Collection[str]) -> list[Carried]:
    """All verdicts in force about these key items, oldest item first."""
    query = (
        carried_columns()
        .where(and_(verdicts.c.post.in_(sorted(ids)), verdicts.c.superseded.is_(False)))
        .order_by(items.c.published_at)
    )
    return [Carried(**row._mapping) for row in await conn.execute(query)]
