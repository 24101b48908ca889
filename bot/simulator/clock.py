"""The simulator's only source of time: wall time, or a virtual clock that stands still until moved.

Every platform-visible fact (token ages, quotas, review, T+1 statistics) is derived from this clock
when it is asked for, so moving the clock by a month costs nothing.
"""

import time
from datetime import UTC, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
DAY_S = 86_400
HOUR_S = 3_600
_CHINA_OFFSET_S = 8 * HOUR_S


class ClockError(ValueError):
    """The clock was asked for something it does not do; the message is safe to show."""


class Clock:
    """Seconds since the epoch, real or virtual."""

    def __init__(self, start: datetime | None = None) -> None:
        self._fixed = None if start is None else _aware(start).timestamp()

    @property
    def virtual(self) -> bool:
        """True while time stands still between calls of `set`."""
        return self._fixed is not None

    def time(self) -> float:
        """Seconds since the epoch, by this clock."""
        return time.time() if self._fixed is None else self._fixed

    def set(self, moment: datetime, *, force: bool = False) -> None:
        """Make the clock virtual and stand at `moment`; going back needs `force`."""
        wanted = _aware(moment).timestamp()
        if wanted < self.time() and not force:
            raise ClockError(f"the clock is at {iso(self.time())} and only goes forward")
        self._fixed = wanted

    def release(self) -> None:
        """Go back to wall time."""
        self._fixed = None


def parse_moment(text: object) -> datetime:
    """An aware datetime from ISO-8601 text; `ClockError` when it is none or has no offset."""
    if not isinstance(text, str):
        raise ClockError(f"expected an ISO-8601 time with offset, got {text!r}")
    try:
        return _aware(datetime.fromisoformat(text))
    except ValueError as error:
        raise ClockError(f"expected an ISO-8601 time with offset, got {text!r}") from error


def iso(moment_s: float) -> str:
    """ISO-8601 UTC text of an epoch time."""
    return datetime.fromtimestamp(moment_s, UTC).isoformat()


def day_number(moment_s: float) -> int:
    """Days since the epoch in Asia/Shanghai: the window of a daily quota."""
    return int((moment_s + _CHINA_OFFSET_S) // DAY_S)


def day_start(number: int) -> float:
    """The epoch time at which the Asia/Shanghai day `number` begins."""
    return number * DAY_S - _CHINA_OFFSET_S


def month_number(moment_s: float) -> int:
    """Calendar months since year 0 in Asia/Shanghai: the window of a monthly quota."""
    local = datetime.fromtimestamp(moment_s, CHINA)
    return local.year * 12 + local.month - 1


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ClockError(f"the time {moment.isoformat()} has no offset")
    return moment
