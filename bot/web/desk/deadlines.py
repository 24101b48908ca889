"""The deadline of a key item as people type it: counted from its time, or a day and time."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime, timedelta

_WHEN = re.compile(
    r"(?:(\d{4})\s*[-年/.]\s*)?(\d{1,2})\s*[-月/.]\s*(\d{1,2})\s*日?[T\s]*"
    r"(\d{1,2})\s*[:：时点]\s*(?:(\d{1,2})\s*分?)?",
    re.ASCII,
)
_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)


def counted(text: str, day: str, clock: str) -> str:
    """A day and time ("2026-06-12 17:00", "6月12日17:00") as counted from the planned `day` and
    `clock`: "T+55h"; what is no such time as it is, which the check tells.
    """
    with suppress(ValueError):
        planned = datetime.fromisoformat(f"{day} {clock}")
        until = _moment(text, planned)
        if until is not None:
            span = until - planned
            sign, span = ("-", -span) if span < timedelta(0) else ("+", span)
            hours, rest = divmod(span, _HOUR)
            return f"T{sign}{span // _MINUTE}m" if rest else f"T{sign}{hours}h"
    return text


def _moment(text: str, planned: datetime) -> datetime | None:
    found = _WHEN.fullmatch(text.strip())
    if found is None:
        return None
    year, month, date, hour, minute = (int(part or 0) for part in found.groups())
    # Without a year: of 5 January, after a post of 30 December, the next.
    year = year or planned.year + (month < planned.month)
    return datetime(year, month, date, hour, minute)  # noqa: DTZ001 - of the office's day, as planned
