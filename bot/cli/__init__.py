"""The command `bot`."""

from __future__ import annotations

import os
import sys
import traceback
from datetime import datetime
from pathlib import Path
from typing import Any

import typer

from bot.cli import accounts, answers, calendar, demo, publications, running
from bot.cli.output import USAGE, notes
from bot.errors import BotError
from bot.i18n import _
from bot.logs import configure

# What typer raises for every wrong command line, before a command begins.
_UsageFault: Any = typer.BadParameter.__base__

app = typer.Typer(
    help=_("Publishes the content calendar of a new-media matrix, once and only once."),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(demo.demo)
app.command()(calendar.check)
app.command()(calendar.plan)
app.command()(running.run)
app.command()(running.simulator)
app.command()(running.collect)
app.add_typer(publications.group, name="publications")
app.add_typer(accounts.group, name="accounts")
app.command()(answers.coverage)
app.command()(answers.counts)
app.command()(answers.gaps)


def main() -> None:
    """Entry of the command; turns every failure into a message and an exit code."""
    configure(os.environ.get("BOT_LOG__LEVEL", "warning"))
    try:
        code = app(standalone_mode=False)
    except BotError as error:
        notes.print(f"[red]✗[/] {error}", markup=True)
        code = USAGE
    except _UsageFault as error:
        notes.print(_("Wrong usage: {cause}").format(cause=error.format_message()), markup=False)
        code = USAGE
    except (KeyboardInterrupt, typer.Abort):
        code = 130
    except Exception:
        # A person gets a sentence and a file to send on; the trace is not for the screen.
        notes.print(
            _(
                "An error inside the program. Nothing is lost: the ledger keeps every "
                "publication's state. Please send {file} to whoever looks after the program."
            ).format(file=_keep_trace())
        )
        code = 3
    sys.exit(code)


def _keep_trace() -> Path:
    folder = Path("var/errors")
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / datetime.now().astimezone().strftime("%Y%m%d-%H%M%S.txt")
    file.write_text(traceback.format_exc(), encoding="utf-8")
    return file
