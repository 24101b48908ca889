"""While nobody knows whether it is out: what people and the calendar may do to it meanwhile."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.publication import State
from bot.engine import people
from bot.errors import UsageError
from tests.bot.engine.world import (
    TEN,
    World,
    article,
    key_item,
    open_world,
    roster,
    status,
    video,
)
from tests.pairs import Pair

pytestmark = pytest.mark.both_ways

ARTICLE = "p1@u01-wechat"
STATUS = "p1@u01-weibo"


async def test_what_the_platform_accepted_is_not_sent_again_by_a_plain_retry(world: World) -> None:
    """Its review took longer than three days; a person must first say that it is not public."""
    await world.plan(article())
    await world.fault("u01-wechat", "slow_review", seconds=3600 * 24 * 3 + 7200)
    await world.run(until=TEN + timedelta(hours=72, minutes=70))
    pub = await world.pub(ARTICLE)
    assert (pub.state, pub.next_at) == (State.UNKNOWN, None)
    with pytest.raises(UsageError):
        await people.retry(world.app.core, pub, by="officer")
    await world.at(world.clock.now() + timedelta(hours=12))
    assert len(await world.posts()) == 1


async def test_a_withdrawal_stands_when_the_refused_text_is_corrected(world: World) -> None:
    """The officer withdrew it during the review; the review refused it; the author mends it."""
    await world.plan(article())
    await world.fault("u01-wechat", "slow_review", seconds=600)
    await world.fault("u01-wechat", "refuse_review")
    await world.run(until=TEN + timedelta(minutes=1))
    await people.cancel(world.app.core, await world.pub(ARTICLE), by="officer")
    await world.run()
    await world.plan(article(title="改好的标题"))
    await world.run()
    assert await world.posts() == []


async def test_a_change_of_method_in_doubt_waits_for_the_look(world: World) -> None:
    """A lost mass send went out late; changed to a plain publication it must not go out again."""
    await world.plan(article(push=True, window="12h"))
    await world.fault("u01-wechat", "slow_review", seconds=1800)
    await world.fault("u01-wechat", "lost_answer", path="message/mass/sendall")
    await world.run(until=TEN + timedelta(seconds=100))
    await people.freeze(world.app.core, True, by="officer", reason="哀悼日")
    await world.run(until=TEN + timedelta(minutes=50))
    await world.plan(article(push=False, window="12h"))
    await people.freeze(world.app.core, False, by="officer", reason="")
    await world.run(until=TEN + timedelta(days=2))
    assert len(await world.posts()) == 1


async def test_what_was_moved_while_in_doubt_goes_at_its_new_time(world: World) -> None:
    """The lost call did nothing; the calendar has moved it by a week meanwhile."""
    await world.plan(status("p1"))
    await world.fault("u01-weibo", "drop_before", path="statuses/share")
    await world.run(until=TEN)
    await world.plan(status("p1", at="2026-05-13 10:00"))
    await world.run(until=TEN + timedelta(days=8))
    pub = await world.pub(STATUS)
    assert pub.state is State.PUBLISHED
    assert pub.published_at is not None
    assert pub.published_at >= TEN + timedelta(days=7)


async def test_a_post_that_becomes_a_key_item_after_it_is_out_is_reprinted(world: World) -> None:
    """The flagship's own post was public before anybody called it a key item."""
    world.write_roster(roster(u02_wechat={"reprint": "auto"}))
    key = key_item("k1")
    await world.plan({name: value for name, value in key.items() if name != "key"})
    await world.run(until=TEN + timedelta(minutes=30))
    await world.plan(key)
    await world.run()
    assert await world.state("k1@u02-wechat") is State.PUBLISHED


async def test_what_was_removed_in_doubt_and_put_back_is_looked_for_and_sent(world: World) -> None:
    """The lost call did nothing; the calendar lost the post and got it back."""
    other = status("p2", at="2026-05-09 10:00", text="另一条提示。")
    await world.plan(status("p1", window="12h"), other)
    await world.fault("u01-weibo", "drop_before", path="statuses/share")
    await world.run(until=TEN)
    await world.plan(other)
    await world.run(until=TEN + timedelta(hours=1))
    assert await world.state(STATUS) is State.CANCELLED
    await world.plan(status("p1", window="12h"), other)
    await world.run(until=TEN + timedelta(hours=3))
    assert await world.state(STATUS) is State.PUBLISHED
    assert len(await world.posts("u01-weibo")) == 1


async def test_a_correction_made_during_the_review_goes_when_the_old_text_is_refused(
    world: World,
) -> None:
    """Nobody has to save the calendar again for it."""
    await world.plan(article())
    await world.fault("u01-wechat", "slow_review", seconds=600)
    await world.fault("u01-wechat", "refuse_review")
    await world.run(until=TEN + timedelta(minutes=1))
    await world.plan(article(title="改好的标题"))
    await world.run()
    assert [post["title"] for post in await world.posts()] == ["改好的标题"]


async def test_what_was_moved_in_doubt_beyond_its_window_is_not_missed(world: World) -> None:
    """The old window closes while the bot still looks; the new one is tomorrow."""
    await world.plan(status("p1", window="30m"))
    await world.fault("u01-weibo", "drop_before", path="statuses/share")
    await world.run(until=TEN)
    await world.plan(status("p1", at="2026-05-07 10:00", window="30m"))
    await world.run(until=TEN + timedelta(days=2))
    assert await world.state(STATUS) is State.PUBLISHED


async def test_a_look_that_was_refused_tells_nothing_of_the_post(
    tmp_path: Path, pair: Pair
) -> None:
    """The work is public, its answer lost, and then Douyin refuses to list the account's works."""
    lists = roster(u01_douyin={"options": {"video_list": "yes"}})
    async with open_world(tmp_path, lists, pair) as world:
        await world.plan(video())
        await world.outside.call("POST", "settings", {"douyin_list": True})
        await world.fault("u01-douyin", "lost_answer", path="create_video")
        await world.fault("u01-douyin", "code", code=2111001, path="video_list", times=-1)
        await world.run(until=TEN + timedelta(days=1))
        pub = await world.pub("p1@u01-douyin")
        assert pub.state is State.FAILED
        with pytest.raises(UsageError, match="--not-published"):
            await people.retry(world.app.core, pub, by="officer")
        assert len(await world.posts()) == 1


@pytest.mark.parametrize("seconds", [5, 100, 400])
async def test_a_mass_send_under_review_is_not_followed_by_a_plain_publication(
    world: World, seconds: int
) -> None:
    """Its answer was lost. That it is "not there" is no proof, and only a mass send has a key."""
    await world.plan(article(push=True, window="12h"))
    await world.fault("u01-wechat", "slow_review", seconds=3600)
    await world.fault("u01-wechat", "lost_answer", path="message/mass/sendall")
    await world.run(until=TEN + timedelta(seconds=seconds))
    await world.plan(article(push=False, window="12h"))
    await world.run(until=TEN + timedelta(days=2))
    assert len(await world.posts()) == 1


async def test_a_mass_send_under_review_is_not_followed_once_its_key_is_forgotten(
    world: World,
) -> None:
    await world.plan(article(push=True, window="1h"))
    await world.fault("u01-wechat", "slow_review", seconds=3600)
    await world.fault("u01-wechat", "lost_answer", path="message/mass/sendall")
    await world.run(until=TEN + timedelta(seconds=5))
    await world.plan(article(at="2026-05-13 10:00", push=True, title="改好的标题"))
    await world.run(until=TEN + timedelta(days=9))
    assert len(await world.posts()) == 1


async def test_a_mass_send_that_never_arrived_goes_with_its_new_text(world: World) -> None:
    """Under the same key: had the first one arrived, WeChat would say so."""
    await world.plan(article(push=True, window="12h"))
    await world.fault("u01-wechat", "drop_before", path="message/mass/sendall")
    await world.run(until=TEN + timedelta(seconds=5))
    await world.plan(article(push=True, window="12h", title="改好的标题"))
    await world.run(until=TEN + timedelta(hours=1))
    assert [post["title"] for post in await world.posts()] == ["改好的标题"]


async def test_where_no_key_helps_a_person_says_that_it_is_not_public(world: World) -> None:
    await world.plan(article(push=True, window="48h"))
    await world.fault("u01-wechat", "drop_before", path="message/mass/sendall")
    await world.run(until=TEN + timedelta(seconds=5))
    await world.plan(article(push=False, window="48h"))
    await world.run(until=TEN + timedelta(hours=26))
    pub = await world.pub(ARTICLE)
    assert (pub.state, pub.next_at) == (State.UNKNOWN, None)
    await people.retry(world.app.core, pub, by="officer", not_published=True)
    await world.run(until=TEN + timedelta(hours=27))
    assert await world.state(ARTICLE) is State.PUBLISHED
    assert len(await world.posts()) == 1
