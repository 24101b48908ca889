"""Quotas, reviews and windows: when a post has to wait, and what ends the waiting."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.publication import State
from bot.engine import people
from tests.bot.engine.world import TEN, World, article, status, video

SENDALL = "mass/sendall"
NOON = "2026-05-06 12:00"


async def test_a_second_mass_send_of_the_day_waits_and_is_missed(world: World) -> None:
    """A subscription account may push once a day: the second is not even asked for."""
    await world.plan(article("p1", push=True), article("p2", NOON, push=True))
    await world.run()
    assert await world.state("p1@u01-wechat") is State.PUBLISHED
    pub = await world.pub("p2@u01-wechat")
    assert (pub.state, pub.commits) == (State.MISSED, 0)
    assert "postponed" in await world.events("p2@u01-wechat")
    assert await world.requests(SENDALL) == 1


async def test_with_a_window_beyond_midnight_the_second_mass_send_goes_the_next_day(
    world: World,
) -> None:
    """Midnight in Beijing, whatever zone the machine is in."""
    await world.plan(article("p1", push=True), article("p2", NOON, push=True, window="2d"))
    await world.run()
    pub = await world.pub("p2@u01-wechat")
    assert pub.state is State.PUBLISHED
    assert pub.committed_at == TEN + timedelta(hours=14)


async def test_a_quota_spent_by_hand_is_learnt_from_the_platform(world: World) -> None:
    """The ledger knew nothing of it; the platform refuses, and the post waits for the next day."""
    await world.plan(article("p1", push=True, window="2d"))
    by_hand = [{"title": "院内通知", "content": "<p>今日停诊。</p>"}]
    body = {"platform": "wechat", "account": "u01-wechat", "articles": by_hand, "kind": "mass"}
    await world.outside.call("POST", "console", body)
    await world.run()
    pub = await world.pub("p1@u01-wechat")
    assert pub.state is State.PUBLISHED
    assert pub.published_at is not None
    assert pub.published_at >= TEN + timedelta(hours=14)
    assert "postponed" in await world.events("p1@u01-wechat")


@pytest.mark.parametrize("kind", ["status_before", "drop_before"])
async def test_a_mass_send_that_never_arrived_has_spent_no_quota(world: World, kind: str) -> None:
    """The look says it is not there, so today's one push is still to be had."""
    await world.plan(article(push=True))
    more = {"status": 502} if kind == "status_before" else {}
    await world.fault("u01-wechat", kind, path=SENDALL, **more)
    await world.run()
    pub = await world.pub("p1@u01-wechat")
    assert pub.state is State.PUBLISHED
    assert len(await world.posts("u01-wechat")) == 1


async def test_a_review_that_refuses_is_a_failure_the_author_sees(world: World) -> None:
    """Nothing is public, nothing is sent again."""
    await world.plan(article(), video("p2"))
    await world.fault("u01-wechat", "refuse_review", status=4)
    await world.fault("u01-douyin", "refuse_review", status=2)
    await world.run()
    for name in ("p1@u01-wechat", "p2@u01-douyin"):
        pub = await world.pub(name)
        assert (pub.state, pub.reason, pub.commits) == (State.FAILED, "rejected", 1)
        assert pub.error["message"]
    assert await world.posts() == []


@pytest.mark.parametrize("hours", [1, 5, 20])
async def test_a_slow_review_is_waited_for(world: World, hours: int) -> None:
    """Pending as long as the platform takes, beyond the window too: it was sent in time."""
    await world.plan(article(), video("p2"))
    await world.fault("u01-wechat", "slow_review", seconds=hours * 3600)
    await world.fault("u01-douyin", "slow_review", seconds=hours * 3600)
    await world.run(until=TEN + timedelta(hours=hours, minutes=-1))
    for name in ("p1@u01-wechat", "p2@u01-douyin"):
        assert await world.state(name) is State.PENDING
    await world.run()
    for name in ("p1@u01-wechat", "p2@u01-douyin"):
        pub = await world.pub(name)
        assert (pub.state, pub.commits) == (State.PUBLISHED, 1)


async def test_a_review_without_end_goes_to_a_person(world: World) -> None:
    """Every wait has an end: after three days somebody must look, and nothing is sent again."""
    await world.plan(article())
    await world.fault("u01-wechat", "slow_review", seconds=90 * 86_400)
    await world.run()
    pub = await world.pub("p1@u01-wechat")
    assert (pub.state, pub.next_at, pub.commits) == (State.UNKNOWN, None, 1)
    assert pub.reason == "no_answer_in_time"


async def test_what_could_not_go_in_its_window_is_missed(world: World) -> None:
    """The bot was off all day: it does not bring yesterday's post, it says so."""
    await world.plan(status(), status("p2", window="2d"))
    await world.at(TEN + timedelta(hours=20))
    await world.run()
    pub = await world.pub("p1@u01-weibo")
    assert (pub.state, pub.reason, pub.commits) == (State.MISSED, "window_passed", 0)
    assert await world.state("p2@u01-weibo") is State.PUBLISHED


async def test_a_missed_post_goes_once_a_person_says_so(world: World) -> None:
    """Their word stands also when the calendar is read again before it goes."""
    await world.plan(status())
    await world.at(TEN + timedelta(hours=20))
    await world.run()
    await people.retry(world.app.core, await world.pub("p1@u01-weibo"), by="officer")
    assert (await world.plan()).changes == ()
    await world.run()
    assert await world.state("p1@u01-weibo") is State.PUBLISHED


@pytest.mark.both_ways
async def test_a_frozen_matrix_sends_nothing_and_goes_on_afterwards(world: World) -> None:
    """静默期: what comes due is held; when it ends, what is still in its window goes out."""
    await world.plan(
        article("p1", window="2d"), status("p2", window="2d"), status("p3"), video("p4")
    )
    await people.freeze(world.app.core, True, by="officer", reason="公祭日")
    await world.run(until=TEN + timedelta(hours=8))
    assert await world.posts() == []
    for name in ("p1@u01-wechat", "p2@u01-weibo"):
        pub = await world.pub(name)
        assert (pub.state, pub.reason) == (State.HELD, "frozen")
    await people.freeze(world.app.core, False, by="officer", reason="")
    assert (await world.plan()).changes == ()
    await world.run()
    assert await world.state("p1@u01-wechat") is State.PUBLISHED
    assert await world.state("p2@u01-weibo") is State.PUBLISHED
    assert await world.state("p3@u01-weibo") is State.MISSED
    assert await world.state("p4@u01-douyin") is State.MISSED
