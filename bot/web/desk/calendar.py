"""/calendar: the posts of a month, a week, or as a list, with the health days beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from aiohttp import web

from bot.domain import words
from bot.domain.days import Occurrence
from bot.domain.holidays import DayType
from bot.domain.people import Right
from bot.domain.publication import State
from bot.domain.roster import Roster
from bot.engine import desk_calendar
from bot.engine.desk_calendar import TROUBLE, Entry, Wanted
from bot.errors import UsageError
from bot.i18n import N_, _
from bot.ledger import posts
from bot.schedule.days import Days
from bot.web.desk.moving import move
from bot.web.desk.paging import pages
from bot.web.desk.posts import not_moved
from bot.web.desk.routes import get, post
from bot.web.desk.standing import of_line, weekday, weekdays
from bot.web.desk.today import days as known_days
from bot.web.desk.visit import Visit, wants_json

_WEEK = timedelta(days=7)
_DAY = timedelta(days=1)
_LISTED = timedelta(days=31)
_FIRST, _LAST = date(2000, 1, 1), date(2099, 12, 31)  # what can be asked for
_STEPS = {  # earlier and later than what is shown
    "month": (N_("last month"), N_("next month")),
    "week": (N_("last week"), N_("next week")),
    "list": (N_("earlier"), N_("later")),
}
_EACH_DAY = {"month": 6, "week": 60}  # posts shown of one day; the list has them all
_VIEWS = {"month": N_("by month"), "week": N_("Week"), "list": N_("List")}


@dataclass(frozen=True, kw_only=True)
class Span:
    """What is shown: `first` to `last`, and where one goes from there."""

    view: str
    first: date
    last: date  # belongs to it
    before: date
    after: date
    month: int = 0  # of the month view; 0 for the others

    def at(self, visit: Visit) -> tuple[datetime, datetime]:
        """The same as moments, the second exclusive."""
        since, until = (
            datetime.combine(day, time(), visit.zone) for day in (self.first, self.last + _DAY)
        )
        return since, until


@dataclass(frozen=True, kw_only=True)
class Day:
    """A cell of the grid."""

    date: date
    today: bool
    aside: bool  # of a neighbouring month
    off: bool
    note: str  # a holiday, or a weekend that is worked
    entries: Sequence[Mapping[str, Any]]
    more: int  # that are not shown


@dataclass(frozen=True, kw_only=True)
class Week:
    """A row of the grid, with what stands in its margin."""

    days: Sequence[Day]
    health: Sequence[tuple[str, str]] = field(default_factory=tuple)  # when, name


async def show(visit: Visit) -> web.StreamResponse:
    """The calendar as it is asked for."""
    span, wanted = _span(visit), _wanted(visit)
    members = await visit.members()
    async with visit.core.ledger.read() as conn:
        columns = await posts.columns(conn)
        found = await desk_calendar.between(conn, *span.at(visit), wanted)
    days = await known_days(visit)
    facts: dict[str, Any] = {}
    if span.view == "list":
        listed = pages(visit, list(reversed(found)) if wanted.state else found)
        facts["pages"] = listed
        facts["rows"] = [_row(one, visit) for one in listed.rows]
    else:
        facts["weeks"] = _weeks(span, found, days, visit)
        facts["unknown"] = _undated(days, span) if span.view == "month" else []
    return visit.render(
        "calendar",
        title=_("Calendar"),
        span=span,
        heading=_heading(span),
        views=[(_address(visit, view=name), _(text), name) for name, text in _VIEWS.items()],
        steps=[_(text) for text in _STEPS[span.view]],
        before=_address(visit, **{"from": span.before.isoformat()}),
        after=_address(visit, **{"from": span.after.isoformat()}),
        now=_address(visit, **{"from": ""}),
        weekdays=weekdays(),
        choices=_choices(visit, members, columns, wanted),
        count=len(found),
        may_move=visit.may(Right.WRITE),
        **facts,
    )


# ── what is asked for ─────────────────────────────────────────────────────────────────────────


def _span(visit: Visit) -> Span:
    view = visit.query("view", "month")
    here = _date(visit.query("from")) or visit.now.astimezone(visit.zone).date()
    if view == "week":
        first = here - timedelta(days=here.weekday())
        return Span(
            view=view, first=first, last=first + _WEEK - _DAY, before=first - _WEEK,
            after=first + _WEEK,
        )  # fmt: skip
    if view == "list":
        until = _date(visit.query("until"))
        first = here if until is None or visit.query("from") else _FIRST
        last = max(until - _DAY, first) if until else first + _LISTED - _DAY
        return Span(view=view, first=first, last=last, before=first - _LISTED, after=last + _DAY)
    begin = here.replace(day=1)
    end = (begin + timedelta(days=32)).replace(day=1) - _DAY
    return Span(
        view="month",
        first=begin - timedelta(days=begin.weekday()),
        last=end + timedelta(days=6 - end.weekday()),
        before=(begin - _DAY).replace(day=1),
        after=end + _DAY,
        month=begin.month,
    )


def _date(text: str) -> date | None:
    """The day that is asked for, None for none and for what is no day."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if _FIRST <= found <= _LAST else None


def _wanted(visit: Visit) -> Wanted:
    state = visit.query("state")
    return Wanted(
        unit=visit.who.only_unit or visit.query("unit"),
        platform=visit.query("platform"),
        column=visit.query("column"),
        state=state if state in {TROUBLE, *(one.value for one in State)} else "",
    )


def _address(visit: Visit, **changes: str) -> str:
    """This page otherwise: below the root."""
    kept = ("view", "from", "unit", "platform", "column", "state")
    said = {name: visit.query(name) for name in kept} | changes
    if changes.get("view") in {"month", "week"}:
        said["state"] = ""
    query = urlencode({name: text for name, text in said.items() if text})
    return f"calendar?{query}" if query else "calendar"


def _heading(span: Span) -> str:
    if span.view == "month":
        middle = span.first + _WEEK  # lies within the month, whatever its first day
        return _("{year}-{month}").format(year=middle.year, month=middle.month)
    if span.first == _FIRST:
        return _("until {last}").format(last=span.last)
    return _("{first} to {last}").format(first=span.first, last=f"{span.last:%m-%d}")


def _choices(
    visit: Visit, known: Roster, columns: Sequence[str], wanted: Wanted
) -> list[tuple[str, str, str, list[tuple[str, str]]]]:
    """The filters: name, label, what is chosen, and what there is to choose from."""
    units = [(one.id, one.short) for one in known.units.values() if one.is_open(visit.now)]
    names = dict.fromkeys(one.platform for one in known.accounts.values())
    platforms = [(name, words.platform(name)) for name in names]
    found = [
        ("platform", _("platform"), wanted.platform, platforms),
        ("column", _("column"), wanted.column, [(name, name) for name in columns]),
    ]
    if not visit.who.only_unit:
        found.insert(0, ("unit", _("unit"), wanted.unit, units))
    if visit.query("view") == "list":
        states = [(one.value, words.state(one)) for one in State]
        trouble = (TROUBLE, _("did not go out as planned"))
        found.append(("state", _("state"), wanted.state, [trouble, *states]))
    return found


# ── what is shown ─────────────────────────────────────────────────────────────────────────────


def _weeks(span: Span, found: Sequence[Entry], known: Days, visit: Visit) -> list[Week]:
    by_day: dict[date, list[Entry]] = {}
    for one in found:
        by_day.setdefault(one.at.astimezone(visit.zone).date(), []).append(one)
    many = (span.last - span.first).days // 7 + 1
    mondays = [span.first + number * _WEEK for number in range(many)]
    return [
        Week(
            days=[_day(span, monday + number * _DAY, by_day, known, visit) for number in range(7)],
            health=[
                (_when(one), one.day.names[0]) for one in known.between(monday, monday + 6 * _DAY)
            ],
        )
        for monday in mondays
    ]


def _day(
    span: Span, day: date, by_day: Mapping[date, Sequence[Entry]], known: Days, visit: Visit
) -> Day:
    found, most = by_day.get(day, ()), _EACH_DAY[span.view]
    kind = known.kind_of(day)
    note = {DayType.HOLIDAY: kind.name, DayType.MAKE_UP: _("worked")}.get(kind.type, "")
    return Day(
        date=day,
        today=day == visit.now.astimezone(visit.zone).date(),
        aside=span.month not in {0, day.month},
        off=kind.off,
        note=note,
        entries=[_row(one, visit) for one in found[:most]],
        more=len(found[most:]),
    )


def _row(one: Entry, visit: Visit) -> dict[str, Any]:
    text, tone = of_line(one)
    local = one.at.astimezone(visit.zone)
    may_move = visit.may(Right.WRITE) and one.movable
    return {
        "post": one.post,
        "title": one.title,
        "time": f"{local:%H:%M}",
        "day": f"{local:%Y-%m-%d} {weekday(local.date())}",
        "seen": one.at.astimezone(UTC).isoformat() if may_move else "",
        "column": one.column,
        "key_item": one.key_item,
        "platforms": [words.platform(name) for name in one.platforms],
        "accounts": one.total,
        "state": text,
        "tone": tone,
    }


def _when(one: Occurrence) -> str:
    assert one.first is not None
    assert one.last is not None
    first = f"{one.first.month}-{one.first.day}"
    return first if one.first == one.last else f"{first}–{one.last.month}-{one.last.day}"


def _undated(known: Days, span: Span) -> list[str]:
    """Health days whose notice is awaited and may fall into this month."""
    year = (span.first + _WEEK).year
    return [
        one.day.names[0]
        for one in known.occurrences(year)
        if one.first is None and one.months and one.months[0] <= span.month <= one.months[1]
    ]


# ── moving ────────────────────────────────────────────────────────────────────────────────────


async def move_post(visit: Visit) -> web.StreamResponse:
    """Moves a post to another day; its time stays unless one is given."""
    fields = await visit.fields()
    name = fields.one("post")
    try:
        at = await move(
            visit, name, day=fields.one("day"), at=fields.one("at"), seen=fields.one("seen")
        )
    except UsageError as error:
        if wants_json(visit.request):
            return web.json_response({"error": str(error)}, status=422)
        if fields.one("back") == "post":
            return await not_moved(visit, name, str(error), fields)
        return visit.message(422, _("Not moved"), str(error))
    if wants_json(visit.request):
        local = f"{at.astimezone(visit.zone):%Y-%m-%d %H:%M}"
        said = _("Moved to {time}; the calendar file says so too.").format(time=local)
        return web.json_response({"said": said})
    return visit.go(f"posts/{quote(name, safe='')}?done=saved")


ROUTES = (get("/calendar", show), post("/calendar/move", move_post, Right.WRITE))
