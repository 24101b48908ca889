"""Which problems the office has switched off, each with its reason; the only place that decides."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from bot.domain.problem import Problem, Severity
from bot.domain.rule import Rule
from bot.i18n import _
from bot.schedule.reader import Reading


@dataclass(frozen=True, kw_only=True)
class Ignored:
    """A problem that is not told, and why."""

    problem: Problem
    reason: str
    office: bool = False  # switched off in the settings, not in the post


@dataclass(frozen=True, kw_only=True)
class Sifted:
    """Problems apart from those switched off."""

    kept: tuple[Problem, ...]
    ignored: tuple[Ignored, ...]


def sift(
    problems: Iterable[Problem], reading: Reading, *, not_looked_for: Collection[str] = ()
) -> Sifted:
    """The problems that count, with one more for each wish that cannot be granted.

    Codes of `not_looked_for` were not searched for in this run, so that their being ignored in
    vain means nothing.
    """
    kept: list[Problem] = []
    ignored: list[Ignored] = []
    used: set[tuple[str, str]] = set()
    for problem in problems:
        reason = reading.ignores.get(problem.post or "", {}).get(problem.code)
        off = reading.options.off.get(problem.code)
        if reason is not None:
            used.add((problem.post or "", problem.code))
        if (reason is None and off is None) or not _may(problem, reading.options.rules):
            kept.append(problem)
        else:
            text = reason.reason if reason is not None else off or ""
            ignored.append(Ignored(problem=problem, reason=text, office=reason is None))
        if reason is not None and not _may(problem, reading.options.rules):
            kept.append(_not_optional(problem, reading))
    kept += _unused(reading, used, not_looked_for)
    return Sifted(kept=tuple(dict.fromkeys(kept)), ignored=tuple(ignored))


def _may(problem: Problem, rules: Mapping[str, Rule]) -> bool:
    if problem.severity is not Severity.ERROR:
        return True
    rule = rules.get(problem.code)
    return rule is not None and rule.optional


def _not_optional(problem: Problem, reading: Reading) -> Problem:
    post = problem.post or ""
    return Problem(
        code="rule-not-optional",
        message=_("{code} cannot be switched off where it is an error.").format(code=problem.code),
        hint=_("Put right what it objects to."),
        place=reading.ignores[post][problem.code].place,
        post=problem.post,
    )


def _unused(
    reading: Reading, used: Collection[tuple[str, str]], not_looked_for: Collection[str]
) -> Iterator[Problem]:
    for post, ignores in reading.ignores.items():
        for code, ignore in ignores.items():
            if ignore.inherited or (post, code) in used or code in not_looked_for:
                continue
            yield Problem(
                code="ignore-unused",
                message=_("{code} is ignored and found nothing here.").format(code=code),
                hint=_("Take it out, so that it does not hide something later."),
                severity=Severity.WARNING,
                place=ignore.place,
                post=post,
            )
