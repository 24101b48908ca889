"""/key-items: the grid units × key items of a month, with the rates of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aiohttp import web

from bot.domain import coverage_words
from bot.domain.counts import Span, parse_span
from bot.domain.coverage import CellState, ItemCoverage, ItemStates, Tally, total
from bot.domain.roster import Roster
from bot.engine import answers, grid
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger import posts
from bot.web.asking import moment
from bot.web.desk.marks import Mark, legend, marks_of
from bot.web.desk.paging import Pages, pages
from bot.web.desk.routes import get
from bot.web.desk.visit import Visit

ACROSS = 20  # key items beside each other, as many as a sheet across has room for
_SHORTEST_MONTH = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Column:
    """A key item of the grid."""

    number: int
    item: ItemStates
    coverage: str
    timeliness: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """A unit of the grid."""

    name: str
    marks: Sequence[Mark | None]


async def show_all(visit: Visit) -> web.StreamResponse:
    """The key items of a month, of now or as they were known at a moment."""
    span, at, faults = await _asked(visit)

    async def load() -> tuple[Sequence[ItemStates], Roster]:
        return await _states(visit, span, at)

    answer = await visit.remembered(("key-items", span.label, at), load)
    found, members = answer.value
    if unit := visit.who.only_unit:
        found = [item.of_unit(unit) for item in found if unit in item.states]
    part = pages(visit, found, ACROSS)
    return visit.render(
        "key_items",
        status=422 if faults else 200,
        title=_("Key items"),
        columns=_columns(part),
        rows=_rows(part.rows, members),
        whole=_whole(found),
        legend=legend(),
        pages=part,
        months=_months(span, visit),
        chosen={"month": span.label, "as_of": visit.query("as_of")},
        faults=faults,
        at=at or answer.at,
    )


async def _asked(visit: Visit) -> tuple[Span, datetime | None, Mapping[str, str]]:
    """The month, the moment, and what is wrong with what was asked for."""
    faults: dict[str, str] = {}
    try:
        asked = visit.query("month")
        span = parse_span(asked, visit.zone) if asked else await _usual(visit)
    except UsageError as error:
        span = await _usual(visit)
        faults["month"] = str(error)
    at, fault = as_of(visit)
    return span, at, faults | ({"as_of": fault} if fault else {})


async def _usual(visit: Visit) -> Span:
    """This month; in one that has no key item yet, the last that has."""
    this_month = parse_span(visit.now.astimezone(visit.zone).strftime("%Y-%m"), visit.zone)
    async with visit.core.ledger.read() as conn:
        last = await posts.last_key_item(conn, this_month.until)
    if last is None:
        return this_month
    return parse_span(last.astimezone(visit.zone).strftime("%Y-%m"), visit.zone)


def as_of(visit: Visit) -> tuple[datetime | None, str]:
    """The moment gone by that was asked for, None for now; and what is wrong with it."""
    try:
        at = moment(visit.query("as_of"), visit.zone)
    except ValueError as error:
        return None, str(error)
    if at is not None and at > visit.now:
        return None, _("This moment is still to come: nobody knows yet what will be known then.")
    return at, ""


async def _states(
    visit: Visit, span: Span, at: datetime | None
) -> tuple[Sequence[ItemStates], Roster]:
    if at is None:
        return await grid.standings(visit.core, since=span.since, until=span.until)
    items, members = await answers.coverage(visit.core, since=span.since, until=span.until, at=at)
    platforms = visit.core.platforms
    readable = {
        account.id
        for account in members.accounts.values()
        if platforms.capabilities(account).recent
    }
    return [_refined(item, readable) for item in items], members


def _refined(item: ItemCoverage, readable: set[str]) -> ItemStates:
    """The same without the evidence, but with why a state is unknown."""
    waiting = {CellState.UNKNOWN, CellState.OPEN}
    unknown = {unit for unit, state in item.states.items() if state is CellState.UNKNOWN}
    mine = [row for row in item.accounts if item.states[row.unit] in waiting]
    doubtful = {row.unit for row in mine if row.evidence}
    read = {row.unit for row in mine if row.account in readable}
    return replace(item.lean(), doubtful=doubtful, by_hand=unknown - doubtful - read)


def _columns(part: Pages[ItemStates]) -> list[Column]:
    return [
        Column(
            number=number,
            item=item,
            coverage=coverage_words.percent(item.coverage),
            timeliness=coverage_words.percent(item.timeliness),
        )
        for number, item in enumerate(part.rows, start=part.first)
    ]


def _rows(items: Sequence[ItemStates], members: Roster) -> list[Row]:
    marks = [marks_of(item) for item in items]
    return [
        Row(name=unit.short, marks=[one.get(unit.id) for one in marks])
        for unit in members.units.values()
        if any(unit.id in one for one in marks)
    ]


@dataclass(frozen=True, kw_only=True)
class Whole:
    """All key items of the month together."""

    tally: Tally
    coverage: str
    timeliness: str
    doubtful: int


def _whole(found: Sequence[ItemStates]) -> Whole:
    tally = total(found)
    return Whole(
        tally=tally,
        coverage=coverage_words.percent(tally.coverage),
        timeliness=coverage_words.percent(tally.timeliness),
        doubtful=sum(len(item.doubtful) for item in found),
    )


def _months(span: Span, visit: Visit) -> tuple[str, str]:
    """The months before and after."""
    before = span.since.astimezone(visit.zone) - _SHORTEST_MONTH
    after = span.until.astimezone(visit.zone)
    return before.strftime("%Y-%m"), after.strftime("%Y-%m")


ROUTES = (get("/key-items", show_all),)
