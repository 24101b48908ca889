"""Hours in which nobody is disturbed, in the office's own time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_SPAN = re.compile(r"(\d{1,3})([mhd])", re.ASCII)
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, kw_only=True)
class Quiet:
    """From `start` to `end`, over midnight when `end` is the earlier one; equal: never."""

    start: time
    end: time
    zone: ZoneInfo

    def around(self, moment: datetime) -> tuple[datetime, datetime] | None:
        """Beginning and end of the quiet hours `moment` lies in; None when it lies in none."""
        day = moment.astimezone(self.zone).date()
        for first in (day - _DAY, day):
            last = first if self.start <= self.end else first + _DAY
            begins = datetime.combine(first, self.start, self.zone)
            ends = datetime.combine(last, self.end, self.zone)
            if begins <= moment < ends:
                return begins, ends
        return None


def quiet_hours(text: str, zone: ZoneInfo) -> Quiet | None:
    """The hours of "21:30-07:30"; None for "". Raises ValueError for anything else."""
    if not text:
        return None
    first, _dash, last = text.partition("-")
    return Quiet(start=time.fromisoformat(first), end=time.fromisoformat(last), zone=zone)


def span(text: str) -> timedelta:
    """The length of "30m", "4h" or "1d"; raises ValueError for anything else."""
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
