"""`bot check`: the linter of the calendar, and the list of its rules."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bot.cli import rules, sarif
from bot.cli.calendar import folder_settings, read_calendar, show_problems
from bot.cli.ids import tell_ids
from bot.cli.output import BAD_NEWS, OK, emit, screen
from bot.clock import WallClock
from bot.domain.problem import Problem, Severity
from bot.engine import check as checks
from bot.engine.check import Checked
from bot.engine.ignored import Ignored
from bot.engine.links import check_links
from bot.errors import UsageError
from bot.i18n import _
from bot.schedule import naming
from bot.schedule.reader import Reading
from bot.schedule.writing import write_all
from bot.settings import Settings
from bot.wiring.platforms import Catalog
from bot.wiring.rulebook import find_rule, rulebook


class CheckFormat(StrEnum):
    """For people, for programs, or for what shows findings in an editor or a pipeline."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"


_RANKS = {Severity.INFO: 0, Severity.WARNING: 1, Severity.ERROR: 2}


def check(
    folder: Annotated[
        str | None,
        typer.Argument(
            help=_("the schedules folder; the settings' one if left out. With --rules: a code")
        ),
    ] = None,
    form: Annotated[
        CheckFormat, typer.Option("--format", help=_("for people, for programs, or SARIF 2.1.0"))
    ] = CheckFormat.TEXT,
    severity: Annotated[
        Severity, typer.Option("--severity", help=_("leave out what is less severe"))
    ] = Severity.INFO,
    strict: Annotated[
        bool, typer.Option("--strict", help=_("warnings count for the exit code too"))
    ] = False,
    list_rules: Annotated[
        bool, typer.Option("--rules", help=_("list all rules, or explain the one of a code"))
    ] = False,
    links: Annotated[
        bool, typer.Option("--links", help=_("also ask whether the links of the posts still work"))
    ] = False,
    write_ids: Annotated[
        bool, typer.Option("--write-ids", help=_("give new entries without an id one"))
    ] = False,
) -> None:
    """Finds every mistake in the calendar before it can hurt."""
    if list_rules:
        _rules(folder, form)
        return
    settings = folder_settings(Path(folder) if folder is not None else None)
    reading = read_calendar(settings)
    if write_ids:
        named = naming.name(naming.gaps(reading.sources), naming.ids(reading.sources), {})
        tell_ids(write_all(reading.folder, named, settings.office.timezone))
        reading = read_calendar(settings)
    asked = _links(reading, settings) if links else None
    checked = checks.check(reading, Catalog(settings.platforms), alone=True, links=asked)
    shown = [one for one in checked.problems if _RANKS[one.severity] >= _RANKS[severity]]
    if form is CheckFormat.JSON:
        emit(_as_json(shown, checked, reading))
    elif form is CheckFormat.SARIF:
        emit(sarif.document(shown, checked.ignored, rulebook()))
    else:
        _show(tuple(shown), checked.ignored, reading)
    bad = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
    raise typer.Exit(BAD_NEWS if any(one.severity in bad for one in checked.problems) else OK)


def _links(reading: Reading, settings: Settings) -> list[Problem]:
    return asyncio.run(
        check_links(
            reading.posts,
            now=WallClock().now(),
            cache_file=settings.files.handoff / ".cache" / "links.json",
            private=settings.check.links_private,
        )
    )


def _rules(code: str | None, form: CheckFormat) -> None:
    if form is CheckFormat.SARIF:
        raise UsageError(_("The rules are listed as text or JSON."))
    if code is not None:
        rules.explain(find_rule(code), as_json=form is CheckFormat.JSON)
    else:
        rules.list_all(rulebook().values(), as_json=form is CheckFormat.JSON)


def _as_json(shown: list[Problem], checked: Checked, reading: Reading) -> dict[str, object]:
    return {
        "posts": len(reading.posts),
        "problems": [problem.as_json() for problem in shown],
        "ignored": len(checked.ignored),
        "ignores": [
            {
                "code": one.problem.code,
                "post": one.problem.post,
                "reason": one.reason,
                "by": "settings" if one.office else "post",
            }
            for one in checked.ignored
        ],
    }


def _show(problems: tuple[Problem, ...], ignored: tuple[Ignored, ...], reading: Reading) -> None:
    show_problems(problems, reading)
    notes = sum(problem.severity is Severity.INFO for problem in problems)
    if notes:
        screen.print(_("{notes} notes.").format(notes=notes))
    if ignored:
        screen.print(_("{ignored} findings are switched off.").format(ignored=len(ignored)))
    if problems:
        hint = _("`bot check --rules {code}` explains a rule.").format(code=problems[0].code)
        screen.print(hint, markup=False)
