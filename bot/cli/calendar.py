"""`bot plan`, and what it has in common with `bot check`: problems as people read them."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.cells import cell_len
from rich.markup import escape

from adapters import registry
from bot.app import App, open_app
from bot.cli import forecasts, slots
from bot.cli.accounts import warn_of
from bot.cli.drafting import draft_year
from bot.cli.files import OutOption
from bot.cli.ids import Ids
from bot.cli.output import (
    BAD_NEWS,
    OK,
    Format,
    FormatOption,
    emit,
    iso,
    local,
    screen,
    settings_in_force,
    table,
)
from bot.domain.planning import Change, ChangeKind
from bot.domain.problem import Problem, Severity, has_errors
from bot.engine import plan as plans
from bot.engine import tokens
from bot.i18n import N_, _
from bot.schedule.filling import Coming
from bot.schedule.reader import Reading, read
from bot.settings import Settings
from bot.wiring.rulebook import check_options

Folder = Annotated[
    Path | None, typer.Argument(help=_("the schedules folder; the settings' one if left out"))
]

# What these found is masked in the message; the line itself would show it after all.
_PRIVATE = frozenset(
    {"id-number", "mobile-number", "bank-card", "record-number", "travel-document", "patient-name"}
)
_WIDE = 70  # characters of a line that are shown
_CONTEXT = 25  # of them before the place meant, when it lies far to the right
_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
SEVERITIES = {
    Severity.ERROR: N_("error"),
    Severity.WARNING: N_("warning"),
    Severity.INFO: N_("note"),
}
_KINDS = {
    ChangeKind.NEW: (N_("new"), "green"),
    ChangeKind.MOVED: (N_("moved"), "cyan"),
    ChangeKind.CHANGED: (N_("changed"), "cyan"),
    ChangeKind.REMOVED: (N_("removed"), "red"),
    ChangeKind.RESTORED: (N_("back again"), "green"),
    ChangeKind.CHANGED_AFTER: (N_("changed after publishing, not sent again"), "yellow"),
    ChangeKind.BLOCKED: (N_("held back: see the problems"), "yellow"),
}


def folder_settings(folder: Path | None) -> Settings:
    """The settings, with `folder` in place of theirs when it is given."""
    settings = settings_in_force()
    if folder is None:
        return settings
    return settings.model_copy(
        update={"office": settings.office.model_copy(update={"schedules": folder})}
    )


def read_calendar(settings: Settings) -> Reading:
    """The settings' calendar as it stands in the files."""
    office = settings.office
    return read(
        office.schedules,
        platforms=registry.platforms(),
        modes=registry.modes,
        zone=office.timezone,
        options=check_options(settings),
    )


def show_problems(problems: tuple[Problem, ...], reading: Reading) -> None:
    """Prints problems like a compiler: place, what, the line itself, what to do."""
    for problem in problems:
        colour = _COLOURS[problem.severity]
        head = f"{problem.place}: " if problem.place.file else ""
        post = f" ({problem.post})" if problem.post else ""
        screen.print(
            f"[bold]{escape(head)}[/][{colour}]{_(SEVERITIES[problem.severity])}[/] "
            f"[bright_black]{problem.code}[/]{escape(post)}: {escape(problem.message)}"
        )
        for shown in _excerpt(problem, reading):
            screen.print(f"    [bright_black]{escape(shown)}[/]", no_wrap=True, overflow="ellipsis")
        if problem.hint:
            screen.print(f"    → {escape(problem.hint)}")
    counts = Counter(problem.severity for problem in problems)
    screen.print(
        _("{posts} posts read; {errors} errors, {warnings} warnings.").format(
            posts=len(reading.posts),
            errors=counts[Severity.ERROR],
            warnings=counts[Severity.WARNING],
        )
    )


def _excerpt(problem: Problem, reading: Reading) -> list[str]:
    """The line or cell that is meant, and below it a marker."""
    place = problem.place
    if not place.file or place.line is None or problem.code in _PRIVATE:
        return []
    text = reading.excerpt(place)
    if not text.strip():
        return []
    head = f"{place.cell or place.line:>4} | "
    start = place.column - 1 if place.column else len(text) - len(text.lstrip())
    length = place.length or len(text.rstrip()) - start
    # What lies far to the right is brought into view.
    left = max(0, start - _CONTEXT) if start + length > _WIDE else 0
    right = min(len(text), left + _WIDE)
    shown = ("…" if left else "") + text[left:right] + ("…" if right < len(text) else "")
    before = head + ("…" if left else "") + text[left:start]
    marked = text[start : min(start + length, right)]
    return [head + shown, " " * cell_len(before) + "^" * max(cell_len(marked), 1)]


def plan(
    folder: Folder = None,
    form: FormatOption = Format.TEXT,
    apply: Annotated[
        bool, typer.Option("--apply", help=_("take the calendar over into the ledger"))
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help=_("also when many accounts would disappear"))
    ] = False,
    health_days: Annotated[
        int | None,
        typer.Option("--health-days", help=_("draft the topics of a year instead, e.g. 2027")),
    ] = None,
    out: OutOption = None,
) -> None:
    """Shows how the calendar differs from what the ledger knows."""
    settings = folder_settings(folder)
    if health_days is not None:
        draft_year(settings, health_days, form, out)
        return

    async def work() -> tuple[plans.Plan, Reading, list[Coming]]:
        async with open_app(settings) as app:
            reading = app.read()
            if apply and await Ids(app=app).give(reading):
                reading = app.read()
            made = await _plan(app, reading, apply=apply, yes=yes)
            if form is Format.TEXT:
                warn = timedelta(days=settings.tokens.warn_days)
                warn_of(await tokens.authorisations(app.core, warn=warn), settings.zone)
            return made, reading, slots.coming(reading, app.core.clock.now())

    made, reading, ahead = asyncio.run(work())
    if form is Format.JSON:
        emit(
            {
                "publications": made.planned,
                "applied": apply,
                "changes": [_as_json(change, settings) for change in made.changes],
                "problems": [problem.as_json() for problem in made.problems],
                "quotas": [forecasts.as_json(one, settings.zone) for one in made.overruns],
                "slots": [slots.as_json(one, settings.zone) for one in ahead],
            }
        )
    else:
        _show_plan(made, reading, settings)
        forecasts.show(made.overruns, settings.zone)
        slots.show(ahead, settings.zone)
    bad = has_errors(made.problems) or forecasts.missed(made.overruns)
    raise typer.Exit(BAD_NEWS if bad else OK)


async def _plan(app: App, reading: Reading, *, apply: bool, yes: bool) -> plans.Plan:
    if apply:
        return await plans.apply(app.core, reading, confirmed=yes)
    return await plans.preview(app.core, reading)


def _as_json(change: Change, settings: Settings) -> dict[str, object]:
    return {
        "kind": change.kind.value,
        "post": change.post,
        "account": change.account,
        "due_at": iso(change.due_at, settings.zone),
        "publication": change.publication,
    }


def _show_plan(made: plans.Plan, reading: Reading, settings: Settings) -> None:
    show_problems(made.problems, reading)
    if not made.changes:
        screen.print(_("The ledger already is as the calendar wants it."))
        return
    rows = [
        (
            local(change.due_at, settings.zone),
            f"[{_KINDS[change.kind][1]}]{_(_KINDS[change.kind][0])}[/]",
            escape(change.post),
            escape(change.account),
        )
        for change in made.changes
    ]
    headings = (_("when"), _("what"), _("post"), _("account"))
    screen.print(table("", headings, rows))
    screen.print(
        _("{changes} changes; the calendar asks for {planned} publications.").format(
            changes=len(made.changes), planned=made.planned
        )
    )
