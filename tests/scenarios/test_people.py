"""What only people can do: agree, publish by hand, look, report, decide."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.publication import Role, State, owed_by
from bot.engine import people
from bot.engine.collect import collect
from bot.errors import UsageError
from tests.bot.engine.world import (
    TEN,
    Data,
    World,
    article,
    key_item,
    open_world,
    roster,
    status,
    video,
)
from tests.pairs import Pair

REPRINT = "k1@u02-wechat"
LINK = "https://u02.lanting.example/k1"


@pytest.fixture
async def confirming(tmp_path: Path, pair: Pair) -> AsyncIterator[World]:
    """A district whose hospital wants to be asked before each reprint."""
    async with open_world(tmp_path, roster(u02_wechat={"reprint": "confirm"}), pair) as opened:
        yield opened


@pytest.fixture
async def by_hand(tmp_path: Path, pair: Pair) -> AsyncIterator[World]:
    """A district whose hospital reprints by hand, on WeChat and on its website."""
    changes: dict[str, Data] = {
        "u02_wechat": {"reprint": "manual"},
        "u02_website": {"reprint": "manual"},
    }
    async with open_world(tmp_path, roster(**changes), pair) as opened:
        yield opened


async def _carry(world: World, account: str, title: str, text: str) -> str:
    """A unit copies an article in its own console; the link."""
    platform = account.partition("-")[2]
    articles = [{"title": title, "content": f"<p>转载自：健康u01</p><p>{text}</p>"}]
    body = {"platform": platform, "account": account, "articles": articles, "kind": "publish"}
    made = await world.outside.call("POST", "console", body)
    return str(made["urls"][0])


@pytest.mark.both_ways
async def test_a_unit_that_wants_to_be_asked_is_asked(confirming: World) -> None:
    """The reprint waits for the liaison from the first release on, and goes after their yes."""
    world = confirming
    await world.plan(key_item())
    await world.run(until=TEN + timedelta(hours=3))
    pub = await world.pub(REPRINT)
    assert (pub.state, pub.reason) == (State.HELD, "unit_must_accept")
    assert owed_by(pub.state, pub.reason, pub.next_at) is Role.LIAISON
    await people.accept(world.app.core, pub, by="王主任")
    await world.run()
    pub = await world.pub(REPRINT)
    assert (pub.state, pub.accepted_by) == (State.PUBLISHED, "王主任")
    assert len(await world.posts("u02-wechat")) == 1


async def test_a_yes_given_beforehand_counts(confirming: World) -> None:
    """Accepted before the first release, it goes in its turn afterwards."""
    await confirming.plan(key_item())
    pub = await confirming.pub(REPRINT)
    await people.accept(confirming.app.core, pub, by="王主任")
    await confirming.run()
    assert await confirming.state(REPRINT) is State.PUBLISHED


async def test_a_unit_that_declines_does_not_reprint(confirming: World) -> None:
    """And reading the calendar again does not ask it twice."""
    world = confirming
    await world.plan(key_item())
    await world.run(until=TEN + timedelta(hours=3))
    await people.decline(world.app.core, await world.pub(REPRINT), by="王主任", reason="不适用")
    assert (await world.plan()).changes == ()
    await world.run()
    assert await world.state(REPRINT) is State.CANCELLED
    assert await world.posts("u02-wechat") == []


async def test_a_unit_that_never_answers_misses_the_item(confirming: World) -> None:
    """A day after the deadline the reprint is no longer worth having."""
    await confirming.plan(key_item())
    await confirming.run()
    pub = await confirming.pub(REPRINT)
    assert (pub.state, pub.reason) == (State.MISSED, "unit_must_accept")


async def test_a_unit_that_reprints_by_hand_gets_a_package_and_is_found(by_hand: World) -> None:
    """Reading its account back finds the reprint; nobody has to report it."""
    world = by_hand
    await world.plan(key_item())
    await world.run(until=TEN + timedelta(hours=3))
    pub = await world.pub(REPRINT)
    assert pub.state is State.HANDED_OFF
    package = (await world.history(REPRINT))[-1]["facts"]["package"]
    assert package != ""
    url = await _carry(
        world, "u02-wechat", "流感季防护提示k1", "流感季来了，及时接种疫苗，勤洗手。"
    )
    await world.at(TEN + timedelta(hours=4))
    await collect(world.app.core)
    pub = await world.pub(REPRINT)
    assert (pub.state, pub.url, pub.commits) == (State.PUBLISHED, url, 0)


async def test_a_hand_off_is_done_once_its_link_is_reported(by_hand: World) -> None:
    """A website cannot be read, so the officer enters the link."""
    world = by_hand
    await world.plan(key_item())
    await world.run(until=TEN + timedelta(hours=3))
    pub = await world.pub("k1@u02-website")
    assert pub.state is State.HANDED_OFF
    with pytest.raises(UsageError, match="https://"):
        await people.confirm(world.app.core, pub, url="已发布", at=None, by="李四")
    await people.confirm(world.app.core, pub, url=LINK, at=None, by="李四")
    pub = await world.pub("k1@u02-website")
    assert (pub.state, pub.url) == (State.PUBLISHED, LINK)
    with pytest.raises(UsageError):
        await people.confirm(world.app.core, pub, url=LINK + "2", at=None, by="李四")


async def test_a_reprint_carried_by_hand_before_its_turn_is_called_off(
    tmp_path: Path, pair: Pair
) -> None:
    """The unit was faster than the bot; a second copy would be one too many."""
    async with open_world(tmp_path, roster(u02_wechat={"reprint": "auto"}), pair) as world:
        await world.plan(key_item())
        await world.run(until=TEN + timedelta(minutes=10))
        assert await world.state(REPRINT) is State.PLANNED
        text = "流感季来了，及时接种疫苗，勤洗手。"
        await _carry(world, "u02-wechat", "流感季防护提示k1", text)
        await world.at(TEN + timedelta(minutes=20))
        await collect(world.app.core)
        assert await world.state(REPRINT) is State.CANCELLED
        assert (await world.plan()).changes == ()
        await world.run()
        assert len(await world.posts("u02-wechat")) == 1


async def test_a_person_who_finds_nothing_lets_it_go_again(world: World) -> None:
    """Douyin cannot tell; the officer looked, it is not there, and says so in so many words."""
    await world.plan(video(window="2d"))
    await world.fault("u01-douyin", "drop_before", path="create_video")
    await world.run(until=TEN + timedelta(hours=2))
    pub = await world.pub("p1@u01-douyin")
    assert owed_by(pub.state, pub.reason, pub.next_at) is Role.OFFICER
    with pytest.raises(UsageError, match="--not-published"):
        await people.retry(world.app.core, pub, by="officer")
    await people.retry(world.app.core, pub, by="officer", not_published=True)
    await world.run()
    assert await world.state("p1@u01-douyin") is State.PUBLISHED
    assert len(await world.posts("u01-douyin")) == 1


async def test_while_the_bot_still_looks_nobody_can_say_it_is_not_there(world: World) -> None:
    """A person's guess against a look that is under way: the look wins."""
    await world.plan(status())
    await world.fault("u01-weibo", "lost_answer", path="statuses/share")
    await world.run(until=TEN)
    pub = await world.pub("p1@u01-weibo")
    assert pub.state is State.UNKNOWN
    with pytest.raises(UsageError):
        await people.retry(world.app.core, pub, by="officer", not_published=True)
    await world.run()
    assert len(await world.posts()) == 1


@pytest.mark.both_ways
async def test_two_people_decide_at_once_and_one_is_told(by_hand: World) -> None:
    """One withdraws, one reports the link: whoever is second reads why it is too late."""
    world = by_hand
    await world.plan(key_item())
    await world.run(until=TEN + timedelta(hours=3))
    pub = await world.pub("k1@u02-website")
    await people.cancel(world.app.core, pub, by="officer")
    with pytest.raises(UsageError, match="bot publications show"):
        await people.confirm(world.app.core, pub, url=LINK, at=None, by="李四")


async def test_a_name_nobody_knows_is_said(world: World) -> None:
    """By number or as POST@ACCOUNT."""
    await world.plan(article())
    for name in ("4711", "p1", "p1@", "p9@u01-wechat", "", "p1@u01-wechat@"):
        with pytest.raises(UsageError):
            await people.get(world.app.core, name)
