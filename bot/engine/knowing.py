"""What is known of a time without posts: read through, or unknown and no zero."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time, tzinfo

from bot.domain.charting import Slot
from bot.domain.grid import Reading
from bot.domain.roster import Account


def known_of(
    accounts: Iterable[Account], readings: Mapping[str, Reading], now: datetime, zone: tzinfo
) -> Known:
    """What is known of these accounts; those that nobody can read for us are left out."""
    return Known([one for one in accounts if readings[one.id].readable], readings, now, zone)


class Known:
    """Whether a time without posts is known to have had none."""

    def __init__(
        self,
        accounts: Sequence[Account],
        readings: Mapping[str, Reading],
        now: datetime,
        zone: tzinfo,
    ) -> None:
        self._accounts = accounts
        self._readings = readings
        self._now = now
        self._zone = zone

    def over(self, slot: Slot) -> bool:
        """True when all that were there then, at least one, have been read while they were."""
        begin, end = slot[0], min(slot[1], self._now)
        if begin > self._now:
            return False
        parts = [(one, self._part(one, begin, end)) for one in self._accounts]
        there = [(one, since, until) for one, (since, until) in parts if since < until]
        return bool(there) and all(self._is_read(*one) for one in there)

    def _part(self, account: Account, begin: datetime, end: datetime) -> Slot:
        """The part of a time in which the account was there; of none it ends before it begins."""
        if account.opened is not None:
            begin = max(begin, datetime.combine(account.opened, time(), self._zone))
        if account.closed is not None:
            end = min(end, datetime.combine(account.closed, time(), self._zone))
        return begin, end

    def _is_read(self, account: Account, begin: datetime, end: datetime) -> bool:
        until = self._readings[account.id].covers(begin, end)
        return until is not None and until >= end
