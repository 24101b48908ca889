"""Health and metrics of another process: that of `bot run`, whose desk is served by this one."""

from __future__ import annotations

import aiohttp
from aiohttp import web

from bot.i18n import _
from bot.logs import get_logger, said
from bot.web.watch import from_here

log = get_logger(__name__)
# Longer than that process lets its own loop be late before it says so itself.
_PATIENCE = aiohttp.ClientTimeout(total=10)


class Relay:
    """Passes on what the publishing process at `address` says of itself."""

    def __init__(self, address: str, client: aiohttp.ClientSession, *, metrics_open: bool) -> None:
        self._address = address
        self._client = client
        self._metrics_open = metrics_open

    def add_routes(self, app: web.Application) -> None:
        """Serves the three pages on `app`; they need no login."""
        app.router.add_get("/healthz", self.answer)
        app.router.add_get("/readyz", self.answer)
        app.router.add_get("/metrics", self.page)

    async def page(self, request: web.Request) -> web.Response:
        """All metrics; asked from there they would be open to everybody, so it is decided here."""
        if not (self._metrics_open or from_here(request)):
            message = _("Metrics are for this machine only; see web.metrics_open in the settings.")
            return web.json_response({"error": message}, status=403)
        return await self.answer(request)

    async def answer(self, request: web.Request) -> web.Response:
        """What the publishing process answers; 503 when it does not."""
        try:
            async with self._client.get(
                self._address + request.path, timeout=_PATIENCE, allow_redirects=False
            ) as answer:
                body = await answer.read()
                headers = {"Content-Type": answer.headers.get("Content-Type", "text/plain")}
                return web.Response(body=body, status=answer.status, headers=headers)
        except (aiohttp.ClientError, TimeoutError) as error:
            log.warning("web.publisher_silent", error=said(error))
            message = _("The process that publishes does not answer.")
            return web.json_response({"alive": False, "error": message}, status=503)
