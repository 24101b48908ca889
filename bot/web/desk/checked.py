"""What the check says of a form, at its fields; the same rules as `bot check`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from bot.domain.problem import Problem, Severity
from bot.domain.rule import Rule
from bot.engine.editing import Looked, check_entry
from bot.i18n import N_, _
from bot.schedule.entries import NotSaved
from bot.schedule.wishes import Wish
from bot.web.desk.post_form import Values, spot
from bot.web.desk.visit import Visit
from bot.wiring.rulebook import find_rule, rulebook

SEVERITIES: Mapping[Severity, tuple[str, str]] = {
    Severity.ERROR: (N_("error"), "bad"),
    Severity.WARNING: (N_("warning"), "warn"),
    Severity.INFO: (N_("note"), ""),
}


async def look(visit: Visit, wish: Wish) -> Looked:
    """What would be wrong if it were saved now. A second of work at most, beside the loop."""
    root, read = visit.desk.settings.office.schedules, visit.desk.app.read
    async with visit.desk.slow:  # what is typed must not keep publishing from the processor
        return await asyncio.to_thread(
            check_entry, root, wish, read, visit.core.platforms, zone=visit.zone.key
        )


def told(looked: Looked, values: Values) -> list[dict[str, Any]]:
    """The problems, the worst first, each with the field it is shown at ("" for none)."""
    order = list(SEVERITIES)
    found = sorted(looked.findings, key=lambda one: order.index(one.problem.severity))
    return [_said(one.problem, spot(one.field, values)) for one in found]


def refused(error: NotSaved, values: Values) -> list[dict[str, Any]]:
    """The one reason why it cannot be saved."""
    problem = Problem(code="", message=str(error), severity=Severity.ERROR)
    return [_said(problem, spot(error.field, values))]


def _said(problem: Problem, field: str) -> dict[str, Any]:
    word, tone = SEVERITIES[problem.severity]
    return {
        "field": field,
        "severity": problem.severity.value,
        "word": _(word),
        "tone": tone,
        "code": problem.code if problem.code in rulebook() else "",
        "message": problem.message,
        "hint": problem.hint,
    }


def has_errors(found: Sequence[Mapping[str, Any]]) -> bool:
    """True when it would be held, or cannot be saved at all."""
    return any(one["severity"] == Severity.ERROR.value for one in found)


def rule(code: str) -> Rule:
    """The rule with its ground. Raises UsageError for a code that is none."""
    return find_rule(code)
