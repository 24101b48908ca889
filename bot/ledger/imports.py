"""Exports that were imported: what they brought, and which span of an account they cover."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, insert, select, update

from bot.ledger.connection import Connection
from bot.ledger.tables import accounts, imports, items, stats, verdicts

_PART = 500  # values of one IN: SQLite takes a few thousand at the most


@dataclass(frozen=True, kw_only=True)
class Import:
    """One file that was taken over."""

    id: int
    file: str
    sha256: str
    account: str
    mapping: str
    by: str
    at: datetime
    rows: int
    new: int
    updated: int
    covers_from: datetime | None
    covers_until: datetime | None


def _import(row: Any) -> Import:
    return Import(**row._mapping)


async def every(conn: Connection, *, account: str = "") -> list[Import]:
    """All imports, the newest first; of one account if it is named."""
    query = select(imports).order_by(imports.c.id.desc())
    if account:
        query = query.where(imports.c.account == account)
    return [_import(row) for row in await conn.execute(query)]


async def add(conn: Connection, **values: object) -> None:
    """Notes an import; the columns are `Import`'s without the id."""
    await conn.execute(insert(imports).values(**values))


async def platform(conn: Connection, account: str) -> str:
    """The account's platform; "" when there is no such account."""
    query = select(accounts.c.platform).where(accounts.c.id == account)
    return str(await conn.scalar(query) or "")


async def lock(conn: Connection, account: str) -> Any:
    """The account's row, which nobody else changes until the transaction ends; None: no such."""
    query = select(accounts).where(accounts.c.id == account).with_for_update()
    return (await conn.execute(query)).one_or_none()


async def known(
    conn: Connection,
    account: str,
    *,
    names: Collection[str],
    urls: Collection[str],
    since: datetime,
    until: datetime,
) -> list[Any]:
    """The account's items that may be the same as what a file holds, as rows."""
    found = {}
    parts = [
        and_(items.c.published_at >= since, items.c.published_at <= until),
        *(items.c.platform_id.in_(part) for part in _parts(sorted(names))),
        *(items.c.url.in_(part) for part in _parts(sorted(urls))),
    ]
    for part in parts:
        query = select(items).where(items.c.account == account, part)
        found.update({row.id: row for row in await conn.execute(query)})
    return list(found.values())


def _parts(values: Sequence[str]) -> list[Sequence[str]]:
    return [values[start : start + _PART] for start in range(0, len(values), _PART)]


async def enter(conn: Connection, **values: object) -> int:
    """A new item; returns its id."""
    made = await conn.execute(insert(items).values(by_bot=False, kind="original", **values))
    key = made.inserted_primary_key
    assert key is not None
    return int(key[0])


async def amend(conn: Connection, item: int, changes: Mapping[str, object]) -> None:
    """Changes an item."""
    await conn.execute(update(items).where(items.c.id == item).values(**changes))
    if "published_at" in changes:  # which verdicts have of their item
        moved = update(verdicts).where(verdicts.c.item == item)
        await conn.execute(moved.values(published_at=changes["published_at"]))


async def rows(conn: Connection, ids: Collection[int]) -> list[Any]:
    """These items as rows."""
    found: list[Any] = []
    wanted = sorted(ids)
    for start in range(0, len(wanted), _PART):
        query = select(items).where(items.c.id.in_(wanted[start : start + _PART]))
        found += await conn.execute(query)
    return found


async def last_counters(conn: Connection, ids: Collection[int]) -> dict[int, Any]:
    """Item → its newest counters, as a row of `stats`."""
    found: dict[int, Any] = {}
    wanted = sorted(ids)
    for start in range(0, len(wanted), _PART):
        part = wanted[start : start + _PART]
        newest = (
            select(stats.c.item, func.max(stats.c.as_of).label("as_of"))
            .where(stats.c.item.in_(part))
            .group_by(stats.c.item)
            .subquery()
        )
        same = and_(newest.c.item == stats.c.item, newest.c.as_of == stats.c.as_of)
        query = select(stats).join(newest, same)
        found.update({row.item: row for row in await conn.execute(query)})
    return found


async def count(conn: Connection, item: int, as_of: datetime, counters: Mapping[str, int]) -> None:
    """Enters counters as they were at `as_of`."""
    there = select(stats.c.item).where(stats.c.item == item, stats.c.as_of == as_of)
    if await conn.scalar(there) is None:
        await conn.execute(insert(stats).values(item=item, as_of=as_of, **counters))
