"""/publications: what went out, what did not, and what is decided about it."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime
from typing import Any

from bot.domain.people import Right
from bot.domain.post import Kind
from bot.domain.publication import Publication, Role, State
from bot.engine import people, shapes
from bot.engine.shapes import Json
from bot.errors import UsageError
from bot.i18n import N_, _
from bot.ledger import listing
from bot.ledger import publications as queries
from bot.web.api.asked import Link, Name, Paged, Text, Within
from bot.web.api.declared import Asked, Call, Told, get, post
from bot.web.api.faults import Fault, missing

_YEARS = range(1900, 9000)  # near the ends of all time no zone holds


class PublicationTold(Told):
    """As `bot publications list --format json` has it."""

    id: int
    post: str
    account: str
    platform: str
    kind: Kind
    state: State
    due_at: datetime
    published_at: datetime | None
    url: str
    error: str
    owed_by: Role
    until: datetime | None


class PublicationsTold(Told):
    """A page of the list; "" in `next` at its end."""

    publications: list[PublicationTold]
    next: str


class EventTold(Told):
    """What happened once."""

    id: int
    publication: int
    at: datetime
    name: str
    from_state: str
    to_state: str
    facts: dict[str, Any]


class HistoryTold(PublicationTold):
    """With everything that happened, oldest first."""

    events: list[EventTold]


class PublicationsAsked(Paged, Within):
    """Filters; all of them must fit."""

    state: tuple[State, ...] = ()
    post: Name = ""
    account: Name = ""
    unit: Name = ""
    platform: Name = ""


class RetryAsked(Asked):
    """`not_published`: somebody has looked, and it surely is not public."""

    not_published: bool = False


class ReasonAsked(Asked):
    """Why, in one's own words."""

    reason: Text = ""


class ConfirmAsked(Asked):
    """Where it is public, and since when (now, if left out)."""

    url: Link
    at: datetime | None = None


async def list_(call: Call, asked: PublicationsAsked) -> Json:
    """By planned time."""
    span = asked.span(call.now, call.zone) if asked.given else None
    equal = {name: getattr(asked, name) for name in ("post", "account", "unit", "platform")}
    async with call.core.ledger.read() as conn:
        found = await listing.some_publications(
            conn,
            equal,
            states=asked.state,
            since=span.since if span else None,
            until=span.until if span else None,
            after=asked.after,
            limit=asked.limit + 1,
        )
    more, found = len(found) > asked.limit, found[: asked.limit]
    return {
        "publications": [shapes.publication(pub, call.zone) for pub in found],
        "next": listing.cursor_of(found[-1]) if more else "",
    }


async def one(call: Call, _asked: Asked) -> Json:
    """By number, or POST@ACCOUNT."""
    pub = await _get(call)
    async with call.core.ledger.read() as conn:
        events = await queries.history(conn, pub.id)
    return shapes.with_history(pub, events, call.zone)


async def _get(call: Call) -> Publication:
    try:
        return await people.get(call.core, call.part("id"))
    except UsageError as error:
        raise missing(str(error)) from error


async def retry(call: Call, asked: RetryAsked) -> Json:
    """As `bot publications retry`."""
    pub = await _get(call)
    work = people.retry(call.core, pub, by=call.by, not_published=asked.not_published)
    return await _done(call, pub, "retry", work)


async def cancel(call: Call, asked: ReasonAsked) -> Json:
    """As `bot publications cancel`."""
    pub = await _get(call)
    work = people.cancel(call.core, pub, by=call.by, reason=asked.reason)
    return await _done(call, pub, "cancel", work, reason=asked.reason)


async def confirm(call: Call, asked: ConfirmAsked) -> Json:
    """As `bot publications confirm`."""
    pub = await _get(call)
    at = in_zone(call, asked.at)
    work = people.confirm(call.core, pub, url=asked.url, at=at, by=call.by)
    return await _done(call, pub, "confirm", work, url=asked.url)


async def accept(call: Call, _asked: Asked) -> Json:
    """As `bot publications accept`."""
    pub = await _get(call)
    return await _done(call, pub, "accept", people.accept(call.core, pub, by=call.by))


async def decline(call: Call, asked: ReasonAsked) -> Json:
    """As `bot publications decline`."""
    pub = await _get(call)
    work = people.decline(call.core, pub, by=call.by, reason=asked.reason)
    return await _done(call, pub, "decline", work, reason=asked.reason)


async def _done(
    call: Call, pub: Publication, what: str, work: Awaitable[object], **facts: str
) -> Json:
    await work
    await call.noted(f"publication.{what}", f"{pub.post}@{pub.account}", **facts)
    return shapes.publication(await people.get(call.core, str(pub.id)), call.zone)


def in_zone(call: Call, moment: datetime | None) -> datetime | None:
    """The moment; one without an offset is meant in the office's zone."""
    if moment is not None and moment.year not in _YEARS:
        message = _("{text} is not a time; write it as 2026-05-07 10:00.")
        raise Fault(422, message.format(text=moment.isoformat()))
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=call.zone)


_ONE = "/publications/{id}"
ENDPOINTS = (
    get(
        "/publications",
        list_,
        PublicationsTold,
        N_("Publications by planned time"),
        takes=PublicationsAsked,
    ),
    get(_ONE, one, HistoryTold, N_("One publication with its history")),
    post(
        f"{_ONE}/retry",
        retry,
        PublicationTold,
        N_("Let a failed or missed publication be tried again"),
        right=Right.WRITE,
        takes=RetryAsked,
    ),
    post(
        f"{_ONE}/cancel",
        cancel,
        PublicationTold,
        N_("Withdraw a publication that is not public"),
        right=Right.WRITE,
        takes=ReasonAsked,
    ),
    post(
        f"{_ONE}/confirm",
        confirm,
        PublicationTold,
        N_("Record that a publication is public"),
        right=Right.WRITE,
        takes=ConfirmAsked,
    ),
    post(
        f"{_ONE}/accept",
        accept,
        PublicationTold,
        N_("Say yes to a reprint for the unit"),
        right=Right.WRITE,
    ),
    post(
        f"{_ONE}/decline",
        decline,
        PublicationTold,
        N_("Say no to a reprint for the unit"),
        right=Right.WRITE,
        takes=ReasonAsked,
    ),
)
