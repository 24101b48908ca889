"""Sketches of all items' texts: who might carry this text, among however many.

Nothing here is truth: a hit says that two texts may share a passage, a text compared says so.
Hashes of a text that an account has changed since stay; they only bring a candidate in vain.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection as SyncConnection
from sqlalchemy import TextClause, bindparam, delete, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.domain.sketch import VERSION
from bot.ledger.connection import Connection
from bot.ledger.prepared import Prepared
from bot.ledger.tables import items, sketches

# Hashes held by more items than this belong to a footer or a template, and tell nothing.
_COMMON = 1_000
_BUDGET = 3_000  # rows read of the rarest hashes; enough to tell the best candidates
_DAY_S = 86_400

_ASKED = {
    "sqlite": "WITH asked AS (SELECT value AS hash FROM json_each(:hashes))",
    "postgresql": (
        "WITH asked AS (SELECT CAST(value AS integer) AS hash "
        "FROM json_array_elements_text(CAST(:hashes AS json)))"
    ),
}
# CROSS JOIN keeps SQLite from walking through all of `sketches` first.
_HELD = (
    " SELECT asked.hash AS hash, (SELECT count(*) FROM (SELECT 1 FROM sketches"
    " WHERE sketches.hash = asked.hash AND sketches.day <= :until LIMIT :most) AS some) AS held"
    " FROM asked"
)
_SHARING = (
    " SELECT sketches.item AS item, count(*) AS shared FROM asked CROSS JOIN sketches"
    " WHERE sketches.hash = asked.hash AND sketches.day <= :until"
    " GROUP BY sketches.item ORDER BY shared DESC, min(sketches.day), sketches.item LIMIT :most"
)
_NEWEST = (
    " SELECT sketches.item AS item, 1 AS shared FROM asked CROSS JOIN sketches"
    " WHERE sketches.hash = asked.hash AND sketches.day <= :until"
    " ORDER BY sketches.day DESC, sketches.item DESC LIMIT :most"
)
_WITHIN = (
    " SELECT DISTINCT sketches.item AS item FROM asked CROSS JOIN sketches"
    " WHERE sketches.hash = asked.hash AND sketches.day BETWEEN :since AND :until"
)


@dataclass(frozen=True, kw_only=True)
class Unsketched:
    """An item whose text has no sketch yet."""

    item: int
    text: str
    published_at: datetime


@dataclass(frozen=True, kw_only=True)
class Sketched(Unsketched):
    """The same with its sketch."""

    hashes: Collection[int]


def day_of(moment: datetime) -> int:
    """Days since 1970, in UTC."""
    return int(moment.astimezone(UTC).timestamp() // _DAY_S)


async def unsketched(conn: Connection, limit: int) -> list[Unsketched]:
    """Items whose text is new or has changed, up to `limit`."""
    query = select(items.c.id, items.c.text, items.c.published_at).where(items.c.sketched == 0)
    return [
        Unsketched(item=row.id, text=row.text, published_at=row.published_at)
        for row in await conn.execute(query.limit(limit))
    ]


async def outdated(conn: Connection) -> bool:
    """Whether some sketch is of another version than this program's."""
    others = select(items.c.id).where(items.c.sketched > 0, items.c.sketched < VERSION)
    newer = select(items.c.id).where(items.c.sketched > VERSION)
    return any([await conn.scalar(query.limit(1)) is not None for query in (others, newer)])


async def forget(conn: Connection) -> None:
    """Drops all sketches; every item is due for a new one."""
    await conn.execute(delete(sketches))
    await conn.execute(update(items).where(items.c.sketched != 0).values(sketched=0))


_INSERT = {
    "sqlite": Prepared(sqlite.insert(sketches).on_conflict_do_nothing(), ("hash", "day", "item")),
    "postgresql": Prepared(
        postgresql.insert(sketches).on_conflict_do_nothing(), ("hash", "day", "item")
    ),
}
_DONE = (
    update(items)
    # A text that has changed in between stays due.
    .where(items.c.id == bindparam("item"), items.c.text == bindparam("said"))
    .values(sketched=VERSION)
)


def enter(conn: SyncConnection, made: Sequence[Sketched]) -> None:
    """Stores the sketches; an item's text that is another by now stays due."""
    rows = sorted(_rows(made))  # in the table's order: neighbours are written together
    _INSERT[conn.dialect.name].run(
        conn, [{"hash": hash_, "day": day, "item": item} for hash_, day, item in rows]
    )
    conn.execute(_DONE, [{"item": one.item, "said": one.text} for one in made])


def _rows(made: Sequence[Sketched]) -> Iterator[tuple[int, int, int]]:
    for one in made:
        day = day_of(one.published_at)
        for hash_ in one.hashes:
            yield hash_, day, one.item


def within(
    conn: SyncConnection, hashes: Collection[int], since: datetime, until: datetime
) -> set[int]:
    """All items of these days that share a hash, boilerplate included."""
    days = {"since": day_of(since), "until": day_of(until)}
    return {row.item for row in _ask(conn, _WITHIN, hashes, days)}


def nearest(
    conn: SyncConnection, hashes: Collection[int], until: datetime, limit: int
) -> list[int]:
    """Up to `limit` items that share most of the telling hashes; of equals the earliest first.

    The rarest hashes are read, up to a budget: what it costs does not grow with the footers. A text
    that is common all through gives the newest that carry it.
    """
    at = {"until": day_of(until)}
    held = _ask(conn, _HELD, hashes, at | {"most": _COMMON})
    ranked = sorted((row.held, row.hash) for row in held if row.held)
    rare = [(count, hash_) for count, hash_ in ranked if count < _COMMON]
    most = at | {"most": limit}
    if rare:
        return [row.item for row in _ask(conn, _SHARING, list(_affordable(rare)), most)]
    common = [hash_ for _count, hash_ in ranked[:1]]
    return [row.item for row in _ask(conn, _NEWEST, common, most)]


def _affordable(ranked: Sequence[tuple[int, int]]) -> Iterator[int]:
    left = _BUDGET
    for count, hash_ in ranked:
        if left <= 0:
            return
        left -= count
        yield hash_


def _ask(
    conn: SyncConnection, question: str, hashes: Collection[int], more: Mapping[str, int]
) -> Sequence[Any]:
    if not hashes:
        return ()
    statement = _statement(conn.dialect.name, question)
    return conn.execute(statement, {"hashes": json.dumps(list(hashes)), **more}).all()


_STATEMENTS: dict[tuple[str, str], TextClause] = {}


def _statement(dialect: str, question: str) -> TextClause:
    # The same object each time: SQLAlchemy keeps what it has compiled by it.
    key = dialect, question
    if key not in _STATEMENTS:
        _STATEMENTS[key] = text(_ASKED[dialect] + question)
    return _STATEMENTS[key]
