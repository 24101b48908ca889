"""What reviewers said of versions of posts, and who may say it. Nothing here is ever changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection as SyncConnection
from sqlalchemy import Select, insert, select, update

from bot.domain.publication import Hold, Role, State
from bot.domain.review import Approval, Level, Said, approved_by
from bot.ledger.connection import Connection
from bot.ledger.desk_tables import approvals, audit, deputies, people
from bot.ledger.tables import contents, publications

Version = tuple[str, str]  # post, hash of its content


def _approval(row: Any) -> Approval:
    return Approval(**{**row._mapping, "level": Level(row.level), "said": Said(row.said)})


def _of(ids: Collection[str]) -> Select[Any]:
    query = select(approvals).where(approvals.c.post.in_(sorted(ids)))
    return query.order_by(approvals.c.id)


def _by_version(rows: Iterable[Any]) -> dict[Version, list[Approval]]:
    found: dict[Version, list[Approval]] = {}
    for row in rows:
        found.setdefault((row.post, row.content_hash), []).append(_approval(row))
    return found


async def said_of(conn: Connection, ids: Collection[str]) -> dict[Version, list[Approval]]:
    """All that was said of these posts, version by version, oldest first."""
    return _by_version(await conn.execute(_of(ids))) if ids else {}


async def approved(conn: Connection, ids: Collection[str]) -> dict[Version, frozenset[Level]]:
    """Versions of these posts → the levels whose last word is yes; without those none approved."""
    return {version: approved_by(said) for version, said in (await said_of(conn, ids)).items()}


def approved_now(conn: SyncConnection, ids: Collection[str]) -> dict[Version, frozenset[Level]]:
    """The same within a transaction that runs in one hop."""
    said = _by_version(conn.execute(_of(ids)))
    return {version: approved_by(mine) for version, mine in said.items()}


async def add(
    conn: Connection,
    version: Version,
    level: Level,
    said: Said,
    *,
    by: str,
    deputy_of: str,
    note: str,
    now: datetime,
) -> None:
    """Enters a reviewer's word."""
    post, digest = version
    values = {"post": post, "content_hash": digest, "level": level.value, "said": said.value}
    values |= {"by": by, "deputy_of": deputy_of, "note": note}
    await conn.execute(insert(approvals).values(**values, at=now))


async def wake(conn: Connection, post: str, now: datetime) -> None:
    """Has what waits for the review of this post looked at now."""
    await conn.execute(
        update(publications)
        .where(
            publications.c.post == post,
            publications.c.state == State.HELD.value,
            publications.c.reason == Hold.REVIEW.value,
        )
        .values(next_at=now)
    )


async def refused(conn: Connection, ids: Collection[str]) -> set[Version]:
    """Versions of these posts of which some level's last word is no."""
    return {
        version
        for version, said in (await said_of(conn, ids)).items()
        if {one.level for one in said} - approved_by(said)
    }


async def first_seen(conn: Connection, hashes: Collection[str]) -> dict[str, datetime]:
    """When these versions came into the ledger."""
    query = select(contents.c.hash, contents.c.first_seen_at)
    rows = await conn.execute(query.where(contents.c.hash.in_(sorted(hashes))))
    return {row.hash: row.first_seen_at for row in rows}


async def savers(conn: Connection, versions: Collection[Version]) -> dict[Version, tuple[str, ...]]:
    """Who saved each of these versions at the desk, the last one last; without those nobody did.

    Not who saved a change that left the version what it was: another time, another account.
    """
    query = (
        select(audit.c.by, audit.c.subject, audit.c.facts)
        .where(
            audit.c.subject.in_(sorted({post for post, _digest in versions})),
            audit.c.action == "post.saved",
        )
        .order_by(audit.c.id)
    )
    saved: dict[Version, tuple[str, ...]] = {}
    for row in await conn.execute(query):
        version = (row.subject, row.facts.get("content_hash", ""))
        if version in versions:
            saved[version] = (*saved.get(version, ()), row.by)
    return saved


# ── who may ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class Deputy:
    """Who may review in whose place, and how long."""

    id: int
    login: str  # in whose place
    deputy: str
    since: datetime
    until: datetime
    ended_at: datetime | None
    by: str


async def own_levels(conn: Connection, logins: Collection[str]) -> dict[str, frozenset[Level]]:
    """The levels of those of these people who may log in; none of one who is no reviewer."""
    query = select(people.c.login, people.c.roles, people.c.levels).where(
        people.c.login.in_(sorted(logins)), people.c.ended_at.is_(None)
    )
    return {
        row.login: _levels(row.levels) if Role.REVIEWER.value in row.roles else frozenset()
        for row in await conn.execute(query)
    }


def _levels(names: Iterable[str]) -> frozenset[Level]:
    return frozenset(level for level in Level if level.value in names)


async def add_deputy(conn: Connection, values: Mapping[str, object]) -> int:
    """Enters a deputy; returns the number."""
    made = await conn.execute(insert(deputies).values(**values))
    key = made.inserted_primary_key
    assert key is not None
    return int(key[0])


async def end_deputy(conn: Connection, number: int, now: datetime) -> bool:
    """Ends it now; False when there is none, or it has ended already."""
    mine = (deputies.c.id == number, deputies.c.ended_at.is_(None), deputies.c.until > now)
    changed = await conn.execute(update(deputies).where(*mine).values(ended_at=now))
    return bool(changed.rowcount)


async def deputies_at(conn: Connection, now: datetime, *, deputy: str = "") -> list[Deputy]:
    """Deputies in force now or later, by their beginning; of one person only if named."""
    query = select(deputies).where(deputies.c.ended_at.is_(None), deputies.c.until > now)
    if deputy:
        query = query.where(deputies.c.deputy == deputy)
    rows = await conn.execute(query.order_by(deputies.c.since, deputies.c.id))
    return [Deputy(**row._mapping) for row in rows]
