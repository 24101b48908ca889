"""Time, handed in: the wall clock for service, a virtual one for rehearsals and tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time; always aware and in UTC."""

    def now(self) -> datetime: ...


class WallClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class VirtualClock:
    """A clock that stands still until it is set; it never goes back."""

    def __init__(self, start: datetime) -> None:
        self._now = check_aware(start).astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def set(self, moment: datetime) -> None:
        """Moves on to `moment`; an earlier one is ignored."""
        self._now = max(self._now, check_aware(moment).astimezone(UTC))


def check_aware(moment: datetime) -> datetime:
    """`moment` itself; raises ValueError when it has no zone, because guessing one shifts posts."""
    if moment.tzinfo is None:
        raise ValueError(f"naive datetime: {moment!r}")
    return moment
