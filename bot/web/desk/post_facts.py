"""What the page of a post shows, in words: its accounts, its fields, its history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any
from urllib.parse import quote

from bot.domain import history_words, recall_words, review_words, words
from bot.domain.plain import plain_text
from bot.domain.planning import IN_FLIGHT, OPEN
from bot.domain.post import Kind, Method
from bot.domain.publication import Hold, Publication, Role, State, owed_by
from bot.domain.recall import Recall, RecallKind
from bot.engine import desk_post, people
from bot.engine.carried import BY_READING
from bot.engine.desk_post import PostView
from bot.engine.reviewing import CaseState
from bot.i18n import N_, _
from bot.preview.frames import media_of
from bot.web.desk.paging import Pages, pages
from bot.web.desk.post_preview import name_of
from bot.web.desk.standing import Tone, named, tone
from bot.web.desk.visit import Visit

_ROWS = 100  # accounts at once
_PREPARED = "publication.prepared"
_OVER = frozenset({State.FAILED, State.MISSED, State.CANCELLED})
_CONFIRMABLE = frozenset(
    {State.HANDED_OFF, State.UNKNOWN, State.FAILED, State.MISSED, State.HELD, State.WAITING}
)
_OUT = IN_FLIGHT | {State.PUBLISHED, State.HANDED_OFF}
_CANCELLABLE = OPEN | IN_FLIGHT | {State.MISSED, State.FAILED}
_ACTIONS = {
    "post.saved": N_("saved at the desk"),
    "post.moved": N_("moved at the desk"),
    "post.withdrawn": N_("ordered to be withdrawn"),
    "post.corrected": N_("ordered to be corrected"),
}
_REVIEWS = {
    CaseState.WAITING: (N_("waits for review"), "warn"),
    CaseState.REFUSED: (N_("sent back"), "bad"),
    CaseState.APPROVED: (N_("approved"), "good"),
}


# ── its accounts ──────────────────────────────────────────────────────────────────────────────


def states(seen: PostView) -> list[tuple[str, str, Tone, int]]:
    """How many accounts stand in each state: value, word, tone, number."""
    counts = Counter(one.state for one in seen.pubs)
    return [
        (state.value, words.state(state), tone(state), counts[state])
        for state in State
        if counts[state]
    ]


def rows(visit: Visit, seen: PostView) -> Pages[Mapping[str, Any]]:
    """The publications asked for, a page at a time."""
    wanted = visit.query("state")
    found = [one for one in seen.pubs if wanted in {"", one.state.value}]
    listed = pages(visit, found, _ROWS)
    made = [_row(visit, seen, one) for one in listed.rows]
    return Pages(
        rows=made,
        count=listed.count,
        first=listed.first,
        before=listed.before,
        after=listed.after,
    )


def _row(visit: Visit, seen: PostView, pub: Publication) -> dict[str, Any]:
    account = seen.members.accounts[pub.account]
    return {
        "id": pub.id,
        "account": pub.account,
        "name": account.name,
        "unit": seen.members.units[pub.unit].short,
        "platform": words.platform(pub.platform),
        "kind": pub.kind.value,
        "state": words.state(pub.state),
        "tone": tone(pub.state),
        "why": words.trouble(pub) if pub.state is not State.PLANNED else "",
        "planned": _clock(visit, pub.due_at),
        "actual": _clock(visit, pub.published_at),
        "url": pub.url,
        "owed_by": _owed_by(visit, pub),
    }


def _owed_by(visit: Visit, pub: Publication) -> str:
    role = owed_by(pub.state, pub.reason, pub.next_at)
    if role is Role.CLOCK and visit.freeze is not None:
        return _("nobody yet: waits for the end of the freeze")
    return words.role(role)


def _clock(visit: Visit, moment: datetime | None) -> str:
    return f"{moment.astimezone(visit.zone):%m-%d %H:%M}" if moment else ""


def details(visit: Visit, seen: PostView, pub: Publication) -> dict[str, Any]:
    """One publication, with everything known of it."""
    account = seen.members.accounts[pub.account]
    error = pub.error if pub.state is not State.PUBLISHED else {}
    facts = [
        (_("unit"), seen.members.units[pub.unit].name),
        (_("account"), named(account)),
        (_("how"), _how(pub)),
        (_("planned time"), visit.when(pub.due_at)),
        (_("at the latest"), visit.when(pub.not_after) if pub.state in OPEN else ""),
        (_("not before"), visit.when(pub.not_before)),
        (_("published"), visit.when(pub.published_at)),
        (_("owed by"), _owed_by(visit, pub)),
        (_("why"), words.trouble(pub)),
        (_("platform's code"), str(error.get("code") or "")),
        (_("platform's id"), pub.platform_id),
    ]
    return {
        "id": pub.id,
        "name": named(account),
        "state": words.state(pub.state),
        "tone": tone(pub.state),
        "url": pub.url,
        "facts": [(name, text) for name, text in facts if text],
        "in_doubt": pub.state is State.UNKNOWN or pub.doubt_since is not None,
    }


def _how(pub: Publication) -> str:
    kind = _("reprint") if pub.kind is Kind.REPRINT else _("first release")
    how = _("by hand") if pub.by_hand else _("automatically")
    if pub.method is Method.PUSH and not pub.by_hand:
        how = _("mass send")
    return _(", ").join([kind, how])


def recallable(seen: PostView) -> bool:
    """True while something of it is public or on its way, unless it was withdrawn."""
    if any(one.kind is RecallKind.WITHDRAW for one, _left, _all in seen.recalls):
        return False
    return any(one.state in _OUT or one.url or one.doubt_since is not None for one in seen.pubs)


async def acts(visit: Visit, pub: Publication) -> frozenset[str]:
    """What an officer can decide about it now; the engine has the last word."""
    told = await people.by_word(visit.core, pub)
    return frozenset(_acts(pub)) | ({"unconfirm"} if told else set())


def _acts(pub: Publication) -> Iterator[str]:
    looking = pub.state is State.UNKNOWN and pub.next_at is not None
    if pub.state in _OVER or (pub.state is State.UNKNOWN and not looking):
        yield "retry"
    if pub.state in _CONFIRMABLE:
        yield "confirm"
    if pub.state in _CANCELLABLE and not pub.withdrawn:
        yield "cancel"
    if pub.state is State.HELD and pub.reason == Hold.ACCEPTANCE and not pub.accepted_by:
        yield from ("accept", "decline")


@dataclass(frozen=True, kw_only=True)
class Frames:
    """The phones that are shown, and whose could be."""

    account: str
    src: str  # below the root
    name: str
    others: Sequence[tuple[str, str, bool]]  # account, words, whether it is the one shown


def frames(visit: Visit, seen: PostView, pub: Publication | None) -> Frames | None:
    """One account for each platform to choose from; None when it goes nowhere."""
    if not seen.pubs:
        return None
    asked = visit.query("show")
    chosen = next((one for one in seen.pubs if one.account == asked), None)
    chosen = chosen or (pub if pub in seen.pubs else None) or _best(seen)
    firsts: dict[str, Publication] = {chosen.platform: chosen}
    for one in seen.pubs:
        firsts.setdefault(one.platform, one)
    order = dict.fromkeys(one.platform for one in seen.pubs)
    post = quote(seen.stored.id, safe="")
    return Frames(
        account=chosen.account,
        src=f"posts/{post}/preview/{quote(chosen.account, safe='')}",
        name=named(seen.members.accounts[chosen.account]),
        others=[
            (firsts[name].account, words.platform(name), name == chosen.platform) for name in order
        ],
    )


def _best(seen: PostView) -> Publication:
    """The first release, where there is one."""
    return next((one for one in seen.pubs if one.kind is Kind.ORIGINAL), seen.pubs[0])


# ── what happened ─────────────────────────────────────────────────────────────────────────────


def history(visit: Visit, seen: PostView) -> list[Mapping[str, Any]]:
    """Events of all its publications, the newest first."""
    told: list[Mapping[str, Any]] = []
    last = None
    for one in seen.events[: desk_post.EVENTS]:
        uploads = (one.account, one.name) if one.name == _PREPARED else None
        if uploads and uploads == last:  # several in a row are one preparation to a person
            continue
        last = uploads
        facts = dict(one.facts)
        by = str(facts.pop("by", "") or "")
        facts.pop("package", None)  # a folder of the server
        by = _("the bot, which read the account") if by == BY_READING else by
        told.append(
            {
                "at": one.at,
                "when": visit.when(one.at),
                "account": seen.members.accounts[one.account].name,
                "platform": words.platform(seen.members.accounts[one.account].platform),
                "event": history_words.event(one.name),
                "facts": history_words.facts(facts, visit.when),
                "by": seen.names.get(by, by) or _("the bot"),
            }
        )
    ordered = [] if visit.query("before") else [_ordered(visit, seen, one) for one in seen.recalls]
    return sorted([*told, *ordered], key=itemgetter("at"), reverse=True)


def _ordered(visit: Visit, seen: PostView, found: tuple[Recall, int, int]) -> Mapping[str, Any]:
    recall, _left, _total = found
    return {
        "at": recall.at,
        "when": visit.when(recall.at),
        "account": "",
        "platform": "",
        "event": recall_words.kind(recall.kind),
        "facts": recall.reason,
        "by": seen.names.get(recall.by, recall.by),
    }


# ── what it says ──────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class Told:
    """A field, what it says, and who wrote it last."""

    name: str
    text: str
    by: str  # "" for whoever wrote the file


def fields(visit: Visit, seen: PostView) -> list[Told]:
    """The fields of the post, as far as they say anything."""
    post, stored = seen.content, seen.stored
    wrote: dict[str, str] = {}
    for change in seen.changes:
        for field in change.fields:
            by = seen.names.get(change.by, change.by)
            wrote[field.partition(".")[0]] = f"{by} {_clock(visit, change.at)}"
    line = f":{seen.line}" if seen.line else ""
    file = f"{stored.file}{line}"
    deadline = visit.when(stored.deadline_at)
    told: list[tuple[str, str, str]] = [
        ("", _("post"), stored.id),
        ("", _("file"), file if not visit.who.only_unit else ""),
        ("title", _("title"), post.title),
        ("at", _("planned time"), visit.when(stored.due_at)),
        ("column", _("column"), stored.column),
        ("key", _("reprint until"), deadline),
        ("author", _("author"), post.author),
        ("reviewer", _("checked by an expert"), post.reviewer),
        ("source", _("source"), " ".join(part for part in (post.source, post.source_url) if part)),
        ("digest", _("digest"), post.digest),
        ("text", _("short text"), post.text),
        ("link", _("link"), post.link),
        ("embargo", _("not before"), visit.when(post.embargo_until)),
        ("consent", _("consent"), post.consent if not visit.who.only_unit else ""),
        ("ai_generated", _("AI"), _("has AI-made content") if post.ai_generated else ""),
    ]
    found = [Told(name=name, text=text, by=wrote.get(key, "")) for key, name, text in told if text]
    return found + [
        Told(
            name=_(_ACTIONS.get(one.action, one.action)),
            text=_change(one.facts),
            by=_who(visit, seen, one.by, one.at),
        )
        for one in seen.changes
        if one.action != "post.saved"
    ]


def _change(facts: Mapping[str, Any]) -> str:
    if facts.get("from") and facts.get("to"):
        return f"{facts['from']} → {facts['to']}"
    return str(facts.get("reason") or "")


def _who(visit: Visit, seen: PostView, by: str, at: datetime) -> str:
    return f"{seen.names.get(by, by)} {_clock(visit, at)}"


def body(seen: PostView) -> str:
    """The long text without its marks; the preview shows how it is laid out."""
    return plain_text(seen.content.body) if seen.content.body else ""


def media(seen: PostView) -> list[Mapping[str, Any]]:
    """Its pictures and videos."""
    post = quote(seen.stored.id, safe="")
    return [
        {
            "src": f"posts/{post}/media/{name_of(one)}",
            "path": one.path,
            "video": one.mime.startswith("video/"),
            "size": f"{one.width}×{one.height}" if one.width else "",
        }
        for one in media_of(seen.content)
    ]


def review(visit: Visit, seen: PostView) -> Mapping[str, Any] | None:
    """How far its review is; None where none is needed."""
    case = seen.case
    if case is None:
        return None
    text, look = _REVIEWS[case.state]
    return {
        "state": _(text),
        "tone": look,
        "late": case.late,
        "deadline": visit.when(case.deadline_at),
        "levels": [
            (
                review_words.level(one.level),
                review_words.said(one.said),
                _who(visit, seen, one.by, one.at) if one.at else "",
                one.note,
            )
            for one in case.levels
        ],
    }
