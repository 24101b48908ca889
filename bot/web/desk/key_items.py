"""/key-items: the grid units × key items of a month, with the rates of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from aiohttp import web

from bot.domain import coverage_words
from bot.domain.counts import Span, parse_span
from bot.domain.coverage import ItemStates, Tally, total
from bot.domain.roster import Roster
from bot.engine import grid
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger import posts
from bot.web.asking import moment
from bot.web.desk import coverage_sheets
from bot.web.desk.coverage_sheets import About
from bot.web.desk.downloads import KINDS, download
from bot.web.desk.marks import Mark, legend, marks_of
from bot.web.desk.paging import Pages, pages
from bot.web.desk.routes import get
from bot.web.desk.visit import Refused, Visit

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
    marks: Sequence[tuple[Mark, str] | None]  # each with the key item that asks for a decision


async def show_all(visit: Visit) -> web.StreamResponse:
    """The key items of a month, of now or as they were known at a moment."""
    span, at, faults = await _asked(visit)
    found, about = await _found(visit, span, at)
    part = pages(visit, found, ACROSS)
    return visit.render(
        "key_items",
        status=422 if faults else 200,
        title=_("Key items"),
        columns=_columns(part),
        rows=_rows(part.rows, about.members),
        whole=_whole(found),
        legend=legend(),
        pages=part,
        months=_months(span, visit),
        chosen={"month": span.label, "as_of": visit.query("as_of")},
        files=urlencode({"month": span.label, **({"as_of": visit.query("as_of")} if at else {})}),
        faults=faults,
        at=about.as_of,
    )


async def _found(
    visit: Visit, span: Span, at: datetime | None
) -> tuple[Sequence[ItemStates], About]:
    """The key items as this person may see them, and what they are about."""

    async def load() -> tuple[Sequence[ItemStates], Roster]:
        return await grid.known(visit.core, since=span.since, until=span.until, at=at)

    answer = await visit.remembered(("key-items", span.label, at), load)
    found, members = answer.value
    about = _about(visit, span, members, at or answer.at)
    return coverage_sheets.seen(found, about.unit), about


def _about(visit: Visit, span: Span, members: Roster, as_of: datetime) -> About:
    unit = visit.who.only_unit
    return About(span=span, members=members, as_of=as_of, zone=visit.zone, unit=unit)


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
    marks = [
        {
            unit: (mark, item.post if unit in item.doubtful else "")
            for unit, mark in marks_of(item).items()
        }
        for item in items
    ]
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
    first_doubtful: str  # the key item whose page has the first of these; "" for none


def _whole(found: Sequence[ItemStates]) -> Whole:
    tally = total(found)
    return Whole(
        tally=tally,
        coverage=coverage_words.percent(tally.coverage),
        timeliness=coverage_words.percent(tally.timeliness),
        doubtful=sum(len(item.doubtful) for item in found),
        first_doubtful=next((item.post for item in found if item.doubtful), ""),
    )


def _months(span: Span, visit: Visit) -> tuple[str, str]:
    """The months before and after."""
    before = span.since.astimezone(visit.zone) - _SHORTEST_MONTH
    after = span.until.astimezone(visit.zone)
    return before.strftime("%Y-%m"), after.strftime("%Y-%m")


async def file(visit: Visit) -> web.StreamResponse:
    """The same as xlsx, or cell by cell with the evidence as csv."""
    kind = visit.part("kind")
    if kind not in KINDS:
        visit.missing()
    span, at, faults = await _asked(visit)
    if faults:
        raise Refused(422, " ".join(faults.values()))
    if kind == "xlsx":
        sheets = coverage_sheets.book(*await _found(visit, span, at))
    else:
        about = _about(visit, span, await visit.members(), at or visit.now)
        # What is typed elsewhere is checked between two groups of key items.
        sheets = [await coverage_sheets.cells(visit.core, about, at, turn=visit.desk.slow)]
    return await download(f"{_('Coverage of key items')}-{span.label}", kind, sheets, visit.zone)


ROUTES = (get("/key-items", show_all), get("/key-items.{kind}", file))
