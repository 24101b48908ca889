"""A Weibo account whose owner took the authorisation back: paused, connected again, goes on."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import pytest

from bot.domain.publication import Hold, State
from bot.engine import connecting
from bot.engine.tokens import refresh_due
from bot.errors import UsageError
from bot.wiring.platforms import office_account
from tests.bot.engine.world import TEN, World, status

REDIRECT = "https://bot.lanting.example/connect/weibo"
OFFICE = {"app_key": "1000000001", "app_secret": "shh", "rip": "203.0.113.7"}


async def _taken_back(world: World) -> None:
    """The owner revokes; the daily question notices before the post is due."""
    desk = world.app.core.platforms.credentials(office_account("weibo"))
    await desk.enter(OFFICE, expires_at=None)
    await world.plan(status(window="12h"))
    known = {"platform": "weibo", "account": "u01-weibo", "code": 21316}
    await world.outside.call("POST", "tokens/expire", known)
    await refresh_due(world.app.core)


async def _pressed(world: World, who: str) -> dict[str, str]:
    """The owner opens the page as `who` and agrees; what the browser brings back."""
    core, sign = world.app.core, world.app.vault.sign
    account = world.app.read().roster.accounts["u01-weibo"]
    state = connecting.invitation(core, account, sign=sign)
    page = await connecting.page_of(core, "weibo", state, redirect=REDIRECT, sign=sign)
    users = (await world.outside.call("GET", "accounts"))["accounts"]
    (uid,) = [user["uid"] for user in users if user["account"] == who]
    form = {"uid": uid, "action": "submit"}
    async with (
        aiohttp.ClientSession() as browser,
        browser.post(page, data=form, allow_redirects=False) as answer,
    ):
        return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


@pytest.mark.both_ways
async def test_connecting_again_lets_what_was_held_go(world: World) -> None:
    await _taken_back(world)
    await world.run(until=TEN + timedelta(minutes=5))
    pub = await world.pub("p1@u01-weibo")
    assert (pub.state, pub.reason) == (State.HELD, Hold.PAUSED)
    query = await _pressed(world, "u01-weibo")
    sign = world.app.vault.sign
    core = world.app.core
    made = await connecting.accept(core, "weibo", query, redirect=REDIRECT, sign=sign)
    assert made.released == 1
    assert made.until == world.clock.now() + timedelta(days=30, seconds=-1)
    await world.run(until=TEN + timedelta(hours=1))
    assert await world.state("p1@u01-weibo") is State.PUBLISHED
    assert len(await world.posts("u01-weibo")) == 1


async def test_signing_in_with_another_account_stores_nothing(world: World) -> None:
    await _taken_back(world)
    query = await _pressed(world, "u02-weibo")
    with pytest.raises(UsageError, match="u02"):
        await connecting.accept(
            world.app.core, "weibo", query, redirect=REDIRECT, sign=world.app.vault.sign
        )
    await world.run(until=TEN + timedelta(hours=1))
    assert await world.posts("u01-weibo") == []
