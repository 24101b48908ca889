"""Holds what lacks a review, before its time comes; the grant asks once more (journal.py)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain import transitions
from bot.domain.admission import look_at
from bot.domain.planning import Change
from bot.domain.publication import Hold, Publication
from bot.domain.review import Review, missing
from bot.ledger import approvals, journal, posts, publications
from bot.ledger.connection import Connection
from bot.ledger.journal import Event, Move
from bot.ledger.posts import StoredPost


async def hold_unreviewed(
    conn: Connection,
    review: Review,
    now: datetime,
    *,
    ids: Collection[str] = (),
    made: list[Event] | None = None,
) -> None:
    """Puts on hold what is planned, or asks a unit, and lacks a review; of `ids` only if named.

    Reprints that wait for the first release go on waiting for that: what they lack shows then.
    """
    if review.off:
        return
    planned = await publications.to_be_reviewed(conn, ids)
    stored = await posts.some_posts(conn, {pub.post for pub in planned})
    levels = {post.id: review.required(post.column) for post in stored.values()}
    found = [pub for pub in planned if levels[pub.post]]
    said = await approvals.approved(conn, {pub.post for pub in found})
    moves = [
        Move(
            publication=pub.id,
            step=transitions.hold(Hold.REVIEW, look_at=look_at(Hold.REVIEW, pub, now)),
            review=review,
        )
        for pub in found
        if missing(levels[pub.post], said.get((pub.post, pub.content_hash), ()))
    ]
    await journal.apply(conn, moves, now, made)


async def lacks_review(conn: Connection, review: Review, post: StoredPost, digest: str) -> bool:
    """True when this version of the post may not be made public yet."""
    required = review.required(post.column)
    if not required:
        return False
    said = await approvals.approved(conn, [post.id])
    return bool(missing(required, said.get((post.id, digest), ())))


async def with_voided(
    conn: Connection, review: Review, changes: Sequence[Change], known: Sequence[Publication]
) -> list[Change]:
    """The changes; those that void approvals by another text say so in their event."""
    if review.off:
        return list(changes)
    before = {pub.id: (pub.post, pub.content_hash) for pub in known}
    said = await approvals.approved(conn, {change.post for change in changes})
    return [_telling(change, before, said) for change in changes]


def _telling(
    change: Change,
    before: Mapping[int, approvals.Version],
    said: Mapping[approvals.Version, Collection[str]],
) -> Change:
    if change.step is None or change.desired is None or change.publication is None:
        return change
    version = before[change.publication]
    voided = [] if version[1] == change.desired.content_hash else sorted(said.get(version, ()))
    if not voided:
        return change
    facts = {**change.step.facts, "voided": [str(level) for level in voided]}
    return replace(change, step=replace(change.step, facts=facts))
