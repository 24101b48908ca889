"""The command `bot`."""

from __future__ import annotations

import os
import sys
from datetime import datetime

import click
import typer

from bot.cli import accounts, answers, calendar, publications, running
from bot.cli.output import USAGE, notes
from bot.errors import BotError
from bot.i18n import _
from bot.logs import configure, get_logger

app = typer.Typer(
    help=_("Publishes the content calendar of a new-media matrix, once and only once."),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
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
    except click.exceptions.Exit as error:
        code = error.exit_code
    except click.ClickException as error:
        notes.print(_("Wrong usage: {cause}").format(cause=error.format_message()), markup=False)
        code = USAGE
    except (KeyboardInterrupt, click.exceptions.Abort):
        code = 130
    except Exception:
        # A person gets a sentence and a number to quote; the log has the rest.
        ticket = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
        notes.print(
            _(
                "An error inside the program (number {ticket}). Nothing is lost: the ledger keeps "
                "every publication's state. Set BOT_LOG__LEVEL=debug and run the command again to "
                "see the details, and send them to whoever looks after the program."
            ).format(ticket=ticket)
        )
        get_logger(__name__).debug("command.failed", ticket=ticket, exc_info=True)
        code = 3
    sys.exit(code)
