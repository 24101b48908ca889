"""From when to when an account's posts are known, and the holes between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

Hole = tuple[datetime, datetime]


@dataclass(frozen=True, kw_only=True)
class Read:
    """All posts from `since` to `until` are known, but for those within the gaps."""

    since: datetime | None = None  # None: nothing is known
    until: datetime | None = None
    gaps: tuple[Hole, ...] = ()


def joined(known: Read, since: datetime, until: datetime) -> Read:
    """What is known once everything from `since` to `until` is known as well.

    What lies between the two spans becomes a hole; a hole that is covered now closes.
    """
    if known.since is None or known.until is None:
        return Read(since=since, until=until)
    gaps = [rest for hole in known.gaps for rest in _without(hole, since, until)]
    if since > known.until:
        gaps.append((known.until, since))
    if until < known.since:
        gaps.append((until, known.since))
    return Read(
        since=min(known.since, since), until=max(known.until, until), gaps=tuple(sorted(gaps))
    )


def _without(hole: Hole, since: datetime, until: datetime) -> Sequence[Hole]:
    first, last = hole
    if until <= first or since >= last:
        return [hole]
    rest = [(first, since)] if first < since else []
    return [*rest, (until, last)] if until < last else rest
