"""What a platform tells by itself: a hint to look now, never more."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.contract import Heard
from bot.domain.publication import State
from bot.engine import hearing
from tests.bot.engine.world import TEN, World, article


async def pending(world: World) -> dict[str, str]:
    """A mass send under review: what WeChat calls it."""
    await world.plan(article(push=True))
    await world.run(until=TEN + timedelta(seconds=1))
    pub = await world.pub("p1@u01-wechat")
    assert pub.state is State.PENDING
    return {name: pub.pending[name] for name in ("msg_id", "appid")}


@pytest.mark.both_ways
async def test_a_job_that_has_ended_is_looked_at_now(world: World) -> None:
    job = await pending(world)
    await world.at(TEN + timedelta(minutes=1))
    before, link = await world.requests("mass/get"), (await world.posts())[0]["url"]
    heard = Heard(posts=(job,), learned={"url:1": link, "mass_status": "send success"})
    assert await hearing.take(world.app.core, "wechat", heard) == 1
    await world.run(until=TEN + timedelta(minutes=1))
    assert await world.requests("mass/get") == before + 1
    pub = await world.pub("p1@u01-wechat")
    assert (pub.state, pub.url) == (State.PUBLISHED, link)


async def test_a_failure_is_explained_and_not_made_by_what_was_heard(world: World) -> None:
    """The platform says that it went out: a message that says otherwise changes nothing."""
    job = await pending(world)
    heard = Heard(posts=(job,), learned={"mass_status": "err(20001)"})
    await hearing.take(world.app.core, "wechat", heard)
    await world.run()
    assert await world.state("p1@u01-wechat") is State.PUBLISHED


async def test_the_same_number_on_another_account_is_not_meant(world: World) -> None:
    job = await pending(world)
    heard = Heard(posts=(job | {"appid": "wx-other"},), learned={"url:1": "https://a.example"})
    assert await hearing.take(world.app.core, "wechat", heard) == 0
    assert "url:1" not in (await world.pub("p1@u01-wechat")).pending


async def test_another_platform_is_not_meant(world: World) -> None:
    job = await pending(world)
    assert await hearing.take(world.app.core, "weibo", Heard(posts=(job,))) == 0


async def test_an_empty_hint_means_nobody(world: World) -> None:
    await pending(world)
    assert await hearing.take(world.app.core, "wechat", Heard(posts=({},))) == 0
