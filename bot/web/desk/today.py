"""/: what went out, what is due, and what needs a person; each with the one button that helps."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta

from aiohttp import web

from bot.domain import words
from bot.domain.days import Occurrence
from bot.domain.people import Right
from bot.engine import desk_today, health, review_people
from bot.engine.desk_today import Line, Slow, Today
from bot.i18n import _
from bot.ledger import watch
from bot.schedule.days import Days, read_days
from bot.schedule.folder import Folder
from bot.web.desk.needs import needs
from bot.web.desk.routes import get
from bot.web.desk.standing import day_name, moment_name, of_line, parts_of, weekday
from bot.web.desk.visit import Visit

_FRESH = timedelta(seconds=10)
_SLOW = timedelta(seconds=30)
_DAYS_FRESH = timedelta(minutes=5)
_AHEAD = timedelta(days=7)  # so far health days are told


async def show(visit: Visit) -> web.StreamResponse:
    """The first page."""
    made = await _made(visit)
    local = visit.now.astimezone(visit.zone)
    day = local.date()
    async with visit.core.ledger.read() as conn:
        levels = await review_people.powers(conn, visit.who.login, visit.now)
    tended = needs(visit, made, levels)
    return visit.render(
        "today",
        title=_("Today"),
        day=f"{day:%Y-%m-%d} {weekday(day)}",
        as_of=f"{made.at.astimezone(visit.zone):%H:%M}",
        figures=_figures(made, len(tended.rows) + tended.more, day, visit),
        needs=tended,
        out=[_row(one, day, visit) for one in reversed(made.out)],
        coming=[_row(one, day, visit) for one in made.coming],
        health_days=_near(await days(visit), day),
        freeze=made.freeze,
        may_freeze=visit.may(Right.WRITE),
        faults=_faults(visit, made),
    )


async def _made(visit: Visit) -> Today:
    """One answer for all who see the same, until anything changes."""
    unit, settings = visit.who.only_unit, visit.desk.settings
    async with visit.core.ledger.read() as conn:
        version = await watch.version(conn)

    async def slowly() -> Slow:
        return await desk_today.slowly(
            visit.core,
            unit=unit,
            zone=visit.zone,
            rules=settings.gaps.rules,
            warn=timedelta(days=settings.tokens.warn_days),
        )

    async def make() -> Today:
        slow = await visit.desk.remembered.get(("slow", unit), slowly, fresh=_SLOW)
        return await desk_today.today(visit.core, slow.value, unit=unit, zone=visit.zone)

    key = ("today", unit, version)
    answer = await visit.remembered(key, make, fresh=_FRESH, stale=_FRESH)
    return answer.value


async def days(visit: Visit) -> Days:
    """The health days and holidays of this office."""
    root = visit.desk.settings.office.schedules
    answer = await visit.remembered(
        "days", lambda: asyncio.to_thread(read_days, Folder(root=root)), fresh=_DAYS_FRESH
    )
    return answer.value


def _figures(made: Today, waiting: int, day: date, visit: Visit) -> list[tuple[str, int, str, str]]:
    """Name, number, what stands below it, and where it leads."""
    left = [one for one in made.coming if one.at.astimezone(visit.zone).date() <= day]
    accounts = sum(one.today for one in made.out)
    found = [
        (_("out today"), len(made.out), _("on {count} accounts").format(count=accounts), "#out"),
        (_("still due today"), len(left), _next(left, day, visit), "#coming"),
        (_("needs a person"), waiting, "", "#needs"),
    ]
    if made.reviews:
        late = sum(one.late for one in made.reviews)
        below = _("{count} late").format(count=late) if late else ""
        found.append((_("waits for review"), len(made.reviews), below, "#needs"))
    if visit.who.only_unit:
        found.append((_("your unit's tasks"), len(made.tasks), "", "#needs"))
    found.append((_("near the silence limit"), len(made.slow.silent), "", "#needs"))
    return found


def _next(left: Sequence[Line], day: date, visit: Visit) -> str:
    if not left:
        return ""
    at = moment_name(left[0].at.astimezone(visit.zone), day)
    return _("next: {time}").format(time=at)


def _row(line: Line, day: date, visit: Visit) -> dict[str, object]:
    text, tone = of_line(line)
    if line.late:
        text, tone = _("goes out late: {count}").format(count=line.late), "warn"
    return {
        "post": line.post,
        "title": line.title,
        "key_item": line.key_item,
        "at": line.at,
        "when": moment_name(line.at.astimezone(visit.zone), day),
        "platforms": _(", ").join(words.platform(name) for name in line.platforms),
        "accounts": _accounts(line),
        "parts": parts_of(line),
        "state": text,
        "tone": tone,
    }


def _accounts(line: Line) -> str:
    """On how many accounts it went out today, or goes; "" for one."""
    if line.today and line.today < line.total:
        said = _("{count} accounts today, {total} in all")
        return said.format(count=line.today, total=line.total)
    return _("{count} accounts").format(count=line.total) if line.total > 1 else ""


def _near(known: Days, day: date) -> list[tuple[str, str]]:
    """The health days of the next days: when, and what they are called."""
    found = [one for one in known.between(day, day + _AHEAD) if one.first is not None]
    return [(_span(one, day), one.day.names[0]) for one in found]


def _span(one: Occurrence, day: date) -> str:
    assert one.first is not None
    assert one.last is not None
    if one.first == one.last:
        return day_name(one.first, day)
    return f"{one.first:%m-%d}–{one.last:%m-%d}"


def _faults(visit: Visit, made: Today) -> list[str]:
    """What keeps the whole bot from its work."""
    found = []
    waited_s = health.age_s(made.untried_since, made.at)
    if waited_s >= visit.desk.settings.web.overdue_s:
        found.append(
            _(
                "A post has been due for {minutes} minutes and nobody has tried it. The program "
                "that publishes (`bot run`) seems not to be running."
            ).format(minutes=max(int(waited_s // 60), 1))
        )
    if not visit.who.only_unit:
        found += [one.message for one in visit.desk.app.standing.notes()]
    return found


ROUTES = (get("/", show),)
