"""Time, handed in: the wall clock for service, a virtual one for rehearsals and tests."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol

_SET_S = 2.0  # more than this between two looks is no drift
_LONGEST = timedelta(days=1)  # that another machine may have us wait


class Clock(Protocol):
    """Tells the time; always aware and in UTC."""

    def now(self) -> datetime: ...

    def steady_s(self) -> float:
        """For how many seconds, at least, this clock has gone without being set."""
        ...


class WallClock:
    """The machine's own clock, which somebody may set at any moment.

    What happened is told in its time. That some time has really passed since is told by
    `steady_s`: after a jump of an hour a call begun a minute ago still is a minute old.
    """

    def __init__(
        self,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        ticks_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall = wall
        self._ticks_s = ticks_s
        self._since_s = ticks_s()
        self._ahead_s = wall().timestamp() - self._since_s

    def now(self) -> datetime:
        """The moment by the machine's clock."""
        moment, ticks_s = self._wall(), self._ticks_s()
        ahead_s = moment.timestamp() - ticks_s
        if abs(ahead_s - self._ahead_s) > _SET_S:
            self._since_s = ticks_s
        self._ahead_s = ahead_s
        return moment

    def steady_s(self) -> float:
        """Seconds since it was set, or since this process began to watch it."""
        self.now()
        return self._ticks_s() - self._since_s


class VirtualClock:
    """A clock that stands still until it is set; it never goes back."""

    def __init__(self, start: datetime) -> None:
        self._now = check_aware(start).astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def set(self, moment: datetime) -> None:
        """Moves on to `moment`; an earlier one is ignored."""
        self._now = max(self._now, check_aware(moment).astimezone(UTC))

    def steady_s(self) -> float:
        """For ever: what it says is all the time there is."""
        return math.inf


def check_aware(moment: datetime) -> datetime:
    """`moment` itself; raises ValueError when it has no zone, because guessing one shifts posts."""
    if moment.tzinfo is None:
        raise ValueError(f"naive datetime: {moment!r}")
    return moment


def retry_at(text: str, now: datetime) -> datetime | None:
    """When a Retry-After says to come again: seconds or a date, within a day; None for neither.

    https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    text = text.strip()
    if text.isascii() and text.isdecimal() and len(text) < 10:
        return now + min(timedelta(seconds=int(text)), _LONGEST)
    try:
        given = parsedate_to_datetime(text)
        return None if given.tzinfo is None else min(given.astimezone(UTC), now + _LONGEST)
    except (ValueError, OverflowError):
        return None
