"""What the office chose for the checking of its calendar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.problem import Place
from bot.domain.rule import Rule
from bot.schedule.codes import RULES


@dataclass(frozen=True, kw_only=True)
class CheckOptions:
    """Settings `[check]` as the checks use them; docs/settings.md explains each."""

    rules: Mapping[str, Rule] = field(default_factory=lambda: RULES)  # the platforms' too
    off: Mapping[str, str] = field(default_factory=dict)  # code -> reason
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    slot: timedelta = timedelta(minutes=30)  # zero: posts may stand as near as they like
    quiet: tuple[time, time] | None = (time(22), time(7))
    approved_sources: tuple[str, ...] = ()  # empty: any
    health_days: tuple[str, ...] | None = ()  # names; (): the usual ones; None: no such rule
    gap_days: int = 14
    reprints_per_hour: int = 0  # of one key item; 0: not limited
    # Columns that are to be reviewed otherwise than the rest → where the settings say so.
    review_columns: Mapping[str, Place] = field(default_factory=dict)

    def is_quiet(self, moment: time) -> bool:
        """True for a time of the day, in the office's zone, that lies in the night."""
        if self.quiet is None:
            return False
        first, end = self.quiet
        return first <= moment < end if first <= end else moment >= first or moment < end
