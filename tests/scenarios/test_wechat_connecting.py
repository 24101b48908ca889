"""A unit scans once: from the office's own page to an article that is out, and its leave."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import aiohttp

from bot.domain.publication import Hold, State
from bot.engine import connecting, profiles, service
from bot.settings import Web
from bot.web.app import serving
from bot.web.hooks import Hooks, begin_of
from bot.wiring.platforms import office_account
from tests.bot.engine.world import NAMES, TEN, World, article

KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
OFFICE = {
    "component_appid": "wxoffice",
    "component_secret": "s3cret-of-wxoffice",
    "callback_token": "0ffice-token",
    "callback_aes_key": KEY,
}
UNIT = "u02-wechat"
REVIEW = timedelta(seconds=10)  # the bot would look by itself after twice that


@asynccontextmanager
async def office(world: World) -> AsyncIterator[str]:
    """The bot's web server, known to WeChat as a third-party platform's; its address."""
    app = world.app
    hooks = Hooks(app.core, sign=app.vault.sign, public_url="https://bot.lanting.example")
    await app.core.platforms.credentials(office_account("wechat")).enter(OFFICE, expires_at=None)
    async with serving(Web(listen="127.0.0.1:0"), app.core, app.metrics, hooks=hooks) as served:
        url = served.address
        await world.outside.call("POST", "wechat/component", component(url))
        await world.outside.call("POST", "settings", {"review_s": {"wechat": REVIEW.seconds}})
        known = {"platform": "wechat", "account": UNIT, "principal": NAMES["u02"]}
        await world.outside.call("POST", "accounts", {"accounts": [known]})
        await world.outside.call("POST", "wechat/ticket")
        await told(world, "component_verify_ticket")
        yield url


def component(url: str) -> dict[str, str]:
    """What the office entered in the platform's console."""
    return {
        "appid": OFFICE["component_appid"],
        "secret": OFFICE["component_secret"],
        "token": OFFICE["callback_token"],
        "aes_key": KEY,
        "events_url": f"{url}/hooks/wechat",
        "messages_url": f"{url}/hooks/wechat/$APPID$",
    }


async def told(world: World, what: str) -> None:
    """Waits until WeChat has said this and was answered."""
    while True:
        calls = (await world.outside.call("GET", "wechat/calls"))["calls"]
        if any(call["what"] == what and call["taken"] for call in calls):
            return
        await asyncio.sleep(0.02)


async def scanned(world: World, url: str, who: str) -> str:
    """What the office's page says once somebody has come back from WeChat's as `who`."""
    core = world.app.core
    account = world.app.read().roster.accounts[UNIT]
    state = connecting.invitation(core, account, sign=world.app.vault.sign)
    async with aiohttp.ClientSession() as browser:
        async with browser.get(begin_of(url, "wechat", state)) as page:
            link = html.unescape(re.findall(r'href="([^"]+)"', await page.text())[0])
        link = link.replace("https://mp.weixin.qq.com", world.platform_urls["wechat"])
        async with browser.get(link, params={"account": who}, allow_redirects=False) as answer:
            back = answer.headers["Location"].replace("https://bot.lanting.example", url)
        async with browser.get(back) as page:
            return await page.text()


async def test_a_unit_scans_publishes_is_told_and_leaves(world: World) -> None:
    await world.plan(article(accounts=[UNIT]), article("p2", "2026-05-06 12:00", accounts=[UNIT]))
    async with office(world) as url:
        assert "u02" in await scanned(world, url, UNIT)
        await world.run(until=TEN)
        assert await world.state(f"p1@{UNIT}") is State.PENDING
        await world.at(TEN + REVIEW)
        await told(world, "PUBLISHJOBFINISH")
        await service.run_due(world.app.core, world.queue)
        assert await world.state(f"p1@{UNIT}") is State.PUBLISHED
        assert await world.requests("stable_token") == 0
        await world.outside.call("POST", "wechat/unauthorize", {"account": UNIT})
        await told(world, "unauthorized")
        await world.run(until=TEN + timedelta(hours=3))
        pub = await world.pub(f"p2@{UNIT}")
        assert (pub.state, pub.reason) == (State.HELD, Hold.PAUSED)
        assert len(await world.posts(UNIT)) == 1


async def test_another_unit_scans_by_mistake_and_nothing_is_stored(world: World) -> None:
    await world.plan(article(accounts=[UNIT]))
    async with office(world) as url:
        assert "健康u03" in await scanned(world, url, "u03-wechat")
        await world.run(until=TEN)
        assert await world.requests("stable_token") == 1  # the unit's own secret is still used
        await scanned(world, url, UNIT)
        await world.at(TEN + timedelta(seconds=31))  # so long the former secret is remembered
        (checked,) = await profiles.check(world.app.core, [UNIT])
        assert checked.profile is not None
        assert checked.profile.verified_name == NAMES["u02"]
        assert (checked.differences, checked.error) == ((), "")


async def test_who_authorised_and_is_in_no_roster_is_named(world: World) -> None:
    await world.plan(article(accounts=[UNIT]))
    stranger = {
        "platform": "wechat",
        "account": "x",
        "appid": "wx-x",
        "secret": "x",
        "name": "某院",
    }
    await world.outside.call("POST", "accounts", {"accounts": [stranger]})
    async with office(world) as url:
        await scanned(world, url, UNIT)
        await scanned(world, url, "x")
        found, errors = await profiles.strangers(world.app.core)
    assert [one.member.profile.name for one in found] == ["某院"]
    assert errors == {}
