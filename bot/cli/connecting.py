"""`bot accounts connect|check`: what passes between an account's owner, platform and us."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import typer
from rich.markup import escape

from bot.app import App, open_app
from bot.cli.accounts import AccountName, known
from bot.cli.output import (
    BAD_NEWS,
    OK,
    Format,
    FormatOption,
    emit,
    iso,
    screen,
    settings_in_force,
    table,
)
from bot.domain.authorisation import Authorisation
from bot.engine import connecting, health, profiles, syncing, tokens
from bot.engine.connecting import Connected
from bot.engine.profiles import Checked, Difference
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger import roster
from bot.metrics import QuotaLeft
from bot.settings import Settings
from bot.web.hooks import begin_of, redirect_of

Names = Annotated[list[str] | None, typer.Argument(help=_("accounts; all if left out"))]


def connect(
    account: AccountName,
    answer: Annotated[
        str,
        typer.Option(
            "--answer",
            help=_("the address the browser came back to, where it cannot reach the bot itself"),
        ),
    ] = "",
    form: FormatOption = Format.TEXT,
) -> None:
    """Lets an account's owner authorise the bot on the platform's own page."""
    settings = settings_in_force()
    if not settings.web.public_url:
        raise UsageError(
            _(
                "Set web.public_url first: the address the platform sends the owner's browser "
                "back to, as it stands in the platform's console. It need not lead to the bot: "
                "then give what the browser shows to `bot accounts connect {account} --answer`."
            ).format(account=account)
        )

    async def work() -> tuple[str, str] | Connected:
        async with open_app(settings) as app:
            return await (_accept(app, account, answer) if answer else _invite(app, account))

    done = asyncio.run(work())
    if isinstance(done, Connected):
        _show_connected(done, settings.zone, form)
    else:
        _show_links(account, *done, form)


async def _invite(app: App, name: str) -> tuple[str, str]:
    """Our page, and the platform's behind it."""
    public_url, sign = app.settings.web.public_url, app.vault.sign
    async with app.core.ledger.read() as conn:
        account = await known(conn, name)
    state = connecting.invitation(app.core, account, sign=sign)
    redirect = redirect_of(public_url, account.platform)
    link = await connecting.page_of(app.core, account.platform, state, redirect=redirect, sign=sign)
    return begin_of(public_url, account.platform, state), link


async def _accept(app: App, name: str, answer: str) -> Connected:
    async with app.core.ledger.read() as conn:
        platform = (await known(conn, name)).platform
    query = dict(parse_qsl(urlsplit(answer.strip()).query))
    if connecting.STATE not in query:
        raise UsageError(
            _(
                "This is not the address the browser came back to: it must be the whole line, "
                "with “?” and all that follows, in quotes."
            )
        )
    redirect = redirect_of(app.settings.web.public_url, platform)
    return await connecting.accept(
        app.core, platform, query, redirect=redirect, sign=app.vault.sign
    )


def _show_links(account: str, page: str, link: str, form: Format) -> None:
    if form is Format.JSON:
        emit({"account": account, "page": page, "link": link})
        return
    message = _("Send this address to the owner of {account}; it is good for a day:")
    screen.print(escape(message.format(account=account)))
    screen.print(escape(page), soft_wrap=True)
    screen.print(_("If the bot cannot be reached there, open this one now, within minutes:"))
    screen.print(escape(link), soft_wrap=True)


def _show_connected(done: Connected, zone: ZoneInfo, form: Format) -> None:
    if form is Format.JSON:
        emit({"account": done.account, "name": done.name, "until": iso(done.until, zone)})
        return
    message = _("{account} ({name}) is connected; {count} held publications go on.")
    screen.print(escape(message.format(account=done.account, name=done.name, count=done.released)))


def check(accounts: Names = None, form: FormatOption = Format.TEXT) -> None:
    """Asks the platforms what each account may do, and compares the names."""
    settings = settings_in_force()

    async def work() -> tuple[list[Checked], _Known]:
        async with open_app(settings) as app:
            found = await profiles.check(app.core, accounts or ())
            await syncing.record(app.core, found)
            return found, await _what_is_known(app)

    asked, state = asyncio.run(work())
    if form is Format.JSON:
        emit({"accounts": [_as_json(one, state, settings.zone) for one in asked]})
    else:
        _show_checked(asked, state, settings)
    bad = any(one.error or one.differences for one in asked)
    raise typer.Exit(BAD_NEWS if bad else OK)


class _Known:
    """What the ledger knows of the accounts."""

    def __init__(self, found: Sequence[Authorisation], left: Sequence[QuotaLeft]) -> None:
        self.authorised: Mapping[str, Authorisation] = {one.account: one for one in found}
        self.left: dict[str, list[QuotaLeft]] = {}
        for one in left:
            self.left.setdefault(one.account, []).append(one)


async def _what_is_known(app: App) -> _Known:
    core = app.core
    found = await tokens.authorisations(core)
    async with core.ledger.read() as conn:
        members = (await roster.load(conn)).accounts.values()
        left = await health.quota_left(conn, core.platforms, members, core.clock.now())
    return _Known(found, left)


def _as_json(one: Checked, state: _Known, zone: ZoneInfo) -> dict[str, Any]:
    authorised, profile = state.authorised.get(one.account), one.profile
    return {
        "account": one.account,
        "error": one.error,
        "differences": [_difference(found) for found in one.differences],
        "permissions": dict(profile.permissions) if profile else {},
        "verified_name": profile.verified_name if profile else "",
        "verified_until": iso(profile.verified_until if profile else None, zone),
        "authorised_until": iso(authorised.until if authorised else None, zone),
        "quota_left": [
            {"action": left.action, "period": left.period, "left": left.left}
            for left in state.left.get(one.account, [])
        ],
    }


def _difference(found: Difference) -> dict[str, str]:
    return {"field": found.field, "roster": found.ours, "platform": found.theirs}


def _show_checked(asked: Sequence[Checked], state: _Known, settings: Settings) -> None:
    headings = (
        *(_("account"), _("may"), _("may not"), _("verified until")),
        *(_("authorised until"), _("quota left"), _("trouble")),
    )
    screen.print(table("", headings, [_row(one, state, settings.zone) for one in asked]))


def _row(one: Checked, state: _Known, zone: ZoneInfo) -> tuple[str, ...]:
    may = one.profile.permissions if one.profile else {}
    authorised = state.authorised.get(one.account)
    return (
        one.account,
        escape("、".join(name for name, allowed in may.items() if allowed)),
        escape("、".join(name for name, allowed in may.items() if not allowed)),
        _day(one.profile.verified_until if one.profile else None, zone),
        _day(authorised.until if authorised else None, zone),
        "、".join(f"{left.action} {left.left}" for left in state.left.get(one.account, [])),
        escape(_("; ").join([*filter(None, [one.error]), *map(_said, one.differences)])),
    )


def _day(moment: datetime | None, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%d") if moment else ""


def _said(found: Difference) -> str:
    message = _("{field}: “{theirs}” on the platform, “{ours}” in the roster")
    return message.format(field=found.field, theirs=found.theirs, ours=found.ours)
