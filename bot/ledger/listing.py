"""Long lists a page at a time, each page beginning where the one before ended."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select

from bot.domain.publication import Publication, State
from bot.ledger.connection import Connection
from bot.ledger.posts import StoredPost
from bot.ledger.publications import to_publication
from bot.ledger.rows import each
from bot.ledger.tables import posts, publications

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)
_LATEST = 253_402_300_799_000_000  # the last microsecond a datetime can hold, roughly


def cursor_of(pub: Publication) -> str:
    """Names the place right after `pub`."""
    return f"{(pub.due_at - _EPOCH) // _MICRO}-{pub.id}"


def _after(cursor: str) -> ColumnElement[bool]:
    text, _dash, number = cursor.partition("-")
    micros = min(int(text or "0"), _LATEST) if len(text) < 19 else _LATEST
    at, pk = _EPOCH + micros * _MICRO, int(number or "0") if len(number) < 19 else 0
    same = and_(publications.c.due_at == at, publications.c.id > pk)
    return or_(publications.c.due_at > at, same)


async def some_publications(
    conn: Connection,
    equal: Mapping[str, str],
    *,
    states: Collection[State] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    after: str = "",
    limit: int,
) -> list[Publication]:
    """By planned time; `equal` are columns with the value they must have."""
    wanted = [publications.c[name] == value for name, value in equal.items() if value]
    if states:
        wanted.append(publications.c.state.in_([state.value for state in states]))
    if since:
        wanted.append(publications.c.due_at >= since)
    if until:
        wanted.append(publications.c.due_at < until)
    if after:
        wanted.append(_after(after))
    query = select(publications).where(*wanted)
    query = query.order_by(publications.c.due_at, publications.c.id).limit(limit)
    return [to_publication(row) for row in await conn.execute(query)]


async def by_number(conn: Connection, numbers: Collection[int]) -> dict[int, Publication]:
    """These publications, by number."""
    query = select(publications).where(publications.c.id.in_(sorted(numbers)))
    return {row.id: to_publication(row) for row in await conn.execute(query)}


async def states_of(conn: Connection, ids: Collection[str]) -> dict[str, dict[str, int]]:
    """Post → state → how many of its publications stand so."""
    found: dict[str, dict[str, int]] = {}
    query = (
        select(publications.c.post, publications.c.state, func.count().label("many"))
        .where(publications.c.post.in_(sorted(ids)))
        .group_by(publications.c.post, publications.c.state)
        .order_by(publications.c.post, publications.c.state)
    )
    for row in await conn.execute(query):
        found.setdefault(row.post, {})[row.state] = int(row.many)
    return found


async def some_posts(
    conn: Connection, since: datetime, until: datetime, *, skip: int, limit: int
) -> list[StoredPost]:
    """Posts planned in [since, until) and still in the calendar, by planned time."""
    columns = [posts.c[name] for name in StoredPost.__dataclass_fields__]
    query = (
        select(*columns)
        .where(posts.c.due_at >= since, posts.c.due_at < until, posts.c.removed.is_(False))
        .order_by(posts.c.due_at, posts.c.id)
    )
    rows = await conn.execute(query.offset(skip).limit(limit))
    return each(StoredPost, rows)
