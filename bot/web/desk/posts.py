"""/posts/…: one post, where it stands on each account, and what a person can do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from aiohttp import web

from bot.domain import recall_words
from bot.domain.numbers import row_number
from bot.domain.people import Right
from bot.domain.publication import Publication
from bot.domain.recall import LIVING, How, RecallKind, Standing
from bot.engine import desk_post, people, recalling
from bot.engine.desk_post import PostView
from bot.engine.recalling import Reach
from bot.errors import UsageError
from bot.i18n import _
from bot.web.desk import decisions, post_checks, post_facts, post_preview
from bot.web.desk.decisions import Refusal
from bot.web.desk.fields import Fields
from bot.web.desk.routes import get, post
from bot.web.desk.standing import of_line
from bot.web.desk.visit import Visit

_REASON_MAX = 500


async def show(visit: Visit) -> web.StreamResponse:
    """The page of a post."""
    return await _page(visit, visit.part("post"), chosen=visit.query("pub"))


async def _page(
    visit: Visit,
    name: str,
    *,
    chosen: str,
    status: int = 200,
    refusal: Refusal | None = None,
    typed: Mapping[str, str] | None = None,
) -> web.Response:
    seen = await desk_post.view(
        visit.core,
        name,
        unit=visit.who.only_unit,
        members=await visit.members(),
        before=row_number(visit.query("before")),
    )
    if seen is None:
        visit.missing(_("There is no such post, or nothing of it is your unit's."))
    text, tone = of_line(seen.entry)
    pub = seen.pub(chosen) or (seen.pubs[0] if len(seen.pubs) == 1 else None)
    writes = visit.may(Right.WRITE)
    return visit.render(
        "post",
        status=status,
        title=seen.stored.title,
        seen=seen,
        state=text,
        tone=tone,
        address=f"posts/{quote(name, safe='')}",
        writes=writes,
        movable=writes and seen.entry.movable and not seen.stored.removed,
        recallable=writes and post_facts.recallable(seen),
        planned=seen.stored.due_at.astimezone(visit.zone),
        states=post_facts.states(seen),
        rows=post_facts.rows(visit, seen),
        pub=post_facts.details(visit, seen, pub) if pub is not None else None,
        acts=await post_facts.acts(visit, pub) if pub is not None and writes else (),
        refusal=refusal,
        typed=typed or {},
        frames=post_facts.frames(visit, seen, pub),
        history=post_facts.history(visit, seen),
        earlier=seen.events[desk_post.EVENTS - 1].id if len(seen.events) > desk_post.EVENTS else 0,
        fields=post_facts.fields(visit, seen),
        media=post_facts.media(seen),
        body=post_facts.body(seen),
        review=post_facts.review(visit, seen),
        recalls=_recalls(visit, seen),
        checks=not visit.who.only_unit and not seen.stored.removed,
    )


def _recalls(visit: Visit, seen: PostView) -> list[str]:
    told = _("{kind}, {time} by {by}: {reason} ({done} of {all} done)")
    return [
        told.format(
            kind=recall_words.kind(one.kind),
            time=visit.when(one.at),
            by=seen.names.get(one.by, one.by),
            reason=one.reason,
            done=total - left,
            all=total,
        )
        for one, left, total in seen.recalls
    ]


async def not_moved(visit: Visit, name: str, text: str, fields: Fields) -> web.Response:
    """The page of a post that could not be moved as its form says, and why."""
    typed = {"do": "move", "day": fields.one("day"), "at": fields.one("at")}
    refusal = Refusal(text=text, field="day")
    return await _page(visit, name, chosen="", status=422, refusal=refusal, typed=typed)


# ── one publication ───────────────────────────────────────────────────────────────────────────


async def decide(visit: Visit) -> web.StreamResponse:
    """What a person decides about one publication."""
    pub = await people.get(visit.core, visit.part("id"))
    visit.must_see(pub.unit)
    fields = await visit.fields()
    refusal = await decisions.decide(visit, pub, fields)
    if refusal is not None:
        return await _again(visit, pub, fields, refusal)
    done = decisions.done(visit, pub, fields)
    if fields.one("back") == "today":
        return visit.go(f"?done={done}")
    return visit.go(f"{decisions.where(pub)}&done={done}#pub")


async def _again(
    visit: Visit, pub: Publication, fields: Fields, refusal: Refusal
) -> web.StreamResponse:
    typed = {name: fields.one(name) for name in ("do", "url", "at", "reason")}
    return await _page(
        visit, pub.post, chosen=str(pub.id), status=422, refusal=refusal, typed=typed
    )


# ── withdrawals and corrections ───────────────────────────────────────────────────────────────


async def show_recall(visit: Visit) -> web.StreamResponse:
    """What a withdrawal or a correction would reach, before it is ordered."""
    kind = _kind(visit, visit.query("kind"))
    return await _recall_page(visit, kind)


async def _recall_page(
    visit: Visit, kind: RecallKind, *, status: int = 200, fault: str = "", reason: str = ""
) -> web.Response:
    reach, refused = None, ""
    try:
        reach = await recalling.foresee(visit.core, visit.part("post"), kind)
    except UsageError as error:
        refused = str(error)
    return visit.render(
        "recall",
        status=status,
        title=_("Withdraw everywhere") if kind is RecallKind.WITHDRAW else _("Correct everywhere"),
        kind=kind.value,
        withdraws=kind is RecallKind.WITHDRAW,
        address=f"posts/{quote(visit.part('post'), safe='')}",
        reach=reach,
        told=_foretold(reach, kind) if reach is not None else (),
        refused=refused,
        fault=fault,
        reason=reason,
        reason_max=_REASON_MAX,
    )


def _kind(visit: Visit, text: str) -> RecallKind:
    if text not in {one.value for one in RecallKind}:
        visit.missing()
    return RecallKind(text)


def _foretold(reach: Reach, kind: RecallKind) -> Sequence[tuple[str, int]]:
    """What it comes to, with numbers."""
    hands = (Standing.PUBLIC, Standing.HANDED, Standing.DOUBTFUL)
    auto = sum(step.how is How.AUTO and step.state in LIVING for step in reach.steps)
    found = [
        (_("published by the bot"), reach.count(Standing.PUBLIC, by_bot=True)),
        (_("found or reported by hand"), reach.count(*hands, by_bot=False)),
        (_("being sent"), reach.count(Standing.UNDER_WAY)),
    ]
    if kind is RecallKind.WITHDRAW:
        found.append((_("planned, called off at once"), reach.count(Standing.UNSENT)))
    found.append((_("done by the bot itself"), auto))
    return found


async def order_recall(visit: Visit) -> web.StreamResponse:
    """Gives the order; the bot and the units' liaisons carry it out."""
    fields = await visit.fields()
    kind, reason = _kind(visit, fields.one("kind")), fields.one("reason")
    name = visit.part("post")
    if not reason or len(reason) > _REASON_MAX:
        fault = (
            _("This is too long: at most {limit} characters.").format(limit=_REASON_MAX)
            if reason
            else _("Say why; it is kept for good.")
        )
        return await _recall_page(visit, kind, status=422, fault=fault, reason=reason)
    try:
        await recalling.order(visit.core, name, kind, reason=reason, by=visit.who.login)
    except UsageError:
        return await _recall_page(visit, kind, status=422, reason=reason)
    action = "post.withdrawn" if kind is RecallKind.WITHDRAW else "post.corrected"
    await visit.noted(action, name, reason=reason)
    return visit.go(f"posts/{quote(name, safe='')}?done=done")


async def show_checks(visit: Visit) -> web.StreamResponse:
    """What is wrong with the post as it stands in its file."""
    return await post_checks.show(visit)


ROUTES = (
    get("/posts/{post}", show),
    get("/posts/{post}/checks", show_checks),
    get("/posts/{post}/media/{name}", post_preview.show_media),
    get("/posts/{post}/preview/{account}", post_preview.show_preview),
    get("/posts/{post}/recall", show_recall, Right.WRITE),
    post("/posts/{post}/recall", order_recall, Right.WRITE),
    post("/publications/{id}", decide, Right.WRITE),
)
