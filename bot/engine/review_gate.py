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
from bot.engine.ports import Core
from bot.ledger import approvals, controls, journal, posts, publications
from bot.ledger.connection import Connection
from bot.ledger.journal import Event, Move
from bot.ledger.posts import StoredPost
from bot.logs import get_logger

log = get_logger(__name__)


async def in_force(core: Core, conn: Connection) -> Review:
    """What must be approved: as this process was told, and as the ledger knows."""
    return core.options.review.and_also(await controls.review(conn))


async def declare(core: Core, conn: Connection, now: datetime) -> None:
    """Has every process ask for the reviews of these settings, those with older ones too.

    Of two processes the one counts that was started last: it has read the newer settings.
    """
    own, known = core.options.review, await controls.declared(conn)
    if known is None and own.off:
        return
    if known is None or (known[1] <= core.started_at and not own.asks_as(known[0])):
        await controls.declare(conn, own, now)
    elif not own.asks_as(known[0]):
        log.warning("review.settings_are_old", since=known[1].isoformat())


async def to_come(core: Core, conn: Connection) -> Review:
    """What must be approved once these settings have been declared."""
    own, known = core.options.review, await controls.declared(conn)
    newer = known is None or known[1] <= core.started_at
    return own if known is None or newer else own.and_also(known[0])


async def hold_unreviewed(
    core: Core,
    conn: Connection,
    now: datetime,
    *,
    ids: Collection[str] = (),
    made: list[Event] | None = None,
) -> None:
    """Puts on hold what is planned, or asks a unit, and lacks a review; of `ids` only if named.

    Reprints that wait for the first release go on waiting for that: what they lack shows then.
    """
    review = await in_force(core, conn)
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


async def lacks_review(core: Core, conn: Connection, post: StoredPost, digest: str) -> bool:
    """True when this version of the post may not be made public yet."""
    required = (await in_force(core, conn)).required(post.column)
    if not required:
        return False
    said = await approvals.approved(conn, [post.id])
    return bool(missing(required, said.get((post.id, digest), ())))


async def with_voided(
    core: Core, conn: Connection, changes: Sequence[Change], known: Sequence[Publication]
) -> list[Change]:
    """The changes; those that void approvals by another text say so in their event."""
    if (await in_force(core, conn)).off:
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
