"""/gaps: accounts that fell silent, and those that will."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import Field

from bot.domain.gaps import GapState, Saving
from bot.engine import answer_shapes, answers
from bot.engine.shapes import Json
from bot.i18n import N_
from bot.web.api.asked import Within
from bot.web.api.declared import Asked, Call, Told, get


class LapseTold(Told):
    """A silence beyond the limit."""

    first: date = Field(alias="from")
    last: date = Field(alias="to")
    days: int
    ended: bool


class GapTold(Told):
    """One account."""

    account: str
    unit: str
    platform: str
    state: GapState
    last_post_at: datetime | None
    gap_days: int | None
    max_gap_days: int | None
    lapsed: list[LapseTold]
    warn_days: int
    fail_days: int


class GapsTold(Told):
    """As `bot gaps --format json` has it."""

    accounts: list[GapTold]
    met: int
    known: int
    unknown: int
    rate: float | None


class ForecastTold(Told):
    """One account, if nothing comes but what is planned."""

    account: str
    unit: str
    platform: str
    state: GapState
    warns_on: date | None
    fails_on: date | None
    saving: Saving | None
    planned_at: datetime | None
    planned_post: str


class ForecastsTold(Told):
    """The first to fail first."""

    forecast: list[ForecastTold]


async def list_(call: Call, asked: Within) -> Json:
    """Within the period; this month, if nothing else is asked for."""
    span, rules = asked.span(call.now, call.zone), call.app.settings.gaps.rules
    found, _members = await answers.gaps(
        call.core, since=span.since, until=span.until, zone=call.zone, rules=rules
    )
    return answer_shapes.gaps(found, call.zone)


async def forecast(call: Call, _asked: Asked) -> Json:
    """Who falls silent next."""
    rules = call.app.settings.gaps.rules
    coming, _members = await answers.forecast(call.core, zone=call.zone, rules=rules)
    return answer_shapes.forecast(coming, call.zone)


ENDPOINTS = (
    get("/gaps", list_, GapsTold, N_("How long accounts have been silent"), takes=Within),
    get("/gaps/forecast", forecast, ForecastsTold, N_("Who falls silent next")),
)
