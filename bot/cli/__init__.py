"""The command `bot`."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from typing import Any

import typer
from rich.markup import escape

from bot.cli import (
    accounts,
    checking,
    connecting,
    contacts,
    counts,
    coverage,
    demo,
    desk,
    doctor,
    exporting,
    gaps,
    importing,
    matches,
    planning,
    previewing,
    publications,
    reading_back,
    recalls,
    rehearse,
    reviews,
    running,
    syncing,
    tasks,
    typer_words,
)
from bot.cli.output import USAGE, notes
from bot.errors import BotError
from bot.i18n import _
from bot.ledger import trouble
from bot.logs import configure, flush, keep_trace

# What typer raises for every wrong command line, before a command begins.
_UsageFault: Any = typer.BadParameter.__base__

app = typer.Typer(
    help=_("Publishes the content calendar of a new-media matrix, once and only once."),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command(help=_("Plays the sample month against the simulator and shows what came of it."))(
    demo.demo
)
app.command(help=_("Finds every mistake in the calendar before it can hurt."))(checking.check)
app.command(help=_("Shows how the calendar differs from what the ledger knows."))(planning.plan)
app.command(help=_("Shows a post as each platform will show it, on one page."))(previewing.preview)
app.command(
    help=_("Plays a month of the calendar against the simulator and tells what would go wrong.")
)(rehearse.rehearse)
app.command(help=_("Publishes the calendar, each post at its time, until it is stopped."))(
    running.run
)
app.command(
    help=_("Does its share of all work, with any number of other workers, until it is stopped.")
)(running.worker)
app.command(help=_("Serves the desk alone, where another process publishes."))(desk.web)
app.command(help=_("Serves the platforms' APIs on this machine, for rehearsals and tests."))(
    running.simulator
)
app.command(help=_("Reads back what the accounts really show and ties it to the key items."))(
    reading_back.collect
)
app.command(help=_("Shows earlier items with the same text, and who carried it first."))(
    reading_back.earlier
)
app.command(
    help=_("Takes a post back from every account that carries it, and keeps it from all others.")
)(recalls.withdraw)
app.command(
    help=_("Brings every account that carries a post up to the calendar's corrected version.")
)(recalls.correct)
app.add_typer(recalls.group, name="recalls")
app.command("import", help=_("Takes over what an account posted from the platform's own export."))(
    importing.import_
)
app.command(help=_("Lists the exports that were taken over, the newest first."))(importing.imports)
app.add_typer(publications.group, name="publications")
app.add_typer(accounts.group, name="accounts")
app.add_typer(contacts.group, name="contacts")
app.add_typer(exporting.group, name="export")
app.add_typer(tasks.group, name="tasks")
app.add_typer(matches.group, name="matches")
app.add_typer(reviews.group, name="reviews")
accounts.group.command(
    help=_("Lets an account's owner authorise the bot on the platform's own page.")
)(connecting.connect)
accounts.group.command(
    help=_("Asks the platforms what each account may do, and compares the names.")
)(connecting.check)
accounts.group.command(help=_("Compares the roster with what the platforms say of the accounts."))(
    syncing.sync
)
app.command(help=_("Shows which unit carried which key item, and who must act where it lacks."))(
    coverage.coverage
)
app.command(help=_("Counts pushes (推送次数) and articles (篇数)."))(counts.counts)
app.command(
    help=_("Shows accounts that fell silent: days since the last post, and the longest gap.")
)(gaps.gaps)
app.command(help=_("Finds out what keeps the bot from its work, and says what to do about it."))(
    doctor.doctor
)


def main() -> None:
    """Entry of the command; turns every failure into a message and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a console that lacks a sign shows "?" for it
    configure()
    code = _run()
    flush()
    sys.exit(code)


def _run() -> int:
    try:
        command = typer.main.get_command(app)
        typer_words.speak(command)
        return int(command.main(prog_name="bot", standalone_mode=False) or 0)
    except BotError as error:
        _complain(str(error))
        return USAGE
    except _UsageFault as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # the help has been asked for, in effect
            notes.print(error.format_message(), markup=False)
        else:
            cause = typer_words.complaint(error.format_message())
            _complain(_("Wrong usage: {cause}. `--help` shows how.").format(cause=cause))
        return USAGE
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except Exception as error:
        if trouble.unusable(error) and not isinstance(error, BrokenPipeError):
            _complain(_trouble(error))
            return USAGE
        # A person gets a sentence and a file to send on; the trace is not for the screen.
        _complain(
            _(
                "An error inside the program. Nothing is lost: the ledger keeps every "
                "publication's state. Please send {file} to whoever looks after the program."
            ).format(file=keep_trace(error) or "var/errors")
        )
        return 3


def _complain(text: str) -> None:
    notes.print(f"[red]✗[/] {escape(text)}", soft_wrap=True)


def _trouble(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename:
        message = _("{file} cannot be used: {cause}. Check the path, the rights and the disk.")
        return message.format(file=error.filename, cause=error.strerror)
    return trouble.in_words(error)
