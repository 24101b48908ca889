"""Quotas: what a platform allows an account per hour, day or month, in the platform's own zone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

# Platforms count in Beijing time whatever zone the office's files are written in.
PLATFORM_ZONE = ZoneInfo("Asia/Shanghai")
READ = "read"  # the action of reading an account back
_PUBLISH = "publish"

Key = tuple[str, str, str, datetime]  # account, action, period, its start in UTC


class Period(StrEnum):
    """How long until a spent quota is whole again."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, kw_only=True)
class Budget:
    """So many of one action per period; unused quota lapses. A `limit` of 0 means: not limited."""

    action: str  # "publish" or "push": the variant's method; "read": a reading back
    limit: int
    period: Period
    account_kind: str = ""  # only for accounts of this kind; "" for all
    looks: bool = False  # of "read": looks for what was sent are counted too, and never refused

    @property
    def name(self) -> str:
        """As the settings name it, e.g. "publish_day"."""
        return f"{self.action}_{self.period}"


@lru_cache(maxsize=4096)  # a plan asks for the same moments again and again
def period_start(moment: datetime, period: Period) -> datetime:
    """When the period that holds `moment` began."""
    local = moment.astimezone(PLATFORM_ZONE).replace(minute=0, second=0, microsecond=0)
    if period is Period.HOUR:
        return local
    local = local.replace(hour=0)
    return local if period is Period.DAY else local.replace(day=1)


def period_end(moment: datetime, period: Period) -> datetime:
    """When the quota is whole again: the first moment after the period that holds `moment`."""
    start = period_start(moment, period)
    if period is Period.HOUR:
        return start + timedelta(hours=1)
    if period is Period.DAY:
        return start + timedelta(days=1)
    return (start + timedelta(days=32)).replace(day=1)


def key_of(account: str, budget: Budget, now: datetime) -> Key:
    """What the ledger counts this budget under at `now`."""
    return (account, str(budget.action), budget.period.value, _start_utc(now, budget.period))


@lru_cache(maxsize=4096)
def _start_utc(moment: datetime, period: Period) -> datetime:
    return period_start(moment, period).astimezone(UTC)


def budgets_of(budgets: Iterable[Budget], action: str, account_kind: str) -> tuple[Budget, ...]:
    """The quotas one `action` of an account of this kind spends, of those its platform has.

    A platform that knows one way only publishes by it also what elsewhere would be a mass send.
    """
    known = tuple(budgets)
    if action != READ and not any(budget.action == action for budget in known):
        action = _PUBLISH
    return tuple(
        budget
        for budget in known
        if budget.action == action and budget.limit and budget.account_kind in {"", account_kind}
    )


def exhausted(
    used: Mapping[Key, int], account: str, wanted: Sequence[Budget], now: datetime
) -> list[Budget]:
    """Those of `wanted` with nothing left in the period that holds `now`."""
    return [
        budget for budget in wanted if used.get(key_of(account, budget, now), 0) >= budget.limit
    ]


def spend(
    used: MutableMapping[Key, int], account: str, wanted: Sequence[Budget], now: datetime
) -> datetime | None:
    """Spends one of each, or nothing at all; then says when the scarcest is whole again."""
    spent = exhausted(used, account, wanted, now)
    if spent:
        return max(period_end(now, budget.period) for budget in spent)
    for budget in wanted:
        key = key_of(account, budget, now)
        used[key] = used.get(key, 0) + 1
    return None


def unpaid(
    wanted: Sequence[Budget], *, last: datetime | None, paid: str, now: datetime
) -> tuple[Budget, ...]:
    """Those of `wanted` that a call by method `paid` at `last` has not spent in this period."""
    return tuple(
        budget
        for budget in wanted
        if last is None or budget.action != paid or last < period_start(now, budget.period)
    )
