"""What a plan will hold because its version lacks a review, before anything is taken over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.planning import Change, first_hold
from bot.domain.publication import Hold, Publication, State
from bot.domain.review import Level, missing
from bot.engine.ports import Core
from bot.engine.review_gate import to_come
from bot.ledger import approvals, recalls
from bot.ledger.approvals import Version
from bot.ledger.connection import Connection

_ASKS = frozenset({Hold.ACCEPTANCE.value, Hold.REVIEW.value})


@dataclass(frozen=True, kw_only=True)
class Unreviewed:
    """A post of which something stays held until these levels have approved its version."""

    post: str
    levels: tuple[Level, ...]  # in their order
    publications: int  # reprints that wait for the first release are none of them yet


async def unreviewed(
    core: Core,
    conn: Connection,
    changes: Sequence[Change],
    known: Sequence[Publication],
    *,
    columns: Mapping[str, str],
    released: Mapping[str, datetime],
) -> tuple[Unreviewed, ...]:
    """What is held for a review once the changes are made, by post; reads only.

    `columns` are those of the posts, `released` the first releases there have been.
    """
    review = await to_come(core, conn)
    if review.off:
        return ()
    new = [change for change in changes if change.publication is None]
    over = await recalls.withdrawn(conn, {change.post for change in new})
    going = Counter(_after(changes, known))
    going.update(_new([change for change in new if change.post not in over], released))
    needs = {post: review.required(columns.get(post, "")) for post, _digest in going}
    said = await approvals.approved(conn, [post for post, levels in needs.items() if levels])
    found: Counter[tuple[str, tuple[Level, ...]]] = Counter()
    for version, count in going.items():
        found[version[0], missing(needs[version[0]], said.get(version, ()))] += count
    return tuple(
        Unreviewed(post=post, levels=levels, publications=count)
        for (post, levels), count in sorted(found.items())
        if levels
    )


def _after(changes: Iterable[Change], known: Iterable[Publication]) -> Iterator[Version]:
    """The versions of what the ledger has, as the changes leave them."""
    steps = {change.publication: change.step for change in changes}
    for pub in known:
        step = steps.get(pub.id)
        state, changed = (step.to, step.changes) if step is not None else (None, {})
        if _may_go(state or pub.state, str(changed.get("reason", pub.reason))):
            yield pub.post, str(changed.get("content_hash", pub.content_hash))


def _new(changes: Iterable[Change], released: Mapping[str, datetime]) -> Iterator[Version]:
    for change in changes:
        want = change.desired
        if want is None or want.excused:
            continue
        held = first_hold(want, released.get(want.post))
        if _may_go(State.HELD if held else State.PLANNED, held.value if held else ""):
            yield want.post, want.content_hash


def _may_go(state: State, reason: str) -> bool:
    """True for what goes by itself at its time, asks its unit, or is held for a review now."""
    return state is State.PLANNED or (state is State.HELD and reason in _ASKS)
