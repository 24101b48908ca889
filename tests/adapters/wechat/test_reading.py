"""What the account shows, and its figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.contract import Checkpoint, Item, Pending, Receipt
from bot.domain.post import Method
from bot.errors import ContractBroken, OutcomeUnknown
from tests.adapters.wechat.stage import WechatStage


async def recent(stage: WechatStage, days: int = 5) -> list[Item]:
    since = stage.clock.now() - timedelta(days=days)
    return [item async for item in stage.adapter.recent(since)]


async def by_hand(stage: WechatStage, title: str, *, notify: bool) -> None:
    posted = {
        "platform": "wechat",
        "account": stage.account.id,
        "articles": [{"title": title, "content": f"<p>{title}的正文</p>"}],
        "kind": "mass" if notify else "publish",
    }
    await stage.control("POST", "console", posted)


async def test_an_item_carries_text_link_and_ids(stage: WechatStage) -> None:
    _, receipt = await stage.published()
    (item,) = await recent(stage)
    assert item.title == stage.variant.title
    assert "春季传染病多发" in item.text
    assert "<" not in item.text
    assert item.source_url == stage.variant.link
    assert item.push_id == receipt.push_id
    assert not item.notified


async def test_posts_made_by_hand_are_listed_once_each(stage: WechatStage) -> None:
    await by_hand(stage, "手工发布", notify=False)
    await by_hand(stage, "手工群发", notify=True)
    assert [item.title for item in await recent(stage)] == ["手工发布"], "mass sends come T+1"
    await stage.forward(timedelta(days=1))
    items = await recent(stage)
    assert sorted(item.title for item in items) == ["手工发布", "手工群发"]
    assert {item.title: item.notified for item in items} == {"手工发布": False, "手工群发": True}
    assert len({item.platform_id for item in items}) == 2


async def test_a_mass_send_of_ours_is_listed_under_its_receipt(stage: WechatStage) -> None:
    stage.variant = replace(stage.variant, method=Method.PUSH)
    _, receipt = await stage.published()
    await stage.forward(timedelta(days=1))
    assert [item.platform_id for item in await recent(stage)] == [receipt.platform_id]


async def test_a_deleted_article_stays_listed_as_deleted(stage: WechatStage) -> None:
    _, receipt = await stage.published()
    await stage.control("DELETE", f"posts/{receipt.platform_id}")
    assert [item.deleted for item in await recent(stage)] == [True]


async def test_pages_are_read_back_to_the_given_time(stage: WechatStage) -> None:
    for number in range(45):
        await by_hand(stage, f"第{number}篇", notify=False)
        await stage.forward(timedelta(minutes=1))
    items = await recent(stage)
    assert len(items) == 45
    assert items[0].published_at > items[-1].published_at
    since = stage.clock.now() - timedelta(minutes=10)
    assert len([item async for item in stage.adapter.recent(since)]) == 10


async def test_figures_come_the_next_morning(stage: WechatStage) -> None:
    _, receipt = await stage.published()
    assert await stage.adapter.stat([receipt]) == []
    asked = await stage.requests("getarticletotaldetail")
    await stage.forward(timedelta(days=1))
    (stat,) = await stage.adapter.stat([receipt])
    assert stat.platform_id == receipt.platform_id
    assert stat.reads is not None
    assert stat.comments is not None
    assert stat.as_of.isoformat() == "2026-05-06T16:00:00+00:00", "the end of the Beijing day"
    assert asked == 0, "a day that is not over is not asked for"


async def test_an_article_nobody_knows_has_no_figures(stage: WechatStage) -> None:
    now = stage.clock.now()
    strange = Receipt(platform_id="1_1", url="", published_at=now)
    await stage.forward(timedelta(days=1))
    assert await stage.adapter.stat([strange]) == []


async def test_an_older_article_of_the_same_title_is_not_ours(stage: WechatStage) -> None:
    """A weekly notice repeats its title; only what appeared after our commit counts."""
    await stage.published()
    await stage.forward(timedelta(hours=3))
    done = stage.granted(await stage.prepared())
    assert await stage.look(done) is None


async def test_a_lost_mass_send_is_known_the_next_morning(stage: WechatStage) -> None:
    stage.variant = replace(stage.variant, method=Method.PUSH)
    done = stage.granted(await stage.prepared())
    await stage.commit(done)
    await stage.forward(timedelta(minutes=5))
    waiting = await stage.look(done)
    assert isinstance(waiting, Pending)
    assert dict(waiting.ref) == {}
    await stage.forward(timedelta(days=1))
    found = await stage.look(done, waiting)
    assert isinstance(found, Receipt)
    assert found.notified


async def test_a_quiet_article_of_the_same_title_is_no_mass_send(stage: WechatStage) -> None:
    stage.variant = replace(stage.variant, method=Method.PUSH)
    done = stage.granted(await stage.prepared())
    await stage.fault("drop_before", path="mass/sendall")
    with pytest.raises(OutcomeUnknown):
        await stage.commit(done)
    await by_hand(stage, stage.variant.title, notify=False)
    await stage.forward(timedelta(days=1))
    assert await stage.look(done) is None


async def test_figures_of_an_article_of_just_before_midnight(stage: WechatStage) -> None:
    """The receipt says when we saw it, which may be the day after it appeared."""
    await stage.forward(timedelta(hours=13, minutes=59, seconds=30))
    done = stage.granted(await stage.prepared())
    pending = await stage.commit(done)
    await stage.forward(timedelta(minutes=5))
    receipt = await stage.settled(done, pending)
    assert isinstance(receipt, Receipt)
    await stage.forward(timedelta(days=1, hours=9))
    assert [s.platform_id for s in await stage.adapter.stat([receipt])] == [receipt.platform_id]


async def test_nothing_can_be_out_without_a_draft(stage: WechatStage) -> None:
    assert await stage.look(Checkpoint()) is None


async def test_the_older_statistics_by_setting(stage: WechatStage) -> None:
    await stage.control("POST", "settings", {"wechat_old_stats": True})
    stage.variant = replace(stage.variant, method=Method.PUSH)
    _, receipt = await stage.published()
    await stage.forward(timedelta(days=1))
    older = stage.another_adapter(datacube="getarticletotal")
    (stat,) = await older.stat([receipt])
    assert stat.platform_id == receipt.platform_id
    assert stat.reads is not None
    assert stat.likes is None
    assert [item.notified async for item in older.recent(receipt.published_at)] == [True]


async def test_the_older_statistics_are_offline(stage: WechatStage) -> None:
    _, receipt = await stage.published()
    await stage.forward(timedelta(days=1))
    with pytest.raises(ContractBroken) as raised:
        await stage.another_adapter(datacube="getarticletotal").stat([receipt])
    assert raised.value.code == "47009"
    assert "getarticletotaldetail" in raised.value.advice
