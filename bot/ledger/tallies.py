"""How much each account showed, counted by the database: for periods of many thousand items.

The rules are those of bot/domain/counts.py; a test compares the two over many histories.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, distinct, func, or_, select, tuple_

from bot.domain.post import Kind
from bot.ledger.answers import SHOWN
from bot.ledger.connection import Connection
from bot.ledger.rows import each
from bot.ledger.tables import items

_NONE = ""


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What one account showed in a period, in one column where columns are told apart."""

    account: str
    column: str = ""
    pushes: int
    notified: int
    articles: int
    original: int
    reprints: int
    reposts: int
    by_bot: int
    by_link: int  # known by a person's link alone: perhaps the same as another


async def tallies(
    conn: Connection,
    since: datetime,
    until: datetime,
    *,
    at: datetime | None = None,
    columns: bool = False,
) -> list[Tally]:
    """All accounts' numbers for [since, until); known now, or at a moment gone by."""
    keys = [items.c.account, *([items.c.column] if columns else [])]
    bare = items.c.repost_of == _NONE
    query = (
        select(
            *keys,
            _pushes(None).label("pushes"),
            _pushes(items.c.notified).label("notified"),
            func.count().label("articles"),
            _sum(and_(bare, items.c.kind == Kind.ORIGINAL.value)).label("original"),
            _sum(and_(bare, items.c.kind != Kind.ORIGINAL.value)).label("reprints"),
            _sum(~bare).label("reposts"),
            _sum(items.c.by_bot).label("by_bot"),
            _sum(and_(items.c.url != _NONE, items.c.platform_id == items.c.url)).label("by_link"),
        )
        .where(*_within(since, until, at), _alive(at))
        .group_by(*keys)
    )
    found = await conn.execute(query)
    return each(Tally, found)


async def deleted(
    conn: Connection, since: datetime, until: datetime, *, at: datetime | None = None
) -> dict[str, int]:
    """Account → how many items of the period were deleted since."""
    query = (
        select(items.c.account, func.count().label("number"))
        .where(*_within(since, until, at), items.c.deleted_at.is_not(None), ~_alive(at))
        .group_by(items.c.account)
    )
    return {row.account: int(row.number) for row in await conn.execute(query)}


def _within(since: datetime, until: datetime, at: datetime | None) -> list[ColumnElement[bool]]:
    known = [] if at is None else [items.c.first_seen_at <= at]
    return [items.c.published_at >= since, items.c.published_at < until, *known]


def _alive(at: datetime | None) -> ColumnElement[bool]:
    still = items.c.deleted_at.is_(None)
    return still if at is None else or_(still, items.c.deleted_at > at)


def _sum(condition: Any) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _pushes(only: Any) -> ColumnElement[int]:
    """Distinct pushes; an item without one is its own."""
    named, lone = items.c.push_id != _NONE, items.c.push_id == _NONE
    if only is not None:
        named, lone = and_(named, only), and_(lone, only)
    return func.count(distinct(case((named, items.c.push_id)))) + _sum(lone)


async def listed(
    conn: Connection,
    since: datetime,
    until: datetime,
    *,
    of: Collection[str] | None = None,
    column: str | None = None,
    after: tuple[datetime, int] | None = None,
    limit: int,
) -> list[Any]:
    """Items of [since, until) in the order of their times, from behind `after` on."""
    order = (items.c.published_at, items.c.id)
    query = select(*SHOWN).where(*_within(since, until, None)).order_by(*order).limit(limit)
    if of is not None:
        query = query.where(items.c.account.in_(sorted(of)))
    if column is not None:
        query = query.where(items.c.column == column)
    if after is not None:
        query = query.where(tuple_(*order) > after)
    return list(await conn.execute(query))
