"""Weibo's own traps: five statuses to look among, rewritten links, reposts, tokens."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, timedelta

import pytest
from PIL import Image
from pydantic import ValidationError

from adapters.weibo.config import WeiboConfig
from adapters.weibo.limits import CALLS_PER_DAY
from adapters.weibo.text import bid_of
from bot.contract import Item, Receipt
from bot.domain.post import Kind
from bot.errors import AuthFailed, MediaError, OutcomeUnknown, Unavailable
from bot.wiring.media import MediaFolder
from tests.adapters.weibo.stage import SAFE_LINK, UID, WeiboStage

LABEL = "【转载】来源：健康澜汀，稿号 HT-20260506-hand"


async def recent(stage: WeiboStage, span: timedelta = timedelta(days=2)) -> list[Item]:
    return [item async for item in stage.adapter.recent(stage.clock.now() - span)]


async def lost(stage: WeiboStage, kind: str) -> Receipt | None:
    """Publishes with a lost answer and looks; `kind` says before or after the effect."""
    done = stage.granted(await stage.prepared())
    await stage.fault(kind, path=stage.commit_path)
    with pytest.raises(OutcomeUnknown):
        await stage.commit(done)
    await stage.forward(timedelta(seconds=150))
    found = await stage.look(done)
    assert found is None or isinstance(found, Receipt)
    return found


async def test_the_receipt_has_link_and_time_of_the_platform(stage: WeiboStage) -> None:
    _, receipt = await stage.published()
    assert receipt.url == f"https://weibo.com/{UID}/{bid_of(receipt.platform_id)}"
    assert receipt.published_at == stage.clock.now()
    assert receipt.published_at.tzinfo is UTC
    assert (await stage.posts())[0]["url"] == receipt.url


async def test_the_text_arrives_encoded_once(stage: WeiboStage) -> None:
    await stage.published()
    shown = (await stage.posts())[0]["text"]
    assert shown.startswith(stage.variant.text)
    assert "%E" not in shown


async def test_a_reprint_carries_label_marker_and_links(stage: WeiboStage) -> None:
    stage.variant = replace(
        stage.variant,
        kind=Kind.REPRINT,
        text="护士节。" * 100,
        link="https://mp.weixin.qq.com/s/AbCdEfGh",
        label=LABEL,
    )
    _, receipt = await stage.published()
    (item,) = await recent(stage)
    assert LABEL in item.text
    assert item.source_url == "https://mp.weixin.qq.com/s/AbCdEfGh"
    assert SAFE_LINK in item.text
    assert "t.cn" not in item.text
    assert item.platform_id == receipt.platform_id


async def test_ids_beyond_two_to_the_53_stay_whole(stage: WeiboStage) -> None:
    await stage.control("POST", "settings", {"weibo_big_ids": True})
    _, receipt = await stage.published()
    assert int(receipt.platform_id) > 2**53
    assert [item.platform_id for item in await recent(stage)] == [receipt.platform_id]
    assert [s.platform_id for s in await stage.adapter.stat([receipt])] == [receipt.platform_id]


async def test_a_lost_status_is_found_by_its_marker(stage: WeiboStage) -> None:
    stage.variant = replace(stage.variant, kind=Kind.REPRINT, label=LABEL)
    await stage.console("别的事 稿号 HT-20260506-hand-2")
    assert await lost(stage, "lost_answer") is not None


async def test_an_older_equal_text_is_not_taken_for_ours(stage: WeiboStage) -> None:
    await stage.published()
    await stage.forward(timedelta(days=2))
    assert await lost(stage, "drop_before") is None


@pytest.mark.parametrize("ahead", [timedelta(minutes=5), timedelta(hours=1), timedelta(hours=8)])
async def test_what_was_sent_while_the_clock_ran_ahead_is_not_taken_for_absent(
    stage: WeiboStage, ahead: timedelta
) -> None:
    """The platform has it from before the moment noted; sending it again would double it."""
    done = stage.granted(await stage.prepared())
    moment = (stage.clock.now() + ahead).isoformat()
    await stage.fault("lost_answer", path=stage.commit_path)
    with pytest.raises(OutcomeUnknown):
        await stage.commit(done)
    await stage.forward(timedelta(seconds=150))
    done = replace(done, data={**done.data, "committed_at": moment, "doubt_since": moment})
    if ahead < timedelta(minutes=10):
        assert await stage.look(done) is not None
    else:
        with pytest.raises(Unavailable, match=r"\d\d:\d\d"):
            await stage.look(done)


async def test_a_repost_that_quotes_the_text_is_not_ours(stage: WeiboStage) -> None:
    other = {
        "platform": "weibo",
        "account": "u02-weibo",
        "uid": "2233445566",
        "access_token": "2.00other",
        "app_key": "1000000001",
    }
    await stage.control("POST", "accounts", {"accounts": [other]})
    quoted = {"platform": "weibo", "account": "u02-weibo", "text": "原博"}
    target = (await stage.control("POST", "console", quoted))["ids"][0]
    repost = {
        "platform": "weibo",
        "account": stage.account.id,
        "kind": "repost",
        "target": target,
        "text": f"{stage.variant.text} {stage.variant.link}",
    }
    await stage.control("POST", "console", repost)
    assert await lost(stage, "drop_before") is None
    (item,) = await recent(stage)
    assert item.repost_of == target


async def test_not_there_is_trusted_while_the_list_reaches_back(stage: WeiboStage) -> None:
    for number in range(5):
        await stage.console(f"早先第{number}条")
    await stage.forward(timedelta(hours=1))
    done = stage.granted(await stage.prepared())
    for number in range(4):
        await stage.console(f"之后第{number}条")
    assert await stage.look(done) is None


async def test_five_newer_posts_send_a_person_to_look(stage: WeiboStage) -> None:
    """The sixth newest shows nowhere, so "not there" would be a guess, and a resend a double."""
    done = stage.granted(await stage.prepared())
    await stage.fault("lost_answer", path=stage.commit_path)
    with pytest.raises(OutcomeUnknown):
        await stage.commit(done)
    for number in range(5):
        await stage.console(f"值班第{number}条")
    with pytest.raises(Unavailable) as raised:
        await stage.look(done)
    assert raised.value.advice
    assert await stage.public_posts() == 6


async def test_recent_gives_the_short_list_whole(stage: WeiboStage) -> None:
    """A list cut at `since` would look short, and short means that nothing is missing."""
    await stage.console("昨天的")
    await stage.forward(timedelta(days=1))
    await stage.console("今天的 https://jk.lanting.example/1")
    assert [item.source_url for item in await recent(stage, timedelta(hours=1))] == [
        "https://jk.lanting.example/1",
        "",
    ]


async def test_counts_come_by_id_not_by_place(stage: WeiboStage) -> None:
    """Unknown ids are dropped silently, and numbers come as strings."""
    _, receipt = await stage.published()
    gone = replace(receipt, platform_id="5239999999999999")
    (stat,) = await stage.adapter.stat([gone, receipt])
    assert stat.platform_id == receipt.platform_id
    assert stat.reads is None
    assert isinstance(stat.likes, int)


async def test_no_receipts_cost_no_call(stage: WeiboStage) -> None:
    assert await stage.adapter.stat([]) == []
    assert await stage.requests("count.json") == 0


@pytest.mark.parametrize("field", ["access_token", "uid", "rip"])
async def test_an_incomplete_credential_says_what_is_missing(stage: WeiboStage, field: str) -> None:
    del stage.credentials.fields[field]
    with pytest.raises(AuthFailed, match=field):
        await stage.prepared()


@pytest.mark.parametrize("text", ["soon", "2026-06-01T00:00:00"])
async def test_an_unreadable_expiry_is_reported(stage: WeiboStage, text: str) -> None:
    stage.credentials.fields["expires_at"] = text
    with pytest.raises(AuthFailed, match="expires_at"):
        await stage.prepared()


async def test_a_run_out_authorisation_is_found_before_the_intent(stage: WeiboStage) -> None:
    await stage.forward(timedelta(days=31))
    with pytest.raises(AuthFailed) as raised:
        await stage.prepared()
    assert raised.value.advice
    assert await stage.requests("share.json") == 0


async def test_a_picture_goes_along(stage: WeiboStage) -> None:
    picture = stage.folder.picture("media/海报.png", width=1000, height=800, noise=200)
    assert picture.size > 1024 * 1024
    stage.variant = replace(stage.variant, images=(picture,))
    await stage.published()
    assert await stage.public_posts() == 1


async def test_a_picture_too_large_is_made_to_fit_and_the_original_kept(
    stage: WeiboStage,
) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (1800, 1200), (20, 120, 100)).save(buffer, "BMP")
    before = buffer.getvalue()
    assert len(before) > 5 * 1024 * 1024
    picture = stage.folder.file("media/大图.bmp", before, "image/bmp")
    stage.variant = replace(stage.variant, images=(picture,))
    await stage.published()
    assert await stage.public_posts() == 1
    assert stage.folder.path(picture).read_bytes() == before


async def test_what_is_no_picture_is_found_before_the_commit(stage: WeiboStage) -> None:
    fake = stage.folder.file("media/坏.jpg", b"\xff\xd8\xff\xe0 no picture at all", "image/jpeg")
    stage.variant = replace(stage.variant, images=(fake,))
    with pytest.raises(MediaError):
        await stage.prepared()
    assert await stage.requests("share.json") == 0


async def test_the_budget_is_the_platforms(stage: WeiboStage) -> None:
    limits = {b.name: b.limit for b in stage.adapter.capabilities.budgets}
    assert limits == {"publish_hour": 30, "publish_day": 60, "read_day": 30}
    assert limits["publish_day"] + limits["read_day"] < CALLS_PER_DAY


async def test_a_contract_shows_more_than_five(stage: WeiboStage) -> None:
    """With the paid list "not there" can be trusted further back."""
    known = {"platform": "weibo", "account": stage.account.id, "paid": True}
    await stage.control("POST", "accounts", {"accounts": [known]})
    done = stage.granted(await stage.prepared())
    for number in range(7):
        await stage.console(f"值班第{number}条")
    with pytest.raises(Unavailable):
        await stage.look(done)
    stage.adapter = stage.another_adapter(
        timeline_size=100, timeline_url=f"{stage.url}/weibo/2/statuses/user_timeline/biz.json"
    )
    assert await stage.look(done) is None
    assert len(await recent(stage)) == 7


async def test_without_the_contract_the_paid_list_is_refused(stage: WeiboStage) -> None:
    stage.adapter = stage.another_adapter(
        timeline_url=f"{stage.url}/weibo/2/statuses/user_timeline/biz.json"
    )
    with pytest.raises(AuthFailed) as raised:
        await recent(stage)
    assert raised.value.code == "10014"


@pytest.mark.parametrize("change", ["gone", "other"])
async def test_a_file_that_changed_since_the_check_is_not_sent(
    stage: WeiboStage, change: str
) -> None:
    picture = stage.folder.picture("media/海报.png")
    stage.variant = replace(stage.variant, images=(picture,))
    stage.files = MediaFolder(stage.folder.root)
    stage.adapter = stage.another_adapter()
    done = stage.granted(await stage.prepared())
    path = stage.folder.root / picture.path
    path.unlink() if change == "gone" else path.write_bytes(path.read_bytes() + b"more")
    with pytest.raises(MediaError):
        await stage.commit(done)
    assert await stage.requests("share.json") == 0


def test_unknown_settings_are_refused() -> None:
    with pytest.raises(ValidationError):
        WeiboConfig.model_validate({"base_uri": "x"})
