"""Switches for the whole matrix."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update

from bot.ledger.connection import Connection
from bot.ledger.tables import controls


async def set_freeze(conn: Connection, on: bool, *, reason: str, by: str, now: datetime) -> None:
    """Begins or ends a freeze 静默期: while it is on, nothing is granted a send."""
    values = {"on": on, "reason": reason, "by": by, "at": now}
    changed = await conn.execute(
        update(controls).where(controls.c.name == "freeze").values(**values)
    )
    if changed.rowcount == 0:
        await conn.execute(insert(controls).values(name="freeze", **values))


@dataclass(frozen=True, kw_only=True)
class Freeze:
    """A freeze that is on."""

    reason: str
    by: str
    at: datetime


async def freeze(conn: Connection) -> Freeze | None:
    """The freeze that is on now, or None."""
    wanted = (controls.c.name == "freeze", controls.c.on)
    row = (await conn.execute(select(controls).where(*wanted))).one_or_none()
    return None if row is None else Freeze(reason=row.reason, by=row.by, at=row.at)
