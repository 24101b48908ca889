"""`bot doctor`: what keeps the bot from its work, and what to do about it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict

import typer
from rich.markup import escape

from bot.cli.output import (
    BAD_NEWS,
    OK,
    USAGE,
    Format,
    FormatOption,
    emit,
    screen,
    settings_in_force,
)
from bot.clock import WallClock
from bot.doctor.examine import examine
from bot.doctor.finding import Finding, Level
from bot.errors import UsageError
from bot.i18n import _

_SIGNS = {
    Level.OK: "[green]✓[/]",
    Level.NOTE: "[blue]·[/]",
    Level.WARNING: "[yellow]![/]",
    Level.ERROR: "[red]✗[/]",
}


def doctor(form: FormatOption = Format.TEXT) -> None:
    """Looks at everything the bot needs and changes nothing."""
    try:
        settings = settings_in_force()
    except UsageError as error:
        _show([_wrong_settings(error)], form)
        raise typer.Exit(USAGE) from error
    found = asyncio.run(examine(settings, WallClock()))
    _show(found, form)
    raise typer.Exit(BAD_NEWS if any(finding.bad for finding in found) else OK)


def _wrong_settings(error: UsageError) -> Finding:
    return Finding(
        check="settings",
        code="settings_wrong",
        level=Level.ERROR,
        message=str(error),
        advice=_("No command works with these settings, and nothing else could be checked."),
    )


def _show(found: Sequence[Finding], form: Format) -> None:
    if form is Format.JSON:
        emit({"findings": [asdict(finding) for finding in found]})
        return
    for finding in found:
        screen.print(f"{_SIGNS[finding.level]} {escape(finding.message)}", soft_wrap=True)
        if finding.advice:
            screen.print(f"    {escape(finding.advice)}", soft_wrap=True)
    bad = sum(finding.bad for finding in found)
    screen.print(
        _("{count} findings need you.").format(count=bad) if bad else _("All is well."),
        soft_wrap=True,
    )
