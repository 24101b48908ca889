"""`bot tasks`: what people must do now, by when, and the links by which they do it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer
from rich.markup import escape

from bot.app import open_app
from bot.cli.output import (
    BAD_NEWS,
    OK,
    Format,
    FormatOption,
    emit,
    local,
    notes,
    screen,
    settings_in_force,
    table,
)
from bot.cli.publications import me, moment_of
from bot.domain import task_words, words
from bot.domain.roster import Roster
from bot.domain.tasks import Answer, Said, Task, TaskKind
from bot.engine import handles, shapes, tasks
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger import roster
from bot.settings import Settings

group = typer.Typer(
    help=_("What people must do now: decide, publish by hand, report, correct."),
    no_args_is_help=True,
)
Name = Annotated[str, typer.Argument(help=_("the task, as `bot tasks list` shows it"))]


@group.command("list", help=_("Lists who owes what, by when."))
def list_(
    unit: Annotated[
        list[str] | None, typer.Option("--unit", help=_("only of this unit; may be repeated"))
    ] = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Lists who owes what, by when. Exit 1 when a deadline has passed."""
    settings = settings_in_force()

    async def work() -> tuple[list[Task], Roster, datetime]:
        async with open_app(settings) as app, app.core.ledger.read() as conn:
            members = await roster.load(conn)
            for name in unit or ():
                if name not in members.units:
                    raise UsageError(_("There is no unit {unit}.").format(unit=name))
            found = await tasks.open_tasks(conn, units=unit or ())
            return found, members, app.core.clock.now()

    found, members, now = asyncio.run(work())
    if form is Format.JSON:
        emit({"tasks": [shapes.task(task, settings.zone) for task in found]})
    else:
        _show(found, members, settings)
    late = any(task.deadline_at is not None and task.deadline_at < now for task in found)
    raise typer.Exit(BAD_NEWS if late else OK)


def _show(found: Sequence[Task], members: Roster, settings: Settings) -> None:
    headings = (
        *(_("task"), _("what to do"), _("owed by"), _("unit"), _("account"), _("title")),
        *(_("deadline"), _("possible until")),
    )
    rows = [
        (
            task.id,
            task_words.task(task.kind),
            words.role(task.role),
            escape(members.units[task.unit].short if task.unit in members.units else task.unit),
            escape(task.account),
            escape(task.title),
            local(task.deadline_at, settings.zone),
            local(task.until, settings.zone),
        )
        for task in found
    ]
    screen.print(table("", headings, rows))


@group.command(help=_("Makes a link by which the task can be done without an account of the bot."))
def link(name: Name, form: FormatOption = Format.TEXT) -> None:
    """Makes a link by which the task can be done without an account of the bot."""
    settings = settings_in_force()
    if not settings.web.reached_at:
        raise UsageError(
            _(
                "The bot's pages cannot be reached by a link: set web.public_url to the address "
                "under which browsers of the units reach this machine, for example "
                "http://10.1.2.3:8080 (docs/tasks.md)."
            )
        )

    async def work() -> tuple[Task, str]:
        async with open_app(settings) as app, app.core.ledger.write() as conn:
            task = await tasks.named(conn, name)
            return task, await handles.link_of(
                conn,
                task,
                public_url=settings.web.reached_at,
                sign=app.vault.sign,
                now=app.core.clock.now(),
            )

    task, made = asyncio.run(work())
    if form is Format.JSON:
        emit({"task": task.id, "link": made})
        return
    screen.print(made, soft_wrap=True, markup=False)
    if not settings.web.public_url:
        notes.print(
            _(
                "web.public_url is not set: this link works where {address} leads to this bot. "
                "docs/tasks.md says how units reach it."
            ).format(address=settings.web.reached_at),
            soft_wrap=True,
            markup=False,
        )


@group.command(help=_("Records that a task is done, or declined."))
def done(
    name: Name,
    url: Annotated[str, typer.Option("--url", help=_("the public link"))] = "",
    at: Annotated[
        str,
        typer.Option("--at", help=_("when it became public, YYYY-MM-DD HH:MM; now if left out")),
    ] = "",
    decline: Annotated[
        bool, typer.Option("--decline", help=_("the unit does not reprint; needs --reason"))
    ] = False,
    reason: Annotated[
        str, typer.Option("--reason", help=_("why, or what was done, in your own words"))
    ] = "",
    by: Annotated[
        str, typer.Option("--by", help=_("who decides; your login name if left out"))
    ] = "",
) -> None:
    """Records that a task is done, or declined."""
    settings = settings_in_force()
    moment = moment_of(at, settings)

    async def work() -> Task:
        async with open_app(settings) as app:
            async with app.core.ledger.read() as conn:
                task = await tasks.named(conn, name)
            said = Said.DECLINED if decline else _SAID[task.kind]
            answer = Answer(said=said, text=reason, url=url, at=moment)
            return await tasks.finish(app.core, name, answer, by=by or me())

    task = asyncio.run(work())
    message = _("{task} is settled: {title} on {account}.")
    screen.print(message.format(task=task.id, title=task.title, account=task.account), markup=False)


# What "done" means for each.
_SAID = {
    TaskKind.ACCEPT: Said.AGREED,
    TaskKind.HAND_OFF: Said.REPORTED,
    TaskKind.LOOK: Said.REPORTED,
    TaskKind.CORRECT: Said.DONE,
    TaskKind.WITHDRAW: Said.DONE,
}
