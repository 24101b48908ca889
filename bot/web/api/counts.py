"""/counts: how much was posted, and the items behind every number."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pydantic import Field

from bot.domain.counts import By, CountRow, Form, Span
from bot.domain.numbers import row_number
from bot.engine import answer_shapes, answers
from bot.engine.shapes import Json
from bot.engine.tallying import tally
from bot.i18n import N_, _
from bot.web.api.asked import Name, Paged, Within
from bot.web.api.declared import Call, Told, get
from bot.web.api.faults import Fault
from bot.web.api.publications import in_zone

_LONGEST = timedelta(days=31)


class CountsTold(Told):
    """As `bot counts --format json` has it; a row has its keys, then its numbers."""

    since: datetime = Field(alias="from")
    until: datetime = Field(alias="to")
    as_of: datetime
    rows: list[dict[str, str | int]]
    totals: dict[str, Any]
    sentence: str
    definition: str


class ItemTold(Told):
    """One item; `counted` is false for what is left out, and `reason` says why."""

    item: str
    published_at: datetime
    unit: str
    account: str
    platform: str
    title: str
    url: str
    push: str
    kind: Form
    via: str
    counted: bool
    reason: str


class ItemsTold(Told):
    """A page of the list; "" in `next` at its end."""

    items: list[ItemTold]
    next: str


class CountsAsked(Within):
    """`by`: told apart by; `as_of`: as it was known then."""

    by: tuple[By, ...] = Field(default=(), max_length=len(By))
    unit: tuple[Name, ...] = ()
    as_of: datetime | None = None


class ItemsAsked(Paged, Within):
    """A period of a month at most."""

    unit: tuple[Name, ...] = ()
    account: Name = ""
    platform: Name = ""
    as_of: datetime | None = None


def _known_at(call: Call, at: datetime | None) -> datetime | None:
    moment = in_zone(call, at)
    if moment is not None and moment > call.now:
        raise Fault(422, _("`as_of` is still to come: nobody knows yet what will be known then."))
    return moment


async def show(call: Call, asked: CountsAsked) -> Json:
    """This month by unit, account and platform, if nothing else is asked for."""
    at = _known_at(call, asked.as_of)
    found = await tally(
        call.core,
        asked.span(call.now, call.zone),
        by=tuple(dict.fromkeys(asked.by)) or (By.UNIT, By.ACCOUNT, By.PLATFORM),
        zone=call.zone,
        at=at,
        units=asked.unit,
    )
    return answer_shapes.tallied(found, at or call.now, call.zone)


async def items(call: Call, asked: ItemsAsked) -> Json:
    """The oldest first."""
    span, skip = asked.span(call.now, call.zone), row_number(asked.after) or 0
    if span.until - span.since > _LONGEST:
        raise Fault(422, _("Ask for the items of one month at most at a time."))
    found = await _behind(call, asked, span)
    part = found[skip : skip + asked.limit]
    return {
        "items": [answer_shapes.counted(row, why, call.zone) for row, why in part],
        "next": str(skip + asked.limit) if len(found) > skip + asked.limit else "",
    }


async def _behind(call: Call, asked: ItemsAsked, span: Span) -> list[tuple[CountRow, str]]:
    at = _known_at(call, asked.as_of)
    found = await answers.counts(call.core, span, by=(), zone=call.zone, at=at, units=asked.unit)
    return [
        (row, why)
        for row, why in answer_shapes.behind(found)
        if asked.account in ("", row.account) and asked.platform in ("", row.platform)
    ]


ENDPOINTS = (
    get("/counts", show, CountsTold, N_("How much was posted"), takes=CountsAsked),
    get("/counts/items", items, ItemsTold, N_("The items behind the numbers"), takes=ItemsAsked),
)
