"""`bot accounts`: the matrix's accounts, their credentials, and what is wrong with them."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.markup import escape

from adapters import registry
from bot.app import open_app
from bot.cli.output import (
    Format,
    FormatOption,
    emit,
    local,
    notes,
    screen,
    settings_in_force,
    table,
)
from bot.domain import account_words
from bot.domain.authorisation import Authorisation, Outlook
from bot.domain.papers import Paper, papers
from bot.domain.roster import Account, Roster
from bot.engine import connecting, people, shapes, syncing, tokens
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger import roster
from bot.ledger.connection import Connection
from bot.ledger.roster import Health
from bot.settings import Settings
from bot.wiring.platforms import office_account

group = typer.Typer(help=_("The matrix's accounts and their credentials."), no_args_is_help=True)
_COLOURS = {
    Outlook.FINE: "green",
    Outlook.SOON: "yellow",
    Outlook.RUN_OUT: "red",
    Outlook.REFUSED: "red",
    Outlook.MISSING: "yellow",
}
AccountName = Annotated[str, typer.Argument(help=_("the account's id in the roster"))]
HolderName = Annotated[
    str,
    typer.Argument(help=_("the account's id, or @PLATFORM for the office's own app there")),
]


@group.command("list", help=_("Lists accounts with what keeps them from publishing."))
def list_(form: FormatOption = Format.TEXT) -> None:
    """Lists accounts with what keeps them from publishing."""
    settings = settings_in_force()

    async def work() -> _State:
        async with open_app(settings) as app:
            async with app.core.ledger.read() as conn:
                members, health = await roster.load(conn), await roster.health(conn)
                certified = await syncing.certified_until(conn)
            warn = timedelta(days=settings.tokens.warn_days)
            found = await tokens.authorisations(app.core, warn=warn)
            return _State(
                roster=members,
                health=health,
                authorised={one.account: one for one in found},
                certified=certified,
                lacks=_lacks(members, certified, settings, app.core.clock.now()),
                now=app.core.clock.now(),
            )

    state = asyncio.run(work())
    if form is Format.JSON:
        known = state.roster.accounts.values()
        emit({"accounts": [state.as_json(account, settings.zone) for account in known]})
    else:
        _show(state, settings.zone)


@dataclass(frozen=True, kw_only=True)
class _State:
    """What the ledger knows of the accounts."""

    roster: Roster
    health: Mapping[str, Health]
    authorised: Mapping[str, Authorisation]
    certified: Mapping[str, datetime]  # until when, as platforms said last
    lacks: Sequence[Paper]
    now: datetime

    def as_json(self, account: Account, zone: ZoneInfo) -> shapes.Json:
        """One of them, for programs."""
        return shapes.account(
            account,
            self.health[account.id],
            self.authorised.get(account.id),
            self.certified.get(account.id),
            self.lacks,
            now=self.now,
            zone=zone,
        )


def _lacks(
    members: Roster, certified: Mapping[str, datetime], settings: Settings, now: datetime
) -> list[Paper]:
    part = settings.registry
    return papers(
        [(account, certified.get(account.id)) for account in members.accounts.values()],
        now,
        warn=timedelta(days=part.verified_warn_days),
        filing=timedelta(days=part.filing_days),
    )


def _show(state: _State, zone: ZoneInfo) -> None:
    headings = (
        *(_("account"), _("unit"), _("name"), _("status"), _("authorised until")),
        *(_("read until"), _("trouble")),
    )
    rows = [
        (
            account.id,
            escape(state.roster.units[account.unit].short),
            escape(account.name),
            account_words.status(account.status_at(state.now)),
            _until(state.authorised.get(account.id), zone),
            local(state.health[account.id].read_until, zone),
            escape(state.health[account.id].paused or state.health[account.id].read_error),
        )
        for account in state.roster.accounts.values()
    ]
    screen.print(table("", headings, rows))
    warn_of(state.authorised.values(), zone)
    for one in state.lacks:
        notes.print(escape(one.sentence))


def _until(found: Authorisation | None, zone: ZoneInfo) -> str:
    if found is None:
        return ""
    ends = found.until.astimezone(zone).strftime("%Y-%m-%d") if found.until else ""
    colour, word = _COLOURS[found.state], account_words.outlook(found.state)
    return f"[{colour}]{word}[/] {ends}".rstrip()


def warn_of(found: Iterable[Authorisation], zone: ZoneInfo) -> None:
    """Says on stderr which accounts must be authorised again, and by when."""
    for one in found:
        if said := one.warning(zone):
            notes.print(escape(said))


@group.command(
    "set-credential",
    help=_("Stores an account's credential, read as JSON from standard input, and lets it go on."),
)
def set_credential(account: HolderName) -> None:
    """Stores an account's credential, read as JSON from standard input, and lets it go on."""
    fields = _fields(sys.stdin.read())

    async def work() -> int:
        async with open_app(settings_in_force()) as app:
            if account.startswith("@"):
                holder = office_account(_platform(account[1:]))
            else:
                async with app.core.ledger.read() as conn:
                    holder = await known(conn, account)
            return await connecting.enter(app.core, holder, fields)

    released = asyncio.run(work())
    screen.print(
        _("The credential of {account} is stored; {count} held publications go on.").format(
            account=account, count=released
        )
    )


@group.command(help=_("Lets a paused account publish again."))
def resume(account: AccountName) -> None:
    """Lets a paused account publish again."""

    async def work() -> int:
        async with open_app(settings_in_force()) as app:
            async with app.core.ledger.read() as conn:
                await known(conn, account)
            return await people.resume(app.core, account)

    screen.print(_("{count} held publications go on.").format(count=asyncio.run(work())))


async def known(conn: Connection, account: str) -> Account:
    found = (await roster.load(conn)).accounts.get(account)
    if found is None:
        raise UsageError(_("There is no account {account}.").format(account=account))
    return found


def _platform(name: str) -> str:
    registry.adapter_for(name)  # says which there are
    return name


def _fields(text: str) -> dict[str, str]:
    try:
        data: Any = json.loads(text)
    except ValueError as error:
        raise UsageError(_("The credential is not JSON: {cause}").format(cause=error)) from error
    if not isinstance(data, dict):
        raise UsageError(_("The credential must be one JSON object of texts."))
    return {str(key): str(value) for key, value in data.items()}
