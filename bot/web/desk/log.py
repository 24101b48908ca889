"""/log: who did what, newest first, and the whole of it as a file."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from aiohttp import web

from bot.domain import audit_words
from bot.domain.numbers import row_number
from bot.domain.people import Right
from bot.i18n import _
from bot.ledger import audit, people, posts
from bot.ledger.connection import Connection
from bot.web.desk.downloads import KINDS, Sheet, download
from bot.web.desk.log_words import Line, known_of
from bot.web.desk.routes import get
from bot.web.desk.visit import Visit

_PAGE = 100
_TITLED = 100  # posts that a part of a title finds
_FILE = 100_000  # rows a sheet is given; Excel takes about a million


async def show(visit: Visit) -> web.StreamResponse:
    """One page of entries that fit the filters."""
    members = await visit.members()
    async with visit.core.ledger.read() as conn:
        found = await audit.entries(
            conn,
            **await _wanted(visit, conn),
            before=row_number(visit.query("before")),
            limit=_PAGE + 1,
        )
        known = await known_of(conn, members, found)
        staff = {one.login: one.name for one in await people.everybody(conn)}
    older = (
        {**visit.request.query, "before": str(found[_PAGE - 1].id)} if len(found) > _PAGE else {}
    )
    return visit.render(
        "log",
        title=_("Log"),
        entries=[known.line(one) for one in found[:_PAGE]],
        names=staff,
        actions=audit_words.actions(),
        older=visit.request.rel_url.with_query(older).query_string if older else "",
        asked=visit.request.rel_url.query_string,
        chosen={name: visit.query(name) for name in ("by", "action", "subject", "from", "to")},
    )


async def _wanted(visit: Visit, conn: Connection) -> dict[str, Any]:
    """The filters; a day that is none filters nothing, and its field shows what was typed."""
    last, subject = _day(visit, "to"), visit.query("subject")
    return {
        "since": _day(visit, "from"),
        "until": last + timedelta(days=1) if last else None,
        "by": visit.query("by")[:64],
        "actions": [visit.query("action")] if visit.query("action") else [],
        "about": [subject, *await posts.titled(conn, subject, limit=_TITLED)] if subject else [],
    }


def _day(visit: Visit, name: str) -> datetime | None:
    try:
        day = date.fromisoformat(visit.query(name))
        return datetime.combine(day, time(), visit.zone) if 1900 < day.year < 9000 else None
    except ValueError:
        return None


async def file(visit: Visit) -> web.StreamResponse:
    """Everything that fits the filters, as xlsx or csv."""
    kind = visit.part("kind")
    if kind not in KINDS:
        visit.missing()
    members = await visit.members()
    async with visit.core.ledger.read() as conn:
        found = await audit.entries(conn, **await _wanted(visit, conn), limit=_FILE)
        known = await known_of(conn, members, found)
    headings = [_("When"), _("Who"), _("What"), _("Of what"), _("Facts"), _("Address")]
    rows = [_row(known.line(one)) for one in reversed(found)]
    sheet = Sheet(name=_("Log"), headings=headings, rows=rows)
    return await download(_("log"), kind, [sheet], visit.zone)


def _row(line: Line) -> list[str | datetime]:
    return [line.at, line.by, line.action, line.subject, line.facts, line.address]


ROUTES = (
    get("/log", show, Right.LOG),
    get("/log.{kind}", file, Right.LOG),
)
