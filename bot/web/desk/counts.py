"""/counts: how much was posted, by whatever one asks, with the list behind every number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from bot.domain import count_words, words
from bot.domain.counts import By, Span, parse_span
from bot.domain.roster import Roster
from bot.engine import listing, tallying
from bot.engine.listing import Cursor, Wanted
from bot.engine.tallying import Line, Tallied
from bot.errors import UsageError
from bot.i18n import _
from bot.web.desk.downloads import KINDS, Cell, Sheet, download
from bot.web.desk.paging import pages
from bot.web.desk.remembered import Answer
from bot.web.desk.routes import get
from bot.web.desk.visit import Refused, Visit

_ROWS = 200
_ACROSS = 80  # units with their months beside each other
_FILE_ROWS = 50_000
_YEARS = range(1900, 9000)  # near the ends of all time no zone holds
_STALE = timedelta(minutes=15)  # a year takes a second; the page says as of when it is
_USUAL = (By.UNIT, By.PLATFORM)
_KEYS = (By.UNIT, By.ACCOUNT, By.PLATFORM, By.COLUMN, By.MONTH, By.QUARTER)
_NARROWING = frozenset({By.UNIT, By.ACCOUNT, By.PLATFORM, By.COLUMN, By.MONTH, By.QUARTER})


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """What the address asks for."""

    span: Span
    by: tuple[By, ...]
    unit: str

    def query(self, **more: str) -> str:
        """The same as an address's query, with changes."""
        fields: list[tuple[str, str]] = [("period", self.span.label)]
        fields += [("by", key.value) for key in self.by]
        fields += [("unit", self.unit)] if self.unit else []
        return urlencode([*fields, *more.items()])


def _asked(visit: Visit) -> _Asked:
    label = visit.query("period") or f"{visit.now.astimezone(visit.zone):%Y}"
    try:
        span = parse_span(label, visit.zone)
    except UsageError as error:
        raise Refused(422, str(error)) from error
    known = {key.value: key for key in _KEYS}
    given = visit.request.query.getall("by", [])
    chosen = tuple(dict.fromkeys(known[name] for name in given if name in known))
    return _Asked(span=span, by=chosen or _USUAL, unit=visit.who.only_unit or visit.query("unit"))


async def show(visit: Visit) -> web.StreamResponse:
    """The table, and the sentence for the yearly report."""
    asked = _asked(visit)
    found = await _tallied(visit, asked)
    told = found.value
    listed = pages(visit, _with_unread(told, asked))
    across = _across(told) if set(asked.by) == {By.UNIT, By.MONTH} else None
    beside = pages(visit, across.rows, _ACROSS) if across else None
    return visit.render(
        "counts",
        title=_("Counts"),
        asked=asked,
        as_of=found.at,
        sentence=count_words.sentence(told.by_platform, told.unread),
        definition=_definition(visit, told, found.at),
        keys=[(key, count_words.title(key)) for key in asked.by],
        choices=[(key.value, count_words.title(key)) for key in _KEYS],
        numbers=[(name, count_words.number(name)) for name in count_words.SHOWN],
        lines=[_line(one, asked, told.members) for one in listed.rows],
        across=across,
        pages=beside or listed,
        total=told.total,
        periods=_periods(visit, asked.span.label),
        units=[] if visit.who.only_unit else list(told.members.units.values()),
    )


async def _tallied(visit: Visit, asked: _Asked) -> Answer[Tallied]:
    units = [asked.unit] if asked.unit else []

    async def make() -> Tallied:
        return await tallying.tally(
            visit.core, asked.span, by=asked.by, zone=visit.zone, units=units
        )

    return await visit.remembered(("counts", asked), make, stale=_STALE)


def _definition(visit: Visit, found: Tallied, as_of: datetime) -> str:
    return count_words.definition(
        found.span,
        reposts=found.total["reposts"],
        deleted=found.deleted,
        twice=found.twice,
        as_of=as_of,
        zone=visit.zone,
    )


@dataclass(frozen=True, kw_only=True)
class Across:
    """Articles by unit and month, the months beside each other."""

    months: Sequence[str]
    rows: Sequence[tuple[str, Sequence[tuple[str, str]], int]]  # unit, cells with links, together
    sums: Sequence[str]  # by month


def _across(told: Tallied) -> Across:
    """None of a unit is unknown where not all of the month was read."""
    found = {(one.keys[By.UNIT], one.keys[By.MONTH]): one.numbers["articles"] for one in told.lines}
    months = sorted({month for _unit, month in found} | set(told.unread))
    units = sorted({unit for unit, _month in found})

    def cell(unit: str, month: str) -> tuple[str, str]:
        count = found.get((unit, month))
        if count is None:
            return (_("not known") if month in told.unread else "0", "")
        return str(count), urlencode({"period": month, "unit": unit})

    def sum_of(month: str) -> str:
        count = sum(count for (_unit, at), count in found.items() if at == month)
        return _("not known") if not count and month in told.unread else str(count)

    return Across(
        months=months,
        rows=[
            (
                in_words(By.UNIT, unit, told.members),
                [cell(unit, month) for month in months],
                sum(found.get((unit, month), 0) for month in months),
            )
            for unit in units
        ],
        sums=[sum_of(month) for month in months],
    )


def _with_unread(told: Tallied, asked: _Asked) -> Sequence[Line]:
    """The lines, with one for each month that has none because it was not read."""
    if By.MONTH not in asked.by:
        return told.lines
    there = {one.keys[By.MONTH] for one in told.lines}
    blank = {key.value: "" for key in asked.by}
    more = [
        Line(keys={**blank, By.MONTH.value: month}, numbers={})
        for month in told.unread
        if month not in there
    ]
    return sorted((*told.lines, *more), key=lambda one: tuple(one.keys.values()))


def _line(one: Line, asked: _Asked, members: Roster) -> dict[str, Any]:
    """A row of the table: its keys in words, its numbers, and the way to the items behind them."""
    narrow = {name: value for name, value in one.keys.items() if By(name) in _NARROWING}
    period = narrow.pop(By.MONTH, "") or narrow.pop(By.QUARTER, "") or asked.span.label
    narrow.pop(By.QUARTER, "")
    if asked.unit:
        narrow[By.UNIT] = asked.unit
    return {
        "keys": _keys(one, members),
        "numbers": one.numbers,
        "items": urlencode({"period": period, **narrow}),
    }


def _keys(one: Line, members: Roster) -> list[str]:
    return [
        in_words(By(name), value, members) if value or one.numbers else "–"
        for name, value in one.keys.items()
    ]


def in_words(key: By, value: str, members: Roster) -> str:
    """A key of the counts as people call it."""
    if key is By.UNIT and value in members.units:
        return members.units[value].short
    if key is By.ACCOUNT and value in members.accounts:
        account = members.accounts[value]
        return f"{account.name} · {words.platform(account.platform)}"
    if key is By.PLATFORM:
        return words.platform(value)
    return value or _("none")


def _periods(visit: Visit, chosen: str) -> list[str]:
    """This year and the one before, their quarters and months so far, and what is chosen."""
    today = visit.now.astimezone(visit.zone)
    months = [f"{today.year}-{month:02}" for month in range(today.month, 0, -1)]
    quarters = [f"{today.year}-Q{number}" for number in range((today.month + 2) // 3, 0, -1)]
    before = [f"{today.year - 1}-{month:02}" for month in range(12, 0, -1)]
    found = [str(today.year), str(today.year - 1), *quarters, *months, *before]
    return found if chosen in found else [chosen, *found]


# ── the list behind a number ──────────────────────────────────────────────────────────────────────


async def items(visit: Visit) -> web.StreamResponse:
    """The posts that were counted, and those left out with the reason."""
    wanted = _wanted(visit)
    found = await listing.listed(
        visit.core, wanted, zone=visit.zone, after=_cursor(visit.query("after")), limit=_ROWS
    )
    members = await visit.members()
    more = found.next
    query = visit.request.rel_url.query.copy()
    if more is not None:
        query["after"] = f"{more[0].astimezone(UTC).isoformat()}_{more[1]}"
    return visit.render(
        "count_items",
        title=_("Posts behind the number"),
        wanted=wanted,
        told=[
            in_words(key, value, members)
            for key, value in (
                (By.UNIT, wanted.unit),
                (By.ACCOUNT, wanted.account),
                (By.PLATFORM, wanted.platform),
                (By.COLUMN, wanted.column),
            )
            if value
        ],
        rows=found.rows,
        count=await _count(visit, wanted, found),
        members=members,
        words={
            "platform": words.platform,
            "form": count_words.form,
            "why_not": count_words.why_not,
        },
        more=urlencode(query) if more is not None else "",
        file=urlencode({name: value for name, value in query.items() if name != "after"}),
    )


def _wanted(visit: Visit) -> Wanted:
    asked = _asked(visit)
    return Wanted(
        span=asked.span,
        unit=asked.unit,
        account=visit.query("account"),
        platform=visit.query("platform"),
        column=visit.query("column") if "column" in visit.request.query else None,
    )


async def _count(visit: Visit, wanted: Wanted, found: listing.Listed) -> int:
    """How many posts count in all, on this page and on the others."""
    if found.next is None and not visit.query("after"):
        return sum(not why for _row, why in found.rows)
    narrow = {By.ACCOUNT: wanted.account, By.PLATFORM: wanted.platform, By.COLUMN: wanted.column}
    keys = {
        key: value for key, value in narrow.items() if value or (key is By.COLUMN and value == "")
    }
    told = await _tallied(visit, _Asked(span=wanted.span, by=tuple(keys), unit=wanted.unit))
    mine = [one for one in told.value.lines if all(one.keys[key] == keys[key] for key in keys)]
    return sum(one.numbers["articles"] for one in mine)


def _cursor(text: str) -> Cursor | None:
    moment, _line, number = text.partition("_")
    try:
        at = datetime.fromisoformat(moment)
        known = at.tzinfo and at.year in _YEARS and len(number) < 19
        return (at, int(number)) if known else None
    except (ValueError, OverflowError):
        return None


# ── files ─────────────────────────────────────────────────────────────────────────────────────────


async def file(visit: Visit) -> web.StreamResponse:
    """The table and the posts behind it, as xlsx or (the table alone) csv."""
    kind = visit.part("kind")
    if kind not in KINDS:
        visit.missing()
    asked = _asked(visit)
    found = await _tallied(visit, asked)
    sheets = [_table(visit, asked, found.value, found.at)]
    if kind == "xlsx":
        sheets.append(await _posts(visit, Wanted(span=asked.span, unit=asked.unit)))
    return await download(
        f"{_('Statistics of posts')}-{asked.span.label}", kind, sheets, visit.zone
    )


async def items_file(visit: Visit) -> web.StreamResponse:
    """The posts behind one number."""
    kind = visit.part("kind")
    if kind not in KINDS:
        visit.missing()
    wanted = _wanted(visit)
    sheet = await _posts(visit, wanted)
    return await download(f"{_('posts')}-{wanted.span.label}", kind, [sheet], visit.zone)


def _table(visit: Visit, asked: _Asked, found: Tallied, at: datetime) -> Sheet:
    rows: list[Sequence[Cell]] = [
        [*_keys(one, found.members), *_numbers(one.numbers)] for one in _with_unread(found, asked)
    ]
    rows.append([_("together"), *("" for _key in asked.by[1:]), *_numbers(found.total)])
    return Sheet(
        name=_("Counts"),
        headings=[
            *(count_words.title(key) for key in asked.by),
            *(count_words.number(name) for name in count_words.SHOWN),
        ],
        rows=rows,
        notes=[
            count_words.sentence(found.by_platform, found.unread),
            _definition(visit, found, at),
        ],
    )


def _numbers(numbers: Mapping[str, int]) -> list[Cell]:
    return [numbers.get(name, _("not known")) for name in count_words.SHOWN]


async def _posts(visit: Visit, wanted: Wanted) -> Sheet:
    found = await listing.listed(visit.core, wanted, zone=visit.zone, limit=_FILE_ROWS)
    members = await visit.members()
    headings = [
        *(_("when"), _("unit"), _("account"), _("platform"), _("column"), _("title"), _("kind")),
        *(_("how it was published"), _("does it count"), _("link")),
    ]
    rows: list[Sequence[Cell]] = [
        [
            row.published_at,
            in_words(By.UNIT, row.unit, members),
            in_words(By.ACCOUNT, row.account, members),
            words.platform(row.platform),
            row.column,
            row.title,
            count_words.form(row.form),
            _("by bot") if row.via == "bot" else _("by hand"),
            _("no: {reason}").format(reason=count_words.why_not(why)) if why else _("yes"),
            row.url,
        ]
        for row, why in found.rows
    ]
    cut = _("The first {count} posts only; take a shorter period for the others.")
    notes = [cut.format(count=_FILE_ROWS)] if found.next else []
    return Sheet(name=_("Posts"), headings=headings, rows=rows, notes=notes)


ROUTES = (
    get("/counts", show),
    get("/counts.{kind}", file),
    get("/counts/items", items),
    get("/counts/items.{kind}", items_file),
)
