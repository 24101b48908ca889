"""What coverage reads: lists of names for a whole year, and what was known at a moment gone by."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, and_, case, func, literal, select

from bot.domain.coverage import IN_FLIGHT, is_typed
from bot.domain.grid import Names
from bot.domain.post import Kind
from bot.domain.publication import Hold, Publication, State
from bot.ledger import publications as pubs_
from bot.ledger.connection import Connection
from bot.ledger.notices import Progress
from bot.ledger.rows import each
from bot.ledger.tables import (
    accounts,
    contents,
    events,
    items,
    notices,
    posts,
    publications,
    verdicts,
)
from bot.ledger.verdicts import Carried, carried_columns

_NEVER = datetime(9999, 1, 1, tzinfo=UTC)
_MANY = 500  # names in one query
_OUT = (events.c.to_state == State.PUBLISHED.value) & (events.c.from_state != State.PUBLISHED.value)
_BREAK = "\n"  # stands in no account's name
_DEADLINE = func.coalesce(posts.c.deadline_at, posts.c.due_at)
_GONE = items.c.deleted_at.is_not(None)


def _accounts(*conditions: ColumnElement[bool]) -> ScalarSelect[Any]:
    """The accounts of the key item's publications, as one text: a row for each would be slow."""
    listed = func.aggregate_strings(publications.c.account, _BREAK)
    query = select(listed).where(publications.c.post == posts.c.id, *conditions)
    return query.correlate(posts).scalar_subquery()


def _judged(decision: str, *conditions: ColumnElement[bool]) -> ScalarSelect[Any]:
    """The same of the verdicts in force; what was deleted since proves nothing any more."""
    listed = func.aggregate_strings(verdicts.c.account, _BREAK)
    query = select(listed).where(
        verdicts.c.post == posts.c.id,
        verdicts.c.superseded.is_(False),
        verdicts.c.decision == decision,
        verdicts.c.item.not_in(select(items.c.id).where(_GONE)),
        *conditions,
    )
    return query.correlate(posts).scalar_subquery()


_PUBLIC, _SEEN = publications.c.published_at, verdicts.c.published_at
_RELEASED = func.coalesce(posts.c.first_release_at, literal(_NEVER, posts.c.first_release_at.type))
_FLYING = publications.c.state.in_([state.value for state in sorted(IN_FLIGHT)])
_LISTS = select(
    posts.c.id,
    _accounts(_PUBLIC <= _DEADLINE).label("on_time"),
    _accounts(_PUBLIC > _DEADLINE).label("late"),
    _accounts(_PUBLIC.is_(None), _FLYING).label("in_flight"),
    _accounts(_PUBLIC.is_(None), ~_FLYING).label("idle"),
    _judged("reprinted", _SEEN <= _DEADLINE).label("seen_on_time"),
    _judged("reprinted", _SEEN > _DEADLINE).label("seen_late"),
    _judged("doubtful").label("doubtful"),
)
# Found from the few deleted items, not from the many publications.
_TAKEN_DOWN = select(publications.c.post, publications.c.account).where(
    publications.c.published_at.is_not(None),
    publications.c.id.in_(select(items.c.publication).where(_GONE)),
)

# Public before the first release: few, or none.
_EARLY = (
    select(*(publications.c[name] for name in ("post", "account", "kind", "platform_id")))
    .join(posts, posts.c.id == publications.c.post)
    .where(_PUBLIC < _RELEASED)
)


async def names(conn: Connection, ids: Collection[str]) -> dict[str, Names]:
    """Key item → who carried it and who did not, all accounts with anything known of them."""
    gone: dict[str, set[str]] = {}
    for row in await conn.execute(_TAKEN_DOWN):
        gone.setdefault(row.post, set()).add(row.account)
    early: dict[str, list[Any]] = {}
    for row in await conn.execute(_EARLY.where(posts.c.id.in_(sorted(ids)))):
        early.setdefault(row.post, []).append(row)
    rows = await conn.execute(_LISTS.where(posts.c.id.in_(sorted(ids))))
    return {
        row.id: _names(row, frozenset(gone.get(row.id, ())), early.get(row.id, ())) for row in rows
    }


def _names(row: Any, gone: frozenset[str], early: Sequence[Any]) -> Names:
    on_time, late = _split(row.on_time), _split(row.late)
    unsure = {one.account for one in early if is_typed(one.kind, one.platform_id)}
    for name in gone | unsure:
        for public in (on_time, late):
            if name in public:
                public.remove(name)
    return Names(
        on_time=on_time + _split(row.seen_on_time),
        late=late + _split(row.seen_late),
        in_flight=unsure.union(_split(row.in_flight)) - gone,
        idle=gone.union(_split(row.idle)),
        doubtful=frozenset(_split(row.doubtful)),
    )


def _split(text: str | None) -> list[str]:
    return text.split(_BREAK) if text else []


async def first_releases(
    conn: Connection, ids: Collection[str], flagships: Collection[str]
) -> list[Publication]:
    """The key items' own publications on these accounts."""
    query = select(publications).where(
        publications.c.post.in_(sorted(ids)),
        publications.c.account.in_(sorted(flagships)),
        publications.c.kind == Kind.ORIGINAL.value,
    )
    return [pubs_.to_publication(row) for row in await conn.execute(query)]


async def publications_at(
    conn: Connection, ids: Collection[str], at: datetime
) -> list[Publication]:
    """The posts' publications as the ledger knew them at a moment: state, and whether public."""
    found = await pubs_.of_posts(conn, ids)
    mine = select(publications.c.id).where(publications.c.post.in_(sorted(ids)))
    known = (events.c.publication.in_(mine), events.c.at <= at)
    last = select(func.max(events.c.id)).where(*known).group_by(events.c.publication)
    query = select(events.c.publication, events.c.to_state, events.c.facts)
    rows = await conn.execute(query.where(events.c.id.in_(last)))
    stood = {row.publication: (State(row.to_state), row.facts) for row in rows}
    public = await _public(conn, known)
    return [_then(pub, *stood[pub.id], public.get(pub.id)) for pub in found if pub.id in stood]


async def _public(
    conn: Connection, known: tuple[ColumnElement[bool], ...]
) -> dict[int, Mapping[str, Any]]:
    """The publications that these events made public, not taken back: with what told so last."""
    told = _OUT | events.c.name.in_(["publication.unconfirmed", "publication.time_read"])
    last = select(func.max(events.c.id)).where(*known, told).group_by(events.c.publication)
    query = select(events.c.publication, events.c.facts)
    rows = await conn.execute(
        query.where(events.c.id.in_(last), events.c.to_state == State.PUBLISHED.value)
    )
    return {row.publication: row.facts for row in rows}


def _then(
    pub: Publication, state: State, facts: Mapping[str, Any], public: Mapping[str, Any] | None
) -> Publication:
    """The publication in an earlier state; not every event says why it was held from then on."""
    reason = str(facts.get("reason", ""))
    if state is State.HELD and reason not in set(Hold):
        waits = pub.needs_acceptance and "by" not in facts
        reason = Hold.ACCEPTANCE if waits else Hold.FIRST_RELEASE
    if public is None:
        return replace(pub, state=state, reason=reason, published_at=None)
    if "published_at" not in public:
        return replace(pub, state=state, reason=reason)
    return replace(
        pub,
        state=state,
        reason=reason,
        published_at=datetime.fromisoformat(str(public["published_at"])).astimezone(UTC),
        url=str(public["url"]),
        platform_id=str(public["platform_id"]),
    )


async def gone(conn: Connection, ids: Collection[str], at: datetime | None = None) -> set[int]:
    """The posts' publications that are known to be deleted, or were at a moment."""
    deleted = select(items.c.publication).where(_GONE)
    if at is not None:
        deleted = deleted.where(items.c.deleted_at <= at)
    query = select(publications.c.id).where(
        publications.c.post.in_(sorted(ids)), publications.c.id.in_(deleted)
    )
    return set((await conn.execute(query)).scalars())


async def verdicts_at(conn: Connection, ids: Collection[str], at: datetime) -> list[Carried]:
    """The verdicts about these key items that were in force at a moment, oldest item first."""
    mine = and_(verdicts.c.post.in_(sorted(ids)), verdicts.c.at <= at)
    newest = select(func.max(verdicts.c.id)).where(mine)
    newest = newest.group_by(verdicts.c.item, verdicts.c.post)
    later = verdicts.alias("later")
    followed = (
        select(later.c.id)
        .where(
            later.c.item == verdicts.c.item,
            later.c.post == verdicts.c.post,
            later.c.id > verdicts.c.id,
        )
        .exists()
    )
    # One that was superseded later on was in force then; one that nothing followed was not.
    query = (
        carried_columns()
        .where(verdicts.c.id.in_(newest), followed | verdicts.c.superseded.is_(False))
        .order_by(items.c.published_at)
    )
    found = each(Carried, await conn.execute(query))
    return [
        replace(one, deleted_at=None) if one.deleted_at and one.deleted_at > at else one
        for one in found
    ]


async def versions_at(conn: Connection, ids: Collection[str], at: datetime) -> dict[str, list[str]]:
    """Post → the versions of its content there were at a moment, by hash, oldest first."""
    query = (
        select(contents.c.post, contents.c.hash)
        .where(contents.c.post.in_(sorted(ids)), contents.c.first_seen_at <= at)
        .order_by(contents.c.first_seen_at, contents.c.hash)
    )
    found: dict[str, list[str]] = {}
    for row in await conn.execute(query):
        found.setdefault(row.post, []).append(row.hash)
    return found


async def last_moves(conn: Connection, ids: Collection[str]) -> dict[int, datetime]:
    """The posts' publications that are not public → when they came to stand as they do."""
    mine = select(publications.c.id).where(
        publications.c.post.in_(sorted(ids)), publications.c.published_at.is_(None)
    )
    query = (
        select(events.c.publication, func.max(events.c.at).label("at"))
        .where(events.c.publication.in_(mine))
        .group_by(events.c.publication)
    )
    return {row.publication: row.at for row in await conn.execute(query)}


async def reminded(
    conn: Connection, tasks: Sequence[str], at: datetime | None = None
) -> dict[str, datetime]:
    """Task → when anybody was last surely told of it; at a moment gone by, by then."""
    query = (
        select(notices.c.what, func.max(notices.c.told_at).label("told_at"))
        .where(notices.c.state == Progress.SENT.value)
        .group_by(notices.c.what)
    )
    if at is not None:
        query = query.where(notices.c.told_at <= at)
    found: dict[str, datetime] = {}
    for start in range(0, len(tasks), _MANY):
        part = query.where(notices.c.what.in_(tasks[start : start + _MANY]))
        found |= {row.what: row.told_at for row in await conn.execute(part)}
    return found


SHOWN = (
    *(items.c[name] for name in ("id", "account", "unit", "platform", "platform_id", "push_id")),
    *(items.c[name] for name in ("url", "title", "repost_of", "notified", "kind", "column")),
    *(items.c[name] for name in ("by_bot", "published_at", "deleted_at")),
)


async def shown(
    conn: Connection,
    since: datetime,
    until: datetime,
    *,
    at: datetime | None = None,
    of: Collection[str] | None = None,
) -> list[Any]:
    """Items published in [since, until) without their texts, oldest first; `of` some accounts.

    At a moment gone by: those that were known, and deleted only where that was known.
    """
    within = (items.c.published_at >= since, items.c.published_at < until)
    query = select(*SHOWN).where(*within)
    if at is not None:
        gone = case((items.c.deleted_at <= at, items.c.deleted_at)).label("deleted_at")
        query = select(*SHOWN[:-1], gone).where(*within, items.c.first_seen_at <= at)
    if of is not None:
        query = query.where(items.c.account.in_(sorted(of)))
    return list(await conn.execute(query.order_by(items.c.published_at, items.c.id)))


_COMING = (State.PLANNED, State.HELD, State.QUEUED, State.SENDING, State.PENDING, State.WAITING)


async def coming(conn: Connection, now: datetime) -> list[Publication]:
    """Publications that are still to come, those that wait for a person among them."""
    # By the indexes of planned times, of what is open and of accounts: not by all there ever was.
    still = publications.c.state.in_([state.value for state in _COMING])
    soon = (publications.c.due_at >= now) | publications.c.next_at.is_not(None)
    with_people = (publications.c.state == State.HANDED_OFF.value) & publications.c.account.in_(
        select(accounts.c.id)
    )
    query = select(publications)
    rows = [
        *await conn.execute(query.where(still, soon)),
        *await conn.execute(query.where(with_people)),
    ]
    return [pubs_.to_publication(row) for row in rows]
