"""One Chromium for each worker, started by the first test that asks for it.

Playwright's objects belong to the event loop they were made in, so every test and asynchronous
fixture here runs in the loop of the session:

    pytestmark = pytest.mark.asyncio(loop_scope="session")
    @pytest_asyncio.fixture(loop_scope="session")
"""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from tests.browser import bed
from tests.browser.chromium import NoBrowser, find


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """The worker's browser; without one the test fails and says what to install."""
    missing = ""
    try:
        find()
    except NoBrowser as error:
        missing = str(error)
    if missing:
        pytest.fail(missing, pytrace=False)
    async with bed.browser() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def page(chromium: Browser) -> AsyncIterator[Page]:
    """A window on an office PC, by a visitor of its own."""
    async with bed.window(chromium) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def phone(chromium: Browser) -> AsyncIterator[Page]:
    """The same on a phone."""
    async with bed.window(chromium, bed.PHONE) as opened:
        yield opened
