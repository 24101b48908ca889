"""What holds for the whole matrix: a freeze, and which reviews the office has asked for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection as SyncConnection
from sqlalchemy import insert, select, update

from bot.domain.review import NO_REVIEW, Level, Review
from bot.ledger.connection import Connection
from bot.ledger.tables import controls

_FREEZE, _REVIEW = "freeze", "review"
_SWITCHES = select(controls.c.name, controls.c.on, controls.c.reason).where(
    controls.c.name.in_([_FREEZE, _REVIEW])
)
_LOCKED = _SWITCHES.with_for_update(read=True)


async def set_freeze(conn: Connection, on: bool, *, reason: str, by: str, now: datetime) -> None:
    """Begins or ends a freeze 静默期: while it is on, nothing is granted a send."""
    await _set(conn, _FREEZE, on, reason=reason, by=by, now=now)


async def _set(
    conn: Connection, name: str, on: bool, *, reason: str, by: str, now: datetime
) -> None:
    values = {"on": on, "reason": reason, "by": by, "at": now}
    changed = await conn.execute(update(controls).where(controls.c.name == name).values(**values))
    if changed.rowcount == 0:
        await conn.execute(insert(controls).values(name=name, **values))


@dataclass(frozen=True, kw_only=True)
class Freeze:
    """A freeze that is on."""

    reason: str
    by: str
    at: datetime


async def freeze(conn: Connection) -> Freeze | None:
    """The freeze that is on now, or None."""
    wanted = (controls.c.name == _FREEZE, controls.c.on)
    row = (await conn.execute(select(controls).where(*wanted))).one_or_none()
    return None if row is None else Freeze(reason=row.reason, by=row.by, at=row.at)


def switches_now(conn: SyncConnection) -> tuple[bool, Review]:
    """Whether a freeze is on, and which reviews are asked for.

    Who changes them waits until this transaction is over.
    """
    found = {row.name: row for row in conn.execute(_LOCKED)}
    review = found.get(_REVIEW)
    return _FREEZE in found and found[_FREEZE].on, _review(review.reason) if review else NO_REVIEW


async def review(conn: Connection) -> Review:
    """Which reviews the office has asked for; levels only."""
    said = await declared(conn)
    return said[0] if said else NO_REVIEW


async def declared(conn: Connection) -> tuple[Review, datetime] | None:
    """The same, and since when; None before anybody said so."""
    row = (await conn.execute(select(controls).where(controls.c.name == _REVIEW))).one_or_none()
    return None if row is None else (_review(row.reason), row.at)


async def declare(conn: Connection, asked: Review, now: datetime) -> None:
    """From now on these reviews are asked for, whatever the settings of a process say less."""
    columns = {name: list(levels) for name, levels in sorted(asked.columns.items())}
    text = json.dumps({"levels": list(asked.levels), "columns": columns}, ensure_ascii=False)
    await _set(conn, _REVIEW, not asked.off, reason=text, by="", now=now)


def _review(text: str) -> Review:
    said = json.loads(text)
    return Review(
        levels=tuple(map(Level, said["levels"])),
        columns={name: tuple(map(Level, levels)) for name, levels in said["columns"].items()},
    )
