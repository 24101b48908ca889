"""The desk as a whole: which pages there are, and what each request must show before it is heard.

Here alone it is decided whether a request is heard: who asks, whether the role has the right,
whether the form is one of ours. A page needs no check of its own, but for the unit it is about.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from aiohttp import web

from bot.app import App
from bot.engine import entrance
from bot.engine.health import LEDGER_GONE
from bot.errors import BotError
from bot.i18n import _
from bot.ledger.people import Session
from bot.logs import get_logger, said
from bot.settings import OidcPart
from bot.web.desk import (
    account,
    accounts,
    calendar,
    charts,
    counts,
    doors,
    editing,
    freeze,
    key_item,
    key_items,
    keys,
    log,
    matches,
    me,
    oidc,
    posts,
    reviews,
    settings,
    staff,
    tasks,
    today,
    uploads,
    webhooks,
)
from bot.web.desk.edit_preview import Previews
from bot.web.desk.live import Live
from bot.web.desk.remembered import Remembered
from bot.web.desk.routes import Route
from bot.web.desk.visit import Refused, Visit, depth, wants_json
from bot.web.pages import render

logger = get_logger(__name__)
ROUTES: Sequence[Route] = (
    *account.ROUTES,
    *accounts.ROUTES,
    *charts.ROUTES,
    *counts.ROUTES,
    *calendar.ROUTES,
    *editing.ROUTES,
    *freeze.ROUTES,
    *keys.ROUTES,
    *log.ROUTES,
    *key_item.ROUTES,
    *key_items.ROUTES,
    *matches.ROUTES,
    *me.ROUTES,
    *reviews.ROUTES,
    *posts.ROUTES,
    *settings.ROUTES,
    *staff.ROUTES,
    *tasks.ROUTES,
    *today.ROUTES,
    *uploads.ROUTES,
    *webhooks.ROUTES,
)
_FORM = "application/x-www-form-urlencoded"
_IN_WORDS = (
    web.HTTPBadRequest,
    web.HTTPMethodNotAllowed,
    web.HTTPNotFound,
    web.HTTPRequestEntityTooLarge,
)


class Desk:
    """Serves the pages of the web desk."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.core = app.core
        self.settings = app.settings
        self.vault = app.vault
        self.remembered = Remembered(app.core.clock)
        self.live = Live(app.core)
        self.previews = Previews()
        self.slow = asyncio.Semaphore(1)  # for what keeps a processor busy
        self.single_sign_on = _single_sign_on(app.settings.oidc)

    def add_routes(self, site: web.Application) -> None:
        """Serves on `site`. What is not listed here answers nobody."""
        for route in ROUTES:
            site.router.add_route(route.method, route.path, self.answering(route))
        for method, path, handler in (*doors.PUBLIC, *oidc.PUBLIC):
            site.router.add_route(method, path, self._open(handler))
        site.router.add_get("/live", self.answering(self.live.route))
        site.on_shutdown.append(self._end)

    async def _end(self, _site: web.Application) -> None:
        self.live.end()
        await self.remembered.end()

    def csrf(self, session: Session) -> str:
        """What every form of this session brings along."""
        return self.sealed("csrf", session.hash)

    def sealed(self, use: str, text: str) -> str:
        """The text with our mark on it; what has another `use` cannot be taken for it."""
        mark = self.vault.sign(f"{use}\n{text}")
        return f"{mark}.{text}"

    def opened(self, use: str, sealed: str) -> str:
        """The text that was sealed; "" for what we have not sealed for this use."""
        text = sealed.partition(".")[2]
        return text if doors.is_same(sealed, self.sealed(use, text)) else ""

    def answering(self, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """The route's handler behind all checks."""

        async def answer(request: web.Request) -> web.StreamResponse:
            try:
                return await self._answer(request, route)
            except LEDGER_GONE as error:
                logger.warning("desk.ledger_unreachable", error=said(error))
                text = _("Nothing was changed. Please try again in a few minutes.")
                return _plain(request, 503, _("Not possible at the moment"), text)

        return answer

    async def _answer(self, request: web.Request, route: Route) -> web.StreamResponse:
        cookie = request.cookies.get(doors.COOKIE, "")
        by_itself = route.by_itself or doors.RENEWAL in request.headers
        session = (
            await entrance.recognise(self.core, cookie, by_itself=by_itself) if cookie else None
        )
        if session is None:
            return await doors.stranger(self, request)
        visit = Visit(request, session, self)
        visit = replace(visit, freeze=await visit.frozen())
        try:
            if route.right is not None and not visit.may(route.right):
                raise Refused(403, _("Your role has no right to this."))
            if route.method != "GET" and not await self._is_ours(visit):
                return await doors.once_more(visit) or _too_old(visit)
            return await route.handler(visit)
        except web.HTTPRequestEntityTooLarge:
            text = _("What you sent is too large. Go back and shorten it.")
            return _refusal(visit, 413, text)
        except Refused as refusal:
            return _refusal(visit, refusal.status, refusal.text, refusal.title)
        except LEDGER_GONE:
            raise
        except BotError as error:
            return _refusal(visit, 409, str(error))
        finally:
            if route.method != "GET":
                self.remembered.changed(session.hash)

    async def _is_ours(self, visit: Visit) -> bool:
        """True for a form, or a call of a script, that this session's own page made."""
        request = visit.request
        if doors.is_foreign(request):
            return False
        sent = request.headers.get("X-CSRF", "")
        if not sent and request.content_type == _FORM:
            sent = (await visit.fields()).one("csrf")
        if not sent:
            sent = request.query.get("csrf", "")  # of a form with files: its body comes later
        return doors.is_same(sent, visit.csrf)

    def _open(self, handler: doors.Open) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answer(request: web.Request) -> web.StreamResponse:
            try:
                return await handler(self, request)
            except LEDGER_GONE as error:
                logger.warning("desk.ledger_unreachable", error=said(error))
                text = _("Nothing was changed. Please try again in a few minutes.")
                return _plain(request, 503, _("Not possible at the moment"), text)
            except BotError as error:
                return _plain(request, 409, _("Not taken"), str(error))

        return answer

    async def session_goes_on(self, session: Session) -> bool:
        """True while the session has not ended; for what stays open for long."""
        return await entrance.find(self.core, session.hash) is not None


def _single_sign_on(settings: OidcPart) -> str:
    """Its name on the login page; "" where there is none."""
    return (settings.name or _("Log in through the office")) if settings.issuer else ""


def _refusal(visit: Visit, status: int, text: str, title: str = "") -> web.StreamResponse:
    logger.info("desk.refused", path=visit.request.path, status=status, by=visit.who.login)
    if wants_json(visit.request):
        return web.json_response({"error": text}, status=status)
    title = title or {403: _("Not allowed"), 404: _("Not found")}.get(status, _("Not taken"))
    return visit.message(status, title, text)


def _too_old(visit: Visit) -> web.StreamResponse:
    return _refusal(visit, 403, _("This page was open for too long. Please send it again."))


def _plain(request: web.Request, status: int, title: str, text: str) -> web.Response:
    """A page for somebody of whom we know nothing."""
    if wants_json(request):
        return web.json_response({"error": text}, status=status)
    return render("message", status=status, up=depth(request), title=title, text=text)


@web.middleware
async def in_words(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """What aiohttp itself refuses, as a page in words for those who read pages."""
    try:
        return await handler(request)
    except _IN_WORDS as refusal:
        if "text/html" not in request.headers.get("Accept", ""):
            raise
        text = {
            400: _("This is no form that can be read."),
            404: _("There is nothing at this address."),
            413: _("What you sent is too large. Go back and shorten it."),
        }.get(refusal.status, _("This address cannot be used like that."))
        title = _("Not found") if refusal.status == web.HTTPNotFound.status_code else _("Not taken")
        return _plain(request, refusal.status, title, text)
