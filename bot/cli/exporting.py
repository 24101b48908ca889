"""`bot export …`: the calendar taken along, as files for other programs.

Each kind of file is one command of `group`. Its work stands in a module of its own; put a further
command there and register it with `@exporting.group.command(…)` below `ics`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.i18n import _

group = typer.Typer(help=_("Writes the calendar for other programs."), no_args_is_help=True)

OutOption = Annotated[
    Path | None,
    typer.Option("--out", help=_("write to this file instead of the screen; never over another")),
]


@group.callback()
def export() -> None:
    """Writes the calendar for other programs."""


@group.command(help=_("The calendar as .ics, for phones and Outlook."))
def ics(out: OutOption = None) -> None:
    """The calendar as .ics, for phones and Outlook."""
    raise typer.Exit(2)  # comes with the feed
