"""Posts and their content versions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import func, insert, or_, select, update

from bot.domain.planning import OPEN
from bot.domain.post import Kind, Post
from bot.domain.publication import State
from bot.ledger import exemptions
from bot.ledger.connection import Connection
from bot.ledger.recall_tables import recalls
from bot.ledger.rows import each
from bot.ledger.tables import accounts, contents, posts, publications

_POST = TypeAdapter(Post)
# Where it stands, when it is due and on what grounds it may go out is not what it says: moving a
# post is no change of content.
NOT_CONTENT = {
    "due_at", "accounts", "delays", "embargo_until", "window", "place", "key", "column", "topic",
    "reviewer", "consent", "patient_story",
}  # fmt: skip

_OPEN = sorted(state.value for state in OPEN)


def encode(post: Post) -> dict[str, Any]:
    """The post as plain JSON data."""
    data: dict[str, Any] = _POST.dump_python(post, mode="json")
    return data


def decode(body: Mapping[str, Any]) -> Post:
    """The post back from `encode`."""
    return _POST.validate_python(dict(body))


def content_hash(post: Post) -> str:
    """Names one version of what the post says, media included (by their hashes)."""
    said = _POST.dump_python(post, mode="json", exclude=NOT_CONTENT)
    canonical = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class StoredPost:
    """A post as the ledger knows it."""

    id: str
    title: str
    due_at: datetime
    column: str
    topic: str
    content_hash: str
    file: str
    key_item: bool
    deadline_at: datetime | None
    spread_s: int
    must: Sequence[str]  # units; none: all but `may`
    may: Sequence[str]
    first_release_at: datetime | None
    removed: bool


_POSTS = select(*(posts.c[name] for name in StoredPost.__dataclass_fields__))


async def some_posts(conn: Connection, ids: Collection[str]) -> dict[str, StoredPost]:
    """These posts, by id."""
    query = _POSTS.where(posts.c.id.in_(sorted(ids)))
    return {one.id: one for one in each(StoredPost, await conn.execute(query))}


async def titled(conn: Connection, text: str, *, limit: int) -> list[str]:
    """The ids of posts with this text in their title, the latest first."""
    query = select(posts.c.id).where(posts.c.title.contains(text, autoescape=True))
    rows = await conn.execute(query.order_by(posts.c.due_at.desc()).limit(limit))
    return [row.id for row in rows]


async def between(conn: Connection, since: datetime, until: datetime) -> list[StoredPost]:
    """Posts planned in [since, until) and still in the calendar, by planned time."""
    query = _POSTS.where(
        posts.c.due_at >= since, posts.c.due_at < until, posts.c.removed.is_(False)
    )
    return each(StoredPost, await conn.execute(query.order_by(posts.c.due_at, posts.c.id)))


async def columns(conn: Connection) -> list[str]:
    """The columns 栏目 that posts have, by name."""
    query = select(posts.c.column).where(posts.c.column != "").distinct()
    return [row[0] for row in await conn.execute(query.order_by(posts.c.column))]


async def key_items(
    conn: Connection,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    ids: Collection[str] = (),
    withdrawn: bool = False,
) -> list[StoredPost]:
    """Key items still in the calendar, by planned time.

    `withdrawn`: also those a person took back, whether they stand in the calendar or not.
    """
    query = _POSTS.where(posts.c.key_item)
    here = posts.c.removed.is_(False)
    back = posts.c.id.in_(select(recalls.c.post).where(recalls.c.kind == "withdraw"))
    query = query.where(or_(here, back) if withdrawn else here)
    if since:
        query = query.where(posts.c.due_at >= since)
    if until:
        query = query.where(posts.c.due_at < until)
    if ids:
        query = query.where(posts.c.id.in_(sorted(ids)))
    return each(StoredPost, await conn.execute(query.order_by(posts.c.due_at)))


async def last_key_item(conn: Connection, until: datetime) -> datetime | None:
    """When the last key item before `until` was planned; None: there is none."""
    here = (posts.c.key_item, posts.c.removed.is_(False), posts.c.due_at < until)
    query = select(posts.c.due_at).where(*here).order_by(posts.c.due_at.desc()).limit(1)
    row = (await conn.execute(query)).one_or_none()
    return row.due_at if row is not None else None


async def save(conn: Connection, post: Post, digest: str, now: datetime) -> None:
    """Enters the post and this version of its content, or brings them up to date."""
    if await conn.scalar(select(contents.c.hash).where(contents.c.hash == digest)) is None:
        await conn.execute(
            insert(contents).values(hash=digest, post=post.id, body=encode(post), first_seen_at=now)
        )
    values = {
        "title": post.title,
        "due_at": post.due_at,
        "content_hash": digest,
        "column": post.column,
        "topic": post.topic,
        "file": post.place.file,
        "line": post.place.line,
        "key_item": post.key is not None,
        "deadline_at": post.due_at + post.key.deadline if post.key else None,
        "spread_s": int((post.key.spread if post.key else timedelta()).total_seconds()),
        "must": list(post.key.must) if post.key else [],
        "may": list(post.key.may) if post.key else [],
        "removed": False,
    }
    changed = await conn.execute(update(posts).where(posts.c.id == post.id).values(**values))
    if changed.rowcount == 0:
        await conn.execute(insert(posts).values(id=post.id, **values))
    await exemptions.follow(conn, post.id, post.key.exempt if post.key else {}, now)


async def locate(conn: Connection, post: Post) -> None:
    """Notes where the post stands by now, and nothing else of it.

    When that file cannot be read next time, nobody takes the post for removed.
    """
    here = {"file": post.place.file, "line": post.place.line, "removed": False}
    await conn.execute(update(posts).where(posts.c.id == post.id).values(**here))


async def note_releases(conn: Connection) -> None:
    """Gives key items their first release where a flagship's own post is public already."""
    first = (
        select(func.min(publications.c.published_at))
        .join(accounts, accounts.c.id == publications.c.account)
        .where(
            publications.c.post == posts.c.id,
            publications.c.kind == Kind.ORIGINAL.value,
            publications.c.state == State.PUBLISHED.value,
            accounts.c.flagship,
        )
        .scalar_subquery()
    )
    await conn.execute(
        update(posts)
        .where(posts.c.key_item, posts.c.first_release_at.is_(None))
        .values(first_release_at=first)
    )


async def open_files(conn: Connection) -> set[str]:
    """The files with posts of which something is still to go out."""
    query = (
        select(posts.c.file)
        .join(publications, publications.c.post == posts.c.id)
        .where(publications.c.state.in_(_OPEN), posts.c.removed.is_(False))
        .distinct()
    )
    return {row.file for row in await conn.execute(query)}


async def mark_removed(conn: Connection, ids: Collection[str]) -> None:
    """Notes that these posts are no longer in the calendar; nothing is deleted."""
    await conn.execute(update(posts).where(posts.c.id.in_(sorted(ids))).values(removed=True))


async def versions(conn: Connection, ids: Collection[str]) -> dict[str, list[tuple[str, Post]]]:
    """Post → its content versions (hash, post), oldest first."""
    query = (
        select(contents)
        .where(contents.c.post.in_(sorted(ids)))
        .order_by(contents.c.first_seen_at, contents.c.hash)
    )
    found: dict[str, list[tuple[str, Post]]] = {}
    for row in await conn.execute(query):
        found.setdefault(row.post, []).append((row.hash, decode(row.body)))
    return found
