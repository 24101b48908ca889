"""Several articles in one push, and a look at them before the public has one."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.counts import By, Span
from bot.domain.publication import State
from bot.engine import answers, people, previewing
from bot.engine.collect import collect
from bot.errors import UsageError
from tests.bot.engine.world import START, TEN, Data, World, article, roster, status

SHANGHAI = ZoneInfo("Asia/Shanghai")


def push() -> Data:
    """A push of two articles."""
    second = {"title": "洗手的五个时刻", "body": "posts/second.md", "cover": "media/cover-01.jpg"}
    return article(push=True, more=[second])


async def counted(world: World) -> tuple[int, int]:
    """Pushes and articles of these days."""
    span = Span(label="", since=START, until=START + timedelta(days=4))
    found = await answers.counts(world.app.core, span, by=[By.PLATFORM], zone=SHANGHAI)
    return found.total.pushes, found.total.articles


@pytest.fixture
def second(world: World) -> None:
    """The further article's text."""
    world.write_body("second", "进门先洗手，饭前便后要洗手。")


@pytest.mark.both_ways
@pytest.mark.usefixtures("second")
async def test_each_article_of_a_push_is_counted_once(world: World) -> None:
    await world.plan(push())
    await world.run()
    assert await world.state("p1@u01-wechat") is State.PUBLISHED
    assert await counted(world) == (1, 2)
    assert len(await world.posts()) == 2
    await world.at(TEN + timedelta(days=2))
    await collect(world.app.core)
    assert await counted(world) == (1, 2)


@pytest.mark.usefixtures("second")
async def test_a_preview_shows_it_to_one_and_its_turn_uses_the_same_draft(world: World) -> None:
    await world.plan(push())
    await previewing.send(world.app.core, await world.pub("p1@u01-wechat"), to="reviewer01")
    assert await world.requests("mass/preview") == 1
    assert await world.posts() == []
    drafts = await world.requests("draft/add")
    await world.run()
    assert await world.state("p1@u01-wechat") is State.PUBLISHED
    assert await world.requests("draft/add") == drafts == 1
    assert len(await world.posts()) == 2


async def test_no_preview_where_the_platform_has_none_and_none_too_late(world: World) -> None:
    await world.plan(status(), article("p2"))
    with pytest.raises(UsageError, match="微博"):
        await previewing.send(world.app.core, await world.pub("p1@u01-weibo"), to="x")
    await world.run()
    with pytest.raises(UsageError, match="p2@u01-wechat"):
        await previewing.send(world.app.core, await world.pub("p2@u01-wechat"), to="x")


@pytest.mark.both_ways
async def test_a_push_that_was_refused_goes_once_it_is_corrected(world: World) -> None:
    """WeChat remembers the refused one's key for a day, and tells of that one under it."""
    await world.plan(article(push=True, window="12h"))
    await world.fault("u01-wechat", "refuse_review")
    await world.run(until=TEN + timedelta(hours=1))
    assert await world.state("p1@u01-wechat") is State.FAILED
    await world.plan(article(push=True, window="12h", title="改好的标题"))
    await world.run(until=TEN + timedelta(hours=2))
    assert await world.state("p1@u01-wechat") is State.PUBLISHED
    assert [post["title"] for post in await world.posts()] == ["改好的标题"]


async def test_a_push_its_administrator_did_not_confirm_goes_when_it_is_retried(
    world: World,
) -> None:
    await world.plan(article(push=True, window="12h"))
    await world.fault("u01-wechat", "refuse_review")
    await world.run(until=TEN + timedelta(hours=1))
    await people.retry(world.app.core, await world.pub("p1@u01-wechat"), by="officer")
    await world.run(until=TEN + timedelta(hours=2))
    assert await world.state("p1@u01-wechat") is State.PUBLISHED
    assert len(await world.posts()) == 1


async def test_a_preview_that_was_overtaken_changes_nothing(world: World) -> None:
    """It was begun before the post was sent; what was sent is looked for by its own checkpoint."""
    await world.plan(article(window="12h"))
    begun = await world.pub("p1@u01-wechat")
    await world.fault("u01-wechat", "drop_before", path="freepublish/submit")
    await world.run(until=TEN)
    await people.freeze(world.app.core, True, by="officer", reason="公祭日")
    await world.run(until=TEN + timedelta(hours=1))
    before = await world.pub("p1@u01-wechat")
    assert before.state is State.HELD
    assert before.doubt_since is not None
    with pytest.raises(UsageError):
        await previewing.send(world.app.core, begun, to="reviewer01")
    assert await world.pub("p1@u01-wechat") == before


async def test_what_the_account_chose_after_the_preview_counts(world: World) -> None:
    await world.plan(article())
    await previewing.send(world.app.core, await world.pub("p1@u01-wechat"), to="reviewer01")
    world.write_roster(roster(u01_wechat={"options": {"comments": "all"}}))
    await world.plan()
    await world.run()
    assert await world.state("p1@u01-wechat") is State.PUBLISHED
    assert await world.requests("draft/add") == 2
