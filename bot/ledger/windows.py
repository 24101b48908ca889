"""Stored items of a span of time that nobody has sent for the bot, as far as they are still there.

For comparing them with a key item: the spans are a month long and hold all accounts' items.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, false, func, or_, select

from bot.ledger.connection import Connection
from bot.ledger.tables import items

_BEGINNING = 120  # characters; a title within the text stands there


@dataclass(frozen=True, kw_only=True)
class Glimpse:
    """An item without its text."""

    id: int
    title: str
    beginning: str  # of its text
    length: int  # of its text
    source_url: str
    repost_of: str
    telling: bool  # its text holds one of the words that were asked for


def _of(since: datetime, until: datetime) -> ColumnElement[bool]:
    return (
        items.c.published_at.between(since, until)
        & items.c.by_bot.is_(False)
        & items.c.deleted_at.is_(None)
    )


async def ids(conn: Connection, since: datetime, until: datetime, limit: int) -> list[int]:
    """Items of [since, until], up to `limit`."""
    query = select(items.c.id).where(_of(since, until)).limit(limit)
    return [int(key) for key in (await conn.execute(query)).scalars()]


async def glimpses(
    conn: Connection, since: datetime, until: datetime, words: Collection[str]
) -> list[Glimpse]:
    """All items of [since, until]. Each of the `words` is looked for in lower case."""
    said = func.lower(items.c.text)
    telling = or_(false(), *(said.contains(word, autoescape=True) for word in sorted(words)))
    query = select(
        items.c.id,
        items.c.title,
        func.substr(items.c.text, 1, _BEGINNING).label("beginning"),
        func.length(items.c.text).label("length"),
        items.c.source_url,
        items.c.repost_of,
        telling.label("telling"),
    ).where(_of(since, until))
    return [Glimpse(**row._mapping) for row in await conn.execute(query)]


async def rows(conn: Connection, wanted: Collection[int]) -> list[Any]:
    """These items as rows, by time, without those that are gone or were sent by the bot."""
    query = select(items).where(
        items.c.id.in_(sorted(wanted)), items.c.by_bot.is_(False), items.c.deleted_at.is_(None)
    )
    return list(await conn.execute(query.order_by(items.c.published_at, items.c.id)))


async def by_link(conn: Connection, url: str) -> Any | None:
    """The first item with this link, or None."""
    query = select(items).where(items.c.url == url).order_by(items.c.id).limit(1)
    return (await conn.execute(query)).one_or_none()
