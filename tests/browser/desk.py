"""A desk on the sample month as it was at one moment, and the windows of those who work at it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import aiohttp
from playwright.async_api import Browser

from bot.app import App, open_app
from bot.clock import VirtualClock
from bot.domain.review import Level
from bot.engine import entrance, tasks
from bot.engine.entrance import Entered
from bot.ledger import people
from bot.settings import ReviewPart, Web
from bot.web.app import watched
from bot.web.desk.doors import COOKIE
from tests.bot.web.visitors import PEOPLE, Visitor, desk_csrf
from tests.browser import bed
from tests.browser.bed import Window
from tests.browser.furnishing import furnish
from tests.browser.pages import PageOf
from tests.played import Moment


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A running desk whose clock stands still."""

    app: App
    url: str  # without a slash at the end
    now: datetime
    parts: Mapping[str, str]  # of addresses: what is called otherwise each time

    def address(self, page: PageOf) -> str:
        """Where this page is."""
        return self.url + page.address.format_map(self.parts)

    async def enter(self, name: str) -> Entered:
        """A session of one of PEOPLE, without the password: hashing it is slow on purpose."""
        async with self.app.core.ledger.write() as conn:
            return await entrance.begin(conn, PEOPLE[name], address="127.0.0.1", now=self.now)

    @asynccontextmanager
    async def window(
        self, browser: Browser, name: str, size: dict[str, Any] = bed.DESKTOP
    ) -> AsyncIterator[Window]:
        """A window in which one of PEOPLE is logged in; with "" nobody is."""
        async with bed.open_window(browser, size) as window:
            context = window.page.context
            if name:
                cookie = (await self.enter(name)).cookie
                await context.add_cookies([{"name": COOKIE, "value": cookie, "url": self.url}])
            yield window


@asynccontextmanager
async def desk_on(moment: Moment) -> AsyncIterator[Desk]:
    """Serves the moment, which is written to: hand a copy over. All of PEOPLE are at work."""
    changes = {"web": Web(listen="127.0.0.1:0"), "review": ReviewPart(levels=list(Level))}
    settings = moment.settings.model_copy(update=changes)
    said: list[str] = []
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(open_app(settings, clock=VirtualClock(moment.now)))
        async with app.core.ledger.write() as conn:
            parts = {"task": (await tasks.open_tasks(conn, units=["u02"]))[0].id}
            for person in PEOPLE.values():
                await people.add(conn, replace(person, made_at=moment.now))
            parts["invite"] = await entrance.invite(conn, "manager", now=moment.now, by="")
        await stack.enter_async_context(watched(app, said.append))
        url = said[0][said[0].index("http") :].removesuffix("/readyz")
        desk = Desk(app=app, url=url, now=moment.now, parts=parts)
        await _furnish(desk)
        yield desk


async def _furnish(desk: Desk) -> None:
    known: dict[str, Visitor] = {}
    jar = aiohttp.DummyCookieJar()
    async with AsyncExitStack() as stack:
        for name in PEOPLE:
            entered = await desk.enter(name)
            cookies = {"Cookie": f"{COOKIE}={entered.cookie}"}
            client = aiohttp.ClientSession(cookie_jar=jar, headers=cookies)
            await stack.enter_async_context(client)
            csrf = desk_csrf(desk.app, entered.session.hash)
            known[name] = Visitor(desk.url, client, csrf)
        await furnish(desk.app, known)
