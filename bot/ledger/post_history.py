"""What happened to one post: the events of all its publications, and who changed it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from bot.ledger.agenda import of_unit
from bot.ledger.connection import Connection
from bot.ledger.desk_tables import audit
from bot.ledger.rows import each
from bot.ledger.tables import events, posts, publications


@dataclass(frozen=True, kw_only=True)
class Happened:
    """An event of one of its publications."""

    id: int
    at: datetime
    account: str
    name: str
    to_state: str
    facts: dict[str, Any]


async def events_of(
    conn: Connection,
    post: str,
    *,
    unit: str = "",
    publication: int | None = None,
    before: int | None = None,
    limit: int,
) -> list[Happened]:
    """The newest first; `before` is the id of the last one of the page before."""
    query = (
        select(
            events.c.id,
            events.c.at,
            publications.c.account,
            events.c.name,
            events.c.to_state,
            events.c.facts,
        )
        .join(publications, publications.c.id == events.c.publication)
        .where(publications.c.post == post, *of_unit(unit))
        .order_by(events.c.id.desc())
        .limit(limit)
    )
    if publication is not None:
        query = query.where(publications.c.id == publication)
    if before is not None:
        query = query.where(events.c.id < before)
    return each(Happened, await conn.execute(query))


@dataclass(frozen=True, kw_only=True)
class Changed:
    """Somebody saved the post at the desk."""

    at: datetime
    by: str
    action: str
    fields: Sequence[str]
    facts: dict[str, Any]


async def changes_of(conn: Connection, post: str) -> list[Changed]:
    """Who did what to the post itself, oldest first."""
    query = (
        select(audit.c.at, audit.c.by, audit.c.action, audit.c.facts)
        .where(audit.c.subject == post, audit.c.action.like("post.%"))
        .order_by(audit.c.id)
    )
    return [
        Changed(
            at=row.at,
            by=row.by,
            action=row.action,
            fields=[str(one) for one in row.facts.get("fields") or ()],
            facts=row.facts,
        )
        for row in await conn.execute(query)
    ]


async def line_of(conn: Connection, post: str) -> int | None:
    """The line of its file on which it stood when it was last taken over."""
    line: int | None = await conn.scalar(select(posts.c.line).where(posts.c.id == post))
    return line
