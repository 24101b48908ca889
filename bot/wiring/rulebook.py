"""Every rule of `bot check`, the platforms' included, and the office's choices among them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time, timedelta
from functools import cache

from adapters import registry
from bot.domain.rule import Group, Rule
from bot.errors import UsageError
from bot.i18n import _
from bot.schedule.codes import RULES
from bot.schedule.faults import suggestion
from bot.schedule.options import CheckOptions
from bot.settings import Settings
from bot.wiring.settings_places import review_columns


@cache
def rulebook() -> Mapping[str, Rule]:
    """All rules by code, in the order of the list."""
    return {**RULES, **registry.rules()}


def find_rule(code: str) -> Rule:
    """The rule of a code; raises UsageError naming the nearest."""
    rule = rulebook().get(code)
    if rule is None:
        message = _("There is no rule {code}. {hint}")
        raise UsageError(message.format(code=code, hint=suggestion(code, rulebook())))
    return rule


def check_options(settings: Settings) -> CheckOptions:
    """The settings `[check]`; raises UsageError for a rule that cannot be switched off."""
    chosen = settings.check
    for code in chosen.off:
        _refuse_law(find_rule(code))
    return CheckOptions(
        rules=rulebook(),
        off=chosen.off,
        zone=settings.zone,
        slot=timedelta(minutes=chosen.slot_minutes),
        quiet=_hours(chosen.quiet),
        approved_sources=tuple(chosen.approved_sources),
        health_days=_days(chosen.health_days),
        gap_days=settings.gaps.fail_days,
        reprints_per_hour=settings.reprinting.per_hour,
        review_columns=review_columns(settings),
    )


def _refuse_law(rule: Rule) -> None:
    if rule.may_ignore or rule.group is Group.PLATFORM:
        return
    message = _("check.off: {code} cannot be switched off. {meaning}")
    raise UsageError(message.format(code=rule.code, meaning=_(rule.meaning)))


def _hours(text: str) -> tuple[time, time] | None:
    first, _dash, end = text.partition("-")
    return (time.fromisoformat(first), time.fromisoformat(end)) if text else None


def _days(names: str) -> tuple[str, ...] | None:
    if names in {"", "usual"}:
        return ()
    return None if names == "none" else tuple(names.replace("，", ",").split(","))
