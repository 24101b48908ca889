"""What the charts read: sums made by the database, from indexes alone where there are many rows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CTE,
    Integer,
    cast,
    column,
    extract,
    func,
    select,
    values,
)

from bot.domain.charting import Slot
from bot.ledger.connection import Connection
from bot.ledger.tables import Moment, accounts, items, publications

_QUARTER_S = 900
_published = items.c.published_at


async def last_posts(conn: Connection) -> dict[str, datetime]:
    """Account → when it last posted something that is still there."""
    newest = (
        select(_published)
        .where(items.c.account == accounts.c.id, items.c.deleted_at.is_(None))
        .order_by(_published.desc())
        .limit(1)
        .correlate(accounts)
        .scalar_subquery()
    )
    rows = await conn.execute(select(accounts.c.id, newest.label("at")))
    return {row.id: row.at for row in rows if row.at is not None}


def _slots(slots: Sequence[Slot]) -> CTE:
    """The slots as a table: n, since, until. Each moment is bound once: binding is what costs."""
    made = values(column("at", Moment)).data(
        [(begin,) for begin, _end in slots] + [(slots[-1][1],)]
    )
    edges = made.cte("edges")
    order = edges.c.at
    return select(
        (func.row_number().over(order_by=order) - 1).label("n"),
        order.label("since"),
        func.lead(order).over(order_by=order).label("until"),
    ).cte("slots")


async def posted(conn: Connection, slots: Sequence[Slot]) -> list[int]:
    """Items that came out in each slot, deleted ones too."""
    slot = _slots(slots)
    counted = (
        select(func.count())
        .select_from(items)
        .where(slot.c.since <= _published, slot.c.until > _published)
        .correlate(slot)
        .scalar_subquery()
    )
    query = select(counted).select_from(slot).where(slot.c.until.is_not(None)).order_by(slot.c.n)
    return [int(row[0]) for row in await conn.execute(query)]


async def posted_on(conn: Connection, slots: Sequence[Slot]) -> dict[str, list[int]]:
    """Platform → items that came out on it in each slot, deleted ones too."""
    slot = _slots(slots)
    counted = (
        select(func.count())
        .select_from(items)
        .where(
            items.c.account == accounts.c.id, slot.c.since <= _published, slot.c.until > _published
        )
        .correlate(slot, accounts)
        .scalar_subquery()
    )
    each = select(accounts.c.platform, slot.c.n, counted.label("found")).join_from(
        accounts, slot, slot.c.until.is_not(None)
    )
    every = each.subquery()
    query = select(every.c.platform, every.c.n, func.sum(every.c.found).label("found"))
    found: dict[str, list[int]] = {}
    for row in await conn.execute(query.group_by(every.c.platform, every.c.n)):
        found.setdefault(row.platform, [0] * len(slots))[row.n] = int(row.found)
    return found


_SHOWN = select(items.c.account, items.c.platform, _published)


async def deleted(conn: Connection) -> list[Any]:
    """What is gone: account, platform, published_at. Few, and no index has them by date."""
    return list(await conn.execute(_SHOWN.where(items.c.deleted_at.is_not(None))))


async def with_links(conn: Connection, since: datetime, until: datetime) -> list[str]:
    """Accounts with an item of [since, until) that is known by a person's link alone."""
    by_link = (items.c.url != "", items.c.url == items.c.platform_id)
    within = (_published >= since, _published < until, items.c.deleted_at.is_(None))
    query = select(items.c.account).where(*within, *by_link).distinct()
    return [row.account for row in await conn.execute(query)]


async def of_accounts(
    conn: Connection, names: Collection[str], since: datetime, until: datetime
) -> list[Any]:
    """The same of what these accounts showed in [since, until) and still show."""
    mine = (items.c.account.in_(sorted(names)), items.c.deleted_at.is_(None))
    return list(await conn.execute(_SHOWN.where(*mine, _published >= since, _published < until)))


async def delays(conn: Connection, since: datetime, until: datetime) -> list[Any]:
    """Of what was planned in [since, until) and is public: quarter (of an hour, since 1970),
    minutes after the planned time, by_hand, count."""
    due, out = (
        cast(extract("epoch", one), Integer)
        for one in (publications.c.due_at, publications.c.published_at)
    )
    quarter, minutes = (due // _QUARTER_S).label("quarter"), ((out - due) // 60).label("minutes")
    query = (
        select(
            quarter,
            minutes,
            publications.c.by_hand,
            func.count().label("found"),
        )
        .where(
            publications.c.due_at >= since,
            publications.c.due_at < until,
            publications.c.published_at.is_not(None),
        )
        .group_by(quarter, minutes, publications.c.by_hand)
        .order_by(quarter, minutes, publications.c.by_hand)
    )
    return list(await conn.execute(query))


async def ends(conn: Connection, since: datetime, until: datetime) -> list[Any]:
    """Of what was planned in [since, until): kind, state, by_unit (carried by hand), count."""
    by_unit = (publications.c.reason == "carried_by_hand").label("by_unit")
    query = (
        select(publications.c.kind, publications.c.state, by_unit, func.count().label("found"))
        .where(publications.c.due_at >= since, publications.c.due_at < until)
        .group_by(publications.c.kind, publications.c.state, by_unit)
    )
    return list(await conn.execute(query))
