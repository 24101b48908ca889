"""Queries about publications."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    and_,
    bindparam,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from bot.domain.post import Kind, Method
from bot.domain.publication import Hold, Publication, State
from bot.ledger.connection import Connection, one_writer
from bot.ledger.rows import made
from bot.ledger.tables import accounts, contents, events, publications

_TURN = 7_204_116_301  # any number; PostgreSQL keeps one lock per number
_UNSENT = (State.PLANNED, State.HELD, State.QUEUED, State.WAITING)
_CLAIMABLE = [State.PLANNED.value, State.WAITING.value]
_COLUMNS = [column.name for column in publications.columns]
_KINDS, _METHODS, _STATES = ({one.value: one for one in kind} for kind in (Kind, Method, State))


def to_publication(row: Row[Any]) -> Publication:
    """The row as the domain knows it."""
    values = dict(zip(_COLUMNS, row, strict=True))
    values["kind"] = _KINDS[values["kind"]]
    values["method"] = _METHODS[values["method"]]
    values["state"] = _STATES[values["state"]]
    return made(Publication, values)


async def take_turn(conn: Connection) -> bool:
    """True when this transaction is the only one that claims; False when another just does.

    Two that claim at once could each give a worker posts of the same account, out of order.
    """
    if one_writer(conn):
        return True
    return bool(await conn.scalar(select(func.pg_try_advisory_xact_lock(_TURN))))


_TAKEN_BACK = "publication.unconfirmed"
_under_way = publications.alias("under_way")
# Not to be claimed while another post of the account is under way: they keep their order.
_FREE = publications.c.state.not_in(_CLAIMABLE) | ~(
    exists()
    .where(_under_way.c.account == publications.c.account)
    .where(_under_way.c.state.in_([State.QUEUED.value, State.SENDING.value]))
)
_DUE = (
    select(publications)
    .where(publications.c.next_at <= bindparam("now", type_=publications.c.next_at.type), _FREE)
    .order_by(publications.c.next_at, publications.c.id)
    .limit(bindparam("limit", type_=Integer()))
    .with_for_update(skip_locked=True)
)
_NEXT_DUE = (
    select(publications.c.next_at)
    .where(publications.c.next_at.is_not(None), _FREE)
    .order_by(publications.c.next_at)
    .limit(1)
)


async def due(conn: Connection, now: datetime, limit: int) -> list[Publication]:
    """Publications the bot must look at, longest due first.

    Rows another process is working on are passed over.
    """
    rows = await conn.execute(_DUE, {"now": now, "limit": limit})
    return [to_publication(row) for row in rows]


async def wake_held(conn: Connection, reason: str, now: datetime) -> None:
    """Has everything held for `reason` looked at again now."""
    await conn.execute(
        update(publications)
        .where(publications.c.state == State.HELD.value, publications.c.reason == reason)
        .values(next_at=now)
    )


async def to_be_reviewed(conn: Connection, ids: Collection[str] = ()) -> list[Publication]:
    """What goes by itself at its time, or waits for its unit to say yes; of `ids` if named."""
    asked = and_(
        publications.c.state == State.HELD.value,
        publications.c.reason == Hold.ACCEPTANCE.value,
    )
    query = select(publications).where(
        publications.c.next_at.is_not(None),  # by the index of what is open
        or_(publications.c.state == State.PLANNED.value, asked),
    )
    if ids:
        query = query.where(publications.c.post.in_(sorted(ids)))
    return [to_publication(row) for row in await conn.execute(query.order_by(publications.c.id))]


async def still_to_go(conn: Connection, post: str | None = None) -> dict[str, tuple[datetime, int]]:
    """Post → the first planned time of what may yet go out by itself, and how many that are.

    What the check holds is none of it, nor what is under way with the text it was sent with.
    """
    open_: ColumnElement[bool] = publications.c.next_at.is_not(None)  # by the index
    if post is not None:
        open_ = and_(open_, publications.c.post == post)
    checked = publications.c.reason == Hold.CHECK.value
    query = (
        select(
            publications.c.post,
            func.min(publications.c.due_at).label("first"),
            func.count().label("many"),
        )
        .where(
            open_,
            publications.c.state.in_([state.value for state in _UNSENT]),
            ~and_(publications.c.state == State.HELD.value, checked),
        )
        .group_by(publications.c.post)
    )
    found = {row.post: (row.first, row.many) for row in await conn.execute(query)}
    sent = select(publications.c.post, publications.c.due_at, publications.c.wanted).where(
        open_, publications.c.state.not_in([state.value for state in _UNSENT])
    )
    for row in await conn.execute(sent):
        if row.wanted and not row.wanted["blocked"]:
            first, count = found.get(row.post, (row.due_at, 0))
            found[row.post] = (min(first, row.due_at), count + 1)
    return found


async def pending_on(conn: Connection, platform: str) -> list[tuple[int, dict[str, str]]]:
    """Publications under the platform's review that nobody holds, with what it calls them."""
    query = select(publications.c.id, publications.c.pending).where(
        publications.c.state == State.PENDING.value,
        publications.c.platform == platform,
        publications.c.lease.is_(None),
        publications.c.next_at.is_not(None),  # by the index of what is open
    )
    return [(row.id, row.pending) for row in await conn.execute(query)]


async def handed_off_on(conn: Connection, platform: str) -> list[tuple[int, dict[str, str]]]:
    """Publications a person has as a package, with what was prepared for each."""
    query = select(publications.c.id, publications.c.checkpoint).where(
        publications.c.state == State.HANDED_OFF.value,
        # By the index of account and state.
        publications.c.account.in_(select(accounts.c.id).where(accounts.c.platform == platform)),
    )
    return [(row.id, row.checkpoint) for row in await conn.execute(query)]


async def learn(conn: Connection, pk: int, ref: Mapping[str, str]) -> None:
    """Changes what is known of a publication under review, unless somebody holds it."""
    await conn.execute(
        update(publications)
        .where(
            publications.c.id == pk,
            publications.c.state == State.PENDING.value,
            publications.c.lease.is_(None),
        )
        .values(pending=dict(ref))
    )


async def look_now(conn: Connection, ids: Collection[int], now: datetime) -> None:
    """Has publications under review looked at now; one that somebody holds is left to them."""
    if ids:
        await conn.execute(
            update(publications)
            .where(
                publications.c.id.in_(sorted(ids)),
                publications.c.state == State.PENDING.value,
                publications.c.lease.is_(None),
                publications.c.next_at > now,
            )
            .values(next_at=now)
        )


async def look_later(conn: Connection, times: Sequence[tuple[int, datetime]]) -> None:
    """Sets when these are looked at again; nothing about them has changed, so no event."""
    if not times:
        return
    statement = (
        update(publications)
        .where(publications.c.id == bindparam("pk"))
        .values(next_at=bindparam("at", type_=publications.c.next_at.type))
    )
    await conn.execute(statement, [{"pk": pk, "at": at} for pk, at in times])


_MAY_BE_OUT = publications.c.doubt_since.is_not(None) | publications.c.state.in_(
    [State.PUBLISHED.value, State.PENDING.value, State.UNKNOWN.value]
)


async def reprinted_since(
    conn: Connection, ids: Collection[str], since: datetime
) -> dict[str, list[datetime | None]]:
    """Post → when the bot sent each of its reprints since then; None: it is just about to.

    A call that surely made nothing public is none of them.
    """
    found: dict[str, list[datetime | None]] = {}
    if not ids:
        return found
    under_way = publications.c.state.in_([State.QUEUED.value, State.SENDING.value])
    query = select(publications.c.post, publications.c.committed_at, under_way.label("now")).where(
        publications.c.post.in_(sorted(ids)),
        publications.c.kind == Kind.REPRINT.value,
        publications.c.by_hand.is_(False),
        or_(and_(publications.c.committed_at > since, _MAY_BE_OUT), under_way),
    )
    for row in await conn.execute(query):
        found.setdefault(row.post, []).append(None if row.now else row.committed_at)
    return found


async def next_due(conn: Connection) -> datetime | None:
    """When the next publication wants to be looked at."""
    moment: datetime | None = await conn.scalar(_NEXT_DUE)
    return moment


async def claim_looks(conn: Connection, ids: Collection[int], *, until: datetime) -> None:
    """Marks unknown and pending rows as being looked at until `until`."""
    if not ids:
        return
    await conn.execute(
        update(publications)
        .where(publications.c.id.in_(sorted(ids)))
        .values(next_at=until, lease=None)
    )


async def take(
    conn: Connection,
    ids: Collection[int],
    states: Collection[State],
    *,
    lease: str,
    until: datetime,
) -> list[Publication]:
    """Those of `ids` that nobody holds yet, now held under `lease`; a doubled message gets none."""
    statement = (
        update(publications)
        .where(
            publications.c.id.in_(sorted(ids)),
            publications.c.state.in_([state.value for state in states]),
            publications.c.lease.is_(None),
        )
        .values(lease=lease, next_at=until)
        .returning(publications)
    )
    rows = (await conn.execute(statement)).all()
    return sorted((to_publication(row) for row in rows), key=lambda p: (p.due_at, p.id))


async def renew(conn: Connection, ids: Collection[int], *, lease: str, until: datetime) -> None:
    """Keeps the lease on prepared-but-unsent work while a slow upload runs."""
    await conn.execute(
        update(publications)
        .where(
            publications.c.id.in_(sorted(ids)),
            publications.c.lease == lease,
            publications.c.state != State.SENDING.value,
        )
        .values(next_at=until)
    )


async def get(conn: Connection, publication: int) -> Publication | None:
    """One publication, or None."""
    row = (
        await conn.execute(select(publications).where(publications.c.id == publication))
    ).one_or_none()
    return None if row is None else to_publication(row)


async def of_posts(conn: Connection, ids: Collection[str]) -> list[Publication]:
    """All publications of these posts."""
    query = select(publications).where(publications.c.post.in_(sorted(ids)))
    return [to_publication(row) for row in await conn.execute(query)]


async def ids_of(conn: Connection, post: str) -> dict[str, int]:
    """Account → the number of the post's publication there."""
    query = select(publications.c.account, publications.c.id).where(publications.c.post == post)
    return {row.account: row.id for row in await conn.execute(query)}


async def in_states(
    conn: Connection, states: Collection[State], *, units: Collection[str] = ()
) -> list[Publication]:
    """All publications in one of these states; of `units` only if any are named."""
    query = select(publications).where(publications.c.state.in_([s.value for s in states]))
    if units:
        # By the index of account and state.
        query = query.where(
            publications.c.account.in_(select(accounts.c.id)),
            publications.c.unit.in_(sorted(units)),
        )
    return [to_publication(row) for row in await conn.execute(query)]


async def changed_after(conn: Connection) -> list[Publication]:
    """Publications that went out before the calendar changed their text."""
    query = (
        select(publications)
        .where(publications.c.changed_hash != "")
        .order_by(publications.c.due_at, publications.c.id)
    )
    return [to_publication(row) for row in await conn.execute(query)]


async def search(
    conn: Connection,
    *,
    post: str | None = None,
    account: str | None = None,
    unit: str | None = None,
    states: Collection[State] = (),
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Publication]:
    """Publications that fit all of what is given, by planned time; `until` is exclusive."""
    conditions: list[ColumnElement[bool]] = []
    if post:
        conditions.append(publications.c.post == post)
    if account:
        conditions.append(publications.c.account == account)
    if unit:
        conditions.append(publications.c.unit == unit)
    if states:
        conditions.append(publications.c.state.in_([state.value for state in states]))
    if since:
        conditions.append(publications.c.due_at >= since)
    if until:
        conditions.append(publications.c.due_at < until)
    query = (
        select(publications).where(*conditions).order_by(publications.c.due_at, publications.c.id)
    )
    return [to_publication(row) for row in await conn.execute(query)]


async def by_post_and_account(conn: Connection, post: str, account: str) -> Publication | None:
    """The one publication of a post on an account, or None."""
    query = select(publications).where(
        publications.c.post == post, publications.c.account == account
    )
    row = (await conn.execute(query)).one_or_none()
    return None if row is None else to_publication(row)


async def history(conn: Connection, publication: int) -> list[Mapping[str, Any]]:
    """Its events, oldest first."""
    query = select(events).where(events.c.publication == publication).order_by(events.c.id)
    return [dict(row._mapping) for row in await conn.execute(query)]


async def reopened(conn: Connection, ids: Collection[int]) -> dict[int, int]:
    """Publication → how often a person took back that it was published; without those never."""
    query = (
        select(events.c.publication, func.count().label("times"))
        .where(events.c.publication.in_(sorted(ids)), events.c.name == _TAKEN_BACK)
        .group_by(events.c.publication)
    )
    return {row.publication: row.times for row in await conn.execute(query)}


async def add(conn: Connection, rows: Sequence[Mapping[str, Any]], now: datetime) -> list[int]:
    """Enters new publications, each with its first event; returns their ids."""
    ids = []
    for row in rows:
        result = await conn.execute(insert(publications).values(**row))
        key = result.inserted_primary_key
        assert key is not None
        ids.append(int(key[0]))
    if ids:
        await conn.execute(
            insert(events),
            [
                {
                    "publication": publication,
                    "at": now,
                    "name": "publication.planned",
                    "from_state": "",
                    "to_state": row["state"],
                    "facts": {"due_at": row["due_at"].isoformat(), "reason": row["reason"]},
                }
                for publication, row in zip(ids, rows, strict=True)
            ],
        )
    return ids


async def first_links(conn: Connection, ids: Collection[str]) -> dict[str, dict[str, str]]:
    """Per post: platform → link of the flagship's own public post."""
    query = (
        select(publications.c.post, publications.c.platform, publications.c.url)
        .join(accounts, accounts.c.id == publications.c.account)
        .where(
            publications.c.post.in_(sorted(ids)),
            publications.c.kind == Kind.ORIGINAL.value,
            publications.c.state == State.PUBLISHED.value,
            accounts.c.flagship,
            publications.c.url != "",  # a mass send has no link until the next day
        )
    )
    links: dict[str, dict[str, str]] = {}
    for row in await conn.execute(query):
        links.setdefault(row.post, {})[row.platform] = row.url
    return links


async def bodies(conn: Connection, hashes: Collection[str]) -> dict[str, Any]:
    """Content hash → the post's content as it was stored."""
    query = select(contents.c.hash, contents.c.body).where(contents.c.hash.in_(sorted(hashes)))
    return {row.hash: row.body for row in await conn.execute(query)}


async def count_by_state(conn: Connection) -> dict[State, int]:
    """How many publications stand in each state."""
    count = func.count().label("count_of_state")
    query = select(publications.c.state, count).group_by(publications.c.state)
    return {State(row.state): int(row.count_of_state) for row in await conn.execute(query)}


async def news(conn: Connection, after: int, names: Collection[str]) -> list[Mapping[str, Any]]:
    """Events with one of these names and an id above `after`, with post and account."""
    query = (
        select(events, publications.c.post, publications.c.account)
        .join(publications, publications.c.id == events.c.publication)
        .where(events.c.id > after, events.c.name.in_(sorted(names)))
        .order_by(events.c.id)
    )
    return [dict(row._mapping) for row in await conn.execute(query)]


async def confirmed_by(conn: Connection, pk: int) -> str:
    """Who said that it is public, or what found it; "" when that was the bot's own call."""
    query = select(events.c.facts).where(
        events.c.publication == pk,
        events.c.name.in_(["publication.confirmed", "publication.published"]),
    )
    facts = await conn.scalar(query.order_by(events.c.id.desc()).limit(1))
    return str(facts.get("by", "")) if facts else ""
