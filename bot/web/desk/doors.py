"""How one comes in and goes out: login, logout, and the one-time link for a new password."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from aiohttp import web

from bot.engine import entrance
from bot.engine.entrance import Entered, TooMany
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger import people
from bot.web.desk.fields import sent
from bot.web.desk.visit import depth, root_of
from bot.web.pages import render
from bot.web.strangers import address_of, is_encrypted

if TYPE_CHECKING:
    from bot.web.desk.site import Desk

COOKIE = "bot_session"
_KEPT_MAX = 4 * 1024 * 1024
RENEWAL = "X-Renewal"  # of a request that no person made: desk.js renews an open page
Open = Callable[["Desk", web.Request], Awaitable[web.StreamResponse]]
_LOCAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9/_.~%-]*(\?[^\s#\\]*)?|\?[^\s#\\]*|", re.ASCII)
# Secrets are typed once more: no page shows one again.
_NEVER_KEPT = re.compile(r"(?:csrf|old|password|again)$|secret\.")
_FORM = "application/x-www-form-urlencoded"


def is_foreign(request: web.Request) -> bool:
    """True when a browser says that another site made this request."""
    return request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}


def is_same(one: str, other: str) -> bool:
    """True when both are equal; how long it takes tells nothing of where they differ."""
    return secrets.compare_digest(*(text.encode("utf-8", "surrogatepass") for text in (one, other)))


async def stranger(desk: Desk, request: web.Request) -> web.StreamResponse:
    """What a page of the desk answers to whom it does not know; what was typed is kept."""
    if "application/json" in request.headers.get("Accept", ""):
        text = _("Your login has run out. Log in again in another tab, then go on here.")
        return web.json_response({"error": text}, status=401)
    if request.method == "GET":
        here = request.rel_url.raw_path.lstrip("/")
        asked = f"?{request.rel_url.raw_query_string}" if request.rel_url.query_string else ""
        target = f"?next={quote(here + asked)}" if here or asked else ""
        headers = {"Location": f"{root_of(request)}login{target}", "Cache-Control": "no-store"}
        return web.Response(status=303, headers=headers)
    kept = await _to_keep(desk, request)
    fault = _("Your login has run out. Log in again.")
    if kept:
        fault = _("Your login has run out. What you typed is kept: log in and go on.")
    return _page(desk, request, status=401, kept=kept, fault=fault)


async def _to_keep(desk: Desk, request: web.Request) -> str:
    """What was typed into a page of the session that has run out; "" for any other form.

    A form of another site must not come back as one of ours. Its browser sends no cookie of ours
    along, and it knows no token.
    """
    if request.content_type != _FORM or is_foreign(request):
        return ""
    typed = (await sent(request)).plain()
    was = entrance.digest(request.cookies.get(COOKIE, ""))
    if not is_same(desk.csrf_of(was), next(iter(typed.get("csrf", ())), "")):
        return ""
    fields = {name: values for name, values in typed.items() if not _NEVER_KEPT.match(name)}
    return json.dumps({"path": request.path.lstrip("/"), "fields": fields}, ensure_ascii=False)


def _page(
    desk: Desk,
    request: web.Request,
    *,
    status: int = 200,
    login: str = "",
    target: str = "",
    kept: str = "",
    fault: str = "",
) -> web.Response:
    return render(
        "desk/login",
        status=status,
        up=depth(request),
        login=login,
        target=target,
        kept=kept,
        fault=fault,
        oidc=desk.single_sign_on,
    )


async def show_login(desk: Desk, request: web.Request) -> web.StreamResponse:
    """The form; straight on for who is logged in already."""
    target = local(request.query.get("next", ""))
    cookie = request.cookies.get(COOKIE, "")
    if cookie and await entrance.recognise(desk.core, cookie):
        return web.Response(status=303, headers={"Location": f"./{target}"})
    return _page(desk, request, target=target)


async def log_in(desk: Desk, request: web.Request) -> web.StreamResponse:
    """Begins a session, and goes on where the visitor was."""
    # What is kept of a form may be the largest form there is, written with signs of its own.
    fields = await sent(request.clone(client_max_size=_KEPT_MAX))
    login, target, kept = fields.one("login"), local(fields.one("next")), fields.one("kept")
    if is_foreign(request):
        fault = _("This page was open for too long. Please send it again.")
        return _page(desk, request, status=403, fault=fault)
    try:
        password = str(fields.raw("password"))
        entered = await entrance.login(desk.core, login, password, address=address_of(request))
    except TooMany as error:
        return _page(
            desk, request, status=429, login=login, target=target, kept=kept, fault=str(error)
        )
    if entered is None:
        fault = _("Login or password is wrong.")
        return _page(desk, request, status=401, login=login, target=target, kept=kept, fault=fault)
    if kept:
        return _go_on(desk, request, entered, kept)
    response = web.Response(status=303, headers={"Location": f"./{target}"})
    return with_cookie(desk, request, response, entered)


def _go_on(desk: Desk, request: web.Request, entered: Entered, kept: str) -> web.Response:
    """The form that was sent without a login, to be sent once more by its author."""
    path, fields = _kept(kept)
    response = render(
        "desk/kept",
        up=depth(request),
        path=path,
        fields=[(name, value) for name, values in fields.items() for value in values],
        csrf=desk.csrf(entered.session),
    )
    return with_cookie(desk, request, response, entered)


def _kept(text: str) -> tuple[str, Mapping[str, list[str]]]:
    try:
        data = json.loads(text)
        fields = {name: [str(one) for one in values] for name, values in data["fields"].items()}
        return local(data["path"]), fields
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return "", {}  # not as we have written it


def is_secure(desk: Desk, request: web.Request) -> bool:
    """True when cookies need never go over an open line."""
    return desk.settings.web.public_url.startswith("https://") or is_encrypted(request)


def with_cookie(
    desk: Desk, request: web.Request, response: web.Response, entered: Entered
) -> web.Response:
    """The answer that hands out the session's cookie."""
    response.set_cookie(
        COOKIE,
        entered.cookie,
        httponly=True,
        secure=is_secure(desk, request),
        # Not Strict: one comes from a link in a chat or from the login page of the office.
        samesite="Lax",
    )
    response.headers["Cache-Control"] = "no-store"
    return response


async def show_invite(desk: Desk, request: web.Request) -> web.StreamResponse:
    """The form for a first or a new password. Opening it uses nothing up."""
    return await _invite_page(desk, request)


async def _invite_page(
    desk: Desk, request: web.Request, *, status: int = 200, fault: str = ""
) -> web.Response:
    hashed = entrance.digest(request.match_info["secret"])
    async with desk.core.ledger.read() as conn:
        person = await people.invited(conn, hashed, desk.core.clock.now())
    if person is None:
        text = _("It was used, or it has run out. Ask the administrator for a new one.")
        title = _("This link is not good any more")
        return render("message", status=410, up=depth(request), title=title, text=text)
    return render(
        "desk/invite",
        status=status,
        up=depth(request),
        person=person,
        fault=fault,
        shortest=entrance.PASSWORD_MIN,
    )


async def use_invite(desk: Desk, request: web.Request) -> web.StreamResponse:
    """Sets the password and logs in."""
    fields = await sent(request)
    password = fields.raw("password")
    if password != fields.raw("again"):
        fault = _("The two passwords are not the same.")
        return await _invite_page(desk, request, status=422, fault=fault)
    try:
        entered = await entrance.redeem(
            desk.core, request.match_info["secret"], password, address=address_of(request)
        )
    except UsageError as error:
        return await _invite_page(desk, request, status=422, fault=str(error))
    if entered is None:
        return await _invite_page(desk, request)
    response = web.Response(status=303, headers={"Location": root_of(request)})
    return with_cookie(desk, request, response, entered)


def local(target: str) -> str:
    """An address below our root; "" for anything that leads elsewhere."""
    good = _LOCAL.fullmatch(target) and "//" not in target and not urlsplit(target).scheme
    return target if good else ""


PUBLIC: tuple[tuple[str, str, Open], ...] = (
    ("GET", "/login", show_login),
    ("POST", "/login", log_in),
    ("GET", "/invite/{secret}", show_invite),
    ("POST", "/invite/{secret}", use_invite),
)
