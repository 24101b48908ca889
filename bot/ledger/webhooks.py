"""Programs that are told what happens, and what is on its way to them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.domain.post import Kind
from bot.ledger.connection import Connection, one_writer
from bot.ledger.desk_tables import deliveries, webhooks
from bot.ledger.tables import accounts, events, posts, publications, verdicts

WAITING, SENDING, SENT, FAILED = "waiting", "sending", "sent", "failed"
_ADD = {
    True: sqlite.insert(deliveries).on_conflict_do_nothing(),
    False: postgresql.insert(deliveries).on_conflict_do_nothing(),
}


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """A program that is told."""

    id: int
    url: str
    secret: bytes  # sealed
    events: Sequence[str]
    by: str
    made_at: datetime
    ended_at: datetime | None
    cursors: Mapping[str, int]  # source -> the last row that need not be looked at again


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One thing one program is told."""

    id: int
    webhook: int
    what: str
    event: str
    body: Mapping[str, Any]
    made_at: datetime
    state: str
    tries: int
    next_at: datetime | None
    lease: str
    answer: str
    done_at: datetime | None


async def everything(conn: Connection) -> list[Webhook]:
    """All there ever were, the newest first."""
    rows = await conn.execute(select(webhooks).order_by(webhooks.c.id.desc()))
    return [Webhook(**row._mapping) for row in rows]


async def open_ones(conn: Connection) -> list[Webhook]:
    """Those that are told."""
    return [one for one in await everything(conn) if one.ended_at is None]


async def add(
    conn: Connection, url: str, secret: bytes, names: Collection[str], *, by: str, now: datetime
) -> int:
    """Enters one; it is told what happens from now on."""
    cursors = {
        "events": int(await conn.scalar(select(func.max(events.c.id))) or 0),
        "verdicts": int(await conn.scalar(select(func.max(verdicts.c.id))) or 0),
    }
    values = {"url": url, "secret": secret, "events": sorted(names), "by": by, "cursors": cursors}
    made = await conn.execute(insert(webhooks).values(**values, made_at=now))
    return int(made.inserted_primary_key[0])


async def end(conn: Connection, number: int, now: datetime) -> str:
    """Ends it with what is on its way; its address, or "" when there is none to end."""
    wanted = (webhooks.c.id == number, webhooks.c.ended_at.is_(None))
    ended = await conn.execute(
        update(webhooks).where(*wanted).values(ended_at=now).returning(webhooks.c.url)
    )
    url = str(ended.scalar() or "")
    if url:
        left = (deliveries.c.webhook == number, deliveries.c.state.in_([WAITING, SENDING]))
        over = {"state": FAILED, "next_at": None, "lease": "", "done_at": now}
        await conn.execute(update(deliveries).where(*left).values(**over))
    return url


# ── what has happened ─────────────────────────────────────────────────────────────────────────────


async def moves(conn: Connection, after: int, states: Collection[str]) -> list[Any]:
    """Events beyond `after` that brought a publication into one of these states."""
    query = (
        select(events.c.id, events.c.at, events.c.publication, events.c.to_state, posts.c.key_item)
        .join(publications, publications.c.id == events.c.publication)
        .join(posts, posts.c.id == publications.c.post)
        .where(
            events.c.id > after,
            events.c.to_state.in_(sorted(states)),
            events.c.to_state != events.c.from_state,
        )
        .order_by(events.c.id)
    )
    return list(await conn.execute(query))


async def last_event(conn: Connection, after: int, before: datetime) -> int:
    """The highest event that happened before then; `after` when there is none beyond it."""
    query = select(func.max(events.c.id)).where(events.c.id > after, events.c.at < before)
    return int(await conn.scalar(query) or after)


async def last_verdict(conn: Connection, after: int, before: datetime) -> int:
    """The same of verdicts."""
    query = select(func.max(verdicts.c.id)).where(verdicts.c.id > after, verdicts.c.at < before)
    return int(await conn.scalar(query) or after)


async def matched(conn: Connection, after: int) -> list[Any]:
    """Verdicts beyond `after` by which an account carried a key item: post, unit, account, when."""
    query = (
        select(
            *(verdicts.c.post, verdicts.c.account, verdicts.c.published_at, accounts.c.unit),
            *(posts.c.title, posts.c.deadline_at),
        )
        .join(posts, posts.c.id == verdicts.c.post)
        .join(accounts, accounts.c.id == verdicts.c.account)
        .where(
            verdicts.c.id > after,
            verdicts.c.decision == "reprinted",
            verdicts.c.superseded.is_(False),
            posts.c.key_item,
        )
        .order_by(verdicts.c.id)
    )
    return list(await conn.execute(query))


async def reprints(conn: Connection, ids: Collection[int]) -> list[Any]:
    """Those of these publications by which an account carried a key item, in the same form."""
    query = (
        select(
            *(publications.c.post, publications.c.account, publications.c.published_at),
            *(publications.c.unit, posts.c.title, posts.c.deadline_at),
        )
        .join(posts, posts.c.id == publications.c.post)
        .where(
            publications.c.id.in_(sorted(ids)),
            publications.c.kind == Kind.REPRINT.value,
            publications.c.published_at.is_not(None),
            posts.c.key_item,
        )
        .order_by(publications.c.id)
    )
    return list(await conn.execute(query))


async def due_items(conn: Connection, since: datetime, until: datetime) -> list[str]:
    """Key items in the calendar whose deadline was in [since, until)."""
    query = select(posts.c.id).where(
        posts.c.key_item,
        posts.c.removed.is_(False),
        posts.c.deadline_at >= since,
        posts.c.deadline_at < until,
    )
    return [row.id for row in await conn.execute(query.order_by(posts.c.id))]


# ── the outbox ────────────────────────────────────────────────────────────────────────────────────


async def known(conn: Connection, webhook: int, whats: Collection[str]) -> set[str]:
    """Those of these that it is told, or was."""
    query = select(deliveries.c.what).where(
        deliveries.c.webhook == webhook, deliveries.c.what.in_(sorted(whats))
    )
    return {row.what for row in await conn.execute(query)}


async def put(conn: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Enters deliveries; what is told already is passed over."""
    if rows:
        await conn.execute(_ADD[one_writer(conn)], rows)


async def move_cursors(conn: Connection, webhook: int, cursors: Mapping[str, int]) -> None:
    """Notes how far has been looked."""
    wanted = webhooks.c.id == webhook
    await conn.execute(update(webhooks).where(wanted).values(cursors=dict(cursors)))


def _due(now: datetime) -> ColumnElement[bool]:
    """What waits for its turn, and what somebody who did not come back was sending."""
    return and_(deliveries.c.state.in_([WAITING, SENDING]), deliveries.c.next_at <= now)


async def any_due(conn: Connection, now: datetime) -> bool:
    """True when something is to be sent."""
    return await conn.scalar(select(deliveries.c.id).where(_due(now)).limit(1)) is not None


async def take(
    conn: Connection, now: datetime, *, lease: str, until: datetime, each: int
) -> list[Delivery]:
    """What is to be sent, `each` to one program at most, now held under `lease`."""
    place = func.row_number().over(partition_by=deliveries.c.webhook, order_by=deliveries.c.id)
    due = select(deliveries.c.id, place.label("place")).where(_due(now)).subquery()
    ids = [row.id for row in await conn.execute(select(due.c.id).where(due.c.place <= each))]
    taken = await conn.execute(
        update(deliveries)
        .where(deliveries.c.id.in_(ids), _due(now))
        .values(state=SENDING, lease=lease, next_at=until)
        .returning(deliveries)
    )
    return sorted((Delivery(**row._mapping) for row in taken), key=lambda one: one.id)


async def settle(conn: Connection, number: int, lease: str, **values: Any) -> None:
    """What came of a try, unless somebody else has taken it meanwhile."""
    mine = (deliveries.c.id == number, deliveries.c.lease == lease, deliveries.c.state == SENDING)
    await conn.execute(update(deliveries).where(*mine).values(lease="", **values))


async def again(conn: Connection, number: int, now: datetime) -> bool:
    """Has one that was sent or has failed sent once more; False when it is on its way anyhow."""
    wanted = and_(
        deliveries.c.id == number,
        deliveries.c.state.in_([SENT, FAILED]),
        deliveries.c.webhook.in_(select(webhooks.c.id).where(webhooks.c.ended_at.is_(None))),
    )
    fresh = {"state": WAITING, "tries": 0, "next_at": now, "done_at": None}
    changed = await conn.execute(update(deliveries).where(wanted).values(**fresh))
    return bool(changed.rowcount)


async def latest(
    conn: Connection, webhook: int, *, before: int | None = None, limit: int = 100
) -> list[Delivery]:
    """What one program was told, the newest first."""
    query = select(deliveries).where(deliveries.c.webhook == webhook)
    if before is not None:
        query = query.where(deliveries.c.id < before)
    rows = await conn.execute(query.order_by(deliveries.c.id.desc()).limit(limit))
    return [Delivery(**row._mapping) for row in rows]


async def standing(conn: Connection) -> dict[tuple[int, str], int]:
    """How many deliveries of each webhook stand in each state."""
    many = func.count().label("many")
    query = select(deliveries.c.webhook, deliveries.c.state, many)
    rows = await conn.execute(query.group_by(deliveries.c.webhook, deliveries.c.state))
    return {(row.webhook, row.state): int(row.many) for row in rows}


async def forget(
    conn: Connection, before: datetime, *, but: Collection[str], most: int = 1000
) -> int:
    """Deletes deliveries that were done before then, the oldest first; how many that were.

    Of programs that are still told, the events `but` are left. The newest delivery is left, too:
    SQLite would give its number to the next one, and a receiver passes over a number it knows.
    """
    over = and_(deliveries.c.state.in_([SENT, FAILED]), deliveries.c.done_at < before)
    ended = select(webhooks.c.id).where(webhooks.c.ended_at.is_not(None))
    free = or_(deliveries.c.event.not_in(sorted(but)), deliveries.c.webhook.in_(ended))
    last = select(func.max(deliveries.c.id)).scalar_subquery()
    oldest = select(deliveries.c.id).where(over, free, deliveries.c.id < last)
    oldest = oldest.order_by(deliveries.c.id).limit(most)
    # Asked of the row itself again: somebody may have it sent once more at this moment.
    gone = await conn.execute(delete(deliveries).where(deliveries.c.id.in_(oldest), over))
    return int(gone.rowcount)
