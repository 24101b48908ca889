"""Links handed out for tasks: each is good until it, or another link of its task, is used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update

from bot.ledger.connection import Connection
from bot.ledger.tables import handles


@dataclass(frozen=True, kw_only=True)
class Handle:
    """One link that was handed out."""

    nonce: str
    task: str  # id of the task
    unit: str
    issued_at: datetime
    expires_at: datetime
    used_at: datetime | None  # None: still good
    used_for: str  # a fixed word, see bot.domain.tasks.Said
    used_from: str


async def add(
    conn: Connection,
    nonce: str,
    *,
    task: str,
    unit: str,
    issued_at: datetime,
    expires_at: datetime,
) -> None:
    """Enters a link."""
    await conn.execute(
        insert(handles).values(
            nonce=nonce, task=task, unit=unit, issued_at=issued_at, expires_at=expires_at
        )
    )


async def get(conn: Connection, nonce: str) -> Handle | None:
    """The link of this nonce, or None."""
    row = (await conn.execute(select(handles).where(handles.c.nonce == nonce))).one_or_none()
    return None if row is None else Handle(**row._mapping)


async def lock(conn: Connection, task: str) -> None:
    """Has others that want to use a link of this task wait until this transaction has ended."""
    rows = select(handles.c.nonce).where(handles.c.task == task).order_by(handles.c.nonce)
    await conn.execute(rows.with_for_update())


async def use(
    conn: Connection, handle: Handle, *, used_at: datetime, used_for: str, used_from: str
) -> None:
    """Ends this link and all others of its task."""
    mine = handles.c.nonce == handle.nonce
    values = {"used_at": used_at, "used_for": used_for}
    await conn.execute(update(handles).where(mine).values(**values, used_from=used_from))
    others = (handles.c.task == handle.task, handles.c.used_at.is_(None))
    await conn.execute(update(handles).where(*others).values(**values))
