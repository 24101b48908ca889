"""`bot collect`, `bot earlier`: what the accounts really show, and what was there before."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from bot.app import App, open_app
from bot.cli.loop import run_fast
from bot.cli.output import (
    BAD_NEWS,
    OK,
    Format,
    FormatOption,
    emit,
    iso,
    local,
    screen,
    settings_in_force,
    table,
)
from bot.domain.plain import plain_text
from bot.engine import collect as collecting
from bot.engine import earlier as before
from bot.engine import recall_work
from bot.engine.collect import Collected
from bot.engine.earlier import Earlier
from bot.engine.rematching import Rematched, catch_up, rematch
from bot.errors import UsageError
from bot.i18n import _
from bot.settings import Settings


def collect(
    accounts: Annotated[
        list[str] | None, typer.Argument(help=_("accounts; all if left out"))
    ] = None,
    again: Annotated[
        bool,
        typer.Option("--again", help=_("reads nothing; compares all stored items anew")),
    ] = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Reads back what the accounts really show and ties it to the key items."""
    settings = settings_in_force()
    if again:
        if accounts:
            raise UsageError(
                _("With --again all accounts' stored items are compared: name no account.")
            )
        _show_again(run_fast(_again(settings)), form)
        raise typer.Exit(OK)

    async def work() -> list[Collected]:
        async with open_app(settings) as app:
            found = await collecting.collect(app.core, accounts or ())
            await recall_work.work_due(app.core)  # what is found may have been withdrawn
            return found

    found = asyncio.run(work())
    if form is Format.JSON:
        emit({"accounts": [_as_json(one, settings) for one in found]})
    else:
        headings = (_("account"), _("seen"), _("new"), _("matched"), _("trouble"))
        rows = [
            (one.account, str(one.seen), str(one.new), str(one.matched), _trouble(one, settings))
            for one in found
        ]
        screen.print(table("", headings, rows))
    raise typer.Exit(BAD_NEWS if any(one.error for one in found) else OK)


def _as_json(one: Collected, settings: Settings) -> dict[str, Any]:
    return {
        "account": one.account,
        "seen": one.seen,
        "new": one.new,
        "matched": one.matched,
        "error": one.error,
        "until": iso(one.until, settings.zone),
    }


def _trouble(one: Collected, settings: Settings) -> str:
    if one.until is None:
        return escape(one.error)
    message = _("the reading quota is used up until {until}")
    said = message.format(until=local(one.until, settings.zone))
    return escape(_("; ").join(filter(None, [one.error, said])))


async def _again(settings: Settings) -> list[Rematched]:
    async with open_app(settings) as app:
        return await rematch(app.core, again=True)


def _show_again(found: Sequence[Rematched], form: Format) -> None:
    if form is Format.JSON:
        emit({"key_items": [vars(one) for one in found]})
        return
    headings = (_("key item"), _("compared"), _("new verdicts"))
    rows = [(escape(one.post), str(one.compared), str(one.matched)) for one in found]
    screen.print(table("", headings, rows))


def earlier(
    what: Annotated[
        str, typer.Argument(help=_("a text file (.md, .txt), an item's link, or a post's id"))
    ],
    form: FormatOption = Format.TEXT,
) -> None:
    """Shows earlier items with the same text, and who carried it first."""
    settings = settings_in_force()

    async def work() -> list[Earlier]:
        async with open_app(settings) as app:
            text, until = await _asked(app, what)
            await catch_up(app.core)
            return await before.earlier(app.core, text, until)

    found = run_fast(work())
    if form is Format.JSON:
        emit(
            {
                "items": [
                    vars(one) | {"published_at": iso(one.published_at, settings.zone)}
                    for one in found
                ]
            }
        )
        return
    if not found:
        screen.print(_("No earlier item shares a passage with it."))
        return
    headings = (_("published at"), _("account"), _("title"), _("of it there"), _("of that here"))
    screen.print(table("", headings, [_line(one, settings) for one in found]))


def _line(one: Earlier, settings: Settings) -> tuple[str, ...]:
    day = one.published_at.astimezone(settings.zone).strftime("%Y-%m-%d %H:%M")
    title = "\n".join(filter(None, (one.title, one.url)))
    return (day, one.account, escape(title), f"{one.found:.0%}", f"{one.covers:.0%}")


async def _asked(app: App, what: str) -> tuple[str, datetime]:
    """The text, and when what is asked for must have been published before."""
    if Path(what).suffix in {".md", ".txt"}:
        return _read(Path(what)), app.core.clock.now()
    known = await before.stored(app.core, what)
    if known is None:
        raise UsageError(
            _(
                "{what} is no text file, no link of a stored item and no post of the ledger. Give "
                "the link as `bot publications` or the platform shows it."
            ).format(what=what)
        )
    return known


def _read(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            _("{file} cannot be read as a UTF-8 text: {cause}").format(file=path, cause=error)
        ) from error
    return plain_text(text) if path.suffix == ".md" else text
