"""Exemptions 免转: which unit need not carry which key item, why, by whom, from when to when.

Nothing is deleted: what ended says when and by whom, so that an old report can be made again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, insert, or_, select, update

from bot.domain.coverage import Exemption
from bot.domain.recall import RecallKind
from bot.i18n import _
from bot.ledger.connection import Connection
from bot.ledger.recall_tables import recalls
from bot.ledger.tables import exemptions, units

CALENDAR: Final = "calendar"  # granted by: what the key item itself says


async def in_force(
    conn: Connection, ids: Collection[str], *, at: datetime | None = None
) -> dict[str, dict[str, Exemption]]:
    """Key item → unit → exemption; now, or those in force at a moment."""
    found: dict[str, dict[str, Exemption]] = {}
    query = select(exemptions).where(exemptions.c.post.in_(sorted(ids)), _holds(at))
    for row in await conn.execute(query):
        exemption = Exemption(reason=row.reason, by=row.by, at=row.at)
        found.setdefault(row.post, {})[row.unit] = exemption
    return found


async def with_withdrawn(
    conn: Connection, ids: Collection[str], *, at: datetime | None = None
) -> dict[str, dict[str, Exemption]]:
    """The same, and all units of a key item that was withdrawn: nobody is missing it any more."""
    found = await in_force(conn, ids, at=at)
    query = (
        select(recalls)
        .where(recalls.c.post.in_(sorted(ids)), recalls.c.kind == RecallKind.WITHDRAW.value)
        .order_by(recalls.c.at.desc())
    )
    if at is not None:
        query = query.where(recalls.c.at <= at)
    withdrawn = {row.post: row for row in await conn.execute(query)}
    everybody = list((await conn.execute(select(units.c.id))).scalars()) if withdrawn else []
    for post, row in withdrawn.items():
        reason = _("withdrawn: {reason}").format(reason=row.reason)
        exemption = Exemption(reason=reason, by=row.by, at=row.at)
        found[post] = {unit: found.get(post, {}).get(unit, exemption) for unit in everybody}
    return found


def _holds(at: datetime | None) -> ColumnElement[bool]:
    open_ended = exemptions.c.ended_at.is_(None)
    if at is None:
        return open_ended
    return (exemptions.c.at <= at) & or_(open_ended, exemptions.c.ended_at > at)


async def grant(
    conn: Connection, post: str, unit: str, *, reason: str, by: str, now: datetime
) -> None:
    """Exempts the unit from now on, in place of an exemption it has already."""
    await end(conn, post, unit, by=by, now=now)
    mine = (exemptions.c.post == post) & (exemptions.c.unit == unit) & (exemptions.c.at == now)
    values = {"reason": reason, "by": by, "ended_at": None, "ended_by": ""}
    again = await conn.execute(update(exemptions).where(mine).values(**values))
    if again.rowcount == 0:
        await conn.execute(insert(exemptions).values(post=post, unit=unit, at=now, **values))


async def end(conn: Connection, post: str, unit: str, *, by: str, now: datetime) -> bool:
    """Ends the unit's exemption; False when it has none."""
    mine = (exemptions.c.post == post) & (exemptions.c.unit == unit) & _holds(None)
    ended = await conn.execute(update(exemptions).where(mine).values(ended_at=now, ended_by=by))
    return ended.rowcount > 0


async def follow(conn: Connection, post: str, wanted: Mapping[str, str], now: datetime) -> None:
    """Has the calendar's exemptions (unit → reason) in force; those of a manager stay."""
    known = (await in_force(conn, [post])).get(post, {})
    for unit, exemption in known.items():
        if exemption.by == CALENDAR and unit not in wanted:
            await end(conn, post, unit, by=CALENDAR, now=now)
    for unit, reason in wanted.items():
        before = known.get(unit)
        if before is None or (before.by == CALENDAR and before.reason != reason):
            await grant(conn, post, unit, reason=reason, by=CALENDAR, now=now)
