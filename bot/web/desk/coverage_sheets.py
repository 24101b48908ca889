"""The coverage of key items as tables for files: the rates, the grid, and the grid cell by cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain import count_words, coverage_words, words
from bot.domain.counts import By, Span
from bot.domain.coverage import ItemCoverage, ItemStates, Tally, UnitRow, total
from bot.domain.roster import Roster
from bot.engine import answers, grid
from bot.engine.ports import Core
from bot.i18n import _
from bot.ledger.exemptions import CALENDAR
from bot.web.desk.counts import in_words
from bot.web.desk.downloads import Cell, Share, Sheet

_CELLS = 50_000  # units × key items of a grid; so many posts a file of the counts has, too
_COLUMNS = 16_000  # Excel takes 16,384
_NUMBERS = ("required", "on_time", "late", "open", "missing", "unknown", "exempt")


@dataclass(frozen=True, kw_only=True)
class About:
    """What a file is about."""

    span: Span
    members: Roster
    as_of: datetime
    zone: ZoneInfo
    unit: str = ""  # the only one it tells of; "" for all

    def notes(self, *more: str) -> list[str]:
        """The first line says whose numbers these are, of which time, and as known when."""
        first = _("{office}: reprints of key items {period}, as of {time}").format(
            office=office_of(self.members),
            period=count_words.period(self.span),
            time=f"{self.as_of.astimezone(self.zone):%Y-%m-%d %H:%M}",
        )
        only = _("Only what belongs to {unit}.")
        unit = in_words(By.UNIT, self.unit, self.members)
        return [first, *([only.format(unit=unit)] if self.unit else []), *more]

    @property
    def most(self) -> int:
        """So many key items a grid takes."""
        return min(_CELLS // max(len(self.members.units), 1), _COLUMNS)

    def cut(self, count: int) -> list[str]:
        """What a grid says that cannot take `count` key items."""
        told = _("The first {count} key items only; take a shorter period for the others.")
        return [told.format(count=self.most)] if count > self.most else []


def office_of(members: Roster) -> str:
    """Who first releases key items: the units of the flagship's accounts, by their names."""
    units = dict.fromkeys(account.unit for account in members.flagships)
    names = [members.units[unit].name for unit in units if unit in members.units]
    return _(", ").join(names) or _("The office")


def seen(found: Sequence[ItemStates], unit: str) -> Sequence[ItemStates]:
    """The key items as `unit` may see them: its own state in those it is asked for; "" sees all."""
    return [item.of_unit(unit) for item in found if unit in item.states] if unit else found


def book(found: Sequence[ItemStates], about: About) -> list[Sheet]:
    """The rates of every key item, then the grid."""
    return [_rates(found, about), _grid(found, about)]


# ── one row a key item ────────────────────────────────────────────────────────────────────────


def _rates(found: Sequence[ItemStates], about: About) -> Sheet:
    rows: list[Sequence[Cell]] = [
        [
            _no(number),
            item.title,
            item.released_at or _("not yet"),
            item.deadline_at,
            *_numbers(item),
        ]
        for number, item in enumerate(found, 1)
    ]
    rows.append([_("together"), "", "", "", *_numbers(total(found))])
    return Sheet(
        name=_("Key items"),
        headings=[
            *(_("no."), _("key item"), _("first release"), _("deadline"), _("required")),
            *(_("on time"), _("late"), _("open"), _("missing"), _("unknown"), _("exempt")),
            *(_("reprint coverage"), _("carried on time")),
        ],
        rows=rows,
        notes=about.notes(
            _("Coverage = (on time + late) / required; on time = on time / required"),
            _(
                "What nobody could read is unknown and never counts as missing. Exempt units, and "
                "those that may carry it, are not required."
            ),
            _("A key item that is not released yet is in no rate."),
        ),
    )


def _numbers(tally: Tally) -> list[Cell]:
    numbers: list[Cell] = [getattr(tally, name) for name in _NUMBERS]
    return [*numbers, _share(tally.coverage), _share(tally.timeliness)]


def _share(rate: float | None) -> Cell:
    return coverage_words.percent(None) if rate is None else Share(rate)


def _no(number: int) -> str:
    return f"K{number}"


# ── units × key items ─────────────────────────────────────────────────────────────────────────


def _grid(found: Sequence[ItemStates], about: About) -> Sheet:
    shown = found[: about.most]
    rows = [
        [unit.short, *(_state(item, unit.id) for item in shown)]
        for unit in about.members.units.values()
        if any(unit.id in item.states for item in shown)
    ]
    titles = [f"{_no(number)} {item.title}" for number, item in enumerate(shown, 1)]
    return Sheet(
        name=_("Who carried which key item"),
        headings=[_("unit"), *titles],
        rows=rows,
        notes=about.notes(*about.cut(len(found))),
        many=True,
    )


def _state(item: ItemStates, unit: str) -> str:
    """In words that begin with what is counted, so that cells can be counted by them."""
    if unit not in item.states:
        return _("not asked")
    state = coverage_words.state(item.states[unit])
    if unit in item.doubtful:
        return _("{state} (doubtful: waits for a decision)").format(state=state)
    if unit in item.by_hand:
        return _("{state} (cannot be read, only by hand)").format(state=state)
    return state


# ── one row a cell ────────────────────────────────────────────────────────────────────────────


async def cells(
    core: Core, about: About, at: datetime | None, *, turn: AbstractAsyncContextManager[Any]
) -> Sheet:
    """The grid in long form, with the evidence; as known now, or at a moment.

    Some key items at a time, each within `turn`: a year of a big matrix takes ten seconds.
    """
    rows: list[Sequence[Cell]] = []
    number = 0
    for names in await grid.groups(core, since=about.span.since, until=about.span.until):
        async with turn:
            found = await answers.covered(core, ids=names, at=at)
        states = grid.lean(core, found.items, found.members)
        for item, known in zip(found.items, states, strict=True):
            told = item.of_unit(about.unit) if about.unit else item
            number += bool(told.units)
            if number <= about.most:
                rows += _cells(_no(number), told, known, found.members, about.zone)
    return Sheet(
        name=_("Who carried which key item"),
        headings=[
            *(_("no."), _("key item"), _("unit"), _("account"), _("state")),
            *(_("when"), _("link"), _("evidence")),
        ],
        rows=rows,
        notes=about.notes(*about.cut(number)),
    )


def _cells(
    no: str, item: ItemCoverage, states: ItemStates, members: Roster, zone: ZoneInfo
) -> Iterator[Sequence[Cell]]:
    for row in item.units:
        unit = in_words(By.UNIT, row.unit, members)
        account = in_words(By.ACCOUNT, row.account, members) if row.account else ""
        state = _state(states, row.unit)
        yield [no, item.title, unit, account, state, row.at, row.url, _evidence(row, unit, zone)]


def _evidence(row: UnitRow, unit: str, zone: ZoneInfo) -> str:
    """What the state rests on: how it is known to be carried, and why it is exempt."""
    said = words.evidence(row.evidence) if row.evidence else ""
    if row.outdated:
        said = _("{evidence}, a text corrected since").format(evidence=said)
    if row.exemption is None:
        return said
    exempt = _("{unit} is exempt since {since} by {by}: {reason}").format(
        unit=unit,
        since=f"{row.exemption.at.astimezone(zone):%Y-%m-%d %H:%M}",
        by=_("the calendar") if row.exemption.by == CALENDAR else row.exemption.by,
        reason=row.reason,
    )
    return _("; ").join(filter(None, (said, exempt)))
