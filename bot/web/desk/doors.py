"""How one comes in and goes out: login, logout, and the one-time link for a new password."""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from aiohttp import web

from bot.engine import entrance
from bot.engine.entrance import Entered, TooMany
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger import people
from bot.web.desk import kept
from bot.web.desk.fields import sent
from bot.web.desk.kept import Kept
from bot.web.desk.visit import Visit, depth, root_of
from bot.web.pages import render
from bot.web.strangers import address_of, is_encrypted

if TYPE_CHECKING:
    from bot.web.desk.site import Desk

COOKIE = "bot_session"
_KEPT_MAX = 4 * 1024 * 1024
RENEWAL = "X-Renewal"  # of a request that no person made: desk.js renews an open page
Open = Callable[["Desk", web.Request], Awaitable[web.StreamResponse]]
_LOCAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9/_.~%-]*(\?[^\s#\\]*)?|\?[^\s#\\]*|", re.ASCII)
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
    typed = None if is_foreign(request) else await _typed(desk, request)
    fault = _("Your login has run out. Log in again.")
    if typed is not None:
        fault = _("Your login has run out. What you typed is kept: log in and go on.")
    sealed = kept.seal(desk, typed) if typed else ""
    return _page(desk, request, status=401, sealed=sealed, fault=fault)


async def _typed(desk: Desk, request: web.Request) -> Kept | None:
    """What was typed into a page of a session that is over; None for any other form."""
    if request.content_type != _FORM:
        return None
    return await kept.keep(desk, request, await sent(request))


async def once_more(visit: Visit) -> web.Response | None:
    """A form of an earlier session of the same person, to be sent once more; None for others."""
    typed = None if is_foreign(visit.request) else await _typed(visit.desk, visit.request)
    if typed is None or typed.by != visit.who.login:
        return None
    up = depth(visit.request)
    return await kept.page(visit.desk, typed, up=up, who=visit.who, csrf=visit.csrf)


def _page(
    desk: Desk,
    request: web.Request,
    *,
    status: int = 200,
    login: str = "",
    target: str = "",
    sealed: str = "",
    fault: str = "",
) -> web.Response:
    return render(
        "desk/login",
        status=status,
        up=depth(request),
        login=login,
        target=target,
        kept=sealed,
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
    login, target, sealed = fields.one("login"), local(fields.one("next")), fields.one("kept")
    if is_foreign(request):
        fault = _("This page was open for too long. Please send it again.")
        return _page(desk, request, status=403, fault=fault)
    try:
        password = str(fields.raw("password"))
        entered = await entrance.login(desk.core, login, password, address=address_of(request))
    except TooMany as error:
        return _page(
            desk, request, status=429, login=login, target=target, sealed=sealed, fault=str(error)
        )
    if entered is None:
        fault = _("Login or password is wrong.")
        return _page(
            desk, request, status=401, login=login, target=target, sealed=sealed, fault=fault
        )
    typed = kept.unseal(desk, sealed)
    if typed is not None:
        return await _go_on(desk, request, entered, typed)
    response = web.Response(status=303, headers={"Location": f"./{target}"})
    return with_cookie(desk, request, response, entered)


async def _go_on(
    desk: Desk, request: web.Request, entered: Entered, typed: Kept
) -> web.StreamResponse:
    """The form that was sent without a login, to be sent once more by its author."""
    who, up = entered.session.person, depth(request)
    if typed.by == who.login:
        csrf = desk.csrf(entered.session)
        response = await kept.page(desk, typed, up=up, who=who, csrf=csrf)
    else:
        text = _("What was typed before belongs to another login. Log in as that person for it.")
        response = render("message", up=up, title=_("You are logged in"), text=text)
    return with_cookie(desk, request, response, entered)


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
        up = depth(request)
        return render("message", status=410, up=up, title=title, text=text, login=True)
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
