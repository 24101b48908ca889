"""Which key items all stored items have been compared with, and under which terms."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update

from bot.domain.post import Kind
from bot.ledger import posts as stored
from bot.ledger.connection import Connection
from bot.ledger.posts import StoredPost
from bot.ledger.tables import contents, posts, publications, verdicts


@dataclass(frozen=True, kw_only=True)
class KeyItem:
    """A released key item with what comparing with it depends on."""

    post: str
    due_at: datetime
    released_at: datetime
    deadline_at: datetime
    terms: str
    compared: str  # the terms of the last comparison, "" when there was none

    @property
    def stale(self) -> bool:
        """Whether stored items have not been compared with it as it is now."""
        return self.terms != self.compared


_VERSIONS = (
    select(func.count())
    .where(contents.c.post == posts.c.id)
    .correlate(posts)
    .scalar_subquery()
    .label("versions")
)
# Names of the first release: links come later than the release itself on some platforms.
_NAMES = (
    select(
        func.count(func.nullif(publications.c.url, ""))
        + func.count(func.nullif(publications.c.platform_id, ""))
    )
    .where(publications.c.post == posts.c.id, publications.c.kind == Kind.ORIGINAL.value)
    .correlate(posts)
    .scalar_subquery()
    .label("names")
)


async def key_items(conn: Connection, rules: str) -> list[KeyItem]:
    """All released key items, by planned time. `rules` names the rules in force.

    Versions are never changed or dropped, so their number tells whether there is a new one.
    """
    query = select(posts.c.id, posts.c.compared, _VERSIONS, _NAMES).where(
        posts.c.key_item, posts.c.first_release_at.is_not(None)
    )
    terms = {row.id: row for row in await conn.execute(query)}
    return [
        _key_item(post, terms[post.id], rules)
        for post in await stored.key_items(conn, withdrawn=True)
        if post.id in terms
    ]


def _key_item(post: StoredPost, row: Any, rules: str) -> KeyItem:
    assert post.first_release_at is not None
    deadline = post.deadline_at or post.first_release_at
    terms = [rules, str(row.versions), str(row.names)]
    terms += [moment.isoformat() for moment in (post.first_release_at, deadline)]
    return KeyItem(
        post=post.id,
        due_at=post.due_at,
        released_at=post.first_release_at,
        deadline_at=deadline,
        terms=" ".join(terms),
        compared=row.compared,
    )


async def note(conn: Connection, done: Collection[KeyItem]) -> None:
    """Notes that all stored items have been compared with these as they are."""
    for one in done:
        await conn.execute(update(posts).where(posts.c.id == one.post).values(compared=one.terms))


async def judged(conn: Connection, ids: Collection[str]) -> dict[tuple[int, str], str]:
    """(item, post) → decision, of the verdicts in force about these posts that nobody confirmed."""
    query = select(verdicts.c.item, verdicts.c.post, verdicts.c.decision).where(
        verdicts.c.post.in_(sorted(ids)),
        verdicts.c.superseded.is_(False),
        verdicts.c.decided_by == "",
    )
    return {(row.item, row.post): row.decision for row in await conn.execute(query)}
