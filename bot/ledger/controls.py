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
_LOCK_FREEZE = select(controls.c.on).where(controls.c.name == _FREEZE).with_for_update(read=True)
_ASKED = select(controls.c.reason).where(controls.c.name == _REVIEW)


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


def is_frozen_now(conn: SyncConnection) -> bool:
    """Whether a freeze is on. Who begins one waits until this transaction is over."""
    return bool(conn.scalar(_LOCK_FREEZE))


def review_now(conn: SyncConnection) -> Review:
    """Which reviews the office has asked for; levels only.

    Not locked: who asks for more goes on to lock the publications, which a grant has by now, and
    each would wait for the other. What was granted before they were done was granted before.
    """
    text = conn.scalar(_ASKED)
    return NO_REVIEW if text is None else _review(text)


async def review(conn: Connection) -> Review:
    """The same, not within one hop."""
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
