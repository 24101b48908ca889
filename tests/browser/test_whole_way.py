"""The whole way of a key item in a real browser, from the officer to the manager."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from argon2 import PasswordHasher
from openpyxl import load_workbook
from playwright.async_api import Browser, Page, expect

from bot.domain.publication import State
from bot.domain.review import Level
from bot.ledger import people
from bot.settings import ReviewPart
from tests.bot.engine.world import BODY, MEDIA, START, TEN, open_world, roster, status
from tests.bot.web.visitors import PEOPLE, Desk, open_desk
from tests.browser import bed

pytestmark = pytest.mark.asyncio(loop_scope="session")

PASSWORD = "三审三校不能少 2026"
TITLE = "流感季防护提示"
OWN = "https://mp.weixin.qq.com/s/u02-own"
FIELDS = {
    "title": TITLE,
    "day": "2026-05-06",
    "time": "10:00",
    "article": BODY,
    "text": "【重点】流感防护，请看全文。",
    "digest": "流感季怎样防护",
    "author": "区疾控中心",
}


@pytest_asyncio.fixture(loop_scope="session")
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """Three levels of review; u02 publishes reprints by hand."""
    members = roster(u02_wechat={"reprint": "manual"})
    async with open_world(tmp_path, members) as world:
        world.review = ReviewPart(levels=list(Level))
        await world.start()
        await world.plan(status("p0", at="2026-05-29 10:00"))
        async with open_desk(world) as opened:
            async with world.app.core.ledger.write() as conn:
                hashed = PasswordHasher(time_cost=1, memory_cost=64).hash(PASSWORD)  # soon checked
                for person in PEOPLE.values():
                    await people.add(conn, replace(person, made_at=START))
                    await people.set_password(conn, person.login, hashed)
            yield opened


@dataclass(frozen=True, kw_only=True)
class Staff:
    """Who works at the desk, each in a window of their own."""

    desk: Desk
    browser: Browser
    size: dict[str, Any]

    @asynccontextmanager
    async def at_work(self, name: str) -> AsyncIterator[Page]:
        """Somebody's window, logged in by hand."""
        async with bed.window(self.browser, self.size) as page:
            await page.goto(f"{self.desk.url}/login")
            await page.fill("[name=login]", name)
            await page.fill("[name=password]", PASSWORD)
            await page.click("main button")
            assert await page.inner_text(".me") == PEOPLE[name].name
            yield page


@pytest.mark.parametrize("size", [bed.DESKTOP, bed.PHONE], ids=["desktop", "phone"])
async def test_from_the_queue_to_the_count(
    size: dict[str, Any], desk: Desk, chromium: Browser, tmp_path: Path
) -> None:
    staff, world = Staff(desk=desk, browser=chromium, size=size), desk.world
    async with staff.at_work("officer") as page:
        await _queue(page)
    for level in ("first", "second", "final"):
        assert await world.state("k1@u01-wechat") is State.HELD
        async with staff.at_work(level) as page:
            await _approve(page)
    await world.run(until=TEN + timedelta(hours=2))
    (post,) = await world.posts("u01-wechat")
    assert post["title"] == TITLE
    async with staff.at_work("liaison") as page:
        await _report(page)
    assert (await world.pub("k1@u02-wechat")).url == OWN
    async with staff.at_work("manager") as page:
        await _count(page, tmp_path / "counts.xlsx")
    await world.check_laws()


async def test_checks_and_preview_follow_what_is_typed(desk: Desk, chromium: Browser) -> None:
    """Nothing is saved meanwhile, and the preview runs no script."""
    staff = Staff(desk=desk, browser=chromium, size=bed.DESKTOP)
    async with staff.at_work("officer") as page:
        await page.goto(f"{desk.url}/posts/new?day=2026-05-06&time=10:00")
        await page.check("[name=accounts][value=u01-wechat]")
        await page.fill("[name=title]", "治愈率98%")
        told = page.locator("[data-field=title] .told")
        await expect(told).to_contain_text("98%")
        await page.fill("[name=title]", TITLE)
        await page.fill("[name=article]", f"{BODY}\n<script>parent.document.title = 1</script>\n")
        await expect(told).to_have_count(0)
        shown = page.frame_locator("#preview").locator("body")
        await expect(shown).to_contain_text(TITLE)
        await expect(shown).to_contain_text("发热请就诊")
        assert await page.title() != "1"
        await _refused(page)
        await bed.axe(page)
    assert not list(desk.world.schedules.glob("posts/*.md"))


async def _refused(page: Page) -> None:
    """It stays said that nothing was saved, while what is wrong is put right."""
    await page.fill("[name=title]", "治愈率98%")
    await page.click("button[value=save]")
    banner = page.locator("#refused")
    await expect(banner).to_contain_text("98%")
    await page.fill("[name=digest]", "…")
    await page.click("#checking a")  # leads to what is wrong
    await expect(page.locator("[data-field]:has(.told .bad) :focus")).to_have_count(1)
    await page.fill("[name=title]", TITLE)
    await expect(page.locator("[data-field=title] .told")).to_have_count(0)
    await expect(banner).not_to_contain_text("98%")
    await expect(banner.locator("p")).to_be_visible()


async def _queue(page: Page) -> None:
    """A key item on WeChat and Weibo, written in the form."""
    await page.click("nav a[href$=calendar]")
    await page.click("a[href*='posts/new']")
    for name, text in FIELDS.items():
        await page.fill(f"[name='{name}']", text)
    for account in ("u01-wechat", "u01-weibo"):
        await page.check(f"[name=accounts][value={account}]")
    async with page.expect_file_chooser() as chooser:
        await page.click("[data-upload=cover]")
    await (await chooser.value).set_files(MEDIA / "cover-01.jpg")
    await expect(page.locator("[name=cover]")).to_have_value(re.compile(r"media/.+\.jpg"))
    await page.select_option("[name=topic]", "notice")
    await page.click("details:has([name=key]) > summary")
    await page.check("[name=key]")
    await page.fill("[name='key.deadline']", "T+24h")
    await page.click("details:has([name=id]) > summary")
    await page.fill("[name=id]", "k1")
    await bed.fits(page)
    await page.click("button[value=save]")
    await page.wait_for_url("**/posts/k1?done=saved")


async def _approve(page: Page) -> None:
    """Through the list, as one does."""
    await page.click("nav a[href$=reviews]")
    await page.click(f"main a:has-text('{TITLE}')")
    await bed.fits(page)
    await page.click("button[value=approved]")
    await page.wait_for_url("**/reviews?done=approved*")


async def _report(page: Page) -> None:
    """The liaison has published it by hand, and says where."""
    await page.click("nav a[href$=tasks]")
    await page.click(f"main a:has-text('{TITLE}')")
    await bed.fits(page)
    await page.fill("[name=url]", OWN)
    await page.click("form:has([name=url]) button:not([type=button])")
    await page.wait_for_url("**/tasks?answered=*")


async def _count(page: Page, path: Path) -> None:
    """The manager sees the reprint in the month's table, and again in the sheet."""
    await page.click("nav a[href$='/counts']")
    await page.select_option("#period", "2026-05")
    await page.click("form.filters button")
    row = page.locator("tbody tr", has_text="u02").filter(has_text="微信")
    shown = [" ".join(text.split()) for text in await row.locator("th, td").all_inner_texts()]
    assert shown[:3] == ["u02", "微信", "1"]
    await bed.fits(page)
    async with page.expect_download() as download:
        await page.click("a[href*='counts.xlsx']")
    await (await download.value).save_as(path)
    book = load_workbook(path, read_only=True)
    rows = [[str(cell) for cell in row] for row in book.worksheets[0].iter_rows(values_only=True)]
    book.close()
    assert shown in rows
