"""The pages behind links, as a liaison's phone shows them: used by hand, and held to WCAG."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page

from bot.domain import task_words
from bot.domain.publication import State
from bot.domain.recall import RecallKind
from bot.domain.tasks import TaskKind
from bot.engine import recalling
from tests.bot.engine.world import BODY, TEN, article, key_item, open_world
from tests.bot.web.test_tasks import Site, members, served
from tests.browser import bed

pytestmark = pytest.mark.asyncio(loop_scope="session")

_OWN = "https://mp.weixin.qq.com/s/u03-own"
_GIVEN_UP = TEN + timedelta(hours=76, minutes=10)  # a review of three days is waited for


@pytest_asyncio.fixture(loop_scope="session")
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """A key item is out; u02 must decide, u03 has a package."""
    async with open_world(tmp_path, members()) as world:
        await world.plan(key_item())
        await world.run(until=TEN + timedelta(hours=2))
        async with served(world) as opened:
            yield opened


async def test_a_liaison_decides_and_reports_on_a_phone(phone: Page, site: Site) -> None:
    spare = await _open(phone, site, TaskKind.ACCEPT)
    await _open(phone, site, TaskKind.ACCEPT)
    await phone.get_by_label("不转载的原因").fill("   ")
    await phone.get_by_role("button", name="不转载").click()
    await _good(phone, fault="text")
    await phone.get_by_role("button", name="同意转载").click()
    await _good(phone, says=task_words.said("agreed"))
    assert (await site.world.pub("k1@u02-wechat")).accepted_by == "liaison of u02 by link"
    await phone.goto(site.url + spare)
    assert task_words.said("agreed") in await phone.inner_text("main")
    await _open(phone, site, TaskKind.HAND_OFF)
    await phone.get_by_label("公开链接").fill("https://weibo.com/1/a")
    await phone.get_by_role("button", name="报回链接").click()
    await _good(phone, fault="url")
    await phone.get_by_label("公开链接").fill(_OWN)
    await phone.get_by_role("button", name="报回链接").click()
    await _good(phone, says=task_words.said("reported"))
    assert (await site.world.pub("k1@u03-wechat")).url == _OWN


async def test_pages_of_what_must_be_looked_at_corrected_and_taken_down(
    phone: Page, site: Site
) -> None:
    world, core = site.world, site.app.core
    package = await _open(phone, site, TaskKind.HAND_OFF)
    await site.post(package, said="reported", url=_OWN)
    world.write_body("k1", BODY.replace("发热请就诊", "发热请到发热门诊"))
    late = article("p2", at="2026-05-06 13:00")
    await world.plan(key_item(), late)
    await recalling.order(core, "k1", RecallKind.CORRECT, reason="数据有误", by="王主任")
    await _open(phone, site, TaskKind.CORRECT, unit="u03")
    await phone.get_by_label("公开链接").fill("https://weibo.com/1/a")
    await phone.get_by_role("button", name="已办结").click()
    await _good(phone, fault="url")
    await recalling.order(core, "k1", RecallKind.WITHDRAW, reason="全部撤下", by="王主任")
    settled = await _open(phone, site, TaskKind.WITHDRAW, unit="u03")
    await world.fault("u01-wechat", "slow_review", seconds=3600 * 24 * 5)
    await world.run(until=_GIVEN_UP)
    assert await world.state("p2@u01-wechat") is State.UNKNOWN
    await _open(phone, site, TaskKind.LOOK, unit="u01")
    world.clock.set(world.clock.now() + timedelta(days=8))
    for path, word in ((settled, "过期"), ("/t/guess", "")):
        await phone.goto(site.url + path)
        await _good(phone, says=word)


async def _open(page: Page, site: Site, kind: TaskKind, unit: str = "") -> str:
    """Opens a new link for the task and looks at its page; returns its path."""
    path = await site.link(kind, unit=unit)
    await page.goto(site.url + path)
    await _good(page)
    return path


async def _good(page: Page, *, says: str = "", fault: str = "") -> None:
    """The page fits a phone and passes axe; it says this, or marks this field."""
    assert says in await page.inner_text("main")
    assert await page.locator(".fault").count() == bool(fault)
    assert not fault or await page.locator(f"#{fault}[aria-invalid]").is_visible()
    await bed.fits(page)
    await bed.axe(page)
