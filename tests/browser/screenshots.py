"""Draws docs/screenshots: every page of the desk in the middle of the sample month.

`python -m tests.browser.screenshots` plays the month and takes the pictures that pages.py asks for;
with names of pages as arguments, only theirs. The desk's clock stands still and the pages' scripts
ask for none, so the same program draws the same pictures on the same machine; the letters are those
of its fonts.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.async_api import Browser, expect

from tests.browser import bed, chromium
from tests.browser.bed import Scheme
from tests.browser.desk import Desk, desk_on
from tests.browser.pages import PAGES, PageOf
from tests.played import ROOT, Moment, month_in

FOLDER = ROOT / "docs" / "screenshots"
_COLOURS = (256, 128, 64)
_MAX_BYTES = 150_000


def main() -> None:
    """Writes the pictures of all pages, or of those named."""
    named = sys.argv[1:]
    pages = [page for page in PAGES if not named or page.name in named]
    try:
        chromium.find()
    except chromium.NoBrowser as error:
        sys.exit(str(error))
    with tempfile.TemporaryDirectory() as folder:
        print("正在演示样例月份（playing the sample month）…", flush=True)
        month = month_in(Path(folder) / "month")
        month.mid.copy(Path(folder) / "var")
        with contextlib.chdir(folder):  # paths that are shown are the same every time
            asyncio.run(_draw(pages, Moment(folder=Path("var"), now=month.mid.now)))


async def _draw(pages: Sequence[PageOf], moment: Moment) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    async with bed.browser() as browser, desk_on(moment) as desk:
        for page in pages:
            for suffix, size, scheme in _pictures(page):
                shot = await _photograph(desk, browser, page, size, scheme)
                _store(shot, FOLDER / f"{page.name}{suffix}.png")


def _pictures(page: PageOf) -> Iterator[tuple[str, dict[str, Any], Scheme]]:
    """What is added to the name, the window, and the colours."""
    desktop = {"viewport": {**bed.DESKTOP["viewport"], "height": page.height}}
    yield "", desktop, "light"
    if page.dark:
        yield "-dark", desktop, "dark"
    if page.phone:
        yield "-phone", bed.PHONE, "light"


async def _photograph(
    desk: Desk, browser: Browser, page: PageOf, size: dict[str, Any], scheme: Scheme
) -> bytes:
    async with desk.window(browser, page.who, size) as window:
        await window.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        await window.page.goto(desk.address(page))
        if page.frame:
            inside = window.page.frame_locator(page.frame).locator("body *")
            await expect(inside.first).to_be_visible()
        shot = await window.page.screenshot(animations="disabled", scale="css")
        await window.check()
        return shot


def _store(shot: bytes, target: Path) -> None:
    """With as many colours as fit into its size: a page has few, and what is smooth packs small."""
    with Image.open(io.BytesIO(shot)) as picture:
        whole = picture.convert("RGB")
    for colours in _COLOURS:
        few = whole.quantize(colours, kmeans=2, dither=Image.Dither.NONE)
        few.save(target, optimize=True)
        size = target.stat().st_size
        if size <= _MAX_BYTES:
            print(f"{target.name}: {size // 1000} kB", flush=True)
            return
    sys.exit(f"{target.name} has {size} bytes, more than {_MAX_BYTES}")


if __name__ == "__main__":
    main()
