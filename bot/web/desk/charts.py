"""/charts: the matrix in pictures, each with its values as a table."""

from __future__ import annotations

from datetime import date

from aiohttp import web

from bot.domain.counts import parse_span
from bot.engine import charting
from bot.i18n import _
from bot.web.charts import delays, flow, silences, weeks
from bot.web.charts import year as years
from bot.web.desk.coverage_sheets import office_of
from bot.web.desk.routes import get
from bot.web.desk.visit import Visit

_ON_TIME_MIN = 10  # what the office's own posts may be late without anybody asking
_SILENT_AT_MOST = 100  # accounts drawn in one picture; more are chosen by unit


async def show(visit: Visit) -> web.StreamResponse:
    """The year, the month, and how silent the accounts are; of one unit or of all."""
    today = visit.now.astimezone(visit.zone).date()
    number = _number(visit.query("year"), today.year)
    month = _number(visit.query("month"), today.month if number == today.year else 12)
    unit = visit.who.only_unit or visit.query("unit")
    members = await visit.members()
    if unit and unit not in members.units:
        visit.missing(_("There is no unit {unit}.").format(unit=unit))
    key = ("charts", number, month, unit)
    drawn = await visit.remembered(key, lambda: _drawn(visit, number, month, unit))
    return visit.render(
        "charts",
        title=_("Charts"),
        heading=_("{office}: charts {year}-{month}, {unit}").format(
            office=office_of(members),
            year=number,
            month=month,
            unit=members.units[unit].short if unit else _("all units"),
        ),
        charts=drawn.value,
        as_of=drawn.at,
        year=number,
        month=month,
        unit=unit,
        units=[] if visit.who.only_unit else list(members.units.values()),
        years=range(today.year, today.year - 5, -1),
    )


def _number(text: str, usual: int) -> int:
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= 4 else usual
    is_year = usual > 12
    return number if (1990 <= number <= 2100 if is_year else 1 <= number <= 12) else usual


async def _drawn(visit: Visit, number: int, month: int, unit: str) -> list[object]:
    """The pictures; those of the whole matrix only for who sees all of it."""
    core, zone = visit.core, visit.zone
    units = [unit] if unit else []
    found: list[object] = []
    silent = await charting.silences(
        core, zone=zone, rules=visit.desk.settings.gaps.rules, units=units
    )
    if len(silent.accounts) <= _SILENT_AT_MOST:
        found.append(silences.chart(silent, "silences"))
    found.append(years.chart(await charting.year(core, number, zone=zone, unit=unit), "year"))
    if unit:
        return found
    first, end = date(number, 1, 1), date(number + 1, 1, 1)
    found.append(weeks.chart(await charting.weeks(core, first, end, zone=zone), "weeks"))
    span = parse_span(f"{number}-{month:02}", zone)
    late = await charting.punctuality(
        core, span.since, span.until, zone=zone, on_time_min=_ON_TIME_MIN
    )
    found.append(delays.chart(late, "delays"))
    found.append(flow.chart(await charting.flow(core, span.since, span.until, zone=zone), "flow"))
    return found


ROUTES = (get("/charts", show),)
