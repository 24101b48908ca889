"""/reviews: what waits for a yes, with what has changed since the last one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import quote

from aiohttp import web

from bot.domain import review_words
from bot.domain.people import DeskRole, Right
from bot.domain.review import Level, Said
from bot.engine import desk_post, review_people, reviewing
from bot.engine.review_gate import in_force
from bot.engine.reviewing import Case, CaseState, Overtaken
from bot.errors import UsageError
from bot.i18n import N_, _
from bot.ledger import people, posts
from bot.ledger.approvals import Deputy
from bot.ledger.connection import Connection
from bot.schedule import headings
from bot.web.desk import post_facts
from bot.web.desk.fields import Fields
from bot.web.desk.routes import get, post
from bot.web.desk.visit import Refused, Visit

_NOTE_MAX = 1000
_PICTURES = frozenset({"cover", "images", "video"})  # shown as such, not by their paths
_DONE: Mapping[str, str] = {
    "approved": N_("Approved: “{title}”"),
    "refused": N_("Sent back: “{title}”"),
}
_YEARS = range(2000, 2100)


async def show(visit: Visit) -> web.StreamResponse:
    """What waits: first what is this person's move."""
    visit.must_see("")
    async with visit.core.ledger.read() as conn:
        asked = await in_force(visit.core, conn)
        found = await reviewing.cases(visit.core, conn, done=True)
        mine = await review_people.powers(conn, visit.who.login, visit.now)
        known = {one.login: one.name for one in await people.everybody(conn)}
        done = await _done(visit, conn)
    # What was refused is its author's move.
    own = [one for one in found if one.state is CaseState.WAITING and one.next_level in mine]
    return visit.render(
        "reviews",
        **done,
        title=_("Review"),
        on=not asked.off,
        own=own,
        others=[one for one in found if one not in own],
        names=known,
        words=_WORDS,
    )


async def _done(visit: Visit, conn: Connection) -> Mapping[str, Any]:
    """What this person has just said, for the top of the page."""
    word, name = _DONE.get(visit.query("done"), ""), visit.query("post")
    found = await posts.some_posts(conn, [name]) if word else {}
    if name not in found:
        return {}
    return {"said": _(word).format(title=found[name].title or name)}


def _state_word(case: Case) -> tuple[str, str]:
    """How it stands, and what colour that has."""
    if case.state is CaseState.APPROVED:
        return _("approved by all"), "good"
    assert case.next_level is not None
    level = review_words.level(case.next_level)
    if case.state is CaseState.REFUSED:
        return _("refused at: {level}").format(level=level), "bad"
    return _("waits for: {level}").format(level=level), "warn"


def field_word(name: str) -> str:
    """A field of a post as a heading of the calendar's sheet says it; parts of it as they are."""
    if name == "reviewer":
        return _("checked by an expert")  # not to be taken for one of the reviewers here
    first, dot, rest = name.partition(".")
    known = headings.POST.get(first, (first,))[0]
    return f"{known}{dot}{rest}"


_WORDS = {
    "field": field_word,
    "level": review_words.level,
    "said": review_words.said,
    "state": _state_word,
    "refused": Said.REFUSED,
    "approved": Said.APPROVED,
}


async def show_one(visit: Visit) -> web.StreamResponse:
    """One version: what changed, what others said, and the two buttons."""
    visit.must_see("")
    return await _page(visit, await _case(visit))


async def _case(visit: Visit) -> Case:
    found = await reviewing.case(visit.core, visit.part("post"))
    if found is None:
        visit.missing(_("Nothing of this post is to be reviewed now."))
    return found


async def _page(
    visit: Visit,
    case: Case,
    *,
    status: int = 200,
    fault: str = "",
    note: str = "",
    insist: tuple[Level, Said] | None = None,
) -> web.Response:
    """`insist`: what this person was about to say when another was faster."""
    history = await reviewing.history(visit.core, case.post)
    seen = visit.query("since")
    since = seen if seen in {one.content_hash for one in history} else ""
    base = since or case.last_approved
    async with visit.core.ledger.read() as conn:
        mine = await review_people.powers(conn, visit.who.login, visit.now)
        known = {one.login: one.name for one in await people.everybody(conn)}
    whole = await reviewing.diff(visit.core, "", case.content_hash)
    seen_post = await desk_post.view(
        visit.core, case.post, unit=visit.who.only_unit, members=await visit.members()
    )
    level = case.next_level if case.next_level in mine else None
    return visit.render(
        "review",
        status=status,
        title=case.title or case.post,
        case=case,
        changes=await reviewing.diff(visit.core, base, case.content_hash) if base else [],
        base=base,
        whole=[one for one in whole if one.field.partition(".")[0] not in _PICTURES],
        frames=post_facts.frames(visit, seen_post, None) if seen_post else None,
        media=post_facts.media(seen_post) if seen_post else [],
        history=history,
        heard=history[-1].id if history else 0,
        insist=insist,
        level=level,
        may_refuse=_refusable(case, mine),
        deputy_of=mine.get(level, "") if level else "",
        names=known,
        words=_WORDS,
        fault=fault,
        note=note,
        note_max=_NOTE_MAX,
    )


def _refusable(case: Case, mine: Mapping[Level, str]) -> Level | None:
    """The level at which this person may take a yes back."""
    given = [one.level for one in case.levels if one.said is Said.APPROVED and one.level in mine]
    return given[-1] if given else None


async def say(visit: Visit) -> web.StreamResponse:
    """Approves or refuses the version that was shown."""
    visit.must_see("")
    fields = await visit.fields()
    said, seen, note = fields.one("said"), fields.one("seen"), fields.one("note")
    case = await _case(visit)
    try:
        level = Level(fields.one("level"))
        act = {"approved": reviewing.approve, "refused": reviewing.refuse}[said]
    except (KeyError, ValueError):
        fault = _("Choose to approve or to refuse.")
        return await _page(visit, case, status=422, fault=fault, note=note)
    if len(note) > _NOTE_MAX:
        fault = _("The note is too long: at most {count} signs.").format(count=_NOTE_MAX)
        return await _page(visit, case, status=422, fault=fault, note=note)
    try:
        await act(
            visit.core, case.post, seen, level, by=visit.who.login, note=note, heard=_heard(fields)
        )
    except Overtaken as error:
        insist, now = (level, Said(said)), await _case(visit)
        return await _page(visit, now, status=409, fault=str(error), note=note, insist=insist)
    except UsageError as error:
        return await _page(visit, case, status=409, fault=str(error), note=note)
    await visit.noted(f"review.{said}", case.post, level=level.value, content_hash=seen, note=note)
    return visit.go(f"reviews?done={said}&post={quote(case.post, safe='')}")


def _heard(fields: Fields) -> int | None:
    """The last word the page has shown, 0 for none; None for a form that does not tell."""
    number = fields.one("heard")[:18]
    return int(number) if number.isdecimal() else None


# ── deputies ──────────────────────────────────────────────────────────────────────────────────────


async def show_deputies(visit: Visit) -> web.StreamResponse:
    """Who stands in for whom, and the form to name somebody."""
    return await _deputies(visit, {})


async def _deputies(
    visit: Visit, typed: Mapping[str, str], *, fault: str = "", status: int = 200
) -> web.Response:
    found = await review_people.deputies(visit.core)
    async with visit.core.ledger.read() as conn:
        everybody = await people.everybody(conn)
    mine = [one for one in everybody if _may_name(visit, one.login) and review_people.reviews(one)]
    return visit.render(
        "deputies",
        status=status,
        title=_("Deputies"),
        deputies=found,
        names={one.login: one.name for one in everybody},
        reviewers=mine,
        people=[one for one in everybody if review_people.can_stand_in(one)],
        days=lambda one: _days(visit, one),
        may_end=lambda one: _may_name(visit, one.login),
        typed=typed,
        fault=fault,
    )


def _days(visit: Visit, one: Deputy) -> str:
    """The first and the last day, as they were entered."""
    first = one.since.astimezone(visit.zone)
    last = (one.until - timedelta(seconds=1)).astimezone(visit.zone)
    return _("{first} to {last}").format(first=f"{first:%Y-%m-%d}", last=f"{last:%Y-%m-%d}")


def _may_name(visit: Visit, login: str) -> bool:
    """One names one's own deputy; the administrator anybody's, for who is ill names nobody."""
    return login == visit.who.login or DeskRole.ADMINISTRATOR in visit.who.roles


async def name_deputy(visit: Visit) -> web.StreamResponse:
    """Lets somebody review in one's place for some days."""
    fields = await visit.fields()
    names = ("login", "deputy", "from", "to")
    typed = {name: fields.one(name) for name in names}
    if not _may_name(visit, typed["login"]):
        raise Refused(403, _("Only the person or the administrator names a deputy."))
    try:
        since, last = _day(visit, typed["from"]), _day(visit, typed["to"])
        number = await review_people.name_deputy(
            visit.core,
            typed["login"],
            typed["deputy"],
            since=max(since, visit.now),
            until=last + timedelta(days=1),
            by=visit.who.login,
        )
    except UsageError as error:
        return await _deputies(visit, typed, fault=str(error), status=422)
    await visit.noted("deputy.named", typed["login"], number=number, deputy=typed["deputy"])
    return visit.go("reviews/deputies?done=saved")


def _day(visit: Visit, text: str) -> datetime:
    try:
        day = date.fromisoformat(text)
        if day.year not in _YEARS:
            raise ValueError(text)
        return datetime.combine(day, time(), visit.zone)
    except ValueError as error:
        message = _("{text} is not a day; write it as 2026-05-07.")
        raise UsageError(message.format(text=text[:40])) from error


async def end_deputy(visit: Visit) -> web.StreamResponse:
    """Ends it now; what was said stays."""
    number = visit.part("id")
    for one in await review_people.deputies(visit.core):
        if str(one.id) == number and _may_name(visit, one.login):
            await review_people.end_deputy(visit.core, one.id)
            await visit.noted("deputy.ended", one.login, number=one.id, deputy=one.deputy)
            return visit.go("reviews/deputies?done=done")
    return visit.missing()


ROUTES = (
    get("/reviews", show),
    get("/reviews/deputies", show_deputies, None),
    post("/reviews/deputies", name_deputy, None),
    post("/reviews/deputies/{id}/end", end_deputy, None),
    get("/reviews/{post}", show_one),
    # Also for deputies, whatever their role: the engine knows who may say what.
    post("/reviews/{post}", say, Right.SEE),
)
