"""The tasks that are open: read off the ledger, so that there is nothing to forget or to double."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from bot.domain.post import Kind
from bot.domain.publication import Publication, State
from bot.domain.tasks import Task, kind_of, role_of
from bot.ledger import posts, publications
from bot.ledger.connection import Connection
from bot.ledger.posts import StoredPost

_WAITING = (State.HELD, State.HANDED_OFF, State.UNKNOWN)


async def open_tasks(conn: Connection, *, units: Collection[str] = ()) -> list[Task]:
    """All open tasks, of `units` only if any are named; by deadline, then as they came up."""
    found = await publications.in_states(conn, _WAITING)
    mine = [pub for pub in found if not units or pub.unit in units]
    stored = await posts.some_posts(conn, {pub.post for pub in mine})
    tasks = [task for pub in mine if (task := _task(pub, stored[pub.post])) is not None]
    return in_order(tasks)


def in_order(tasks: Sequence[Task]) -> list[Task]:
    """What is due first comes first."""
    return sorted(tasks, key=lambda one: (_rank(one.deadline_at), _rank(one.since), one.id))


def _rank(moment: datetime | None) -> tuple[bool, float]:
    return (moment is None, moment.timestamp() if moment else 0.0)


def _task(pub: Publication, post: StoredPost) -> Task | None:
    kind = kind_of(pub)
    if kind is None:
        return None
    return Task(
        kind=kind,
        ref=pub.id,
        post=pub.post,
        title=post.title,
        unit=pub.unit,
        account=pub.account,
        platform=pub.platform,
        role=role_of(pub),
        since=post.first_release_at if pub.kind is Kind.REPRINT else pub.due_at,
        deadline_at=post.deadline_at if pub.kind is Kind.REPRINT else None,
        until=pub.not_after,
    )
