"""/key-items/…/matches/…: an article beside the original, and a person's word about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from aiohttp import web

from bot.domain import coverage_words, words
from bot.domain.marking import Marked, marked
from bot.domain.normalise import readable
from bot.domain.numbers import row_number
from bot.domain.people import Right
from bot.domain.roster import Roster
from bot.engine import comparing, deciding
from bot.i18n import _
from bot.ledger import people, posts, verdicts
from bot.ledger.connection import Connection
from bot.ledger.verdicts import Match
from bot.web.desk.routes import get, post
from bot.web.desk.visit import Visit

_LONGEST = 20_000  # characters of a text that are compared here
_REASON_MAX = 500


async def show(visit: Visit) -> web.StreamResponse:
    """Both texts, with what they share marked."""
    return await _page(visit, "", {})


async def _page(
    visit: Visit, typed: str, faults: Mapping[str, str], *, status: int = 200
) -> web.Response:
    history, members = await _history(visit)
    match = history[-1]
    async with visit.core.ledger.read() as conn:
        texts = await _texts(conn, match.post)
        names = {one.login: one.name for one in await people.everybody(conn)}
    account = members.accounts[match.account]
    return visit.render(
        "match",
        status=status,
        title=match.post_title,
        match=match,
        account=account.name,
        platform=words.platform(account.platform),
        unit=members.units[account.unit].short,
        evidence=_evidence(match),
        form=coverage_words.form(match.form),
        decision=_decision(match, names),
        open=match.deleted_at is None,
        both=_beside(texts, readable(match.text)[:_LONGEST]),
        history=[(one.at, _evidence(one), _decision(one, names)) for one in history],
        typed=typed,
        faults=faults,
        reason_max=_REASON_MAX,
    )


async def _history(visit: Visit) -> tuple[Sequence[Match], Roster]:
    """All verdicts about the match; ends the visit where it is none of this key item and person."""
    number = row_number(visit.part("number")) or 0
    async with visit.core.ledger.read() as conn:
        history = await verdicts.history_of(conn, number)
    members = await visit.members()
    account = members.accounts.get(history[-1].account) if history else None
    if account is None or history[-1].post != visit.part("post"):
        visit.missing()
    visit.must_see(account.unit)
    return history, members


async def _texts(conn: Connection, name: str) -> list[str]:
    """The texts of the key item, the newest version first."""
    versions = (await posts.versions(conn, [name])).get(name, [])
    found = [text for _digest, one in reversed(versions) for text in comparing.texts_of(one)]
    return [text[:_LONGEST] for text in dict.fromkeys(found)]


def _beside(texts: Sequence[str], other: str) -> Marked:
    """The article beside the text it shares most with; of equals the newest one."""
    found = [marked(text, other) for text in texts] or [marked("", other)]
    return max(found, key=lambda one: one.shared)


def _evidence(match: Match) -> str:
    return words.evidence(f"{match.level}:{match.rule}" if match.level else match.rule)


def _decision(match: Match, names: Mapping[str, str]) -> str:
    text = coverage_words.decision(match.decision)
    if match.decided_by:
        text += _(" by {name}").format(name=names.get(match.decided_by, match.decided_by))
    return (
        _("{decision}: {reason}").format(decision=text, reason=match.reason)
        if match.reason
        else text
    )


async def decide(visit: Visit) -> web.StreamResponse:
    """A person says whether it is a reprint; that stands against later readings."""
    history, _members = await _history(visit)
    match, fields = history[-1], await visit.fields()
    said, reason = fields.one("said"), fields.one("reason")
    if said == "confirm":
        await deciding.confirm(visit.core, match.number, by=visit.who.login)
    elif said != "refuse":
        return await _page(visit, reason, {"said": _("Say whether it is a reprint.")}, status=422)
    elif not reason:
        return await _page(visit, "", {"reason": _("Say why, in a few words.")}, status=422)
    elif len(reason) > _REASON_MAX:
        limit = _("This is too long: at most {limit} characters.").format(limit=_REASON_MAX)
        return await _page(visit, reason, {"reason": limit}, status=422)
    else:
        await deciding.refuse(visit.core, match.number, by=visit.who.login, reason=reason)
    action = "match.confirmed" if said == "confirm" else "match.refused"
    await visit.noted(action, match.post, account=match.account, match=match.number, reason=reason)
    return visit.go(f"key-items/{quote(match.post, safe='')}?done=saved")


ROUTES = (
    get("/key-items/{post}/matches/{number}", show),
    post("/key-items/{post}/matches/{number}", decide, Right.WRITE),
)
