"""`bot coverage`: who has carried which key item, and who must act."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape

from bot.app import open_app
from bot.cli import lacking, marks
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
from bot.cli.spans import AsOf, Month, Since, Until, Year, moment_of, span_of
from bot.domain import coverage_words, words
from bot.domain.counts import Span
from bot.domain.coverage import AccountRow, CellState, ItemCoverage, ItemStates, Tally, total
from bot.domain.roster import Roster
from bot.engine import answer_shapes, answers, exempting, grid
from bot.engine.answers import Covered
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger.exemptions import CALENDAR
from bot.settings import Settings

_ACROSS = 24  # key items beside each other; of more there are several grids
States = ItemStates | ItemCoverage


def coverage(
    items: Annotated[list[str] | None, typer.Argument(help=_("key items; all if left out"))] = None,
    month: Month = "",
    year: Year = "",
    first: Since = "",
    last: Until = "",
    as_of: AsOf = "",
    evidence: Annotated[
        bool, typer.Option("--evidence", help=_("also what each account is known by"))
    ] = False,
    exempt: Annotated[
        str, typer.Option("--exempt", help=_("a unit that need not carry the key item (免转)"))
    ] = "",
    end_exempt: Annotated[
        str, typer.Option("--end-exempt", help=_("a unit that must carry it again"))
    ] = "",
    reason: Annotated[str, typer.Option("--reason", help=_("why it is exempt"))] = "",
    by: Annotated[str, typer.Option("--by", help=_("on whose word, e.g. 宣传科"))] = "",
    form: FormatOption = Format.TEXT,
) -> None:
    """Shows which unit carried which key item, and who must act where it lacks."""
    settings = settings_in_force()
    asked = any((month, year, first, last))
    span = span_of(settings, month=month, year=year, first=first, last=last) if asked else None
    at = moment_of(as_of, settings, now=datetime.now(UTC))
    if exempt or end_exempt:
        asyncio.run(_exempt(settings, items or [], exempt, end_exempt, reason, by))
    if items or evidence or at or form is Format.JSON:
        found = asyncio.run(_covered(settings, span, items or [], at))
        if form is Format.JSON:
            emit(answer_shapes.coverage(found, settings.zone))
        else:
            _show(found, settings, screens=bool(items), evidence=evidence)
        missing = any(item.missing for item in found.items)
    else:
        states, members = asyncio.run(_grid(settings, span))
        show_coverage(states, members, settings)
        missing = any(item.missing for item in states)
    raise typer.Exit(BAD_NEWS if missing else OK)


async def _exempt(
    settings: Settings, items: Sequence[str], unit: str, ended: str, reason: str, by: str
) -> None:
    if len(items) != 1:
        raise UsageError(_("Name the one key item this is about: bot coverage ITEM --exempt UNIT."))
    async with open_app(settings) as app:
        if unit:
            await exempting.exempt(app.core, items[0], unit, reason=reason, by=by)
        if ended:
            await exempting.end(app.core, items[0], ended, by=by)


async def _covered(
    settings: Settings, span: Span | None, items: Sequence[str], at: datetime | None
) -> Covered:
    async with open_app(settings) as app:
        found = await answers.covered(
            app.core,
            since=span.since if span else None,
            until=span.until if span else None,
            ids=items,
            at=at,
        )
    known = {item.post for item in found.items}
    if unknown := sorted(set(items) - known):
        raise UsageError(_("There is no key item {names}.").format(names=_(", ").join(unknown)))
    return found


async def _grid(settings: Settings, span: Span | None) -> tuple[list[ItemStates], Roster]:
    async with open_app(settings) as app:
        return await grid.standings(
            app.core,
            since=span.since if span else None,
            until=span.until if span else None,
        )


def _show(found: Covered, settings: Settings, *, screens: bool, evidence: bool) -> None:
    if not screens:
        show_coverage(found.items, found.members, settings)
    for place, item in enumerate(found.items):
        if screens:
            if place:
                screen.rule(style="bright_black")
            for line in lacking.lines_of(item, found.lacking[item.post], found.members, settings):
                screen.print(line)
        if evidence:
            _show_evidence(item, found.members, settings)


def show_coverage(found: Sequence[States], members: Roster, settings: Settings) -> None:
    """Prints the grid units × key items, and the rates."""
    for first in range(0, len(found), _ACROSS):
        _show_grid(found[first : first + _ACROSS], first, members)
    screen.print(marks.legend())
    _show_rates(found, settings)


def _show_grid(found: Sequence[States], first: int, members: Roster) -> None:
    headings = [_("unit"), *(f"K{first + place}" for place in range(1, len(found) + 1))]
    by_item = [item.states for item in found]
    units = dict.fromkeys(unit for states in by_item for unit in states)
    rows = [
        (
            escape(members.units[unit].short),
            *(marks.mark(states[unit]) if unit in states else "" for states in by_item),
        )
        for unit in units
    ]
    screen.print(table(_("Coverage of key items"), headings, rows))


def _show_rates(found: Sequence[States], settings: Settings) -> None:
    headings = (
        "",
        _("key item"),
        _("first release"),
        _("deadline"),
        _("required"),
        _("exempt"),
        _("on time"),
        _("late"),
        _("missing"),
        _("unknown"),
        _("coverage"),
    )
    rows = [
        (
            f"K{number + 1}",
            escape(item.title),
            local(item.released_at, settings.zone),
            local(item.deadline_at, settings.zone),
            *_numbers(item),
        )
        for number, item in enumerate(found)
    ]
    rows.append(("", _("together"), "", "", *_numbers(total(found))))
    screen.print(table("", headings, rows))


def _numbers(tally: Tally) -> tuple[str, ...]:
    names = ("required", "exempt", "on_time", "late", "missing", "unknown")
    return (*(str(getattr(tally, name)) for name in names), coverage_words.percent(tally.coverage))


def _show_evidence(item: ItemCoverage, members: Roster, settings: Settings) -> None:
    headings = (_("account"), _("state"), _("when"), _("evidence"), _("link"))
    rows = [
        (
            row.account,
            f"{marks.mark(row.state)} {coverage_words.state(row.state)}",
            local(row.at, settings.zone),
            _known_by(row),
            escape(row.url),
        )
        for row in item.accounts
        if row.state is not CellState.NOT_EXPECTED
    ]
    screen.print(table(escape(item.title), headings, rows))
    for row in item.units:
        if row.exemption is not None:
            message = _("{unit} is exempt since {since} by {by}: {reason}")
            told = message.format(
                unit=members.units[row.unit].short,
                since=local(row.exemption.at, settings.zone),
                by=row.exemption.by if row.exemption.by != CALENDAR else _("the calendar"),
                reason=row.reason,
            )
            screen.print(escape(told))


def _known_by(row: AccountRow) -> str:
    said = escape(words.evidence(row.evidence))
    return _("{evidence}, a text corrected since").format(evidence=said) if row.outdated else said
