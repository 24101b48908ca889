"""A preview on this machine, made anew at each request: edit, save, reload."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.domain.post import Media
from bot.domain.problem import Problem
from bot.errors import BotError, MediaError, UsageError
from bot.i18n import _
from bot.preview import page
from bot.preview.making import VIDEOS, Order, make
from bot.settings import Settings
from bot.wiring.media import MediaFolder

HOST = "127.0.0.1"
_NAMES = frozenset({HOST, "localhost"})


@asynccontextmanager
async def serving(settings: Settings, order: Order, *, port: int) -> AsyncIterator[str]:
    """Serves while the block runs; yields the address. Port 0 takes a free one.

    Raises UsageError when nothing can listen there.
    """
    runner = web.AppRunner(_Served(settings, order).app(), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, port)
        try:
            await site.start()
        except (OSError, OverflowError) as error:
            message = _("Nothing can listen on {host}:{port}: {cause}. Choose another --port.")
            raise UsageError(message.format(host=HOST, port=port, cause=error)) from error
        yield f"http://{HOST}:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


class _Served:
    """The page of one post, and the videos it showed last."""

    def __init__(self, settings: Settings, order: Order) -> None:
        self._settings = settings
        self._order = order
        self._videos: dict[str, Media] = {}

    def app(self) -> web.Application:
        app = web.Application(middlewares=[_only_here])
        app.router.add_get("/", self._page)
        app.router.add_get(VIDEOS + "{path:.+}", self._video)
        return app

    async def _page(self, request: web.Request) -> web.Response:
        try:
            made = await asyncio.to_thread(make, self._settings, self._order, served=True)
        except BotError as error:  # the id or an account was changed: the next reload may find it
            problem = Problem(code="preview", message=str(error))
            html = page.faults(self._order.post, [problem], served=True)
        else:
            html, self._videos = made.html, {one.path: one for one in made.videos}
        return web.Response(
            body=html.encode("utf-8", "replace"),
            content_type="text/html",
            charset="utf-8",
            headers={"Cache-Control": "no-store"},
        )

    async def _video(self, request: web.Request) -> web.StreamResponse:
        """One of the page's videos; no other file, whatever is asked for."""
        media = self._videos.get(request.match_info["path"])
        if media is None:
            raise web.HTTPNotFound
        store = MediaFolder(self._settings.office.schedules)
        try:
            file = await asyncio.to_thread(store.path, media)
        except MediaError as error:
            raise web.HTTPNotFound(text=str(error)) from error
        return web.FileResponse(file, headers={"Content-Type": media.mime})


@web.middleware
async def _only_here(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuses what reached us under another name: a foreign page that wants to read this one."""
    if request.url.host not in _NAMES:
        raise web.HTTPForbidden
    answer = await handler(request)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
