"""/live: tells open pages that something has changed, by server-sent events.

One look at the ledger a second serves all who listen, and none is made while nobody does. A page
then fetches itself again; the stream carries no content, so it needs no rights of its own.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from aiohttp import web

from bot.engine.health import LEDGER_GONE
from bot.engine.ports import Core
from bot.i18n import _
from bot.ledger import watch
from bot.web.desk.routes import Route
from bot.web.desk.visit import Refused, Visit

_LOOK_EVERY_S = 1.0
_BEAT_S = 15.0  # proxies end what is silent for long
_LISTENERS = 200
_OF_ONE_SESSION = 8  # somebody with many pages open leaves places for the others
_HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
}


class Live:
    """Who listens, and what the ledger was when we looked last."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._listening: dict[asyncio.Event, Visit] = {}
        self._looking: asyncio.Task[None] | None = None
        self._version = ""
        self._ended = False

    @property
    def route(self) -> Route:
        """Where pages listen."""
        return Route(method="GET", path="/live", handler=self.listen, right=None, by_itself=True)

    async def listen(self, visit: Visit) -> web.StreamResponse:
        """A stream of "changed", until the browser, the session or the process ends it."""
        if not self._has_room(visit):
            raise Refused(503, _("Too many pages are open; this one is not renewed by itself."))
        response = web.StreamResponse(headers=_HEADERS)
        changed = asyncio.Event()
        self._listening[changed] = visit
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            await response.prepare(visit.request)
            await response.write(b"retry: 5000\n\n")
            while not self._ended and await visit.desk.session_goes_on(visit.session):
                with suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), _BEAT_S)
                told = f"event: changed\ndata: {self._version}\n\n" if changed.is_set() else ":\n\n"
                changed.clear()
                await response.write(told.encode())
        except (ConnectionError, *LEDGER_GONE):
            pass  # the browser comes again by itself
        finally:
            self._listening.pop(changed, None)
        return response

    def _has_room(self, visit: Visit) -> bool:
        for changed, one in list(self._listening.items()):
            if one.request.transport is None:  # this page was left: its stream ends now
                del self._listening[changed]
                changed.set()
        here = [one.session.hash for one in self._listening.values()]
        return len(here) < _LISTENERS and here.count(visit.session.hash) < _OF_ONE_SESSION

    async def _look(self) -> None:
        while self._listening and not self._ended:
            with suppress(*LEDGER_GONE):
                async with self._core.ledger.read() as conn:
                    version = await watch.version(conn)
                if version != self._version:
                    first, self._version = not self._version, version
                    for changed in () if first else self._listening:
                        changed.set()
            await asyncio.sleep(_LOOK_EVERY_S)

    def end(self) -> None:
        """Ends all streams; the process is about to stop."""
        self._ended = True
        for changed in self._listening:
            changed.set()
        if self._looking is not None:
            self._looking.cancel()
