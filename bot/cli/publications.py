"""`bot publications`: what went out, what did not, and what a person decides about it."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from datetime import datetime
from itertools import zip_longest
from typing import Annotated, Any

import typer
from rich.markup import escape

from bot.app import App, open_app
from bot.cli import history as histories
from bot.cli import words
from bot.cli.output import (
    BAD_NEWS,
    OK,
    Format,
    FormatOption,
    emit,
    local,
    screen,
    settings_in_force,
    table,
)
from bot.domain import history_words
from bot.domain.publication import Publication, State
from bot.domain.words import owner, role, trouble
from bot.engine import people, previewing, shapes
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger import publications as queries
from bot.settings import Settings

group = typer.Typer(
    help=_("What went out, what did not, and what a person decides about it."),
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(help=_("number, or POST@ACCOUNT"))]
By = Annotated[str, typer.Option("--by", help=_("who decides; your login name if left out"))]
Why = Annotated[str, typer.Option("--reason", help=_("why, in your own words"))]
_BAD = frozenset({State.FAILED, State.MISSED, State.UNKNOWN})


def _why(pub: Publication, settings: Settings) -> str:
    why = trouble(pub) or pub.url or str(pub.checkpoint.get("package", ""))
    until = shapes.until(pub)
    if until is None:
        return escape(why)
    waits = _("waits until {until}").format(until=local(until, settings.zone))
    return escape(_("; ").join([why, waits]))


@group.command("list", help=_("Lists publications by planned time."))
def list_(
    state: Annotated[list[State] | None, typer.Option(help=_("only in this state"))] = None,
    post: Annotated[str | None, typer.Option(help=_("only of this post"))] = None,
    account: Annotated[str | None, typer.Option(help=_("only on this account"))] = None,
    unit: Annotated[str | None, typer.Option(help=_("only of this unit"))] = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Lists publications by planned time."""
    settings = settings_in_force()

    async def work() -> list[Publication]:
        async with open_app(settings) as app, app.core.ledger.read() as conn:
            return await queries.search(
                conn, post=post, account=account, unit=unit, states=state or ()
            )

    found = asyncio.run(work())
    if form is Format.JSON:
        emit({"publications": [shapes.publication(pub, settings.zone) for pub in found]})
    else:
        show(found, settings)
    raise typer.Exit(BAD_NEWS if any(pub.state in _BAD for pub in found) else OK)


def show(found: list[Publication], settings: Settings, title: str = "") -> None:
    """Prints publications as a table."""
    headings = (
        _("no."),
        _("planned time"),
        _("post"),
        _("account"),
        _("state"),
        _("owed by"),
        _("why"),
    )
    rows = [
        (
            str(pub.id),
            local(pub.due_at, settings.zone),
            escape(pub.post),
            escape(pub.account),
            words.state(pub.state),
            role(owner(pub)),
            _why(pub, settings),
        )
        for pub in found
    ]
    screen.print(table(title, headings, rows))


@group.command("show", help=_("Shows one publication with its whole history."))
def show_one(name: Name, form: FormatOption = Format.TEXT) -> None:
    """Shows one publication with its whole history."""
    settings = settings_in_force()

    async def work() -> tuple[Publication, list[Any]]:
        async with open_app(settings) as app:
            pub = await people.get(app.core, name)
            async with app.core.ledger.read() as conn:
                return pub, [dict(event) for event in await queries.history(conn, pub.id)]

    pub, history = asyncio.run(work())
    if form is Format.JSON:
        emit(shapes.with_history(pub, history, settings.zone))
        return
    show([pub], settings)
    headings = (_("when"), _("event"), _("from"), _("to"), _("facts"))
    rows = [
        (
            local(event["at"], settings.zone),
            history_words.event(event["name"]),
            history_words.state(event["from_state"]),
            history_words.state(event["to_state"]),
            escape(histories.facts(event["facts"], settings.zone)),
        )
        for event, after in zip_longest(history, history[1:])
        # Several uploads in a row are one preparation to a person.
        if after is None or not event["name"] == after["name"] == "publication.prepared"
    ]
    screen.print(table("", headings, rows))


def _decide(name: str, decision: Callable[[App, Publication], Awaitable[object]]) -> None:
    settings = settings_in_force()

    async def work() -> Publication:
        async with open_app(settings) as app:
            pub = await people.get(app.core, name)
            await decision(app, pub)
            return await people.get(app.core, str(pub.id))

    show([asyncio.run(work())], settings)


@group.command(help=_("Lets a failed or missed publication be tried again."))
def retry(
    name: Name,
    not_published: Annotated[
        bool, typer.Option("--not-published", help=_("I have looked: it surely is not public"))
    ] = False,
    by: By = "",
) -> None:
    """Lets a failed or missed publication be tried again."""
    _decide(
        name,
        lambda app, pub: people.retry(app.core, pub, by=by or me(), not_published=not_published),
    )


@group.command(help=_("Withdraws a publication that was not sent."))
def cancel(name: Name, reason: Why = "", by: By = "") -> None:
    """Withdraws a publication that was not sent."""
    _decide(name, lambda app, pub: people.cancel(app.core, pub, by=by or me(), reason=reason))


@group.command(help=_("Records that a publication is public, with its link."))
def confirm(
    name: Name,
    url: Annotated[str, typer.Option("--url", help=_("the public link"))],
    at: Annotated[
        str,
        typer.Option("--at", help=_("when it became public, YYYY-MM-DD HH:MM; now if left out")),
    ] = "",
    by: By = "",
) -> None:
    """Records that a publication is public, with its link."""
    settings = settings_in_force()
    moment = moment_of(at, settings)
    _decide(name, lambda app, pub: people.report(app.core, pub, url=url, at=moment, by=by or me()))


@group.command(help=_("Sends a post to one person's own account, as the public will see it."))
def preview(
    name: Name,
    to: Annotated[str, typer.Option("--to", help=_("the reviewer's name on the platform"))],
) -> None:
    """Sends a post to one person's own account, as the public will see it."""
    _decide(name, lambda app, pub: previewing.send(app.core, pub, to=to))


@group.command(help=_("Says yes to a reprint for the unit."))
def accept(name: Name, by: By = "") -> None:
    """Says yes to a reprint for the unit."""
    _decide(name, lambda app, pub: people.accept(app.core, pub, by=by or me()))


@group.command(help=_("Says no to a reprint for the unit."))
def decline(name: Name, reason: Why = "", by: By = "") -> None:
    """Says no to a reprint for the unit."""
    _decide(name, lambda app, pub: people.decline(app.core, pub, by=by or me(), reason=reason))


@group.command(help=_("Stops all publishing at once (mourning days, emergencies)."))
def freeze(reason: Annotated[str, typer.Argument(help=_("why"))], by: By = "") -> None:
    """Stops all publishing at once (mourning days, emergencies)."""
    _switch(True, reason, by)


@group.command(help=_("Ends the freeze; what it held goes on."))
def unfreeze(by: By = "") -> None:
    """Ends the freeze; what it held goes on."""
    _switch(False, "", by)


def _switch(on: bool, reason: str, by: str) -> None:
    async def work() -> None:
        async with open_app(settings_in_force()) as app:
            await people.freeze(app.core, on, by=by or me(), reason=reason)

    asyncio.run(work())
    screen.print(_("The matrix is frozen.") if on else _("The freeze has ended."))


def me() -> str:
    """The login name of whoever types."""
    return getpass.getuser()


def moment_of(text: str, settings: Settings) -> datetime | None:
    """A time as people type it, None for nothing; raises UsageError."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=settings.zone)
    except ValueError as error:
        raise UsageError(
            _("{text} is not a time; write it as 2026-05-07 10:00.").format(text=text)
        ) from error
