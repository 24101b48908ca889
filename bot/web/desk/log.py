"""/log: who did what, newest first, and the whole of it as a file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from aiohttp import web

from bot.domain import audit_words
from bot.domain.numbers import row_number
from bot.domain.people import Right
from bot.i18n import _
from bot.ledger import audit, people
from bot.ledger.audit import Entry
from bot.web.desk.downloads import KINDS, Sheet, download
from bot.web.desk.routes import get
from bot.web.desk.visit import Visit

_PAGE = 100
_FILE = 100_000  # rows a sheet is given; Excel takes about a million


async def show(visit: Visit) -> web.StreamResponse:
    """One page of entries that fit the filters."""
    wanted = _wanted(visit)
    async with visit.core.ledger.read() as conn:
        found = await audit.entries(
            conn,
            **wanted,
            before=row_number(visit.query("before")),
            limit=_PAGE + 1,
        )
        known = {one.login: one.name for one in await people.everybody(conn)}
    older = (
        {**visit.request.query, "before": str(found[_PAGE - 1].id)} if len(found) > _PAGE else {}
    )
    return visit.render(
        "log",
        title=_("Log"),
        entries=found[:_PAGE],
        names=known,
        actions=audit_words.actions(),
        action_word=audit_words.action,
        facts=_facts,
        older=visit.request.rel_url.with_query(older).query_string if older else "",
        asked=visit.request.rel_url.query_string,
        chosen={name: visit.query(name) for name in ("by", "action", "subject", "from", "to")},
    )


def _wanted(visit: Visit) -> dict[str, Any]:
    """The filters; a day that is none filters nothing, and its field shows what was typed."""
    last = _day(visit, "to")
    return {
        "since": _day(visit, "from"),
        "until": last + timedelta(days=1) if last else None,
        "by": visit.query("by")[:64],
        "actions": [visit.query("action")] if visit.query("action") else [],
        "subject": visit.query("subject"),
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
    async with visit.core.ledger.read() as conn:
        found = await audit.entries(conn, **_wanted(visit), limit=_FILE)
    headings = [_("when"), _("who"), _("what"), _("of what"), _("facts"), _("address")]
    sheet = Sheet(name=_("Log"), headings=headings, rows=[_row(one) for one in reversed(found)])
    return await download(_("log"), kind, [sheet], visit.zone)


def _row(entry: Entry) -> list[str | datetime]:
    return [
        entry.at,
        entry.by,
        audit_words.action(entry.action),
        entry.subject,
        _facts(entry.facts),
        entry.address,
    ]


def _facts(facts: Mapping[str, Any]) -> str:
    parts = (
        f"{name}: {', '.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in facts.items()
        if value not in ("", [], None)
    )
    return "; ".join(parts)


ROUTES = (
    get("/log", show, Right.LOG),
    get("/log.{kind}", file, Right.LOG),
)
