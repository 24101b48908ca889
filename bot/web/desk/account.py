"""/accounts/…: everything of one account, and what an officer or administrator does about it.

A secret that is typed here is sealed at once. No page ever shows it again, also not the one that
says what is wrong with it, and no log has it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web

from bot.contract import Connects
from bot.domain import account_words
from bot.domain.people import Right
from bot.domain.roster import Account
from bot.engine import connecting, people, syncing
from bot.errors import BotError, UsageError
from bot.i18n import _
from bot.ledger import answers, profiles
from bot.ledger.profiles import Decision, Noted
from bot.logs import said
from bot.web.codes import qr
from bot.web.desk.accounts import Row, load, row
from bot.web.desk.fields import Fields
from bot.web.desk.routes import get, post
from bot.web.desk.visit import Refused, Visit
from bot.web.hooks import begin_of, redirect_of

_LOOK_BACK = timedelta(days=60)
_POSTS = 200
_REASON_MAX = 500
_SECRET_MAX = 4000  # characters of one field
SECRET = "secret."  # noqa: S105 - how the names of fields that hold secrets begin
# What a person types in, by platform; elsewhere one connects, or pastes what the guide names.
_TYPED: Mapping[str, Sequence[str]] = {
    "baijiahao": ("app_id", "app_token"),
    "website": ("user", "password"),
    "wechat": ("appid", "secret"),
}
_WHOLE = "json"


@dataclass(frozen=True, kw_only=True)
class Posted:
    """A post of the account."""

    title: str
    url: str
    at: datetime
    deleted_at: datetime | None
    by_bot: bool
    reprint: bool


async def show(visit: Visit) -> web.StreamResponse:
    """The account as the ledger knows it."""
    return await _page(visit, {})


async def _page(
    visit: Visit, faults: Mapping[str, str], *, status: int = 200, **more: Any
) -> web.Response:
    account, line = await _account(visit)
    async with visit.core.ledger.read() as conn:
        found = await profiles.find(conn, Decision.OPEN, Decision.REFUSED)
        since = visit.now - _LOOK_BACK
        posted = await answers.shown(conn, since, visit.now, of=[account.id])
    facts: dict[str, Any] = {"link": "", "code": "", "way": "", "typed": {}, **more}
    return visit.render(
        "account",
        status=status,
        title=account.name,
        account=account,
        line=line,
        kind=account_words.kind(account.kind),
        differences=[
            (account_words.field(one.field), one) for one in found if one.subject == account.id
        ],
        posts=[_post(one) for one in reversed(posted)][:_POSTS],
        posted=len(posted),
        connects=_connects(visit, account.platform),
        keys=_TYPED.get(account.platform, (_WHOLE,)),
        secret=SECRET,
        whole=_WHOLE,
        in_variable=account.credential.startswith("env:"),
        faults=faults,
        reason_max=_REASON_MAX,
        secret_max=_SECRET_MAX,
        **facts,
    )


def _connects(visit: Visit, platform: str) -> bool:
    """True where an owner agrees on the platform's own page."""
    try:
        return isinstance(visit.core.platforms.desk(platform), Connects)
    except UsageError:
        return False


async def _account(visit: Visit) -> tuple[Account, Row]:
    """The account of this address; ends the visit where there is none for this person."""
    answer = await visit.remembered("accounts", lambda: load(visit))
    account = answer.value.members.accounts.get(visit.part("account"))
    if account is None:
        visit.missing(_("There is no account {account}.").format(account=visit.part("account")))
    visit.must_see(account.unit)
    return account, row(account, answer.value, answer.at)


def _post(one: Any) -> Posted:
    return Posted(
        title=one.title,
        url=one.url,
        at=one.published_at,
        deleted_at=one.deleted_at,
        by_bot=bool(one.by_bot),
        reprint=one.kind == "reprint",
    )


async def resume(visit: Visit) -> web.StreamResponse:
    """Lets a paused account publish again."""
    account, _line = await _account(visit)
    count = await people.resume(visit.core, account.id)
    await visit.noted("account.resumed", account.id, publications=count)
    return _back(visit, account, "done")


# ── connecting ────────────────────────────────────────────────────────────────────────────────


async def connect(visit: Visit) -> web.StreamResponse:
    """The page with the way to the platform's own: a link for the owner, and its QR code."""
    account, _line = await _account(visit)
    public_url, sign = _public_url(visit), visit.desk.vault.sign
    try:
        state = connecting.invitation(visit.core, account, sign=sign)
        redirect = redirect_of(public_url, account.platform)
        way = await connecting.page_of(
            visit.core, account.platform, state, redirect=redirect, sign=sign
        )
    except BotError as error:
        return await _page(visit, {"connect": said(error)}, status=409)
    link = begin_of(public_url, account.platform, state)
    await visit.noted("account.invited", account.id)
    label = _("QR code of the link: scan it with the phone")
    return await _page(visit, {}, link=link, code=qr(link, label), way=way)


def _public_url(visit: Visit) -> str:
    public_url = visit.desk.settings.web.public_url
    if not public_url:
        text = _(
            "Set web.public_url first: the address the platform sends the owner's browser back "
            "to, as it stands in the platform's console."
        )
        raise Refused(409, text)
    return public_url


async def take_answer(visit: Visit) -> web.StreamResponse:
    """The address the owner's browser came back to, where it cannot reach us itself."""
    account, _line = await _account(visit)
    text = (await visit.fields()).one("answer")
    query = _query(text)
    if connecting.STATE not in query:
        fault = _(
            "This is not the address the browser came back to: it must be the whole line, with "
            "“?” and all that follows."
        )
        return await _page(visit, {"answer": fault}, status=422)
    redirect = redirect_of(_public_url(visit), account.platform)
    sign = visit.desk.vault.sign
    try:
        named = connecting.account_of(query[connecting.STATE], visit.now, sign)
        if named != account.id:
            fault = _("This answer is that of {account}.").format(account=named)
            return await _page(visit, {"answer": fault}, status=422)
        done = await connecting.accept(
            visit.core, account.platform, query, redirect=redirect, sign=sign
        )
    except BotError as error:
        return await _page(visit, {"answer": said(error)}, status=422)
    await visit.noted("account.connected", account.id, publications=done.released)
    return _back(visit, account, "done")


def _query(text: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(urlsplit(text).query, max_num_fields=100))
    except ValueError:
        return {}


async def set_credential(visit: Visit) -> web.StreamResponse:
    """Keeps what was typed in, sealed, and lets the account go on."""
    account, _line = await _account(visit)
    keys = _TYPED.get(account.platform, (_WHOLE,))
    fields, faults = _secrets(await visit.fields(), keys)
    if faults:
        return await _page(visit, faults, status=422)
    try:
        count = await connecting.enter(visit.core, account, fields)
    except UsageError as error:
        return await _page(visit, {SECRET + keys[0]: str(error)}, status=409)
    await visit.noted("account.credential", account.id, fields=sorted(fields), publications=count)
    return _back(visit, account, "saved")


def _secrets(sent: Fields, keys: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """The fields of the credential, and what is wrong with them by field."""
    typed = {key: sent.one(SECRET + key) for key in keys}
    faults = {}
    for key, text in typed.items():
        if not text:
            faults[SECRET + key] = _("This is needed.")
        elif len(text) > _SECRET_MAX:
            limit = _("This is too long: at most {limit} characters.")
            faults[SECRET + key] = limit.format(limit=_SECRET_MAX)
    if faults or _WHOLE not in typed:
        return typed, faults
    try:
        data = json.loads(typed[_WHOLE])
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict) or not data:
        return {}, {SECRET + _WHOLE: _("The credential must be one JSON object of texts.")}
    return {str(key): str(value) for key, value in data.items()}, {}


# ── roster and platform ───────────────────────────────────────────────────────────────────────


async def compare(visit: Visit) -> web.StreamResponse:
    """Asks the platform what it says of the account now."""
    account, _line = await _account(visit)
    asked = await syncing.compare(visit.core, account.id)
    if asked.error:
        return await _page(visit, {"compare": asked.error}, status=409)
    await visit.noted("account.compared", account.id)
    return _back(visit, account, "done")


async def decide(visit: Visit) -> web.StreamResponse:
    """Takes what the platform says into the roster, or keeps the roster with a reason."""
    account, _line = await _account(visit)
    fields = await visit.fields()
    one = await _difference(visit, account, fields.one("number"))
    reason, what = fields.one("reason"), fields.one("said")
    if what == "take":
        await _take(visit, one)
    elif what != "refuse" or not reason or len(reason) > _REASON_MAX:
        fault = {f"reason-{one.id}": _("Say why, in a few words.")}
        return await _page(visit, fault, status=422, typed={one.id: reason})
    else:
        by = visit.who.login
        await syncing.refuse(visit.core, [one.id], by=by, reason=reason)
    facts = {"field": one.field, "platform": one.theirs, "roster": one.ours, "reason": reason}
    action = "difference.taken" if what == "take" else "difference.refused"
    await visit.noted(action, account.id, **facts)
    return _back(visit, account, "saved")


async def _difference(visit: Visit, account: Account, number: str) -> Noted:
    async with visit.core.ledger.read() as conn:
        found = await profiles.find(conn, Decision.OPEN)
    for one in found:
        if one.subject == account.id and str(one.id) == number:
            return one
    raise Refused(409, _("This difference is settled already, or never was."))


async def _take(visit: Visit, one: Noted) -> None:
    reading = await asyncio.to_thread(visit.desk.app.read)
    if reading.roster_file in reading.broken:
        message = _("{files} cannot be read in full. Run `bot check` and put that right first.")
        raise UsageError(message.format(files=reading.roster_file))
    by = visit.who.login
    await syncing.take(visit.core, reading.folder, reading.roster, [one.id], by=by)


def _back(visit: Visit, account: Account, done: str) -> web.Response:
    return visit.go(f"accounts/{account.id}?done={done}")


ROUTES = (
    get("/accounts/{account}", show),
    post("/accounts/{account}/answer", take_answer, Right.CONNECT),
    post("/accounts/{account}/compare", compare, Right.CONNECT),
    post("/accounts/{account}/connect", connect, Right.CONNECT),
    post("/accounts/{account}/credential", set_credential, Right.CONNECT),
    post("/accounts/{account}/differences", decide, Right.CONNECT),
    post("/accounts/{account}/resume", resume, Right.CONNECT),
)
