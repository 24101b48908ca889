"""The script of the sample month: actions with their times, read from scenario.yaml."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

SCENARIO = Path(__file__).parent / "scenario.yaml"
ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, kw_only=True)
class Action:
    """Something that happens outside, at `at` or once `after_reprints` are out."""

    do: str
    at: datetime | None
    facts: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """The whole script."""

    start: datetime
    end: datetime
    collect_at: time
    collect_days: int  # days from one reading back to the next
    actions: Sequence[Action]
    own_every: Mapping[str, int]  # account → days between its own posts; 0 for none
    own_default: int
    own_skip: frozenset[str]
    report_after: timedelta
    report_accounts: frozenset[str]
    unreported: frozenset[str]


def load() -> Scenario:
    """The script as it stands in the package."""
    data = yaml.safe_load(SCENARIO.read_text(encoding="utf-8"))
    own = data["own_posts"]
    return Scenario(
        start=moment(data["start"]),
        end=moment(data["end"]),
        collect_at=time.fromisoformat(data["collect"]["at"]),
        collect_days=data["collect"]["every_days"],
        actions=[_action(entry) for entry in data["actions"]],
        own_every=own["every_days"],
        own_default=own["default_days"],
        own_skip=frozenset(own["skip"]),
        report_after=timedelta(minutes=data["report_after_minutes"]),
        report_accounts=frozenset(data["report_accounts"]),
        unreported=frozenset(data["unreported"]),
    )


def moment(text: str) -> datetime:
    """A time of the script, in its zone."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def _action(entry: dict[str, Any]) -> Action:
    facts = dict(entry)
    at = facts.pop("at", None)
    return Action(do=facts.pop("do"), at=moment(at) if at else None, facts=facts)
