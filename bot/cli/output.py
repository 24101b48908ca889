"""How commands speak: tables and colours for people, one clean JSON document for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from bot.engine.shapes import iso as iso  # for all commands
from bot.i18n import _
from bot.logs import configure
from bot.settings import Settings, load_settings

OK, BAD_NEWS, USAGE = 0, 1, 2

# Written to a file or a pipe, a table must not be folded to the width of no terminal at all.
screen = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
notes = Console(stderr=True, highlight=False)


class Format(StrEnum):
    """For people, or for programs."""

    TEXT = "text"
    JSON = "json"


FormatOption = Annotated[Format, typer.Option("--format", help=_("for people, or for programs"))]


def settings_in_force() -> Settings:
    """The settings; from here on the log is as loud as they want. Raises UsageError."""
    settings = load_settings()
    configure(settings.log.level, json=settings.log.json_lines)
    return settings


def emit(document: Any) -> None:
    """Writes one JSON document to stdout, alone."""
    json.dump(document, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


def local(moment: datetime | None, zone: ZoneInfo) -> str:
    """The moment in the office's zone, for a table."""
    return "" if moment is None else moment.astimezone(zone).strftime("%m-%d %H:%M")


def table(title: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """A table ready to print; cells are rich markup."""
    made = Table(title=title or None, title_justify="left", header_style="bold")
    for heading in headings:
        made.add_column(heading, overflow="fold")
    for row in rows:
        made.add_row(*row)
    return made
