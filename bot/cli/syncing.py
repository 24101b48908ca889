"""`bot accounts sync`: roster and platforms side by side, and what a person makes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.markup import escape

from bot.app import App, open_app
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
from bot.cli.publications import By, me
from bot.domain.roster import Roster
from bot.engine import syncing
from bot.engine.profiles import Stranger
from bot.engine.syncing import NOT_THERE, Synced
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger import roster
from bot.ledger.profiles import Noted
from bot.settings import Settings

Decided = tuple[str, list[Noted]]  # the file written, and what was decided


def sync(
    take: Annotated[
        list[int] | None,
        typer.Option("--take", help=_("write what the platform says into the roster: a number")),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help=_("take all open differences over"))] = False,
    refuse: Annotated[
        list[int] | None,
        typer.Option("--refuse", help=_("the roster is right: a number; needs --reason")),
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help=_("why it is refused"))] = "",
    by: By = "",
    form: FormatOption = Format.TEXT,
) -> None:
    """Compares the roster with what the platforms say of the accounts."""
    settings = settings_in_force()
    if take or every or refuse:
        if refuse:
            _check_refusal(bool(take) or every, reason)
            work = _refuse(settings, refuse, by or me(), reason.strip())
        else:
            work = _take(settings, None if every else take, by or me())
        _show_decided(*asyncio.run(work), settings.zone, form)
        return

    found = asyncio.run(_ask(settings))
    if form is Format.JSON:
        emit(_document(found, settings.zone))
    else:
        _show(found, settings.zone)
    wrong = found.open or found.errors or any(one.error for one in found.asked)
    raise typer.Exit(BAD_NEWS if wrong else OK)


async def _ask(settings: Settings) -> Synced:
    async with open_app(settings) as app:
        return await syncing.sync(app.core, await _members(app))


async def _members(app: App) -> Roster:
    """The roster of the folder; the one in force where it cannot be read in full."""
    reading = await asyncio.to_thread(app.read)
    if reading.roster.accounts and reading.roster_file not in reading.broken:
        return reading.roster
    async with app.core.ledger.read() as conn:
        return await roster.load(conn)


def _check_refusal(takes: bool, reason: str) -> None:
    if takes or not reason.strip():
        raise UsageError(
            _("Either take some over, or refuse some and say why: --refuse NUMBER --reason TEXT.")
        )


async def _refuse(settings: Settings, numbers: list[int], by: str, reason: str) -> Decided:
    async with open_app(settings) as app:
        return "", await syncing.refuse(app.core, numbers, by=by, reason=reason)


async def _take(settings: Settings, numbers: list[int] | None, by: str) -> Decided:
    async with open_app(settings) as app:
        reading = await asyncio.to_thread(app.read)
        if reading.roster_file in reading.broken:
            message = _("{files} cannot be read in full. Run `bot check` and put that right first.")
            raise UsageError(message.format(files=reading.roster_file))
        return await syncing.take(app.core, reading.folder, reading.roster, numbers, by=by)


def _show_decided(file: str, done: Sequence[Noted], zone: ZoneInfo, form: Format) -> None:
    if form is Format.JSON:
        emit({"file": file, "decided": [_noted(one, zone) for one in done]})
    elif file:
        message = _("{count} written into {file}. `bot plan --apply` takes it over.")
        screen.print(escape(message.format(count=len(done), file=file)))
        if any(one.field == NOT_THERE for one in done):
            told = _("New accounts still need a registration number and `bot accounts connect`.")
            screen.print(told)
    elif done:
        screen.print(_("{count} refused.").format(count=len(done)))
    else:
        screen.print(_("Nothing is open."))


def _document(found: Synced, zone: ZoneInfo) -> dict[str, Any]:
    numbers = {one.subject: one.id for one in found.open if one.field == NOT_THERE}
    return {
        "differences": [_noted(one, zone) for one in found.open if one.field != NOT_THERE],
        "not_in_roster": [
            {**_stranger(one), "number": numbers[syncing.subject_of(one)]}
            for one in found.strangers
            if syncing.subject_of(one) in numbers
        ],
        "refused": [_noted(one, zone) for one in found.refused],
        "errors": {
            **found.errors,
            **{one.account: one.error for one in found.asked if one.error},
        },
    }


def _noted(one: Noted, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "account": one.subject,
        "field": one.field,
        "roster": one.ours,
        "platform": one.theirs,
        "number": one.id,
        "noted_at": iso(one.noted_at, zone),
        "as_of": iso(one.as_of, zone),
        "reason": one.reason,
        "by": one.by,
        "decided_at": iso(one.decided_at, zone),
    }


def _stranger(one: Stranger) -> dict[str, Any]:
    return {
        "platform": one.platform,
        **one.member.fields,
        "name": one.member.profile.name,
        "verified_name": one.member.profile.verified_name,
        "kind": one.member.profile.kind,
    }


def _show(found: Synced, zone: ZoneInfo) -> None:
    if found.open:
        headings = (
            *(_("number"), _("account"), _("field"), _("in the roster"), _("on the platform")),
            _("since"),
        )
        screen.print(table("", headings, [_row(one, zone) for one in found.open]))
        screen.print(
            _(
                "Take one over with `bot accounts sync --take NUMBER`, or refuse it with "
                "`--refuse NUMBER --reason TEXT`."
            )
        )
    _show_errors(found)
    if found.refused:
        screen.print(_("{count} that were refused are not shown.").format(count=len(found.refused)))
    if not found.open:
        screen.print(_("The roster agrees with everything the platforms say."))


def _row(one: Noted, zone: ZoneInfo) -> Sequence[str]:
    ours = _("not in the roster") if one.field == NOT_THERE else one.ours
    cells = (str(one.id), one.subject, one.field, ours, one.theirs, local(one.noted_at, zone))
    return [escape(cell) for cell in cells]


def _show_errors(found: Synced) -> None:
    silent = [(one.account, one.error) for one in found.asked if one.error]
    for name, error in [*found.errors.items(), *silent]:
        screen.print(escape(_("{name} could not be asked: {error}").format(name=name, error=error)))
