"""A bar that follows the virtual clock while a month is played."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bot.cli.output import local


def clock_bar(
    console: Console, start: datetime, end: datetime, zone: ZoneInfo
) -> tuple[Progress, Callable[[datetime], None]]:
    """The bar, to be entered as a context, and what tells it the time; silent but on a terminal."""
    progress = Progress(
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    bar = progress.add_task("", total=(end - start).total_seconds())

    def show(now: datetime) -> None:
        done = (now - start).total_seconds()
        progress.update(bar, completed=done, description=local(now, zone))

    return progress, show
