"""Items: what accounts really show, whoever posted it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.contract import Item
from bot.domain.transitions import PublishedAs
from bot.ledger.tables import accounts, items


async def record_published(
    conn: AsyncConnection, row: Mapping[str, Any], receipt: PublishedAs, now: datetime
) -> None:
    """Enters a publication among its account's items; `row` is its publications row.

    The item may be there already, when reading back was faster than the platform's answer.
    """
    platform_id = receipt.platform_id or receipt.url
    values = {
        "publication": row["id"],
        "kind": row["kind"],
        "column": row["column"],
        "by_bot": receipt.by_bot,
        "last_seen_at": now,
    }
    known = await conn.scalar(
        select(items.c.id).where(
            items.c.account == row["account"], items.c.platform_id == platform_id
        )
    )
    if known is not None:
        await conn.execute(update(items).where(items.c.id == known).values(**values))
        return
    await conn.execute(
        insert(items).values(
            account=row["account"],
            unit=row["unit"],
            platform=row["platform"],
            platform_id=platform_id,
            push_id=receipt.push_id,
            url=receipt.url,
            title=row["post_title"],
            notified=receipt.notified,
            published_at=receipt.published_at,
            first_seen_at=now,
            **values,
        )
    )


async def upsert(
    conn: AsyncConnection, account: str, seen: Sequence[Item], now: datetime
) -> list[int]:
    """Enters what `recent` showed; returns the ids of the items that are new or changed."""
    if not seen:
        return []
    owner = (
        await conn.execute(
            select(accounts.c.unit, accounts.c.platform).where(accounts.c.id == account)
        )
    ).one()
    known = {
        row.platform_id: row
        for row in await conn.execute(
            select(items).where(
                items.c.account == account, items.c.platform_id.in_([i.platform_id for i in seen])
            )
        )
    }
    touched = []
    for item in seen:
        row = known.get(item.platform_id)
        if row is None:
            touched.append(await _insert(conn, account, owner, item, now))
        elif changes := _news(row, item, now):
            await conn.execute(update(items).where(items.c.id == row.id).values(**changes))
            if "text" in changes:
                touched.append(row.id)
    seen_again = [row.id for row in known.values()]
    await conn.execute(update(items).where(items.c.id.in_(seen_again)).values(last_seen_at=now))
    return touched


async def _insert(
    conn: AsyncConnection, account: str, owner: Any, item: Item, now: datetime
) -> int:
    values = asdict(item)
    deleted = values.pop("deleted")
    result = await conn.execute(
        insert(items).values(
            account=account,
            unit=owner.unit,
            platform=owner.platform,
            kind="original",
            by_bot=False,
            first_seen_at=now,
            last_seen_at=now,
            deleted_at=now if deleted else None,
            **values,
        )
    )
    key = result.inserted_primary_key
    assert key is not None
    return int(key[0])


def _news(row: Any, item: Item, now: datetime) -> dict[str, Any]:
    """What the listing says of an item that the ledger did not know yet."""
    changes: dict[str, Any] = {}
    if item.text and item.text != row.text:
        changes |= {"text": item.text, "repost_of": item.repost_of}
        changes |= {"title": item.title or row.title}
        changes |= {"source_url": item.source_url or row.source_url}
    if item.deleted and row.deleted_at is None:
        changes["deleted_at"] = now
    if item.push_id and not row.push_id:
        changes["push_id"] = item.push_id
    if item.notified and not row.notified:
        changes["notified"] = True
    return changes


async def read_done(
    conn: AsyncConnection, account: str, *, until: datetime | None, error: str
) -> None:
    """Notes up to when the account's items are known, or why reading failed."""
    values: dict[str, Any] = {"read_error": error}
    if until is not None:
        values["read_until"] = until
    await conn.execute(update(accounts).where(accounts.c.id == account).values(**values))


async def some(conn: AsyncConnection, ids: Sequence[int]) -> list[Any]:
    """These items as rows."""
    query = select(items).where(items.c.id.in_(sorted(ids))).order_by(items.c.published_at)
    return list(await conn.execute(query))


async def mark_reprint(conn: AsyncConnection, item: int) -> None:
    """Notes that an item is a reprint of a key item."""
    await conn.execute(update(items).where(items.c.id == item).values(kind="reprint"))


async def between(
    conn: AsyncConnection, since: datetime | None, until: datetime | None
) -> list[Any]:
    """Items published in [since, until), as rows, oldest first."""
    query = select(items).order_by(items.c.published_at, items.c.id)
    if since is not None:
        query = query.where(items.c.published_at >= since)
    if until is not None:
        query = query.where(items.c.published_at < until)
    return list(await conn.execute(query))
