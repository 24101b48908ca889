"""Sketches of all items' texts: who might carry this text, among however many.

Nothing here is truth: a hit says that two texts may share a passage, a text compared says so.
Hashes of a text that an account has changed since stay; they only bring a candidate in vain.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection as SyncConnection
from sqlalchemy import bindparam, delete, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect

from bot.domain.sketch import VERSION, WINDOW
from bot.ledger.connection import Connection
from bot.ledger.tables import items, sketches

# Hashes held by more items than this belong to a footer or a template, and tell nothing.
_COMMON = 300
_BUDGET = 800  # rows read of the rarest hashes; enough to tell the best candidates
_LEAST = 3  # hashes that are read whatever they cost
_ENOUGH = 40  # hashes of a long text that are asked for: the smallest, so the same in every text
_RANKED = 8  # best by the sketches, put in order by time
_TENTH = 0.1
_CHARACTERS_A_HASH = (WINDOW + 1) / 2  # of a text, on average
_DAY_S = 86_400
Hash = tuple[int, int, int]  # a row: hash, day, item

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
    " WHERE sketches.hash = asked.hash AND sketches.day <= :until LIMIT :most) AS few) AS held"
    " FROM asked"
)
_SHARING = (
    " SELECT sketches.item AS item, count(*) AS shared FROM asked CROSS JOIN sketches"
    " WHERE sketches.hash = asked.hash AND sketches.day <= :until"
    " GROUP BY sketches.item ORDER BY shared DESC, min(sketches.day), sketches.item LIMIT :most"
)
_FIRST = (
    " SELECT sketches.item AS item, 1 AS shared FROM asked CROSS JOIN sketches"
    " WHERE sketches.hash = asked.hash AND sketches.day <= :until"
    " ORDER BY sketches.day, sketches.item LIMIT :most"
)
_WITHIN = (
    " SELECT DISTINCT sketches.item AS item, 0 AS shared FROM asked CROSS JOIN sketches"
    " WHERE sketches.hash = asked.hash AND sketches.day BETWEEN :since AND :until"
)


_AMONG = items.c.id.in_(bindparam("ids", expanding=True))
_TEXTS = select(
    items.c.id,
    items.c.account,
    items.c.published_at,
    items.c.title,
    items.c.url,
    items.c.text,
).where(_AMONG, items.c.published_at < bindparam("before", type_=items.c.published_at.type))


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


async def unsketched(conn: Connection, limit: int, after: int = 0) -> list[Unsketched]:
    """Items whose text is new or has changed, up to `limit` of those with an id above `after`."""
    query = select(items.c.id, items.c.text, items.c.published_at).where(
        items.c.sketched == 0, items.c.id > after
    )
    return [
        Unsketched(item=row.id, text=row.text, published_at=row.published_at)
        for row in await conn.execute(query.order_by(items.c.id).limit(limit))
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
    "sqlite": sqlite.insert(sketches).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(sketches).on_conflict_do_nothing(),
}
_DONE = (
    update(items)
    # A text that has changed in between stays due.
    .where(items.c.id == bindparam("item"), items.c.text == bindparam("said"))
    .values(sketched=VERSION)
)


def rows_of(made: Iterable[Sketched]) -> list[Hash]:
    """Their rows in the table's order: what lies together is written together."""
    days = ((one, day_of(one.published_at)) for one in made)
    return sorted((hash_, day, one.item) for one, day in days for hash_ in one.hashes)


def add(conn: SyncConnection, rows: Sequence[Hash]) -> None:
    """Stores the rows; those that are there already are no matter."""
    if rows:
        conn.exec_driver_sql(_insertion(conn.dialect), list(rows))


@lru_cache
def _insertion(dialect: Dialect) -> str:
    compiled = _INSERT[dialect.name].compile(dialect=dialect, column_keys=["hash", "day", "item"])
    return str(compiled)  # its parameters stand in the table's order, as the rows have them


def done(conn: SyncConnection, made: Sequence[Sketched]) -> None:
    """Notes that these texts have their sketch; one that is another by now stays due."""
    if made:
        conn.execute(_DONE, [{"item": one.item, "said": one.text} for one in made])


def within(
    conn: SyncConnection, hashes: Collection[int], since: datetime, until: datetime
) -> set[int]:
    """All items of these days that share a hash, boilerplate included."""
    days = {"since": day_of(since), "until": day_of(until)}
    return {item for item, _day in _ask(conn, _WITHIN, hashes, days)}


def nearest(
    conn: SyncConnection, hashes: Collection[int], before: datetime, limit: int
) -> Sequence[Any]:
    """Up to `limit` items published before then: those that share most, and the first of them.

    Rows of id, account, published_at, title, url and text. The rarest hashes are read, up to a
    budget: what it costs does not grow with the footers. Of a text that is common all through, the
    first items that carry some of it are given.
    """
    at = {"until": day_of(before)}
    asked = sorted(hashes)[:_ENOUGH]
    held = sorted((row[1], row[0]) for row in _ask(conn, _HELD, asked, at | {"most": _COMMON}))
    rare = [one for one in held if 0 < one[0] < _COMMON]
    question = _SHARING if rare else _FIRST
    chosen = list(_affordable(rare)) if rare else [hash_ for count, hash_ in held[-1:] if count]
    shared = dict(_ask(conn, question, chosen, at | {"most": _RANKED}))
    if not shared:
        return ()
    found = conn.execute(_TEXTS, {"ids": list(shared), "before": before})
    telling = [row for row in found if _tells(shared[row.id], len(chosen), len(row.text))]
    return _best_and_first(telling, shared)[:limit]


def _best_and_first(rows: Sequence[Any], shared: Mapping[int, int]) -> list[Any]:
    """Two that share most, then the earliest of those that share half as much, then the others.

    Copies differ at their edges, so the first of many is hardly ever the one that shares most.
    """
    by_time = sorted(rows, key=lambda row: (row.published_at, row.id))
    ranked = sorted(by_time, key=lambda row: -shared[row.id])
    half = max(shared.values()) / 2
    copies = [row for row in by_time if shared[row.id] >= half]
    return list({row.id: row for row in (*ranked[:2], *copies, *ranked)}.values())


def _tells(shared: int, asked: int, length: int) -> bool:
    """Whether about a tenth of either text may be shared: less is but a phrase."""
    return shared >= _TENTH * asked or shared * _CHARACTERS_A_HASH >= _TENTH * length


def _affordable(ranked: Sequence[tuple[int, int]]) -> Iterator[int]:
    left = _BUDGET
    for number, (count, hash_) in enumerate(ranked):
        if left <= 0 and number >= _LEAST:
            return
        left -= count
        yield hash_


def _ask(
    conn: SyncConnection, question: str, hashes: Collection[int], more: Mapping[str, int]
) -> Iterator[tuple[int, int]]:
    if not hashes:
        return iter(())
    values = {"hashes": json.dumps(list(hashes)), **more}
    sql, names = _sql(conn.dialect, question)
    # Not through SQLAlchemy's own way: that takes longer than the database.
    found = conn.exec_driver_sql(sql, tuple(values[name] for name in names))
    return ((row[0], row[1]) for row in found.all())


@lru_cache
def _sql(dialect: Dialect, question: str) -> tuple[str, Sequence[str]]:
    """The question as the driver takes it, and its parameters in their order."""
    compiled = text(_ASKED[dialect.name] + question).compile(dialect=dialect)
    return str(compiled), compiled.positiontup or ()
