"""What a rehearsal begins with: read from the real ledger, entered into an empty one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Executable, Table, insert, select

from bot.domain.publication import State
from bot.domain.quota import Period, period_start
from bot.ledger import roster
from bot.ledger.connection import Connection
from bot.ledger.tables import contents, exemptions, items, posts, publications, usage, verdicts

Row = dict[str, Any]
_LOOK_BACK = timedelta(days=60)  # a silence that began before the span belongs to it too
_SENT = frozenset({State.SENDING, State.UNKNOWN, State.PENDING})
_TAKEN_AS_PUBLIC = "taken-as-public"


@dataclass(frozen=True, kw_only=True)
class Excerpt:
    """Rows of a ledger that matter to some posts and to the accounts from `since` on."""

    publications: Sequence[Row]
    contents: Sequence[Row]
    usage: Sequence[Row]
    items: Sequence[Row]
    verdicts: Sequence[Row]
    exemptions: Sequence[Row]
    read_from: Mapping[str, datetime]  # account → since when its items are known


async def read(conn: Connection, ids: Collection[str], since: datetime) -> Excerpt:
    """What the ledger knows of these posts, and of all accounts' items and quotas."""
    pubs = await _rows(conn, select(publications).where(publications.c.post.in_(sorted(ids))))
    hashes = {row["content_hash"] for row in pubs}
    hashes |= {row["wanted"]["content_hash"] for row in pubs if row["wanted"]}
    month = period_start(since, Period.MONTH)
    health = await roster.health(conn)
    return Excerpt(
        publications=[_at_rest(row) for row in pubs],
        contents=await _rows(conn, select(contents).where(contents.c.hash.in_(sorted(hashes)))),
        usage=await _rows(conn, select(usage).where(usage.c.start >= month)),
        items=await _rows(conn, select(items).where(items.c.published_at >= since - _LOOK_BACK)),
        verdicts=await _rows(conn, select(verdicts).where(verdicts.c.post.in_(sorted(ids)))),
        exemptions=await _rows(
            conn,
            select(exemptions).where(
                exemptions.c.post.in_(sorted(ids)),
                exemptions.c.by != "calendar",
                exemptions.c.ended_at.is_(None),
            ),
        ),
        read_from={name: one.read_from for name, one in health.items() if one.read_from},
    )


async def _rows(conn: Connection, query: Executable) -> list[Row]:
    return [dict(row._mapping) for row in await conn.execute(query)]


def _at_rest(row: Row) -> Row:
    """The row with nothing under way: what was sent is taken as public, drafts are made anew."""
    row = row | {"lease": None}
    state = State(row["state"])
    if state in _SENT:
        return row | {
            "state": State.PUBLISHED.value,
            "published_at": row["committed_at"] or row["due_at"],
            "platform_id": row["platform_id"] or _TAKEN_AS_PUBLIC,
            "next_at": None,
        }
    if state is State.QUEUED:
        row |= {"state": State.PLANNED.value, "next_at": row["due_at"]}
    # The stage's platforms know nothing of what real ones were given.
    return row | {"checkpoint": {}, "pending": {}, "doubt_since": None, "cleared_at": None}


async def enter(conn: Connection, known: Excerpt) -> None:
    """Enters the rows whose posts and accounts the ledger already has, beside those two."""
    members = await roster.load(conn)
    known_posts = set((await conn.execute(select(posts.c.id))).scalars())
    stored = set((await conn.execute(select(contents.c.hash))).scalars())
    exempt = {(row.post, row.unit) for row in await conn.execute(select(exemptions))}
    here = {"account": set(members.accounts), "unit": set(members.units), "post": known_posts}

    def fit(rows: Sequence[Row]) -> list[Row]:
        return [row for row in rows if all(row[key] in here[key] for key in here.keys() & row)]

    pubs, shown = fit(known.publications), fit(known.items)
    ours, seen = {row["id"] for row in pubs}, {row["id"] for row in shown}
    await _add(conn, contents, [row for row in known.contents if row["hash"] not in stored])
    await _add(conn, publications, pubs)
    await _add(conn, usage, fit(known.usage))
    await _add(conn, items, [_of(row, ours) for row in shown])
    await _add(conn, verdicts, [row for row in fit(known.verdicts) if row["item"] in seen])
    new = [row for row in fit(known.exemptions) if (row["post"], row["unit"]) not in exempt]
    await _add(conn, exemptions, new)


def _of(item: Row, ours: Collection[int]) -> Row:
    publication = item["publication"] if item["publication"] in ours else None
    return item | {"publication": publication, "sketched": 0}  # sketches are made, not copied


async def _add(conn: Connection, table: Table, rows: Sequence[Row]) -> None:
    if rows:
        await conn.execute(insert(table), rows)
