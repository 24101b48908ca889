"""Each page in a real browser: nothing goes wrong in it, axe finds nothing, and it fits a phone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser

from bot.web.desk import site as served
from tests.browser import bed
from tests.browser.bed import Window
from tests.browser.desk import Desk, desk_on
from tests.browser.pages import OTHERS, PAGES, PageOf
from tests.played import Month

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(600),  # the month may have to be played first
]


class Windows:
    """One for each person, opened when it is first asked for and used for all their pages."""

    def __init__(self, desk: Desk, browser: Browser, stack: AsyncExitStack) -> None:
        self.desk = desk
        self._browser = browser
        self._stack = stack
        self._open: dict[str, Window] = {}

    async def of(self, name: str) -> Window:
        """The window in which this person is logged in."""
        if name not in self._open:
            opening = self.desk.window(self._browser, name)
            self._open[name] = await self._stack.enter_async_context(opening)
        window = self._open[name]
        await window.page.set_viewport_size(bed.DESKTOP["viewport"])
        return window


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def windows(
    chromium: Browser, played: Month, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Windows]:
    """The desk on 15 May, 15:00, and the people at it."""
    moment = played.mid.copy(tmp_path_factory.mktemp("desk"))
    async with AsyncExitStack() as stack:
        desk = await stack.enter_async_context(desk_on(moment))
        yield Windows(desk, chromium, stack)


async def test_every_address_of_the_desk_is_listed(windows: Windows) -> None:
    """A new page belongs into tests/browser/pages.py."""
    site = web.Application()
    served.Desk(windows.desk.app).add_routes(site)
    read = {
        route.resource.canonical
        for route in site.router.routes()
        if route.method == "GET" and route.resource is not None
    }
    listed = {page.route for page in PAGES} | set(OTHERS)
    assert (read - listed, listed - read) == (set(), set())


async def test_every_page_is_in_order(windows: Windows) -> None:
    """One test for all: each worker that took a page would set up a desk and a browser for it."""
    wrong = []
    for page in PAGES:
        try:
            await _in_order(page, windows)
        except AssertionError as fault:
            wrong.append(f"── {page.name} ──\n{fault}")
    assert not wrong, "\n\n".join(wrong)


async def _in_order(page: PageOf, windows: Windows) -> None:
    window = await windows.of(page.who)
    window.troubles.clear()  # of a page that was found wrong before it came to that
    answer = await window.page.goto(windows.desk.address(page))
    assert answer is not None
    assert answer.status == 200, answer.status
    await bed.axe(window.page)
    await bed.axe_narrow(window.page)
    await bed.fits(window.page)
    await window.check()
