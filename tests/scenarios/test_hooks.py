"""WeChat tells by itself that a review is over, over real HTTP, through the bot's own address."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import aiohttp

from bot.domain.publication import State
from bot.engine import people, service
from bot.ledger import roster
from bot.settings import Web
from bot.stage import outside
from bot.web.app import serving
from bot.web.hooks import Hooks
from tests.bot.engine.world import TEN, World, article

KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
TOKEN = "0ffice-token"
CALLBACK = {"callback_token": TOKEN, "callback_aes_key": KEY}
REVIEW = timedelta(seconds=10)  # the bot would look by itself after twice that


@asynccontextmanager
async def open_hooks(world: World) -> AsyncIterator[str]:
    """The bot's web server; the address of its hooks."""
    app = world.app
    hooks = Hooks(app.core, sign=app.vault.sign, public_url="")
    async with serving(Web(listen="127.0.0.1:0"), app.core, app.metrics, hooks=hooks) as served:
        yield served.address + "/hooks/wechat"


async def with_callback(world: World, url: str, account: str = "u01-wechat") -> None:
    """Enters our address on the account's console and its secrets here."""
    async with world.app.core.ledger.read() as conn:
        member = (await roster.load(conn)).accounts[account]
    fields = outside.credential(member) | CALLBACK
    await world.app.core.platforms.credentials(member).enter(fields, expires_at=None)
    given = {"account": account, "url": f"{url}/{account}", "token": TOKEN, "aes_key": KEY}
    confirmed = await world.outside.call("POST", "wechat/callback", given)
    assert confirmed == {"confirmed": True}
    review = {"review_s": {"wechat": REVIEW.total_seconds()}}
    await world.outside.call("POST", "settings", review)


async def told(world: World) -> dict[str, Any]:
    """The first call about a finished job, once it was answered."""
    while True:
        calls = (await world.outside.call("GET", "wechat/calls"))["calls"]
        for call in calls:
            if "PUBLISHJOBFINISH" in call["what"] and (call["taken"] or call["tries"] == 3):
                return dict(call)
        await asyncio.sleep(0.02)


async def test_a_finished_review_is_looked_at_when_it_is_told(world: World) -> None:
    await world.plan(article())
    async with open_hooks(world) as url:
        await with_callback(world, url)
        await world.run(until=TEN)
        assert await world.state("p1@u01-wechat") is State.PENDING
        await world.at(TEN + REVIEW)
        call = await told(world)
        assert call["taken"], call
        await service.run_due(world.app.core, world.queue)
        assert await world.state("p1@u01-wechat") is State.PUBLISHED


async def test_what_somebody_else_says_is_not_heard(world: World) -> None:
    await world.plan(article(), article("p2", "2026-05-06 10:05"))
    async with open_hooks(world) as url, aiohttp.ClientSession() as session:
        await with_callback(world, url)
        await world.run(until=TEN)
        await world.at(TEN + REVIEW)
        call = await told(world)
        await world.run(until=TEN + timedelta(minutes=5))
        before = await world.pub("p2@u01-wechat")
        assert before.state is State.PENDING
        body, forged = call["body"].encode(), call["query"] | {"msg_signature": "0" * 40}
        for address, query, status in (
            (f"{url}/u01-wechat", call["query"], 200),  # once more, as platforms do
            (f"{url}/u01-wechat", forged, 403),
            (f"{url}/u02-wechat", call["query"], 403),  # signed with another account's secret
            (f"{url.replace('wechat', 'nobody')}/u01-wechat", call["query"], 404),
        ):
            async with session.post(address, params=query, data=body) as answer:
                assert answer.status == status, address
        assert await world.pub("p2@u01-wechat") == before
        await world.run()
        assert await world.state("p2@u01-wechat") is State.PUBLISHED


async def test_what_the_platform_reviews_is_taken_back_to_who_must_look(world: World) -> None:
    """A person called it public too early. It may come out yet, so nobody is asked to post it."""
    await world.plan(article())
    await world.run(until=TEN)
    pub = await world.pub("p1@u01-wechat")
    assert (pub.state, pub.doubt_since) == (State.PENDING, None)
    url = "https://mp.weixin.qq.com/s/AbCdEfGhIjKlMnOpQrStUv"
    await people.confirm(world.app.core, pub, url=url, at=None, by="officer")
    told = await world.pub("p1@u01-wechat")
    await people.take_back(world.app.core, told, by="officer", reason="看错了")
    pub = await world.pub("p1@u01-wechat")
    assert (pub.state, pub.next_at) == (State.UNKNOWN, None)
