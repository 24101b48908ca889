"""What is particular to WeChat: drafts, jobs, mass sends, tokens around the commit."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.contract import Checkpoint, Pending, Receipt
from bot.domain.post import Kind, Method
from bot.errors import AuthFailed, MediaError, OutcomeUnknown, RateLimited, Rejected, Unavailable
from tests.adapters.wechat.stage import WechatStage

BEIJING = ZoneInfo("Asia/Shanghai")
API = "/cgi-bin"


async def drafts(stage: WechatStage) -> list[dict[str, Any]]:
    """The account's draft box, asked for as the platform's own client would."""
    url = f"{stage.url}/wechat{API}/draft/batchget"
    token = {"access_token": stage.credentials.fields["access_token"]}
    body = b'{"offset": 0, "count": 20, "no_content": 0}'
    async with stage.session.post(url, params=token, data=body) as answer:
        items: list[dict[str, Any]] = (await answer.json(content_type=None))["item"]
    return [item["content"]["news_item"][0] for item in items]


async def test_the_draft_says_what_the_post_says(stage: WechatStage) -> None:
    await stage.prepared()
    (draft,) = await drafts(stage)
    assert draft["title"] == stage.variant.title
    assert draft["author"] == "健康促进中心"
    assert draft["digest"] == "学会七步洗手法，把病菌挡在门外。"
    assert draft["content_source_url"] == stage.variant.link
    assert "春季传染病多发" in draft["content"]
    assert draft["content"].count("mmbiz.qpic.cn") == 1, "the platform keeps uploaded pictures only"
    assert "HT-20260506-hand" in draft["content"]


async def test_each_call_of_prepare_does_one_costly_thing(stage: WechatStage) -> None:
    steps = await stage.checkpoints()
    added = [set(after.data) - set(before.data) for before, after in pairwise(steps)]
    assert [len(keys - {"content", "ready", "drafted_at"}) for keys in added] == [1, 1, 1, 1]
    assert [step.ready for step in steps] == [False, False, False, False, True]
    assert await stage.requests("media/uploadimg") == 1
    assert await stage.requests("material/add_material") == 1
    assert await stage.requests("draft/add") == 1


async def test_a_lost_answer_to_the_draft_leaves_no_second_draft(stage: WechatStage) -> None:
    steps = await stage.checkpoints()
    before_draft = steps[2]
    again = await stage.adapter.prepare(stage.variant, before_draft)
    assert again.data["draft"] == steps[3].data["draft"]
    assert len(await drafts(stage)) == 1


async def test_a_changed_post_gets_a_new_draft(stage: WechatStage) -> None:
    first = await stage.prepared()
    stage.variant = replace(stage.variant, body=stage.variant.body + "\n更正：揉搓四十秒。")
    changed = await stage.adapter.prepare(stage.variant, first)
    while not changed.ready:
        changed = await stage.adapter.prepare(stage.variant, changed)
    assert changed.data["draft"] != first.data["draft"]
    assert any("揉搓四十秒" in draft["content"] for draft in await drafts(stage))
    assert await stage.requests("media/uploadimg") == 1, "pictures are used again"


async def test_in_doubt_the_draft_stays_the_same(stage: WechatStage) -> None:
    """Used up after all, it is refused; another draft would be a second post."""
    first = stage.granted(await stage.prepared())
    in_doubt = replace(first, data={**first.data, "doubt_since": first.data["committed_at"]})
    other = replace(stage.variant, link="https://jk.lanting.example.gov.cn/another")
    again = await stage.adapter.prepare(other, in_doubt)
    assert again.ready
    assert again.data["draft"] == first.data["draft"]


async def test_a_large_picture_is_made_small_enough(stage: WechatStage) -> None:
    big = stage.folder.picture("media/steps.png", width=900, height=900, noise=90)
    assert big.size > 1024 * 1024
    stage.variant = replace(stage.variant, inline=(big,))
    done = await stage.prepared()
    assert done.data[f"image:{big.sha256}"].startswith("http")


async def test_a_picture_that_is_none_is_a_media_error(stage: WechatStage) -> None:
    bad = stage.folder.file("media/steps.png", b"no picture", "image/webp")
    stage.variant = replace(stage.variant, inline=(bad,))
    with pytest.raises(MediaError):
        await stage.prepared()


async def test_minus_one_on_submit_is_unknown(stage: WechatStage) -> None:
    done = stage.granted(await stage.prepared())
    await stage.fault("code", path="freepublish/submit", code=-1)
    with pytest.raises(OutcomeUnknown):
        await stage.commit(done)
    assert await stage.look(done) is None


@pytest.mark.parametrize("status", [2, 3, 4])
async def test_a_review_that_refuses_is_rejected(stage: WechatStage, status: int) -> None:
    await stage.fault("refuse_review", status=status)
    done = stage.granted(await stage.prepared())
    with pytest.raises(Rejected) as raised:
        await stage.settled(done, await stage.commit(done))
    assert raised.value.code == f"publish_status:{status}"
    assert raised.value.advice


@pytest.mark.parametrize(("how", "status"), [("DELETE", 5), ("POST", 6)])
async def test_taken_down_before_we_saw_it(stage: WechatStage, how: str, status: int) -> None:
    done = stage.granted(await stage.prepared())
    pending = await stage.commit(done)
    await stage.forward(timedelta(minutes=1))
    (post,) = await stage.posts()
    await stage.control(how, f"posts/{post['id']}" + ("/ban" if how == "POST" else ""))
    with pytest.raises(Rejected) as raised:
        await stage.settled(done, pending)
    assert raised.value.code == f"publish_status:{status}"


async def test_a_slow_review_after_a_lost_answer_is_waited_for(stage: WechatStage) -> None:
    """The draft is still in its box, but WeChat has counted our call: not "not there"."""
    done = stage.granted(await stage.prepared())
    await stage.fault("slow_review", seconds=3600)
    await stage.fault("lost_answer", path="freepublish/submit")
    with pytest.raises(OutcomeUnknown):
        await stage.commit(done)
    await stage.forward(timedelta(minutes=10))
    with pytest.raises(OutcomeUnknown):
        await stage.look(done)
    await stage.forward(timedelta(hours=1))
    assert isinstance(await stage.look(done), Receipt)
    assert await stage.public_posts() == 1


async def test_where_the_count_is_not_told_nobody_says_not_there(stage: WechatStage) -> None:
    await stage.fault("code", path="quota/get", code=48001, times=-1)
    done = stage.granted(await stage.prepared())
    await stage.fault("drop_before", path="freepublish/submit")
    with pytest.raises(OutcomeUnknown):
        await stage.commit(done)
    for wait in (timedelta(minutes=10), timedelta(hours=20)):  # however long a review may take
        await stage.forward(wait)
        with pytest.raises(OutcomeUnknown):
            await stage.look(done)


async def test_a_used_draft_is_looked_for_and_not_refused(stage: WechatStage) -> None:
    done, receipt = await stage.published()
    with pytest.raises(OutcomeUnknown) as raised:
        await stage.commit(done)
    assert raised.value.code == "40007"
    found = await stage.look(done)
    assert isinstance(found, Receipt)
    assert found.platform_id == receipt.platform_id


async def test_a_token_that_died_before_the_commit(stage: WechatStage) -> None:
    done = stage.granted(await stage.prepared())
    await stage.expire_token()
    with pytest.raises(Unavailable):
        await stage.commit(done)
    assert "access_token" not in stage.credentials.fields
    done = stage.granted(await stage.adapter.prepare(stage.variant, done))
    assert isinstance(await stage.settled(done, await stage.commit(done)), Receipt)
    assert await stage.public_posts() == 1


async def test_an_account_without_verification_cannot_publish(stage: WechatStage) -> None:
    done = stage.granted(await stage.prepared())
    account = {"platform": "wechat", "account": stage.account.id, "verified": False}
    await stage.control("POST", "accounts", {"accounts": [account]})
    with pytest.raises(AuthFailed) as raised:
        await stage.commit(done)
    assert raised.value.code == "48001"


async def test_a_declared_original_of_another_account_is_refused(stage: WechatStage) -> None:
    done = stage.granted(await stage.prepared())
    (draft,) = await drafts(stage)
    other = {"platform": "wechat", "account": "other", "appid": "wx02", "secret": "s3cret-2"}
    await stage.control("POST", "accounts", {"accounts": [other]})
    declared = {"platform": "wechat", "account": "other", "text": draft["content"]}
    await stage.control("POST", "original", declared)
    with pytest.raises(Rejected) as raised:
        await stage.settled(done, await stage.commit(done))
    assert raised.value.code == "publish_status:2"


async def push(stage: WechatStage, kind: Kind = Kind.ORIGINAL) -> Checkpoint:
    stage.variant = replace(stage.variant, method=Method.PUSH, kind=kind)
    return stage.granted(await stage.prepared())


async def test_a_mass_send_tells_followers(stage: WechatStage) -> None:
    done = await push(stage)
    receipt = await stage.settled(done, await stage.commit(done))
    assert isinstance(receipt, Receipt)
    assert receipt.notified
    assert receipt.platform_id == f"{receipt.push_id}_1"
    assert [post["kind"] for post in await stage.posts()] == ["mass"]


async def test_the_same_key_twice_is_one_mass_send(stage: WechatStage) -> None:
    """45065 names the first send; WeChat tells which article it was the next morning."""
    done = await push(stage)
    await stage.fault("lost_answer", path="mass/sendall")
    with pytest.raises(OutcomeUnknown):
        await stage.commit(done)
    again = await stage.commit(done)
    assert isinstance(again, Pending)
    await stage.forward(timedelta(days=1))
    receipt = await stage.settled(done, again)
    assert isinstance(receipt, Receipt)
    assert receipt.notified
    assert await stage.public_posts() == 1
    assert [receipt.platform_id] == [post["id"] for post in await stage.posts()]


async def test_the_key_names_the_send_whatever_it_carries(stage: WechatStage) -> None:
    """WeChat derives a key from the content; ours holds for an edited draft as well."""
    done = await push(stage)
    first = await stage.commit(done)
    stage.variant = replace(stage.variant, body="改过的正文")
    again = await stage.commit(stage.granted(await stage.prepared()))
    assert isinstance(first, Pending)
    assert isinstance(again, Pending)
    assert again.ref["msg_id"] == first.ref["msg_id"]


async def test_the_same_key_too_soon_is_asked_for_later(stage: WechatStage) -> None:
    done = await push(stage)
    await stage.control("POST", "settings", {"mass_guard": True})
    await stage.commit(done)
    with pytest.raises(RateLimited) as raised:
        await stage.commit(done)
    assert raised.value.retry_at == stage.clock.now() + timedelta(seconds=60)
    assert await stage.requests("mass/sendall") == 2


async def test_the_second_mass_send_of_the_day(stage: WechatStage) -> None:
    done = await push(stage)
    await spend(stage, 1)
    with pytest.raises(RateLimited) as raised:
        await stage.commit(done)
    assert raised.value.retry_at == datetime(2026, 5, 7, tzinfo=BEIJING)
    assert raised.value.scope == "push"


async def test_the_fifth_mass_send_of_the_month(service: WechatStage) -> None:
    done = await push(service)
    await spend(service, 4)
    with pytest.raises(RateLimited) as raised:
        await service.commit(done)
    assert raised.value.retry_at == datetime(2026, 6, 1, tzinfo=BEIJING)


async def spend(stage: WechatStage, used: int) -> None:
    quota = {"platform": "wechat", "account": stage.account.id, "budget": "push", "used": used}
    await stage.control("POST", "quota", quota)


@pytest.mark.parametrize("kind", list(Kind))
async def test_a_reprint_may_repeat_a_declared_original(stage: WechatStage, kind: Kind) -> None:
    """Only a reprint goes on when WeChat judges it one (send_ignore_reprint)."""
    done = await push(stage, kind)
    (draft,) = await drafts(stage)
    other = {"platform": "wechat", "account": "other", "appid": "wx02", "secret": "s3cret-2"}
    await stage.control("POST", "accounts", {"accounts": [other]})
    declared = {"platform": "wechat", "account": "other", "text": draft["content"]}
    await stage.control("POST", "original", declared)
    pending = await stage.commit(done)
    if kind is Kind.REPRINT:
        assert isinstance(await stage.settled(done, pending), Receipt)
    else:
        with pytest.raises(Rejected):
            await stage.settled(done, pending)


async def test_a_mass_send_waits_for_the_administrator(stage: WechatStage) -> None:
    known = {"platform": "wechat", "account": stage.account.id, "protection": "silent"}
    await stage.control("POST", "accounts", {"accounts": [known]})
    done = await push(stage)
    pending = await stage.commit(done)
    assert isinstance(pending, Pending)
    await stage.forward(timedelta(minutes=29))
    assert isinstance(await stage.look(done, pending), Pending)
    await stage.forward(timedelta(minutes=2))
    with pytest.raises(Rejected) as raised:
        await stage.look(done, pending)
    assert raised.value.code == "mass:SEND_FAIL"
    assert "30" in raised.value.message, "it may have been the administrator"
    assert pending.ref["confirm_by"] == "2026-05-06T02:30:00+00:00"


async def test_ids_as_text_are_the_same_ids(stage: WechatStage) -> None:
    await stage.control("POST", "settings", {"ids": "string", "url_variants": True})
    _, receipt = await stage.published()
    assert [receipt.platform_id] == [post["id"] for post in await stage.posts()]
