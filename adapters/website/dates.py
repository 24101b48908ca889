"""Times as sites write them: with a zone or without, to the second or to the day."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime

_DAY = r"(\d{4})\s*[-/年.]\s*(\d{1,2})\s*[-/月.]\s*(\d{1,2})\s*日?"
_TIME = r"(\d{1,2})[:：时](\d{1,2})(?:[:：分](\d{1,2}))?(?:\.\d+)?\s*[秒分]?"
_OFFSET = r"(Z|UTC|GMT|[+-]\d{2}:?\d{2})"
_NUMERIC = re.compile(rf"{_DAY}(?:[T\s]*{_TIME}\s*{_OFFSET}?)?")
_SAID = re.compile(r"([+-]\d{4}|GMT|UTC?|Z)\s*(?:\(.*\))?\s*$")


@dataclass(frozen=True, kw_only=True)
class Moment:
    """A time, and whether it is one or only a day."""

    at: datetime  # UTC; of a day its last second
    exact: bool


def moment(text: str, zone: tzinfo) -> Moment | None:
    """The time in `text`; what says no zone is in `zone`. None when there is no time in it.

    Feed readers take a time without zone as UTC: 09:30 in Beijing would become 17:30.
    """
    found = _NUMERIC.search(text)
    return _numeric(found, zone) if found else _mail_date(text, zone)


def _numeric(found: re.Match[str], zone: tzinfo) -> Moment | None:
    year, month, day = (int(found[n]) for n in (1, 2, 3))
    try:
        if found[4] is None:
            end = datetime(year, month, day, 23, 59, 59, tzinfo=zone)
            return Moment(at=end.astimezone(UTC), exact=False)
        clock = (int(found[4]), int(found[5]), int(found[6] or 0))
        given = datetime(year, month, day, *clock, tzinfo=_zone(found[7], zone))
        return Moment(at=given.astimezone(UTC), exact=True)
    except (ValueError, OverflowError):
        return None


def _zone(offset: str | None, zone: tzinfo) -> tzinfo:
    if not offset:
        return zone
    if offset in ("Z", "UTC", "GMT"):
        return UTC
    sign = -1 if offset[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(offset[1:3]), minutes=int(offset[-2:])))


def _mail_date(text: str, zone: tzinfo) -> Moment | None:
    """A date of RFC 2822, as RSS has it: Fri, 20 Nov 2026 09:30:00 +0800.

    Letters but GMT count as no zone: CST is America's there and China's on the sites meant here.
    """
    try:
        given = parsedate_to_datetime(text.strip())
        said = _SAID.search(text.strip())
        if not said:
            given = given.replace(tzinfo=zone)
        elif given.tzinfo is None:
            given = given.replace(tzinfo=UTC)  # -0000
        return Moment(at=given.astimezone(UTC), exact=True)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
