"""The bed itself: what is wrong with a page is found."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from urllib.parse import urlencode

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, Page

from tests.browser import bed, chromium

pytestmark = pytest.mark.asyncio(loop_scope="session")

_PAGE = (
    '<!doctype html><html lang="zh-CN"><head><title>页</title>'
    '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/look.css">'
    "</head><body><main><h1>今天</h1>{more}</main></body></html>"
)
_LOOK = "@media (prefers-color-scheme: dark) { .faint { color: #555; background: #444 } }"
_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src *"
# What a page holds → a word of what is then said about it.
_FAULTS = {
    "<script>document.title = 1</script>": "Content Security Policy",
    '<img src="https://cdn.example/x.png" alt="图">': "another machine: https://cdn.example/x.png",
    '<img src="/nowhere.png" alt="图">': "404 for",
    '<script src="/throws.js"></script>': "script: 没有这个",
}
Address = Callable[[str], str]  # of a page that holds this


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def holding() -> AsyncIterator[Address]:
    """A server whose pages hold what their address says."""

    async def page(request: web.Request) -> web.Response:
        text = _PAGE.format(more=request.query["more"])
        headers = {"Content-Security-Policy": _POLICY}
        return web.Response(text=text, content_type="text/html", headers=headers, status=422)

    async def throws(_request: web.Request) -> web.Response:
        return web.Response(text="throw new Error('没有这个')", content_type="text/javascript")

    async def look(_request: web.Request) -> web.Response:
        return web.Response(text=_LOOK, content_type="text/css")

    app = web.Application()
    app.router.add_get("/", page)
    app.router.add_get("/throws.js", throws)
    app.router.add_get("/look.css", look)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    root = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    yield lambda more: f"{root}?{urlencode({'more': more})}"
    await runner.cleanup()


async def test_a_good_page_passes(page: Page, holding: Address) -> None:
    """Also as the answer to a form with a mistake in it: the status is no trouble."""
    await page.goto(holding("<p>没有要办的事。</p>"))
    await bed.axe(page)
    await bed.fits(page)


async def test_what_goes_wrong_in_a_page_fails_the_test(
    chromium: Browser, holding: Address
) -> None:
    for more, word in _FAULTS.items():
        with pytest.raises(AssertionError) as told:
            async with bed.window(chromium) as page:
                await page.goto(holding(more))
        assert word in str(told.value)


async def test_axe_looks_in_the_dark_too(page: Page, holding: Address) -> None:
    await page.goto(holding('<p class="faint">看不清</p>'))
    await bed.axe(page, schemes=["light"])
    with pytest.raises(AssertionError) as told:
        await bed.axe(page)
    assert "color-contrast" in str(told.value)
    assert "dark: " in str(told.value)
    assert "看不清" in str(told.value)


async def test_of_rows_that_differ_each_sort_is_looked_at(page: Page, holding: Address) -> None:
    """A long list of the same, and one among them that is not."""
    rows = ["<li><b>看得清</b></li>"] * 9
    rows[6] = '<li><b class="faint">看不清</b></li>'
    await page.goto(holding(f"<ul>{''.join(rows)}</ul>"))
    with pytest.raises(AssertionError) as told:
        await bed.axe(page, schemes=["dark"])
    assert "看不清" in str(told.value)


async def test_a_page_too_wide_for_a_phone_is_found(phone: Page, holding: Address) -> None:
    await phone.goto(holding(f"<pre>{'宽' * 60}</pre>"))
    with pytest.raises(AssertionError):
        await bed.fits(phone)


async def test_without_a_browser_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In both languages, with the variable that names one elsewhere."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(chromium.VARIABLE, raising=False)
    monkeypatch.setattr(chromium, "_MAC", tmp_path / "none")
    with pytest.raises(chromium.NoBrowser) as told:
        chromium.find()
    for word in ("安装", "install", "apt-get install chromium-headless-shell", chromium.VARIABLE):
        assert word in str(told.value)
    program = tmp_path / "浏览器"
    monkeypatch.setenv(chromium.VARIABLE, str(program))
    with pytest.raises(chromium.NoBrowser) as told:
        chromium.find()
    assert str(program) in str(told.value)
    program.touch(mode=0o755)
    assert chromium.find() == str(program)
