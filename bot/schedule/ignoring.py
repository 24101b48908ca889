"""Rules a post switches off: `ignore: {code: reason}`, as far as the rules allow it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.problem import Place, Problem
from bot.domain.rule import Group, Rule
from bot.i18n import _
from bot.schedule.faults import suggestion
from bot.schedule.posts import Entry


@dataclass(frozen=True, kw_only=True)
class Ignore:
    """One rule a post switches off."""

    reason: str
    place: Place
    inherited: bool = False  # from the post's column, where it may serve only some posts


def ignores_of(entry: Entry, rules: Mapping[str, Rule]) -> tuple[dict[str, Ignore], list[Problem]]:
    """What the entry may switch off, by code; and what is wrong with the rest of its wishes."""
    found: dict[str, Ignore] = {}
    problems = []
    inherited = entry.draft.node.get("ignore") is None
    for code, reason in entry.ignore.items():
        place = entry.where(f"ignore.{code}")
        problem = _refusal(code, reason, rules)
        if problem is None:
            found[code] = Ignore(reason=reason, place=place, inherited=inherited)
        else:
            problems.append(
                Problem(
                    code=problem[0],
                    message=problem[1],
                    hint=problem[2],
                    place=place,
                    post=entry.post.id,
                )
            )
    return found, problems


def _refusal(code: str, reason: str, rules: Mapping[str, Rule]) -> tuple[str, str, str] | None:
    rule = rules.get(code)
    if rule is None:
        message = _("There is no rule {code}.").format(code=code)
        return "rule-unknown", message, suggestion(code, rules)
    # Of what a platform objects to, warnings may be ignored; which it is shows only there.
    if not rule.may_ignore and rule.group is not Group.PLATFORM:
        message = _("{code} cannot be switched off.").format(code=code)
        return "rule-not-optional", message, _("Put right what it objects to.")
    if not reason:
        message = _("{code} is ignored without a reason.").format(code=code)
        hint = _("Write why: “ignore: {{{code}: checked with …}}”.").format(code=code)
        return "ignore-without-reason", message, hint
    return None
