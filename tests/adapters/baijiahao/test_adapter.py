"""百家号: covers, drafts, review, what the list tells, counters, withdrawal."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.baijiahao.adapter import BaijiahaoByApi
from bot.contract import Pending, Receipt, Withdraws
from bot.domain.post import Article, Kind, Variant
from bot.domain.problem import Severity
from bot.errors import AuthFailed, Gone, RateLimited, Rejected
from tests.adapters.baijiahao.stage import APP_ID, BaijiahaoStage
from tests.adapters.contract import listed


async def test_pictures_are_addresses_the_public_can_fetch(stage: BaijiahaoStage) -> None:
    stage.variant = replace(stage.variant, kind=Kind.REPRINT, label="【转载】来源：健康澜汀")
    await stage.published()
    [post] = await stage.posts()
    assert (
        '<img src="https://jk.lanting.example/files/media/%E6%AD%A5%E9%AA%A4.png"' in post["text"]
    )
    assert post["text"].startswith("<blockquote><p>【转载】来源：健康澜汀</p></blockquote>")
    assert post["source_url"] == f"https://jk.lanting.example/0506?xf={stage.key[:12]}"


async def test_review_is_waited_for(stage: BaijiahaoStage) -> None:
    done = stage.granted(await stage.prepared())
    outcome = await stage.commit(done)
    assert isinstance(outcome, Pending)
    assert isinstance(await stage.look(done, outcome), Pending)
    assert await stage.public_posts() == 0
    receipt = await stage.settled(done, outcome)
    assert isinstance(receipt, Receipt)
    assert receipt.url == f"https://baijiahao.baidu.com/s?id={receipt.platform_id}"
    assert int(receipt.platform_id) > 2**53


async def test_a_refusal_says_why(stage: BaijiahaoStage) -> None:
    done = stage.granted(await stage.prepared())
    await stage.fault("refuse_review")
    with pytest.raises(Rejected, match="内容不符合规范") as raised:
        await stage.settled(done, await stage.commit(done))
    assert raised.value.advice


async def test_without_a_cover_it_stays_a_draft_and_says_so(stage: BaijiahaoStage) -> None:
    stage.variant = replace(stage.variant, cover=None)
    done = stage.granted(await stage.prepared())
    with pytest.raises(Rejected, match="草稿"):
        await stage.settled(done, await stage.commit(done))


async def test_an_older_article_of_the_same_title_is_not_ours(stage: BaijiahaoStage) -> None:
    data = {"platform": "baijiahao", "account": stage.account.id, "title": stage.variant.title}
    await stage.control("POST", "console", data)
    await stage.forward(timedelta(hours=1))
    assert await stage.look(stage.granted(await stage.prepared())) is None


async def test_what_people_publish_is_listed_over_several_pages(stage: BaijiahaoStage) -> None:
    for number in range(45):
        title = f"就诊通知第{number}号"
        data = {"platform": "baijiahao", "account": stage.account.id, "title": title}
        await stage.control("POST", "console", data)
    items = await listed(stage)
    assert len({item.platform_id for item in items}) == 45
    assert items[0].url.startswith("https://baijiahao.baidu.com/s?id=")


async def test_counters_that_could_not_be_read_are_unknown(stage: BaijiahaoStage) -> None:
    _, receipt = await stage.published()
    await stage.forward(timedelta(days=3))
    nobody = replace(receipt, platform_id="1")
    [stat] = await stage.adapter.stat([receipt, nobody])
    assert stat.reads is not None
    assert stat.shares is None  # the platform says -1


async def test_it_can_be_taken_back(stage: BaijiahaoStage) -> None:
    assert isinstance(stage.adapter, Withdraws)
    done, receipt = await stage.published()
    await stage.adapter.withdraw(receipt)
    assert await stage.public_posts() == 0
    await stage.adapter.withdraw(receipt)  # well too when it is gone already
    with pytest.raises(Gone):
        await stage.look(done, Pending(ref={"article_id": receipt.platform_id}))


async def test_the_days_quota_waits_for_midnight_in_beijing(stage: BaijiahaoStage) -> None:
    await stage.control("POST", "settings", {"limits": {"baijiahao": {"push": 1}}})
    await stage.published()
    stage.key, stage.variant = "f" * 24, replace(stage.variant, title="第二篇文章")
    with pytest.raises(RateLimited) as raised:
        await stage.commit(stage.granted(await stage.prepared()))
    assert raised.value.retry_at is not None
    assert raised.value.retry_at.astimezone().utctimetuple().tm_hour == 16


@pytest.mark.parametrize("field", ["app_id", "app_token"])
async def test_half_a_credential_is_refused(stage: BaijiahaoStage, field: str) -> None:
    del stage.credentials.fields[field]
    with pytest.raises(AuthFailed, match=field):
        await stage.prepared()


async def test_a_muted_account_is_told(stage: BaijiahaoStage) -> None:
    known = {"platform": "baijiahao", "account": stage.account.id, "app_id": APP_ID, "muted": True}
    await stage.control("POST", "accounts", {"accounts": [known]})
    with pytest.raises(AuthFailed) as raised:
        await stage.commit(stage.granted(await stage.prepared()))
    assert raised.value.code == "60000005"


def codes(stage: BaijiahaoStage, variant: Variant) -> list[str]:
    return [problem.code for problem in BaijiahaoByApi.check(variant, stage.account)]


async def test_each_mistake_is_named(stage: BaijiahaoStage) -> None:
    good = stage.variant
    assert good.cover is not None
    small = replace(good.cover, width=217)
    assert codes(stage, replace(good, title="四字标题")) == ["baijiahao-title"]
    assert codes(stage, replace(good, title="题" * 41)) == ["baijiahao-title"]
    assert codes(stage, replace(good, body="")) == ["baijiahao-body"]
    assert codes(stage, replace(good, body="字" * 20_000)) == ["baijiahao-content"]
    assert codes(stage, replace(good, cover=None)) == ["baijiahao-cover"]
    assert codes(stage, replace(good, cover=small)) == ["baijiahao-cover"]
    assert codes(stage, replace(good, link="")) == ["baijiahao-site"]
    assert codes(stage, replace(good, options={"x": "y"})) == ["baijiahao-option"]
    within = replace(good.cover, path="posts/a.docx#1")
    assert codes(stage, replace(good, inline=(within,))) == ["baijiahao-media-in-word"]
    more = replace(good, more=(Article(title="二", body="二"),))
    assert [p.severity for p in BaijiahaoByApi.check(more, stage.account)] == [Severity.WARNING]
    stage.account = replace(stage.account, options={})
    assert codes(stage, good) == ["baijiahao-media"]
