"""`bot accounts`: the matrix's accounts, their credentials, and what is wrong with them."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.markup import escape

from bot.app import open_app
from bot.cli.output import Format, FormatOption, emit, iso, local, screen, settings_in_force, table
from bot.domain.roster import AccountStatus, Roster
from bot.engine import people
from bot.errors import UsageError
from bot.i18n import N_, _
from bot.ledger import credentials, roster
from bot.ledger.connection import Connection
from bot.ledger.roster import Health

group = typer.Typer(help=_("The matrix's accounts and their credentials."), no_args_is_help=True)
_STATUSES = {
    AccountStatus.ACTIVE: N_("active"),
    AccountStatus.PAUSED: N_("paused"),
    AccountStatus.CLOSED: N_("closed"),
}
AccountName = Annotated[str, typer.Argument(help=_("the account's id in roster.yaml"))]


@group.command("list", help=_("Lists accounts with what keeps them from publishing."))
def list_(form: FormatOption = Format.TEXT) -> None:
    """Lists accounts with what keeps them from publishing."""
    settings = settings_in_force()

    async def work() -> tuple[Roster, dict[str, Health]]:
        async with open_app(settings) as app, app.core.ledger.read() as conn:
            return await roster.load(conn), await roster.health(conn)

    members, health = asyncio.run(work())
    if form is Format.JSON:
        emit(
            {
                "accounts": [
                    {
                        "id": account.id,
                        "unit": account.unit,
                        "platform": account.platform,
                        "name": account.name,
                        "status": account.status.value,
                        "paused": health[account.id].paused,
                        "read_until": iso(health[account.id].read_until, settings.zone),
                        "read_error": health[account.id].read_error,
                    }
                    for account in members.accounts.values()
                ]
            }
        )
        return
    headings = (_("account"), _("unit"), _("name"), _("status"), _("read until"), _("trouble"))
    rows = [
        (
            account.id,
            escape(members.units[account.unit].short),
            escape(account.name),
            _(_STATUSES[account.status]),
            local(health[account.id].read_until, settings.zone),
            escape(health[account.id].paused or health[account.id].read_error),
        )
        for account in members.accounts.values()
    ]
    screen.print(table("", headings, rows))


@group.command(
    "set-credential",
    help=_("Stores an account's credential, read as JSON from standard input, and lets it go on."),
)
def set_credential(account: AccountName) -> None:
    """Stores an account's credential, read as JSON from standard input, and lets it go on."""
    fields = _fields(sys.stdin.read())

    async def work() -> int:
        async with open_app(settings_in_force()) as app:
            async with app.core.ledger.write() as conn:
                await _known(conn, account)
                await credentials.store(
                    conn,
                    account,
                    app.vault.seal(fields),
                    expires_at=_expiry(fields),
                    now=app.core.clock.now(),
                )
            return await people.resume(app.core, account)

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
                await _known(conn, account)
            return await people.resume(app.core, account)

    screen.print(_("{count} held publications go on.").format(count=asyncio.run(work())))


async def _known(conn: Connection, account: str) -> None:
    if account not in (await roster.load(conn)).accounts:
        raise UsageError(_("There is no account {account}.").format(account=account))


def _fields(text: str) -> dict[str, str]:
    try:
        data: Any = json.loads(text)
    except ValueError as error:
        raise UsageError(_("The credential is not JSON: {cause}").format(cause=error)) from error
    if not isinstance(data, dict):
        raise UsageError(_("The credential must be one JSON object of texts."))
    return {str(key): str(value) for key, value in data.items()}


def _expiry(fields: dict[str, str]) -> datetime | None:
    try:
        return datetime.fromisoformat(fields["expires_at"])
    except (KeyError, ValueError):
        return None
