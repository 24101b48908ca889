"""Queries of a day's work: what went out, what is due, what stands still. Each is grouped, so that
a key item on five hundred accounts is a line or two."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select

from bot.domain.publication import Hold, Publication, State
from bot.ledger.connection import Connection
from bot.ledger.publications import to_publication
from bot.ledger.recall_tables import recall_steps
from bot.ledger.rows import each
from bot.ledger.tables import accounts, items, posts, publications

_P = publications.c
_STUCK = (State.HELD, State.FAILED, State.MISSED, State.UNKNOWN)


# What waits for its first release waits in good order.
_STANDS = case(
    (
        and_(_P.state == State.HELD.value, _P.reason == Hold.FIRST_RELEASE.value),
        literal(State.PLANNED.value),
    ),
    else_=_P.state,
).label("state")


@dataclass(frozen=True, kw_only=True)
class Share:
    """Publications of one post on one platform that stand alike."""

    post: str
    platform: str
    state: State
    count: int
    at: datetime  # of the first: when it went out, or is due


@dataclass(frozen=True, kw_only=True)
class Stuck:
    """Publications of one post that do not go on, for the same reason."""

    state: State
    reason: str
    post: str
    count: int
    id: int  # of one of them
    account: str  # of that one, when they are one
    due_at: datetime
    in_doubt: bool  # an earlier call may have made one of them public


@dataclass(frozen=True, kw_only=True)
class Blocked:
    """An account that holds publications up."""

    account: str
    reason: str
    count: int
    due_at: datetime


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What units are asked for: how many tasks of a kind, of how many units."""

    kind: str  # accept | hand_off | recall
    count: int
    units: int
    late: int  # past their deadline


def of_unit(unit: str) -> list[ColumnElement[bool]]:
    """The condition that limits publications to a unit; "" asks for all."""
    return [_P.unit == unit] if unit else []


def _in_states(states: Collection[State]) -> list[ColumnElement[bool]]:
    """By the index of accounts and states, which is asked account by account."""
    return [
        _P.account.in_(select(accounts.c.id)),
        _P.state.in_(sorted(state.value for state in states)),
    ]


async def went_out(
    conn: Connection, since: datetime, until: datetime, *, unit: str = ""
) -> list[Share]:
    """What of ours became public in [since, until), by post and platform."""
    query = (
        select(
            _P.post,
            _P.platform,
            func.count().label("count"),
            func.min(items.c.published_at).label("at"),
        )
        .join(items, items.c.publication == _P.id)
        .where(items.c.published_at >= since, items.c.published_at < until, *of_unit(unit))
        .group_by(_P.post, _P.platform)
    )
    rows = await conn.execute(query)
    return [Share(**row._mapping, state=State.PUBLISHED) for row in rows]


async def planned(
    conn: Connection, since: datetime, until: datetime, *, unit: str = ""
) -> list[Share]:
    """What is due in [since, until), by post, platform and state."""
    where = [_P.due_at >= since, _P.due_at < until, *of_unit(unit)]
    return await _shares(conn, where, func.min(_P.due_at))


_LATE = (State.PLANNED, State.QUEUED, State.WAITING, State.SENDING)


async def late(conn: Connection, before: datetime, *, unit: str = "") -> list[Share]:
    """What was planned before then and goes out all the same: `at` is the next try of the first."""
    where = [*_in_states(_LATE), _P.due_at < before, *of_unit(unit)]
    return await _shares(conn, where, func.min(func.coalesce(_P.next_at, _P.due_at)))


async def of_posts(conn: Connection, ids: Collection[str], *, unit: str = "") -> list[Share]:
    """Everything of these posts, by post, platform and state."""
    return await _shares(conn, [_P.post.in_(sorted(ids)), *of_unit(unit)], func.min(_P.due_at))


async def _shares(
    conn: Connection, where: list[ColumnElement[bool]], at: ColumnElement[Any]
) -> list[Share]:
    keys = (_P.post, _P.platform, _STANDS)
    query = select(*keys, func.count().label("count"), at.label("at")).where(*where)
    rows = await conn.execute(query.group_by(*keys))
    return each(Share, rows, state=State)


async def stuck(conn: Connection, *, since: datetime, unit: str = "") -> list[Stuck]:
    """What is held, failed, missed or in doubt, by post and reason; of what is over since then."""
    over = _P.state.in_([State.FAILED.value, State.MISSED.value])
    keys = (_P.state, _P.reason, _P.post)
    query = (
        select(
            *keys,
            func.count().label("count"),
            func.min(_P.id).label("id"),
            func.min(_P.account).label("account"),
            func.min(_P.due_at).label("due_at"),
            func.max(case((_P.doubt_since.is_not(None), 1), else_=0)).label("in_doubt"),
        )
        .where(
            *_in_states(_STUCK),
            or_(~over, _P.due_at >= since),
            or_(_P.state != State.UNKNOWN.value, _P.next_at.is_(None)),
            *of_unit(unit),
        )
        .group_by(*keys)
        .order_by(func.min(_P.due_at))
    )
    return each(Stuck, await conn.execute(query), state=State, in_doubt=bool)


async def over_before(conn: Connection, since: datetime, *, unit: str = "") -> tuple[int, int]:
    """How many posts were due before then and did not go on somewhere, and how many places."""
    query = select(func.count(_P.post.distinct()).label("posts"), func.count().label("places"))
    row = (await conn.execute(query.where(*_in_trouble(unit), _P.due_at < since))).one()
    return row.posts, row.places


async def blocked(conn: Connection, *, unit: str = "") -> list[Blocked]:
    """Accounts that are paused or not registered, with how much waits for each."""
    reasons = (Hold.PAUSED.value, Hold.REGISTRY.value)
    query = (
        select(
            _P.account,
            _P.reason,
            func.count().label("count"),
            func.min(_P.due_at).label("due_at"),
        )
        .where(*_in_states((State.HELD,)), _P.reason.in_(reasons), *of_unit(unit))
        .group_by(_P.account, _P.reason)
    )
    return each(Blocked, await conn.execute(query))


async def asked(conn: Connection, now: datetime, *, unit: str = "") -> list[Asked]:
    """How much units are asked to do, by kind of task."""
    accepts = and_(
        _P.state == State.HELD.value, _P.reason == Hold.ACCEPTANCE.value, _P.accepted_by == ""
    )
    query = (
        select(
            _P.state,
            func.count().label("many"),
            func.count(_P.unit.distinct()).label("units"),
            func.sum(case((posts.c.deadline_at < now, 1), else_=0)).label("late"),
        )
        .join(posts, posts.c.id == _P.post)
        .where(
            *_in_states((State.HELD, State.HANDED_OFF)),
            or_(_P.state == State.HANDED_OFF.value, accepts),
            *of_unit(unit),
        )
        .group_by(_P.state)
    )
    names = {State.HELD.value: "accept", State.HANDED_OFF.value: "hand_off"}
    found = [
        Asked(kind=names[row.state], count=row.many, units=row.units, late=int(row.late or 0))
        for row in await conn.execute(query)
    ]
    return found + await _recalls_asked(conn, unit)


async def _recalls_asked(conn: Connection, unit: str) -> list[Asked]:
    mine = [recall_steps.c.unit == unit] if unit else []
    query = select(
        func.count().label("many"), func.count(recall_steps.c.unit.distinct()).label("units")
    ).where(recall_steps.c.state.in_(["open", "doing"]), recall_steps.c.how == "task", *mine)
    row = (await conn.execute(query)).one()
    return [Asked(kind="recall", count=row.many, units=row.units, late=0)] if row.many else []


async def last_posts(conn: Connection) -> dict[str, datetime]:
    """Account → when it showed its newest post; without those of which nothing is known."""
    newest = (
        select(items.c.published_at)
        .where(items.c.account == accounts.c.id, items.c.deleted_at.is_(None))
        .order_by(items.c.published_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = await conn.execute(select(accounts.c.id, newest.label("at")))
    return {row.id: row.at for row in rows if row.at is not None}


_COMING = (State.PLANNED, State.HELD, State.QUEUED, State.SENDING, State.PENDING, State.WAITING)


async def coming_on(conn: Connection, names: Collection[str], until: datetime) -> list[Publication]:
    """What is still to come on these accounts, due before `until`."""
    states = sorted(state.value for state in (*_COMING, State.HANDED_OFF))
    query = select(publications).where(
        _P.account.in_(sorted(names)), _P.state.in_(states), _P.due_at < until
    )
    return [to_publication(row) for row in await conn.execute(query)]


async def in_trouble(
    conn: Connection, since: datetime, until: datetime, *, unit: str = ""
) -> list[str]:
    """Posts of which something due in [since, until) does not go on by itself."""
    where = [*_in_trouble(unit), _P.due_at >= since, _P.due_at < until]
    query = select(_P.post).where(*where).distinct()
    return [row[0] for row in await conn.execute(query)]


def _in_trouble(unit: str) -> list[ColumnElement[bool]]:
    waits = and_(_P.state == State.HELD.value, _P.reason == Hold.FIRST_RELEASE.value)
    return [*_in_states(_STUCK), ~waits, *of_unit(unit)]
