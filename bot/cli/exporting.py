"""`bot export …`: the calendar taken along, as files for other programs.

Each kind of file is one command of `group`. Put the work of a further one into a module of its own
and register it with `@exporting.group.command(…)` or below `ics`.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.app import App, open_app
from bot.cli import calendars, coverages, rosters
from bot.cli.files import OutOption, deliver
from bot.cli.output import screen, settings_in_force
from bot.cli.spans import AsOf, Month, Since, Until, Year, moment_of, span_of
from bot.domain.days import FIRST_YEAR, LAST_YEAR
from bot.engine import feed
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger import roster
from bot.settings import Settings
from bot.web.feed import address_of

group = typer.Typer(help=_("Writes the calendar for other programs."), no_args_is_help=True)

MonthOption = Annotated[
    str, typer.Option("--month", help=_("the month, as 2026-05, or all; this month if left out"))
]
ForceOption = Annotated[
    bool, typer.Option("--force", help=_("also over a file that is there already"))
]


@group.callback()
def export() -> None:
    """Writes the calendar for other programs."""


@group.command(help=_("The calendar as .ics, for phones and Outlook."))
def ics(
    out: OutOption = None,
    first: Since = "",
    last: Until = "",
    account: Annotated[str, typer.Option("--account", help=_("only this account's posts"))] = "",
    address: Annotated[
        bool, typer.Option("--address", help=_("only show the address to subscribe to"))
    ] = False,
) -> None:
    """The calendar as .ics, for phones and Outlook."""
    settings = settings_in_force()
    since, until = _day(first), _day(last)
    if since and until and until < since:
        message = _("--from {first} is after --to {last}.")
        raise UsageError(message.format(first=first, last=last))

    async def work() -> bytes | str:
        async with open_app(settings) as app:
            if address:
                return await _address(app, account)
            reading = await asyncio.to_thread(app.read)
            return await feed.build(
                app.core,
                reading.days,
                zone=settings.zone,
                first=since,
                last=until,
                account=account or None,
                planned=reading.posts,
            )

    made = asyncio.run(work())
    if isinstance(made, str):
        screen.print(made, soft_wrap=True, markup=False)
    else:
        deliver(made, out)


@group.command(help=_("The month's calendar as an Excel workbook, or an empty one."))
def xlsx(
    month: MonthOption = "",
    out: OutOption = None,
    template: Annotated[
        bool, typer.Option("--template", help=_("an empty workbook to fill in"))
    ] = False,
    force: ForceOption = False,
) -> None:
    """The month's calendar as an Excel workbook, or an empty one."""
    made = calendars.workbook(settings_in_force(), month, template=template)
    deliver(made.data, out or Path(made.name), force=force)


@group.command(name="csv", help=_("The month's calendar as CSV, for Excel and other programs."))
def csv_file(month: MonthOption = "", out: OutOption = None, force: ForceOption = False) -> None:
    """The month's calendar as CSV, for Excel and other programs."""
    deliver(calendars.text(settings_in_force(), month, "csv").data, out, force=force)


@group.command(name="yaml", help=_("The month's calendar as YAML."))
def yaml_file(month: MonthOption = "", out: OutOption = None, force: ForceOption = False) -> None:
    """The month's calendar as YAML."""
    deliver(calendars.text(settings_in_force(), month, "yaml").data, out, force=force)


@group.command(
    name="roster", help=_("Units and accounts as a workbook to keep them in, or as CSV or YAML.")
)
def roster_file(
    form: Annotated[
        rosters.Kind, typer.Option("--format", help=_("the kind of file"))
    ] = rosters.Kind.XLSX,
    out: OutOption = None,
    template: Annotated[
        bool, typer.Option("--template", help=_("an empty file to fill in"))
    ] = False,
    force: ForceOption = False,
) -> None:
    """Units and accounts as a workbook to keep them in, or as CSV or YAML."""
    made = rosters.make(settings_in_force(), form, template=template)
    deliver(made.data, out or (Path(made.name) if form is rosters.Kind.XLSX else None), force=force)


@group.command(
    name="coverage", help=_("Which unit carried which key item, as a workbook or as CSV.")
)
def coverage_file(
    form: Annotated[
        coverages.Kind, typer.Option("--format", help=_("the kind of file"))
    ] = coverages.Kind.XLSX,
    month: Month = "",
    year: Year = "",
    first: Since = "",
    last: Until = "",
    as_of: AsOf = "",
    out: OutOption = None,
    force: ForceOption = False,
) -> None:
    """Which unit carried which key item, as a workbook or as CSV."""
    settings = settings_in_force()
    span = span_of(settings, month=month, year=year, first=first, last=last)
    at = moment_of(as_of, settings, now=datetime.now(UTC))
    made = asyncio.run(coverages.make(settings, form, span, at))
    deliver(
        made.data, out or (Path(made.name) if form is coverages.Kind.XLSX else None), force=force
    )


async def _address(app: App, account: str) -> str:
    async with app.core.ledger.read() as conn:
        known = (await roster.load(conn)).accounts
    if account and account not in known:
        raise UsageError(_("There is no account {account}.").format(account=account))
    return address_of(_served_at(app.settings), account, app.vault.sign)


def _served_at(settings: Settings) -> str:
    if settings.web.public_url:
        return settings.web.public_url
    if settings.web.address is None:
        raise UsageError(
            _(
                "The feed is not served: web.listen is empty. Set it, and start `bot run`; set "
                "web.public_url too when phones reach it under another address."
            )
        )
    return f"http://{settings.web.listen}"


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise ValueError(day)
    except ValueError as error:
        message = _("{text} is not a day; write it as 2026-05-07.")
        raise UsageError(message.format(text=text)) from error
    return day
