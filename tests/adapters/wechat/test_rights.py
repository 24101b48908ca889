"""What an account may do is asked, not assumed; and a post is shown to one person first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.contract import Checkpoint
from bot.errors import AuthFailed, RateLimited, Rejected, Unavailable
from tests.adapters.wechat.stage import WechatStage

RIGHTS = {"material", "draft", "publish", "push", "comments", "statistics", "quota"}


async def rights(stage: WechatStage) -> dict[str, bool]:
    return dict((await stage.adapter.profile()).permissions)


async def change(stage: WechatStage, **fields: object) -> None:
    known = {"platform": "wechat", "account": stage.account.id, **fields}
    await stage.control("POST", "accounts", {"accounts": [known]})


async def test_a_verified_account_has_every_right(stage: WechatStage) -> None:
    assert await rights(stage) == dict.fromkeys(RIGHTS, True)
    assert await stage.public_posts() == 0
    assert await drafts_left(stage) == 0


async def drafts_left(stage: WechatStage) -> int:
    url = f"{stage.url}/wechat/cgi-bin/draft/count"
    token = {"access_token": stage.credentials.fields["access_token"]}
    async with stage.session.get(url, params=token) as answer:
        return int((await answer.json(content_type=None))["total_count"])


async def test_a_lapsed_verification_is_seen(stage: WechatStage) -> None:
    await change(stage, verified=False)
    found = await rights(stage)
    lost = {"publish", "push", "comments", "statistics"}
    assert {name for name, right in found.items() if not right} == lost


async def test_an_account_without_comments(stage: WechatStage) -> None:
    await change(stage, comments=False)
    found = await rights(stage)
    assert {name for name, right in found.items() if not right} == {"comments"}


@pytest.mark.parametrize("code", [61007, 61016, 61017, 48003])
async def test_other_refusals_of_one_right(stage: WechatStage, code: int) -> None:
    await stage.fault("code", path="freepublish/batchget", code=code, times=-1)
    assert (await rights(stage))["publish"] is False


@pytest.mark.parametrize(
    ("kind", "more"), [("code", {"code": 45009}), ("status_before", {"status": 502}), ("html", {})]
)
async def test_what_cannot_be_asked_just_now_is_not_known(
    stage: WechatStage, kind: str, more: dict[str, object]
) -> None:
    await stage.fault(kind, path="freepublish/batchget", times=-1, **more)
    assert set(await rights(stage)) == RIGHTS - {"publish"}


@pytest.mark.parametrize("code", [40164, 61003, 50002])
async def test_a_credential_that_does_not_hold_is_no_missing_right(
    stage: WechatStage, code: int
) -> None:
    await stage.fault("code", path="get_materialcount", code=code, times=-1)
    with pytest.raises(AuthFailed):
        await stage.adapter.profile()


async def preview(stage: WechatStage, to: str = "shenheyuan") -> Checkpoint:
    done = await stage.prepared()
    await stage.adapter.preview(stage.variant, done, to=to)
    return done


@pytest.mark.parametrize("to", ["shenheyuan", "o" * 28])
async def test_a_reviewer_sees_it_and_nobody_else(stage: WechatStage, to: str) -> None:
    done = await preview(stage, to)
    assert await stage.requests("mass/preview") == 1
    assert await stage.public_posts() == 0
    assert await drafts_left(stage) == 1, "a preview does not use up the draft"
    await stage.commit(stage.granted(done))


async def test_a_preview_needs_a_draft(stage: WechatStage) -> None:
    with pytest.raises(Unavailable):
        await stage.adapter.preview(stage.variant, Checkpoint(), to="shenheyuan")


@pytest.mark.parametrize(("code", "advice"), [(43004, "关注"), (40132, "微信号")])
async def test_a_reviewer_who_cannot_be_reached(stage: WechatStage, code: int, advice: str) -> None:
    await stage.fault("code", path="mass/preview", code=code)
    with pytest.raises(Rejected) as raised:
        await preview(stage)
    assert advice in raised.value.advice


async def test_a_hundred_previews_a_day(stage: WechatStage) -> None:
    done = await stage.prepared()
    for _ in range(100):
        await stage.adapter.preview(stage.variant, done, to="shenheyuan")
    with pytest.raises(RateLimited):
        await stage.adapter.preview(stage.variant, done, to="shenheyuan")


async def test_a_lost_preview_may_be_sent_again(stage: WechatStage) -> None:
    await stage.fault("lost_answer", path="mass/preview")
    with pytest.raises(Unavailable):
        await preview(stage)


async def test_the_preview_shows_the_version_at_hand(stage: WechatStage) -> None:
    await preview(stage)
    stage.variant = replace(stage.variant, title="改过的标题")
    await preview(stage)
    assert await drafts_left(stage) == 2


async def test_a_draft_deleted_after_the_preview_is_made_again(stage: WechatStage) -> None:
    done = await preview(stage)
    await delete_draft(stage, done)
    again = await stage.adapter.prepare(stage.variant, done)
    while not again.ready:
        again = await stage.adapter.prepare(stage.variant, again)
    assert again.data["draft"] != done.data["draft"]
    await stage.settled(again, await stage.commit(stage.granted(again)))
    assert await stage.public_posts() == 1


async def test_after_a_commit_a_missing_draft_is_not_made_again(stage: WechatStage) -> None:
    """It may have been published; a second draft would be published as well."""
    done = stage.granted(await stage.prepared())
    await delete_draft(stage, done)
    again = await stage.adapter.prepare(stage.variant, done)
    assert again.data["draft"] == done.data["draft"]


async def test_a_draft_published_by_hand_is_not_published_again(stage: WechatStage) -> None:
    """A reviewer was shown it, and pressed the wrong button in the console."""
    done = await stage.prepared()
    await delete_draft(stage, done)
    articles = [{"title": stage.variant.title, "content": "<p>勤洗手</p>"}]
    by_hand = {"platform": "wechat", "account": stage.account.id, "articles": articles}
    await stage.control("POST", "console", by_hand)
    with pytest.raises(Rejected, match=r"mp\.weixin\.qq\.com"):
        await stage.adapter.prepare(stage.variant, done)


async def delete_draft(stage: WechatStage, done: Checkpoint) -> None:
    url = f"{stage.url}/wechat/cgi-bin/draft/delete"
    token = {"access_token": stage.credentials.fields["access_token"]}
    body = b'{"media_id": "%s"}' % done.data["draft"].encode()
    async with stage.session.post(url, params=token, data=body) as answer:
        assert (await answer.json(content_type=None))["errcode"] == 0
