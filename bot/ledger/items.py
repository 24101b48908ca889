"""Items: what accounts really show, whoever posted it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection as SyncConnection
from sqlalchemy import and_, bindparam, delete, func, insert, or_, select, update

from bot.contract import Item
from bot.domain.post import Kind
from bot.domain.publication import State
from bot.domain.step import PublishedAs
from bot.ledger.connection import Connection
from bot.ledger.prepared import Prepared
from bot.ledger.recall_tables import recall_steps
from bot.ledger.tables import accounts, items, publications, verdicts

_GAPS_KEPT = 50
# NUL, and halves of characters, which a cut answer leaves: no database takes them.
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_ADD = Prepared(
    insert(items),
    (
        *("account", "unit", "platform", "platform_id", "push_id", "url", "title", "notified"),
        *("published_at", "first_seen_at", "last_seen_at", "publication", "kind", "column"),
        "by_bot",
    ),
)
_AMONG = items.c.account.in_(bindparam("accounts", expanding=True))
_BY_ID = select(items.c.id, items.c.account, items.c.platform_id).where(
    _AMONG, items.c.platform_id.in_(bindparam("ids", expanding=True))
)
_BY_LINK = select(items.c.id, items.c.account, items.c.url).where(
    _AMONG, items.c.url.in_(bindparam("links", expanding=True))
)


def record_published(
    conn: SyncConnection, published: Sequence[tuple[Mapping[str, Any], PublishedAs]], now: datetime
) -> None:
    """Enters publications among their accounts' items; each row is its publications row.

    An item may be there already, when reading back was faster than the platform's answer.
    """
    known = _known(conn, published)
    new = []
    for row, receipt in published:
        key = _same_item(known, row["account"], receipt)
        ours = {
            "publication": row["id"],
            "kind": row["kind"],
            "column": row["column"],
            "by_bot": receipt.by_bot,
            "last_seen_at": now,
        }
        if key is None:
            new.append(_as_item(row, receipt, now) | ours)
        else:
            conn.execute(update(items).where(items.c.id == key).values(**ours))
    _ADD.run(conn, new)


def further(
    row: Mapping[str, Any], receipt: PublishedAs
) -> list[tuple[Mapping[str, Any], PublishedAs]]:
    """The push's further articles: items of their own, which belong to no key item.

    They name no publication: what is asked of one (is it still there?) is asked of its first item.
    """
    plain = {**row, "id": None, "kind": Kind.ORIGINAL.value}
    return [
        (
            {**plain, "post_title": one.title},
            replace(receipt, platform_id=one.platform_id, url=one.url, more=()),
        )
        for one in receipt.more
    ]


def _as_item(row: Mapping[str, Any], receipt: PublishedAs, now: datetime) -> dict[str, Any]:
    return {
        "account": row["account"],
        "unit": row["unit"],
        "platform": row["platform"],
        "platform_id": receipt.platform_id or receipt.url,
        "push_id": receipt.push_id,
        "url": receipt.url,
        "title": row["post_title"],
        "notified": receipt.notified,
        "published_at": receipt.published_at,
        "first_seen_at": now,
    }


def _known(
    conn: SyncConnection, published: Sequence[tuple[Mapping[str, Any], PublishedAs]]
) -> dict[tuple[str, str], int]:
    """(account, platform id or link) → item, for what may be there already."""
    ids = {receipt.platform_id or receipt.url for _row, receipt in published}
    accounts_ = {row["account"] for row, _receipt in published}
    links = {receipt.url for _row, receipt in published if receipt.url}
    same = conn.execute(_BY_ID, {"accounts": sorted(accounts_), "ids": sorted(ids)})
    found = {(row.account, row.platform_id): row.id for row in same}
    for row in conn.execute(_BY_LINK, {"accounts": sorted(accounts_), "links": sorted(links)}):
        found.setdefault((row.account, row.url), row.id)
    return found


def _same_item(
    known: Mapping[tuple[str, str], int], account: str, receipt: PublishedAs
) -> int | None:
    """The item of this id, or of this link: a receipt and a listing may name it differently."""
    by_id = known.get((account, receipt.platform_id or receipt.url))
    return by_id if by_id is not None or not receipt.url else known.get((account, receipt.url))


async def upsert(conn: Connection, account: str, seen: Sequence[Item], now: datetime) -> list[int]:
    """Enters what `recent` showed; returns the ids of the items that are new or changed."""
    if not seen:
        return []
    seen = [_storable(item) for item in seen]
    owner = (
        await conn.execute(
            select(accounts.c.unit, accounts.c.platform).where(accounts.c.id == account)
        )
    ).one()
    rows = (
        await conn.execute(
            select(items).where(
                items.c.account == account,
                or_(
                    items.c.platform_id.in_([item.platform_id for item in seen]),
                    items.c.url.in_([item.url for item in seen if item.url]),
                ),
            )
        )
    ).all()
    # By link only what a person confirmed: it has no other name yet, and items may share a link.
    known = {row.url: row for row in rows if row.url and row.platform_id == row.url}
    known |= {row.platform_id: row for row in rows}
    touched = []
    for item in seen:
        row = known.get(item.platform_id) or known.get(item.url)
        if row is None:
            touched.append(await _insert(conn, account, owner, item, now))
        elif changes := _news(row, item, now):
            await conn.execute(update(items).where(items.c.id == row.id).values(**changes))
            if "published_at" in changes:  # which verdicts have of their item
                moved = update(verdicts).where(verdicts.c.item == row.id)
                await conn.execute(moved.values(published_at=item.published_at))
            if "text" in changes:
                touched.append(row.id)
    seen_again = [row.id for row in rows]
    await conn.execute(update(items).where(items.c.id.in_(seen_again)).values(last_seen_at=now))
    return touched


def _storable(item: Item) -> Item:
    texts = {name: value for name, value in vars(item).items() if isinstance(value, str)}
    if not any(map(_NO_TEXT.search, texts.values())):
        return item
    cleaned = {name: _NO_TEXT.sub("", value) for name, value in texts.items()}
    return replace(item, **cleaned)  # type: ignore[arg-type]  # the same fields, all texts


async def _insert(conn: Connection, account: str, owner: Any, item: Item, now: datetime) -> int:
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
    by_link = row.platform_id == row.url
    if by_link and (item.platform_id != row.platform_id or not row.text):
        changes["published_at"] = item.published_at  # until now there was but a person's word
    if item.platform_id != row.platform_id:
        changes["platform_id"] = item.platform_id  # confirmed by link before it was listed
    if item.url and not row.url:
        changes["url"] = item.url
    if item.text and item.text != row.text:
        changes |= {"text": item.text, "sketched": 0, "repost_of": item.repost_of}
        changes |= {"title": item.title or row.title}
        changes |= {"source_url": item.source_url or row.source_url}
    if item.deleted and row.deleted_at is None:
        changes["deleted_at"] = now
    if row.vanished and not item.deleted:
        changes |= {"deleted_at": None, "vanished": False}  # it was only not listed
    if item.push_id and not row.push_id:
        changes["push_id"] = item.push_id
    if item.notified and not row.notified:
        changes["notified"] = True
    return changes


async def read_done(
    conn: Connection,
    account: str,
    *,
    since: datetime,
    until: datetime,
    gaps: Sequence[tuple[datetime, datetime]],
) -> None:
    """Notes from when to when the account's items are known, and the times between that are not."""
    values = {
        "read_from": since,
        "read_until": until,
        "read_gaps": [[first.isoformat(), last.isoformat()] for first, last in gaps[-_GAPS_KEPT:]],
        "read_error": "",
    }
    await conn.execute(update(accounts).where(accounts.c.id == account).values(**values))


async def note_vanished(
    conn: Connection,
    account: str,
    *,
    since: datetime,
    until: datetime,
    last_sweep: datetime,
    now: datetime,
) -> list[int]:
    """Marks as deleted what two whole listings in a row, a day apart, did not show any more.

    Both listed all of [since, until]. What only a person's link tells of is left alone, since a
    listing may call it otherwise. Nothing is marked when most would be: then the listing is
    broken, not the account. A marked item that shows again counts again.
    """
    there = and_(
        items.c.account == account,
        items.c.published_at >= since,
        items.c.published_at < until,
        items.c.deleted_at.is_(None),
        items.c.platform_id != items.c.url,
    )
    seen = items.c.last_seen_at >= last_sweep
    query = select(items.c.id, seen.label("seen")).where(there)
    rows = (await conn.execute(query)).all()
    gone = [int(row.id) for row in rows if not row.seen]
    if not gone or (len(gone) > 1 and 2 * len(gone) > len(rows)):
        return []
    await conn.execute(
        update(items).where(items.c.id.in_(gone)).values(deleted_at=now, vanished=True)
    )
    return gone


async def read_failed(conn: Connection, account: str, error: str) -> None:
    """Notes why reading failed; what was known stays known."""
    await conn.execute(update(accounts).where(accounts.c.id == account).values(read_error=error))


async def to_match(
    conn: Connection, account: str, touched: Sequence[int], since: datetime
) -> list[Any]:
    """Items to compare with the key items: those touched and those of the last days, by hand."""
    query = select(items).where(
        items.c.account == account,
        items.c.by_bot.is_(False),
        items.c.deleted_at.is_(None),
        or_(items.c.id.in_(sorted(touched)), items.c.published_at >= since),
    )
    return list(await conn.execute(query.order_by(items.c.published_at)))


async def mark_reprint(conn: Connection, item: int) -> None:
    """Notes that an item is a reprint of a key item."""
    await conn.execute(update(items).where(items.c.id == item).values(kind="reprint"))


async def between(conn: Connection, since: datetime | None, until: datetime | None) -> list[Any]:
    """Items published in [since, until), as rows, oldest first."""
    query = select(items).order_by(items.c.published_at, items.c.id)
    if since is not None:
        query = query.where(items.c.published_at >= since)
    if until is not None:
        query = query.where(items.c.published_at < until)
    return list(await conn.execute(query))


async def owners(conn: Connection, url: str) -> list[tuple[str, int | None]]:
    """Account and publication of every item with this link; the publication may be unknown."""
    query = select(items.c.account, items.c.publication).where(items.c.url == url)
    return [(row.account, row.publication) for row in await conn.execute(query)]


async def links(conn: Connection, account: str, *, limit: int = 20) -> list[str]:
    """Links of the account's newest items."""
    query = select(items.c.url).where(items.c.account == account, items.c.url != "")
    query = query.order_by(items.c.published_at.desc(), items.c.id.desc()).limit(limit)
    return [row.url for row in await conn.execute(query)]


async def untell(conn: Connection, publication: int) -> None:
    """Takes away what the accounts' items have by a person's word that this is public.

    An item that was never read is nothing but that word.
    """
    mine = items.c.publication == publication
    named = [items.c.id.in_(select(one.c.item)) for one in (verdicts, recall_steps)]
    told = and_(mine, items.c.platform_id == items.c.url, items.c.text == "", ~or_(*named))
    await conn.execute(delete(items).where(told))
    values = {"kind": "original", "publication": None}
    await conn.execute(update(items).where(mine).values(**values))


async def get(conn: Connection, item: int) -> Any:
    """The item's row; it must be there."""
    return (await conn.execute(select(items).where(items.c.id == item))).one()


async def unmark_reprint(conn: Connection, item: int) -> None:
    """Notes that an item is neither a reprint nor what became of a publication."""
    values = {"kind": "original", "publication": None}
    await conn.execute(update(items).where(items.c.id == item).values(**values))


async def name_another(conn: Connection, row: Any) -> None:
    """Has the item `row` name another publication that counts as public by it, or none."""
    another = select(func.max(publications.c.id)).where(
        publications.c.account == row.account,
        publications.c.state == State.PUBLISHED.value,
        publications.c.platform_id == row.platform_id,
        publications.c.id != row.publication,
    )
    values = {"publication": another.scalar_subquery()}
    await conn.execute(update(items).where(items.c.id == row.id).values(**values))


async def times_told_otherwise(conn: Connection, account: str) -> list[Any]:
    """Reprints of the account that a person reported at another time than their items have.

    Rows of id (the publication's), url, and the item's platform_id and published_at.
    """
    query = (
        select(publications.c.id, publications.c.url, items.c.platform_id, items.c.published_at)
        .join(items, items.c.publication == publications.c.id)
        .where(
            publications.c.account == account,
            publications.c.state == State.PUBLISHED.value,
            publications.c.kind == Kind.REPRINT.value,
            publications.c.platform_id == "",  # a receipt, or a reading, names it
            publications.c.published_at != items.c.published_at,
        )
    )
    return list(await conn.execute(query))
