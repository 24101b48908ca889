"""`bot gaps`: accounts that fell silent, and those that will."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
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
    screen,
    settings_in_force,
    table,
)
from bot.cli.spans import Month, Since, Until, Year, span_of
from bot.domain.counts import Span
from bot.domain.gaps import (
    AccountGap,
    Forecast,
    GapState,
    Saving,
    update_rate,
)
from bot.domain.roster import Roster
from bot.engine import answer_shapes, answers
from bot.i18n import N_, _
from bot.settings import Settings

_GAPS = {
    GapState.OK: ("green", N_("all right")),
    GapState.WARN: ("yellow", N_("warning")),
    GapState.FAIL: ("red", N_("silent too long")),
    GapState.UNKNOWN: ("magenta", N_("unknown")),
    GapState.NOT_STARTED: ("bright_black", N_("not opened yet")),
}
_SAVINGS = {
    Saving.FAILED: ("red", N_("has failed already")),
    Saving.NONE: ("red", N_("nothing is planned")),
    Saving.TOO_LATE: ("red", N_("planned too late")),
    Saving.IF_DONE: ("yellow", N_("in time, if a person does their part")),
    Saving.SAVED: ("green", N_("in time")),
}


def gaps(
    month: Month = "",
    year: Year = "",
    first: Since = "",
    last: Until = "",
    all_: Annotated[
        bool, typer.Option("--all", help=_("also accounts that are all right"))
    ] = False,
    forecast: Annotated[
        bool,
        typer.Option("--forecast", help=_("who fails next if nothing comes, and what saves it")),
    ] = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Shows accounts that fell silent: days since the last post, and the longest gap."""
    settings = settings_in_force()
    span = span_of(settings, month=month, year=year, first=first, last=last)
    found, members, coming = asyncio.run(_work(settings, span, forecast=forecast))
    if form is Format.JSON:
        emit(
            answer_shapes.gaps(found, settings.zone)
            | ({} if coming is None else answer_shapes.forecast(coming, settings.zone))
        )
    elif coming is not None:
        _show_forecast(coming, members, settings, all_=all_)
    else:
        show_gaps(found, members, settings, all_=all_)
    bad = any(gap.state is GapState.FAIL or gap.lapsed for gap in found)
    raise typer.Exit(BAD_NEWS if bad else OK)


async def _work(
    settings: Settings, span: Span, *, forecast: bool
) -> tuple[list[AccountGap], Roster, list[Forecast] | None]:
    rules = settings.gaps.rules
    async with open_app(settings) as app:
        found, members = await answers.gaps(
            app.core, since=span.since, until=span.until, zone=settings.zone, rules=rules
        )
        if not forecast:
            return found, members, None
        coming, members = await answers.forecast(app.core, zone=settings.zone, rules=rules)
        return found, members, coming


def show_gaps(
    found: Sequence[AccountGap], members: Roster, settings: Settings, *, all_: bool = False
) -> None:
    """Prints accounts with a gap worth a look; with `all_` every account."""
    quiet = {GapState.OK, GapState.NOT_STARTED}
    shown = [gap for gap in found if all_ or gap.state not in quiet or gap.lapsed]
    headings = (
        _("account"),
        _("unit"),
        _("state"),
        _("last post"),
        _("days"),
        _("longest gap"),
        _("lapses"),
    )
    rows = [
        (
            gap.account,
            escape(members.units[gap.unit].short),
            _state(gap.state),
            local(gap.last_post_at, settings.zone),
            "" if gap.gap_days is None else str(gap.gap_days),
            "" if gap.max_gap_days is None else str(gap.max_gap_days),
            _(", ").join(
                _("{first} to {last} ({days} days)").format(
                    first=f"{lapse.from_day:%m-%d}", last=f"{lapse.to_day:%m-%d}", days=lapse.days
                )
                for lapse in gap.lapsed
            ),
        )
        for gap in shown
    ]
    screen.print(table(_("Silent accounts"), headings, rows))
    rate = update_rate(found)
    screen.print(
        _("{met} of {known} known accounts are within the limit; {unknown} are unknown.").format(
            met=rate.met, known=rate.known, unknown=rate.unknown
        )
    )


def _state(state: GapState) -> str:
    colour, word = _GAPS[state]
    return f"[{colour}]{_(word)}[/]"


def _show_forecast(
    coming: Sequence[Forecast], members: Roster, settings: Settings, *, all_: bool
) -> None:
    shown = [one for one in coming if all_ or one.saving is not Saving.SAVED]
    headings = (
        *(_("account"), _("unit"), _("state"), _("warning from"), _("fails on")),
        *(_("what is planned"), _("when"), _("post")),
    )
    rows = [
        (
            one.account,
            escape(members.units[one.unit].short),
            _state(one.state),
            str(one.warns_on or ""),
            str(one.fails_on or ""),
            _saving(one.saving),
            local(one.planned.at if one.planned else None, settings.zone),
            escape(one.planned.post if one.planned else ""),
        )
        for one in shown
    ]
    screen.print(table(_("Who fails next"), headings, rows))
    saved = sum(one.saving is Saving.SAVED for one in coming)
    message = _("{saved} of {all} accounts have something planned in time.")
    screen.print(message.format(saved=saved, all=len(coming)))


def _saving(saving: Saving | None) -> str:
    if saving is None:
        return _("unknown")
    colour, word = _SAVINGS[saving]
    return f"[{colour}]{_(word)}[/]"
