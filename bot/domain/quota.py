"""Quotas: what a platform allows an account per day or month, in the platform's own zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

# Platforms count in Beijing time whatever zone the office's files are written in.
PLATFORM_ZONE = ZoneInfo("Asia/Shanghai")


class Period(StrEnum):
    """How long until a spent quota is whole again."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, kw_only=True)
class Budget:
    """So many commits of one method per period; unused quota lapses."""

    action: str  # "publish" or "push": the variant's method
    limit: int
    period: Period
    account_kind: str = ""  # only for accounts of this kind; "" for all


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
