"""A window of a real Chromium that reports whatever goes wrong in it.

A page must load nothing from another machine, break no rule of its own Content-Security-Policy,
and write no error to the console. `axe` holds it to WCAG 2.2 AA.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    async_playwright,
    expect,
)

from tests.browser import chromium

Scheme = Literal["light", "dark"]
SCHEMES: Sequence[Scheme] = ("light", "dark")
HERE = frozenset({"127.0.0.1", "localhost"})
DESKTOP: dict[str, Any] = {"viewport": {"width": 1366, "height": 900}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 412, "height": 839},  # a Pixel 7
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
_PLACE: dict[str, Any] = {"locale": "zh-CN", "timezone_id": "Asia/Shanghai"}
_ARGUMENTS = (
    # Names and addresses of other machines lead nowhere, whatever a page asks for.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    "--disable-background-networking",
    "--disable-component-update",
    "--font-render-hinting=none",  # letters are as wide on every machine
)
# Its own words, in fields for dates and files; where it has none in Chinese they are in English.
_CHINESE = {"LANGUAGE": "zh_CN", "LC_ALL": "zh_CN.UTF-8"}
_PATIENCE_MS = 15_000
_TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_ALL: dict[str, Any] = {
    "runOnly": {"type": "tag", "values": _TAGS},
    "resultTypes": ["violations"],
}
_COLOUR_RULES = ("color-contrast", "link-in-text-block")
_COLOURS: dict[str, Any] = _ALL | {"runOnly": {"type": "rule", "values": _COLOUR_RULES}}
_OFF = {"enabled": False}
_LOADING = "Failed to load resource"  # what the console says of an answer from 400 on

expect.set_options(timeout=_PATIENCE_MS)


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """A Chromium without a screen; raises chromium.NoBrowser."""
    path = chromium.find()
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(
            executable_path=path, args=list(_ARGUMENTS), env={**os.environ, **_CHINESE}
        )
        yield found
        await found.close()


@dataclass(frozen=True, kw_only=True)
class Window:
    """A page, and what has gone wrong in it or in others of its visitor."""

    page: Page
    troubles: list[str]

    async def check(self) -> None:
        """Fails when anything has gone wrong since the last time."""
        for page in self.page.context.pages:
            await page.evaluate("0")  # what it had to report before has come by then
        found = "\n".join(self.troubles)
        self.troubles.clear()
        assert not found, f"in the browser, at {self.page.url}:\n{found}"


@asynccontextmanager
async def open_window(
    opened: Browser, size: dict[str, Any] = DESKTOP, **more: Any
) -> AsyncIterator[Window]:
    """A window of a new visitor in Shanghai; `more` is handed to Browser.new_context."""
    context = await opened.new_context(**_PLACE, **size, **more)
    context.set_default_timeout(_PATIENCE_MS)
    troubles = _watch(context)
    try:
        yield Window(page=await context.new_page(), troubles=troubles)
    finally:
        await context.close()


@asynccontextmanager
async def window(
    opened: Browser, size: dict[str, Any] = DESKTOP, **more: Any
) -> AsyncIterator[Page]:
    """The page of a new window; fails at its end when anything went wrong in it."""
    async with open_window(opened, size, **more) as made:
        yield made.page
        # Not reached when the test itself has failed: its own words come first.
        await made.check()


def _watch(context: BrowserContext) -> list[str]:
    """What will have gone wrong in any page of the visitor, as lines to read."""
    troubles: list[str] = []

    def asked(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname not in HERE:
            troubles.append(f"asks another machine: {request.url}")

    def answered(response: Response) -> None:
        if response.status >= 400 and response.request.resource_type != "document":
            troubles.append(f"{response.status} for {response.url}")

    def written(message: ConsoleMessage) -> None:
        # Broken policies are among the errors. Answers are judged by what was asked for, above.
        if message.type == "error" and not message.text.startswith(_LOADING):
            troubles.append(f"console: {message.text} ({message.location.get('url')})")

    context.on("request", asked)
    context.on("response", answered)
    context.on("console", written)
    context.on("weberror", lambda error: troubles.append(f"script: {error.error}"))
    return troubles


async def axe(page: Page, *, schemes: Sequence[Scheme] = SCHEMES) -> None:
    """Fails when the page as it stands breaks a rule of WCAG 2.2 AA, in light or in dark."""
    found: list[str] = []
    for scheme in schemes:
        await page.emulate_media(color_scheme=scheme)
        # The page is the same in all schemes but for its colours.
        rules = _ALL if scheme == schemes[0] else _COLOURS
        found += [f"{scheme}: {line}" for line in await _violations(page, rules)]
    assert not found, f"axe on {page.url}:\n" + "\n".join(found)


async def axe_narrow(page: Page) -> None:
    """The same as narrow as a phone, but for the colours; the page stays narrow."""
    await page.set_viewport_size(PHONE["viewport"])
    found = await _violations(page, _ALL | {"rules": dict.fromkeys(_COLOUR_RULES, _OFF)})
    assert not found, f"axe on {page.url}, as narrow as a phone:\n" + "\n".join(found)


async def _violations(page: Page, options: Mapping[str, Any]) -> list[str]:
    if not await page.evaluate("'axe' in window"):
        # Told to the page by the debugger, which its Content-Security-Policy does not bind.
        script = files("axe_playwright_python").joinpath("axe.min.js")
        await page.evaluate(script.read_text(encoding="utf-8"))
    result = await page.evaluate(f"axe.run(document, {json.dumps(options)})")
    return [
        f"{broken['id']} ({broken['impact']}): {node['html'][:160]}\n"
        f"    {' '.join(map(str, node['target']))}: {node['failureSummary']}"
        for broken in result["violations"]
        for node in broken["nodes"]
    ]


async def fits(page: Page) -> None:
    """Fails when the page is wider than its window: nobody scrolls sideways on a phone."""
    wide = await page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert wide[0] <= wide[1], f"{page.url} is {wide[0]} wide in a window of {wide[1]}"
