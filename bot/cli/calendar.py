"""`bot plan`, and what it has in common with `bot check`: problems as people read them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.cells import cell_len
from rich.markup import escape

from adapters import registry
from bot.cli.output import (
    screen,
    settings_in_force,
)
from bot.domain.problem import Problem, Severity
from bot.i18n import N_, _
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


def kept_in_words(posts: Iterable[str]) -> str:
    """Which posts keep their last good version, as a sentence."""
    return _("{posts}: the edit has an error; the last good version stays in force.").format(
        posts=_(", ").join(sorted(posts))
    )
