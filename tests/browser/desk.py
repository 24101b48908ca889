"""A desk on the sample month as it was at one moment, and the windows of those who work at it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from playwright.async_api import Browser

from bot.app import App, open_app
from bot.clock import VirtualClock
from bot.engine import entrance, tasks
from bot.ledger import people
from bot.settings import Web
from bot.web.app import watched
from bot.web.desk.doors import COOKIE
from tests.bot.web.visitors import PEOPLE
from tests.browser import bed
from tests.browser.bed import Window
from tests.browser.pages import PageOf
from tests.played import Moment


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A running desk whose clock stands still."""

    app: App
    url: str  # without a slash at the end
    now: datetime
    task: str  # the id of one that u02 has to do

    def address(self, page: PageOf) -> str:
        """Where this page is."""
        return self.url + page.address.format(task=self.task)

    async def cookie(self, name: str) -> str:
        """A session of one of PEOPLE, without the password: hashing it is slow on purpose."""
        async with self.app.core.ledger.write() as conn:
            entered = await entrance.begin(conn, PEOPLE[name], address="127.0.0.1", now=self.now)
        return entered.cookie

    @asynccontextmanager
    async def window(
        self, browser: Browser, name: str, size: dict[str, Any] = bed.DESKTOP
    ) -> AsyncIterator[Window]:
        """A window in which one of PEOPLE is logged in; with "" nobody is."""
        async with bed.open_window(browser, size) as window:
            context = window.page.context
            await context.clock.set_fixed_time(self.now)
            if name:
                cookie = await self.cookie(name)
                await context.add_cookies([{"name": COOKIE, "value": cookie, "url": self.url}])
            yield window


@asynccontextmanager
async def desk_on(moment: Moment) -> AsyncIterator[Desk]:
    """Serves the moment, which is written to: hand a copy over. All of PEOPLE are known."""
    settings = moment.settings.model_copy(update={"web": Web(listen="127.0.0.1:0")})
    said: list[str] = []
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(open_app(settings, clock=VirtualClock(moment.now)))
        async with app.core.ledger.write() as conn:
            task = (await tasks.open_tasks(conn, units=["u02"]))[0].id
            for person in PEOPLE.values():
                await people.add(conn, replace(person, made_at=moment.now))
        await stack.enter_async_context(watched(app, said.append))
        url = said[0][said[0].index("http") :].removesuffix("/readyz")
        yield Desk(app=app, url=url, now=moment.now, task=task)
