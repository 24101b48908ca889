"""Verdicts: which item carries which key item, by what evidence. Superseded, never overwritten."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, insert, or_, select, update

from bot.domain.matching import Verdict
from bot.ledger.connection import Connection
from bot.ledger.rows import each
from bot.ledger.tables import items, posts, verdicts


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
    form: str
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
        if not await _supersede(conn, current.id):
            return False  # a person decided at this very moment
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
            form=verdict.form,
            rule_version=verdict.rule_version,
            source_ok=verdict.source_ok,
            scores=dict(verdict.scores),
            passages=list(verdict.passages),
            content_hash=content_hash,
        )
    )
    return True


async def _supersede(conn: Connection, verdict: int) -> bool:
    """Ends a verdict; False when another transaction has just done so."""
    in_force = (verdicts.c.id == verdict, verdicts.c.superseded.is_(False))
    ended = await conn.execute(update(verdicts).where(*in_force).values(superseded=True))
    return ended.rowcount == 1


def _same(row: Any, verdict: Verdict, content_hash: str) -> bool:
    return (row.level, row.decision, row.rule, row.form, row.source_ok, row.content_hash) == (
        verdict.level or "",
        verdict.decision,
        verdict.rule,
        verdict.form,
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
        verdicts.c.form,
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
    return each(Carried, await conn.execute(query))


@dataclass(frozen=True, kw_only=True)
class Match:
    """A verdict with the item and the key item it ties together."""

    number: int
    item: int
    post: str
    post_title: str
    account: str
    title: str  # of the item, as are the next four
    text: str
    url: str
    published_at: datetime
    deleted_at: datetime | None
    at: datetime  # of the verdict, as is all that follows
    level: str
    decision: str  # reprinted, doubtful or no
    rule: str
    form: str  # how much of the key item it carries, see bot.domain.matching.Form
    source_ok: bool
    scores: Mapping[str, float]
    passages: Sequence[str]
    decided_by: str  # a person; "" when the rules decided
    reason: str
    superseded: bool


_MATCH = (
    select(
        verdicts.c.id.label("number"),
        *(verdicts.c[name] for name in ("item", "post", "account", "at", "level", "decision")),
        *(verdicts.c[name] for name in ("rule", "form", "source_ok", "scores", "passages")),
        *(verdicts.c[name] for name in ("decided_by", "reason", "superseded")),
        *(items.c[name] for name in ("title", "text", "url", "published_at", "deleted_at")),
        posts.c.title.label("post_title"),
    )
    .join(items, items.c.id == verdicts.c.item)
    .join(posts, posts.c.id == verdicts.c.post)
)


async def to_decide(conn: Connection, *, post: str | None, decided: bool) -> list[Match]:
    """Doubtful matches in force that still are to be seen, latest item first.

    `decided`: also those a person has decided; of one `post` those the rules are sure of, too.
    """
    doubtful = and_(verdicts.c.decision == "doubtful", items.c.deleted_at.is_(None))
    wanted = or_(doubtful, verdicts.c.decided_by != "") if decided else doubtful
    query = _MATCH.where(verdicts.c.superseded.is_(False), wanted)
    if post is not None:
        sure = verdicts.c.decision == "reprinted"
        query = _MATCH.where(
            verdicts.c.superseded.is_(False),
            or_(wanted, sure) if decided else wanted,
            verdicts.c.post == post,
        )
    found = await conn.execute(query.order_by(items.c.published_at.desc(), verdicts.c.id))
    return [Match(**row._mapping) for row in found]


async def history_of(conn: Connection, number: int) -> list[Match]:
    """All verdicts about the item and key item of this one, oldest first; [] if there is none."""
    pair = select(verdicts.c.item, verdicts.c.post).where(verdicts.c.id == number)
    named = (await conn.execute(pair)).one_or_none()
    if named is None:
        return []
    same = (verdicts.c.item == named.item, verdicts.c.post == named.post)
    found = await conn.execute(_MATCH.where(*same).order_by(verdicts.c.id))
    return [Match(**row._mapping) for row in found]


async def decide(
    conn: Connection, match: Match, decision: str, *, by: str, reason: str, now: datetime
) -> int | None:
    """Enters a person's verdict in the place of `match`, with its evidence; returns its number.

    None when `match` is not in force any more.
    """
    if not await _supersede(conn, match.number):
        return None
    row = (await conn.execute(select(verdicts).where(verdicts.c.id == match.number))).one()
    values = {name: value for name, value in row._mapping.items() if name != "id"}
    values |= {"decision": decision, "decided_by": by, "reason": reason}
    made = await conn.execute(insert(verdicts).values({**values, "at": now, "superseded": False}))
    return int(made.inserted_primary_key[0])


async def refused(conn: Connection, item: int, post: str) -> bool:
    """True when a person's word stands that this item is no reprint of the key item."""
    query = select(verdicts.c.id).where(
        verdicts.c.item == item,
        verdicts.c.post == post,
        verdicts.c.superseded.is_(False),
        verdicts.c.decided_by != "",
        verdicts.c.decision == "no",
    )
    return await conn.scalar(query) is not None


async def reprints_something(conn: Connection, item: int) -> bool:
    """True when a verdict in force says that the item carries some key item."""
    query = select(verdicts.c.id).where(
        verdicts.c.item == item,
        verdicts.c.superseded.is_(False),
        verdicts.c.decision == "reprinted",
    )
    return bool((await conn.execute(query)).all())
