"""What platforms and account owners' browsers call: /hooks/… and /connect/…

Both are reached from outside, through the office's reverse proxy; docs/connecting.md tells how.
"""

from __future__ import annotations

from html import escape

from aiohttp import web

from bot.contract import Call, Credentials, Hears
from bot.engine import connecting, hearing
from bot.engine.connecting import Sign
from bot.engine.health import LEDGER_GONE
from bot.engine.ports import Core
from bot.errors import BotError, CallRefused, UsageError
from bot.i18n import _
from bot.ledger import roster
from bot.logs import get_logger, said

log = get_logger(__name__)
_PAGE = """<!doctype html>
<html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>body{{font:18px/1.7 sans-serif;max-width:34em;margin:3em auto;padding:0 1em}}</style>
<h1>{title}</h1><p>{text}</p>{way}</html>
"""
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Referrer-Policy": "no-referrer",  # the address holds a code
    "Cache-Control": "no-store",
}


class Hooks:
    """Takes the platforms' calls and the browsers that come back from their pages."""

    def __init__(self, core: Core, *, sign: Sign, public_url: str) -> None:
        self._core = core
        self._sign = sign
        self._public_url = public_url

    def add_routes(self, app: web.Application) -> None:
        """Serves on `app`; needs no login: the platforms sign, and our state is signed."""
        for path in ("/hooks/{platform}", "/hooks/{platform}/{path}"):
            app.router.add_route("GET", path, self.hear)
            app.router.add_route("POST", path, self.hear)
        app.router.add_get("/connect/{platform}", self.connect)
        app.router.add_get("/connect/{platform}/begin", self.begin)

    async def hear(self, request: web.Request) -> web.Response:
        """One call of a platform; anything but 200 has it repeated by most of them."""
        platform, path = request.match_info["platform"], request.match_info.get("path", "")
        try:
            desk = self._core.platforms.desk(platform)
        except UsageError:
            desk = None
        if not isinstance(desk, Hears):
            raise web.HTTPNotFound
        call = Call(
            method=request.method,
            query=dict(request.query),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=await request.read(),  # aiohttp refuses more than a megabyte
            path=path,
        )
        try:
            heard = await desk.hear(call, await self._secrets(platform, path))
            await hearing.take(self._core, platform, heard)
        except CallRefused as error:
            log.warning("hook.refused", platform=platform, path=path, error=said(error))
            return web.Response(status=403, text=_("This call cannot be trusted."))
        except LEDGER_GONE as error:
            log.warning("hook.ledger_unreachable", platform=platform, error=said(error))
            return web.Response(status=503)
        except BotError as error:  # the platform shall call again
            log.warning("hook.failed", platform=platform, path=path, error=said(error))
            return web.Response(status=500)
        return web.Response(body=heard.body.encode(), content_type=heard.content_type)

    async def _secrets(self, platform: str, path: str) -> Credentials | None:
        async with self._core.ledger.read() as conn:
            account = (await roster.load(conn)).accounts.get(path)
        if account is None or account.platform != platform:
            return None
        return self._core.platforms.credentials(account)

    async def begin(self, request: web.Request) -> web.Response:
        """Our own page with the way to the platform's: some open only from the office's domain."""
        platform = request.match_info["platform"]
        try:
            link = await connecting.page_of(
                self._core,
                platform,
                request.query.get(connecting.STATE, ""),
                redirect=redirect_of(self._public_url, platform),
                sign=self._sign,
                phone="MicroMessenger" in request.headers.get("User-Agent", ""),
            )
        except BotError as error:
            return _page(_("Not connected"), said(error), status=400)
        text = _("Sign in on the next page with the official account, and agree.")
        return _page(_("Connect the account"), text, link=link)

    async def connect(self, request: web.Request) -> web.Response:
        """The owner's browser, back from the platform's page."""
        platform = request.match_info["platform"]
        redirect = redirect_of(self._public_url, platform)
        try:
            done = await connecting.accept(
                self._core, platform, dict(request.query), redirect=redirect, sign=self._sign
            )
        except BotError as error:
            log.warning("connect.failed", platform=platform, error=said(error))
            return _page(_("Not connected"), said(error), status=400)
        log.info("account.connected", account=done.account)
        message = _("{account} ({name}) is connected. You can close this page.")
        text = message.format(account=done.account, name=done.name or done.account)
        return _page(_("Connected"), text)


def redirect_of(public_url: str, platform: str) -> str:
    """Where the platform sends the owner's browser; to be entered in its console as it is."""
    return f"{public_url.rstrip('/')}/connect/{platform}"


def begin_of(public_url: str, platform: str, state: str) -> str:
    """The page to send to an account's owner."""
    return f"{redirect_of(public_url, platform)}/begin?{connecting.STATE}={state}"


def _page(title: str, text: str, *, status: int = 200, link: str = "") -> web.Response:
    way = f'<p><a href="{escape(link)}">{escape(_("Go on"))}</a></p>' if link else ""
    body = _PAGE.format(title=escape(title), text=escape(text), way=way)
    # The way on tells where it was clicked, and no more; everything else tells nothing.
    headers = _HEADERS | ({"Referrer-Policy": "origin"} if link else {})
    return web.Response(text=body, status=status, content_type="text/html", headers=headers)
