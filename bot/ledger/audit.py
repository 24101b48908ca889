"""Who did what at the desk or through the API. Append-only."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert, or_, select

from bot.ledger.connection import Connection
from bot.ledger.desk_tables import audit


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing somebody did."""

    id: int = 0
    at: datetime
    by: str  # a login, "token NAME", or "" nobody known
    action: str  # fixed word
    subject: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    address: str = ""


async def note(conn: Connection, entry: Entry) -> None:
    """Appends an entry, in the transaction of what it tells of."""
    await conn.execute(
        insert(audit).values(
            at=entry.at,
            by=entry.by[:64],
            action=entry.action,
            subject=entry.subject,
            facts=dict(entry.facts),
            address=entry.address,
        )
    )


async def entries(
    conn: Connection,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    by: str = "",
    actions: Collection[str] = (),
    subject: str = "",
    about: Collection[str] = (),
    address: str = "",
    before: int | None = None,
    limit: int | None = 100,
) -> list[Entry]:
    """The newest first; `before` is the id of the last entry of the page before.

    `about`: the subjects, each also as the post of publications ("ID@ACCOUNT").
    """
    rows = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if since is not None:
        rows = rows.where(audit.c.at >= since)
    if until is not None:
        rows = rows.where(audit.c.at < until)
    if by:
        rows = rows.where(audit.c.by == by)
    if actions:
        rows = rows.where(audit.c.action.in_(actions))
    if subject:
        rows = rows.where(audit.c.subject == subject)
    if about:
        of_posts = (audit.c.subject.startswith(f"{one}@", autoescape=True) for one in about)
        rows = rows.where(or_(audit.c.subject.in_(about), *of_posts))
    if address:
        rows = rows.where(audit.c.address == address)
    if before is not None:
        rows = rows.where(audit.c.id < before)
    return [Entry(**row._mapping) for row in await conn.execute(rows)]
