"""/key-items: which unit carried which key item, who is late, who is exempt."""

from __future__ import annotations

from datetime import datetime

from bot.domain.coverage import CellState
from bot.domain.numbers import row_number
from bot.domain.people import Right
from bot.domain.publication import Role
from bot.engine import answer_shapes, answers, exempting, grid
from bot.engine.shapes import Json
from bot.i18n import N_, _
from bot.web.api.asked import Name, Paged, Text, Within
from bot.web.api.declared import Asked, Call, Told, get, post
from bot.web.api.faults import Fault, missing
from bot.web.api.publications import in_zone


class TallyTold(Told):
    """A key item in numbers; what is unknown is in nobody's disfavour."""

    id: str
    title: str
    deadline: datetime
    first_release: datetime | None
    required: int
    exempt: int
    on_time: int
    late: int
    missing: int
    unknown: int
    open: int
    coverage: float | None
    timeliness: float | None
    optional: int


class StatesTold(TallyTold):
    """With the state of each unit that is asked."""

    units: dict[str, CellState]


class KeyItemsTold(Told):
    """A page of the list; "" in `next` at its end."""

    key_items: list[StatesTold]
    next: str


class UnitTold(Told):
    """One unit's row."""

    unit: str
    state: CellState
    account: str
    at: datetime | None
    reason: str
    exempt_by: str
    exempt_since: datetime | None
    carried: str
    outdated: bool


class AccountRowTold(Told):
    """One account's row, and what it is known by."""

    account: str
    unit: str
    state: CellState
    at: datetime | None
    url: str
    evidence: str
    source_missing: bool
    outdated: bool


class LackTold(Told):
    """Who must act."""

    unit: str
    state: CellState
    owed_by: Role
    kind: str
    account: str
    since: datetime | None
    deadline: datetime
    reminded_at: datetime | None


class KeyItemTold(TallyTold):
    """As one entry of `bot coverage --format json`."""

    as_of: datetime
    units: list[UnitTold]
    accounts: list[AccountRowTold]
    first_carried: datetime | None
    last_carried: datetime | None
    lacking: list[LackTold]


class KeyItemsAsked(Paged, Within):
    """A period, a page of it."""


class KeyItemAsked(Asked):
    """`as_of`: as it was known then."""

    as_of: datetime | None = None


class ExemptAsked(Asked):
    """`by`: on whose word, e.g. 宣传科; the token, if left out."""

    unit: Name
    reason: Text
    by: Name = ""


class EndAsked(Asked):
    """The unit that must carry it again."""

    unit: Name


async def list_(call: Call, asked: KeyItemsAsked) -> Json:
    """By planned time; of this month, if nothing else is asked for."""
    span, skip = asked.span(call.now, call.zone), row_number(asked.after) or 0
    found, _members = await grid.standings(call.core, since=span.since, until=span.until)
    part = found[skip : skip + asked.limit]
    return {
        "key_items": [answer_shapes.states(one, call.zone) for one in part],
        "next": str(skip + asked.limit) if len(found) > skip + asked.limit else "",
    }


async def one(call: Call, asked: KeyItemAsked) -> Json:
    """With all evidence."""
    at = in_zone(call, asked.as_of)
    if at is not None and at > call.now:
        raise Fault(422, _("`as_of` is still to come: nobody knows yet what will be known then."))
    return await _one(call, at)


async def _one(call: Call, at: datetime | None = None) -> Json:
    found = await answers.covered(call.core, ids=[call.part("post")], at=at)
    if not found.items:
        raise missing(_("There is no key item {names}.").format(names=call.part("post")))
    return answer_shapes.item(found.items[0], found, call.zone)


async def exempt(call: Call, asked: ExemptAsked) -> Json:
    """As `bot coverage ITEM --exempt UNIT`."""
    await _one(call)
    post_, by = call.part("post"), asked.by.strip() or call.by
    await exempting.exempt(call.core, post_, asked.unit, reason=asked.reason, by=by)
    facts = {"unit": asked.unit, "reason": asked.reason, "word": asked.by}
    await call.noted("item.exempted", post_, **facts)
    return await _one(call)


async def end(call: Call, asked: EndAsked) -> Json:
    """As `bot coverage ITEM --end-exempt UNIT`."""
    await _one(call)
    await exempting.end(call.core, call.part("post"), asked.unit, by=call.by)
    await call.noted("item.required", call.part("post"), unit=asked.unit)
    return await _one(call)


_ONE = "/key-items/{post}"
ENDPOINTS = (
    get("/key-items", list_, KeyItemsTold, N_("Coverage of key items"), takes=KeyItemsAsked),
    get(
        _ONE,
        one,
        KeyItemTold,
        N_("One key item: units, accounts, evidence, who must act"),
        takes=KeyItemAsked,
    ),
    post(
        f"{_ONE}/exempt",
        exempt,
        KeyItemTold,
        N_("Exempt a unit"),
        right=Right.WRITE,
        takes=ExemptAsked,
    ),
    post(
        f"{_ONE}/require",
        end,
        KeyItemTold,
        N_("End a unit's exemption"),
        right=Right.WRITE,
        takes=EndAsked,
    ),
)
