"""bilibili's own traps: review, equal titles, deleted videos, lost answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import ValidationError

from adapters.bilibili.config import BilibiliConfig
from bot.contract import Checkpoint, Finding, Item, Pending, Receipt, Withdraws
from bot.domain.post import Kind
from bot.errors import AlreadyThere, Gone, MediaError, OutcomeUnknown, Rejected, Unavailable
from tests.adapters.bilibili.stage import BilibiliStage


async def created(stage: BilibiliStage) -> tuple[Checkpoint, Pending]:
    """A submission that is accepted and under review."""
    done = stage.granted(await stage.prepared())
    pending = await stage.commit(done)
    assert isinstance(pending, Pending)
    return done, pending


async def lost(stage: BilibiliStage, kind: str = "lost_answer") -> Checkpoint:
    """Submits with a lost answer."""
    done = stage.granted(await stage.prepared())
    await stage.fault(kind, path=stage.commit_path)
    with pytest.raises(OutcomeUnknown):
        await stage.commit(done)
    return done


async def by_hand(stage: BilibiliStage, count: int) -> None:
    for number in range(count):
        data = {"platform": "bilibili", "account": stage.account.id, "text": f"值班{number}"}
        await stage.control("POST", "console", data)


async def recent(stage: BilibiliStage) -> list[Item]:
    since = stage.clock.now() - timedelta(days=2)
    return [item async for item in stage.adapter.recent(since)]


async def test_accepted_is_not_public(stage: BilibiliStage) -> None:
    done, pending = await created(stage)
    assert await stage.public_posts() == 0
    assert await stage.look(done, pending) == pending  # 123028: still being processed
    receipt = await stage.settled(done, pending)
    assert isinstance(receipt, Receipt)
    assert receipt.url == (await stage.posts())[0]["url"]
    assert receipt.platform_id == pending.ref["resource_id"]


async def test_a_refusal_tells_the_reviews_reason(stage: BilibiliStage) -> None:
    await stage.fault("refuse_review")
    done, pending = await created(stage)
    with pytest.raises(Rejected, match="画面含有第三方水印") as raised:
        await stage.settled(done, pending)
    assert raised.value.advice


async def test_a_video_that_was_deleted_is_gone(stage: BilibiliStage) -> None:
    done, pending = await created(stage)
    await stage.control("DELETE", f"posts/{pending.ref['resource_id']}")
    with pytest.raises(Gone):
        await stage.look(done, pending)


async def test_a_video_that_was_locked_is_refused(stage: BilibiliStage) -> None:
    done, pending = await created(stage)
    await stage.forward(stage.review)
    await stage.control("POST", f"posts/{pending.ref['resource_id']}/ban")
    with pytest.raises(Rejected, match="锁定"):
        await stage.look(done, pending)


async def test_not_there_right_after_submitting_says_nothing(stage: BilibiliStage) -> None:
    done, pending = await created(stage)
    for code in (123004, 123005, 127124):
        await stage.fault("code", code=code, path="archive/view")
        assert await stage.look(done, pending) == pending
    await stage.forward(timedelta(minutes=11))
    await stage.fault("code", code=123004, path="archive/view")
    with pytest.raises(Gone):
        await stage.look(done, pending)


async def test_all_fields_arrive(stage: BilibiliStage) -> None:
    options = {"tags": "急救, 健康", "tid": "21", "no_reprint": "yes"}
    stage.variant = replace(
        stage.variant,
        kind=Kind.REPRINT,
        label="【转载】来源：健康澜汀，稿号 HT-20260502-cpr",
        link="https://www.bilibili.com/video/BV1first",
        options=options,
    )
    _, receipt = await stage.published()
    (post,) = await stage.posts()
    assert post["title"] == stage.variant.title
    assert post["text"] == f"{stage.variant.text}\n{stage.variant.label}"
    assert post["source_url"] == stage.variant.link
    assert receipt.platform_id == post["id"]


async def test_a_lost_submission_is_found_behind_many_newer_ones(stage: BilibiliStage) -> None:
    done = await lost(stage)
    await by_hand(stage, 60)
    await stage.forward(timedelta(minutes=10))
    assert isinstance(await stage.look(done), Receipt)
    assert await stage.requests("viewlist") == 2


async def test_an_older_equal_title_is_not_taken_for_ours(stage: BilibiliStage) -> None:
    assert stage.adapter.capabilities.finding is Finding.SURE
    await stage.published()
    await stage.forward(timedelta(days=1))
    done = await lost(stage, "drop_before")
    await stage.forward(timedelta(minutes=10))
    assert await stage.look(done) is None


async def test_a_list_that_does_not_reach_back_says_nothing(stage: BilibiliStage) -> None:
    """ "Not there" is said only when the list was read as far back as the doubt goes."""
    stage.adapter = stage.another_adapter(list_pages=1)
    done = await lost(stage, "drop_before")
    await by_hand(stage, 50)
    await stage.forward(timedelta(minutes=10))
    with pytest.raises(Unavailable) as raised:
        await stage.look(done)
    assert raised.value.advice


async def test_the_same_title_soon_after_is_looked_into(stage: BilibiliStage) -> None:
    """123015 after a lost answer means that the first one may have worked."""
    await stage.published()
    fresh = stage.granted(await stage.prepared())
    with pytest.raises(AlreadyThere) as raised:
        await stage.commit(fresh)
    assert raised.value.code == "123015"
    assert await stage.public_posts() == 1


async def test_recent_lists_public_videos_only(stage: BilibiliStage) -> None:
    done, pending = await created(stage)
    assert await recent(stage) == []
    receipt = await stage.settled(done, pending)
    assert isinstance(receipt, Receipt)
    await by_hand(stage, 60)
    await stage.forward(timedelta(minutes=1))
    items = await recent(stage)
    assert [item.title for item in items] == [
        *(f"值班{n}" for n in range(59, -1, -1)),
        stage.variant.title,
    ]
    assert (items[-1].platform_id, items[-1].url) == (receipt.platform_id, receipt.url)


async def test_counters_of_what_is_gone_are_left_out(stage: BilibiliStage) -> None:
    _, receipt = await stage.published()
    await stage.forward(timedelta(days=3))
    unknown = replace(receipt, platform_id="BV1unknown")
    (stat,) = await stage.adapter.stat([unknown, receipt])
    assert stat.as_of == stage.clock.now()
    assert None not in (stat.reads, stat.likes, stat.shares, stat.comments)


async def test_without_the_permission_there_are_no_counters(stage: BilibiliStage) -> None:
    """Which is no reason to pause the account."""
    _, receipt = await stage.published()
    await stage.account_is(scopes="USER_INFO,ARC_BASE")
    assert await stage.adapter.stat([receipt]) == []


async def test_a_video_is_withdrawn_and_again(stage: BilibiliStage) -> None:
    assert isinstance(stage.adapter, Withdraws)
    _, receipt = await stage.published()
    await stage.adapter.withdraw(receipt)
    assert await stage.public_posts() == 0
    await stage.adapter.withdraw(receipt)
    await stage.adapter.withdraw(replace(receipt, platform_id="BV1unknown"))


async def test_the_profile_tells_the_name_and_what_was_allowed(stage: BilibiliStage) -> None:
    await stage.account_is(scopes="USER_INFO,ARC_BASE")
    profile = await stage.adapter.profile()
    assert profile.name == "澜汀疾控"
    assert (profile.permissions["ARC_BASE"], profile.permissions["ARC_DATA"]) == (True, False)


@pytest.mark.parametrize("missing", ["video", "cover"])
async def test_a_variant_without_video_or_cover_is_rejected(
    stage: BilibiliStage, missing: str
) -> None:
    variant = replace(stage.variant, **{missing: None})  # type: ignore[arg-type]
    with pytest.raises(Rejected):
        await stage.adapter.prepare(variant, Checkpoint())


async def test_a_cover_of_another_kind_is_converted(stage: BilibiliStage) -> None:
    cover = stage.folder.picture("media/groß.png", width=2292, height=1434, noise=90)
    assert cover.size > 5_000_000
    stage.variant = replace(stage.variant, cover=cover)
    assert (await stage.prepared()).ready


async def test_a_cover_that_is_no_picture_is_found_before_the_video_goes(
    stage: BilibiliStage,
) -> None:
    cover = stage.folder.file("media/leer.jpg", b"no picture", "image/jpeg")
    stage.variant = replace(stage.variant, cover=cover)
    with pytest.raises(MediaError):
        await stage.prepared()
    assert await stage.requests("video/init") == 0


@pytest.mark.parametrize(
    "settings", [{"part_bytes": 0}, {"small_bytes": 100_000_001}, {"mode": "web"}]
)
def test_wrong_settings_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        BilibiliConfig.model_validate(settings)
