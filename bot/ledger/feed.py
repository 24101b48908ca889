"""What the calendar feed shows of the ledger."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, func, select

from bot.domain.publication import Publication
from bot.ledger.connection import Connection
from bot.ledger.publications import to_publication
from bot.ledger.tables import events, posts, publications

# What a calendar program should notice; everything else changes a line of the description.
_REVISIONS = ("publication.replanned", "publication.restored", "publication.cancelled")


@dataclass(kw_only=True)
class FeedPost:
    """A post with its publications, for people who look at it in their own calendar."""

    id: str
    title: str
    column: str
    due_at: datetime
    deadline_at: datetime | None  # of a key item
    removed: bool
    publications: list[Publication] = field(default_factory=list)
    changed_at: datetime | None = None  # the last event of any publication
    revisions: int = 0  # how often the calendar changed it; never falls


async def between(
    conn: Connection, since: datetime, until: datetime, account: str | None = None
) -> list[FeedPost]:
    """Posts planned in [since, until) that have publications (on `account`), by planned time."""
    wanted = select(posts.c.id).where(posts.c.due_at >= since, posts.c.due_at < until)
    rows = await conn.execute(select(posts).where(posts.c.due_at >= since, posts.c.due_at < until))
    found = {row.id: _post(row) for row in rows}
    mine = select(publications).where(publications.c.post.in_(wanted))
    if account is not None:
        mine = mine.where(publications.c.account == account)
    for row in await conn.execute(mine.order_by(publications.c.due_at, publications.c.id)):
        found[row.post].publications.append(to_publication(row))
    for row in await conn.execute(_changes(wanted)):
        found[row.post].changed_at, found[row.post].revisions = row.at, row.revisions
    return [post for post in sorted(found.values(), key=_order) if post.publications]


def _post(row: Any) -> FeedPost:
    return FeedPost(
        id=row.id,
        title=row.title,
        column=row.column,
        due_at=row.due_at,
        deadline_at=row.deadline_at,
        removed=row.removed,
    )


def _changes(wanted: Select[tuple[str]]) -> Select[Any]:
    revision = case((events.c.name.in_(_REVISIONS), 1), else_=0)
    return (
        select(
            publications.c.post,
            func.max(events.c.at).label("at"),
            func.sum(revision).label("revisions"),
        )
        .join(publications, publications.c.id == events.c.publication)
        .where(publications.c.post.in_(wanted))
        .group_by(publications.c.post)
    )


def _order(post: FeedPost) -> tuple[datetime, str]:
    return post.due_at, post.id
