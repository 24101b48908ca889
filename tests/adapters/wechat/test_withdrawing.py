"""Deleting what went out: 发布 and 群发 by their ids, or by what else is known of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.contract import Receipt
from bot.domain.post import Method
from bot.errors import (
    AuthFailed,
    OutcomeUnknown,
    PlatformError,
    RateLimited,
    Rejected,
    Unavailable,
)
from tests.adapters.wechat.stage import WechatStage
from tests.adapters.wechat.test_articles import several


def bare(receipt: Receipt) -> Receipt:
    """The receipt as it looks when only its columns were kept."""
    return replace(receipt, ref={}, more=())


async def pushed(stage: WechatStage) -> Receipt:
    stage.variant = replace(stage.variant, method=Method.PUSH)
    _done, receipt = await stage.published()
    return receipt


async def test_a_publication_is_deleted(stage: WechatStage) -> None:
    _done, receipt = await stage.published()
    await stage.adapter.withdraw(receipt)
    assert await stage.public_posts() == 0
    assert await stage.requests("freepublish/batchget") == 0, "its id was known"


async def test_deleting_what_is_gone_is_well(stage: WechatStage) -> None:
    _done, receipt = await stage.published()
    await stage.adapter.withdraw(receipt)
    await stage.adapter.withdraw(receipt)
    assert await stage.public_posts() == 0


async def test_a_publication_is_found_by_its_id(stage: WechatStage) -> None:
    _done, receipt = await stage.published()
    await stage.adapter.withdraw(bare(receipt))
    assert await stage.public_posts() == 0


async def test_a_push_of_several_goes_as_a_whole_or_one_by_one(stage: WechatStage) -> None:
    several(stage)
    _done, receipt = await stage.published()
    await stage.adapter.withdraw(receipt.more[0])
    assert [post["title"] for post in await stage.posts()] == [stage.variant.title, "第3条"]
    await stage.adapter.withdraw(receipt)
    assert await stage.public_posts() == 0


async def test_what_is_not_listed_goes_to_a_person(stage: WechatStage) -> None:
    stranger = Receipt(platform_id="9_1", url="", published_at=stage.clock.now())
    with pytest.raises(Rejected) as raised:
        await stage.adapter.withdraw(stranger)
    assert raised.value.advice


@pytest.mark.parametrize("many", [False, True])
async def test_a_mass_send_is_deleted(stage: WechatStage, many: bool) -> None:
    if many:
        several(stage)
    receipt = await pushed(stage)
    await stage.adapter.withdraw(receipt)
    assert await stage.public_posts() == 0
    await stage.adapter.withdraw(receipt)


async def test_a_mass_send_without_its_id_is_deleted_by_its_address(stage: WechatStage) -> None:
    receipt = bare(await pushed(stage))
    with pytest.raises(Rejected):
        await stage.adapter.withdraw(receipt)
    await stage.forward(timedelta(days=1))
    await stage.adapter.withdraw(receipt)
    assert await stage.public_posts() == 0


async def test_a_mass_send_under_way_is_deleted_later(stage: WechatStage) -> None:
    stage.variant = replace(stage.variant, method=Method.PUSH)
    await stage.fault("slow_review", seconds=3600)
    done = stage.granted(await stage.prepared())
    pending = await stage.commit(done)
    assert not isinstance(pending, Receipt)
    receipt = Receipt(
        platform_id=f"{pending.ref['msg_data_id']}_1",
        url="",
        published_at=stage.clock.now(),
        notified=True,
        ref=pending.ref,
    )
    with pytest.raises(Unavailable):
        await stage.adapter.withdraw(receipt)


async def test_a_lost_answer_may_be_asked_for_again(stage: WechatStage) -> None:
    _done, receipt = await stage.published()
    await stage.fault("lost_answer", path="freepublish/delete")
    with pytest.raises(OutcomeUnknown):
        await stage.adapter.withdraw(receipt)
    await stage.adapter.withdraw(receipt)
    assert await stage.public_posts() == 0


async def test_ten_deletions_a_day(stage: WechatStage) -> None:
    _done, receipt = await stage.published()
    used = {"budget": "/cgi-bin/freepublish/delete", "used": 10}
    known = {"platform": "wechat", "account": stage.account.id}
    await stage.control("POST", "quota", known | used)
    with pytest.raises(RateLimited):
        await stage.adapter.withdraw(receipt)
    assert await stage.public_posts() == 1


@pytest.mark.parametrize("code", [40204, 48001])
async def test_what_wechat_does_not_delete_is_said(stage: WechatStage, code: int) -> None:
    _done, receipt = await stage.published()
    await stage.fault("code", path="freepublish/delete", code=code)
    with pytest.raises(PlatformError) as raised:
        await stage.adapter.withdraw(receipt)
    assert isinstance(raised.value, Rejected | AuthFailed)
    assert raised.value.code == str(code)
    assert raised.value.advice
