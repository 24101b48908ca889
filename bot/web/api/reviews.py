"""/reviews: what waits for a review, and a reviewer's word about it.

Reviewers are persons: a token speaks for the one who was named when it was made, with that
person's levels, and the log says that it was the token.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.people import Right
from bot.domain.review import Level, Said
from bot.engine import reviewing, shapes
from bot.engine.reviewing import Case, CaseState
from bot.engine.shapes import Json
from bot.i18n import N_
from bot.web.api.asked import Name, Text
from bot.web.api.declared import Asked, Call, Told, get, post
from bot.web.api.faults import missing


class LevelTold(Told):
    """What a level said last."""

    level: Level
    said: Said | None
    by: str
    deputy_of: str
    note: str
    at: datetime | None


class ReviewTold(Told):
    """As `bot reviews list --format json` has it."""

    post: str
    title: str
    column: str
    version: str
    state: CaseState
    next_level: Level | None
    since: datetime
    planned_at: datetime
    deadline_at: datetime
    late: bool
    publications: int
    correction: bool
    last_approved: str
    changed: list[str]
    levels: list[LevelTold]


class ReviewsTold(Told):
    """What waits or was refused, by deadline."""

    reviews: list[ReviewTold]


class SaidTold(Told):
    """A reviewer's word."""

    version: str
    level: Level
    said: Said
    by: str
    deputy_of: str
    note: str
    at: datetime


class ChangeTold(Told):
    """What changed since the last yes; each line begins with "+", "-" or a space."""

    field: str
    lines: list[str]


class WholeReviewTold(Told):
    """As `bot reviews show --format json` has it."""

    review: ReviewTold | None
    said: list[SaidTold]
    changes: list[ChangeTold]


class ApproveAsked(Asked):
    """`version`: the one that was read; another one by now is refused."""

    level: Level
    version: Name
    note: Text = ""


class RefuseAsked(Asked):
    """The same, with the reason for the author."""

    level: Level
    version: Name
    note: Text


async def list_(call: Call, _asked: Asked) -> Json:
    """What waits for a review or was refused."""
    async with call.core.ledger.read() as conn:
        found = await reviewing.cases(call.core, conn)
    return {"reviews": [shapes.review(one, call.zone) for one in found]}


async def one(call: Call, _asked: Asked) -> Json:
    """Who said what, and what has changed."""
    name = call.part("post")
    found = await reviewing.case(call.core, name)
    said = await reviewing.history(call.core, name)
    if found is None and not said:
        raise missing(reviewing.nothing_to_review(name))
    changed = (
        await reviewing.diff(call.core, found.last_approved, found.content_hash) if found else []
    )
    return shapes.reviewed(found, said, changed, call.zone)


async def approve(call: Call, asked: ApproveAsked) -> Json:
    """In the name of the token's reviewer."""
    post_, note = call.part("post"), asked.note
    case = await reviewing.approve(
        call.core, post_, asked.version, asked.level, by=call.key.reviewer, note=note
    )
    return await _said(call, case, asked.level, Said.APPROVED, note)


async def refuse(call: Call, asked: RefuseAsked) -> Json:
    """In the name of the token's reviewer."""
    post_, note = call.part("post"), asked.note
    case = await reviewing.refuse(
        call.core, post_, asked.version, asked.level, by=call.key.reviewer, note=note
    )
    return await _said(call, case, asked.level, Said.REFUSED, note)


async def _said(call: Call, case: Case, level: Level, said: Said, note: str) -> Json:
    facts = {"level": level.value, "version": case.content_hash, "note": note}
    facts["reviewer"] = call.key.reviewer
    await call.noted(f"review.{said.value}", case.post, **facts)
    return shapes.review(case, call.zone)


ENDPOINTS = (
    get("/reviews", list_, ReviewsTold, N_("What waits for a review")),
    get("/reviews/{post}", one, WholeReviewTold, N_("One post's review")),
    post(
        "/reviews/{post}/approve",
        approve,
        ReviewTold,
        N_("Let a version pass at one level"),
        right=Right.REVIEW,
        takes=ApproveAsked,
    ),
    post(
        "/reviews/{post}/refuse",
        refuse,
        ReviewTold,
        N_("Send a version back to its author"),
        right=Right.REVIEW,
        takes=RefuseAsked,
    ),
)
