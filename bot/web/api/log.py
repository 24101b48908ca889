"""/log: who did what at the desk and through the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.domain.numbers import row_number
from bot.domain.people import Right
from bot.engine.shapes import Json, iso
from bot.i18n import N_
from bot.ledger import audit
from bot.web.api.asked import Name, Paged, Within
from bot.web.api.declared import Call, Told, get


class EntryTold(Told):
    """One thing somebody did; `by` is a login, or "token NAME"."""

    id: int
    at: datetime
    by: str
    action: str
    subject: str
    facts: dict[str, Any]
    address: str


class LogTold(Told):
    """A page of the log, the newest first; "" in `next` at its end."""

    entries: list[EntryTold]
    next: str


class LogAsked(Paged, Within):
    """Filters; all of them must fit."""

    by: Name = ""
    action: tuple[Name, ...] = ()
    subject: Name = ""


async def list_(call: Call, asked: LogAsked) -> Json:
    """The newest first."""
    span = asked.span(call.now, call.zone) if asked.given else None
    async with call.core.ledger.read() as conn:
        found = await audit.entries(
            conn,
            since=span.since if span else None,
            until=span.until if span else None,
            by=asked.by,
            actions=asked.action,
            subject=asked.subject,
            before=row_number(asked.after),
            limit=asked.limit + 1,
        )
    more, found = len(found) > asked.limit, found[: asked.limit]
    return {
        "entries": [
            {
                "id": one.id,
                "at": iso(one.at, call.zone),
                "by": one.by,
                "action": one.action,
                "subject": one.subject,
                "facts": dict(one.facts),
                "address": one.address,
            }
            for one in found
        ],
        "next": str(found[-1].id) if more else "",
    }


ENDPOINTS = (get("/log", list_, LogTold, N_("Who did what"), takes=LogAsked, right=Right.LOG),)
