"""Douyin's own traps: review, lost answers without a list, numbers that mean "not yet"."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import ValidationError

from adapters.douyin.adapter import DouyinAdapter
from adapters.douyin.config import DouyinConfig
from adapters.douyin.limits import VIDEO_BYTES
from adapters.registry import adapter_for
from bot.contract import Checkpoint, Item, Pending, Receipt
from bot.errors import OutcomeUnknown, Rejected, Unavailable
from tests.adapters.douyin.stage import DouyinStage


async def created(stage: DouyinStage) -> tuple[Checkpoint, Pending]:
    """A work that is accepted and under review."""
    done = stage.granted(await stage.prepared())
    pending = await stage.commit(done)
    assert isinstance(pending, Pending)
    return done, pending


async def lost(stage: DouyinStage, kind: str = "lost_answer") -> Checkpoint:
    """Creates with a lost answer."""
    done = stage.granted(await stage.prepared())
    await stage.fault(kind, path=stage.commit_path)
    with pytest.raises(OutcomeUnknown):
        await stage.commit(done)
    return done


async def recent(stage: DouyinStage) -> list[Item]:
    since = stage.clock.now() - timedelta(days=2)
    return [item async for item in stage.adapter.recent(since)]


async def test_accepted_is_not_public(stage: DouyinStage) -> None:
    """Only its author sees a work until the review is over."""
    done, pending = await created(stage)
    assert await stage.public_posts() == 0
    assert isinstance(await stage.look(done, pending), Pending)
    receipt = await stage.settled(done, pending)
    assert isinstance(receipt, Receipt)
    assert receipt.url == (await stage.posts())[0]["url"]
    assert receipt.platform_id == pending.ref["item_id"]


async def test_the_caption_arrives_with_the_label(stage: DouyinStage) -> None:
    stage.variant = replace(stage.variant, label="【转载】来源：健康澜汀，稿号 HT-20260502-cpr")
    await stage.published()
    text = (await stage.posts())[0]["text"]
    assert text == f"{stage.variant.text}\n{stage.variant.label}"


async def test_a_refused_review_is_rejected_with_advice(stage: DouyinStage) -> None:
    await stage.fault("refuse_review")
    done, pending = await created(stage)
    with pytest.raises(Rejected) as raised:
        await stage.settled(done, pending)
    assert raised.value.advice


async def test_an_absent_status_means_public_only_in_the_public_call(stage: DouyinStage) -> None:
    """The status fields are optional since 2024-12; video_basic_info lists public works only."""
    await stage.setting(douyin_status_fields=False)
    done, pending = await created(stage)
    assert isinstance(await stage.look(done, pending), Receipt)
    await stage.fault("code", code=28001018, path="video_basic_info")
    assert isinstance(await stage.look(done, pending), Pending)


async def test_the_other_call_answers_where_the_first_is_not_granted(stage: DouyinStage) -> None:
    done, pending = await created(stage)
    await stage.fault("code", code=28001018, path="video_basic_info", times=-1)
    assert isinstance(await stage.settled(done, pending), Receipt)


async def test_where_no_call_is_granted_a_person_must_look(stage: DouyinStage) -> None:
    """A permission that is missing for asking must not pause the account, nor resend."""
    done, pending = await created(stage)
    await stage.fault("code", code=28001056, path="video_basic_info")
    await stage.fault("code", code=28001012, path="video_data")
    with pytest.raises(Unavailable) as raised:
        await stage.look(done, pending)
    assert raised.value.advice


async def test_a_work_that_is_gone_from_both_calls_stays_pending(stage: DouyinStage) -> None:
    done, pending = await created(stage)
    unlisted = replace(pending, ref={**pending.ref, "item_id": "@other=="})
    assert isinstance(await stage.look(done, unlisted), Pending)


async def test_without_the_list_a_lost_answer_goes_to_a_person(stage: DouyinStage) -> None:
    done = await lost(stage)
    await stage.forward(timedelta(minutes=10))
    with pytest.raises(Unavailable) as raised:
        await stage.look(done)
    assert raised.value.advice
    assert await stage.requests("video_list/") == 0


async def test_a_list_withdrawn_meanwhile_goes_to_a_person(lister: DouyinStage) -> None:
    done = await lost(lister)
    await lister.account_is(list=False)
    with pytest.raises(Unavailable) as raised:
        await lister.look(done)
    assert raised.value.code == "28001056"
    with pytest.raises(Unavailable):
        await recent(lister)


async def test_with_the_list_a_lost_work_is_found_under_review(lister: DouyinStage) -> None:
    done = await lost(lister)
    pending = await lister.look(done)
    assert isinstance(pending, Pending)
    assert isinstance(await lister.settled(done, pending), Receipt)
    assert await lister.public_posts() == 1


async def test_an_older_equal_caption_is_not_taken_for_ours(lister: DouyinStage) -> None:
    await lister.published()
    await lister.forward(timedelta(days=1))
    done = await lost(lister, "drop_before")
    assert await lister.look(done) is None


async def test_a_lost_work_is_found_behind_many_newer_ones(lister: DouyinStage) -> None:
    done = await lost(lister)
    for number in range(25):
        data = {"platform": "douyin", "account": lister.account.id, "text": f"值班{number}"}
        await lister.control("POST", "console", data)
    await lister.forward(timedelta(minutes=10))
    assert isinstance(await lister.look(done), Receipt)


async def test_the_same_upload_created_twice_is_looked_into(stage: DouyinStage) -> None:
    """2190007 on a create means the first one may have worked."""
    done, _pending = await created(stage)
    with pytest.raises(OutcomeUnknown) as raised:
        await stage.commit(done)
    assert raised.value.code == "2190007"
    await stage.forward(timedelta(minutes=10))
    assert await stage.public_posts() == 1


async def test_recent_lists_public_works_only(lister: DouyinStage) -> None:
    done, pending = await created(lister)
    assert await recent(lister) == []
    receipt = await lister.settled(done, pending)
    assert isinstance(receipt, Receipt)
    (item,) = await recent(lister)
    assert (item.platform_id, item.url) == (receipt.platform_id, receipt.url)
    assert item.text == lister.variant.text


async def test_recent_without_the_list_says_so(stage: DouyinStage) -> None:
    with pytest.raises(Unavailable):
        await recent(stage)


async def test_numbers_before_the_first_count_are_unknown_not_zero(stage: DouyinStage) -> None:
    """Douyin counts about 10:00 of the next day; until then it says 0."""
    _, receipt = await stage.published()
    assert await stage.adapter.stat([receipt]) == []
    await stage.forward(timedelta(days=1, hours=1))
    (stat,) = await stage.adapter.stat([receipt])
    assert stat.as_of == stage.clock.now()
    assert isinstance(stat.reads, int)


async def test_works_too_old_or_unknown_are_left_out(stage: DouyinStage) -> None:
    _, receipt = await stage.published()
    await stage.forward(timedelta(days=2))
    unknown = replace(receipt, platform_id="@unknown==")
    assert len(await stage.adapter.stat([unknown, receipt])) == 1
    await stage.forward(timedelta(days=29))
    stage.credentials.fields["access_token"] = "left alone"
    assert await stage.adapter.stat([receipt]) == []


async def test_pictures_make_an_image_set(stage: DouyinStage) -> None:
    """图文: each picture is uploaded once, and the link stands where such works stand."""
    pictures_only(stage)
    _, receipt = await stage.published()
    (post,) = await stage.posts()
    assert (post["kind"], post["text"]) == ("image_text", stage.variant.text)
    assert receipt.url == post["url"]
    assert receipt.url.startswith("https://www.douyin.com/note/")
    assert await stage.requests("upload_image/") == 2


async def test_a_video_wins_over_pictures(stage: DouyinStage) -> None:
    picture = stage.folder.picture("media/1.png")
    stage.variant = replace(stage.variant, images=(picture,))
    await stage.published()
    assert (await stage.posts())[0]["kind"] == "video"


def pictures_only(stage: DouyinStage) -> None:
    images = tuple(stage.folder.picture(f"media/{n}.png") for n in "12")
    stage.variant = replace(stage.variant, video=None, cover=None, images=images)


async def test_the_cover_is_a_moment_of_the_video(stage: DouyinStage) -> None:
    stage.variant = replace(stage.variant, cover=None, options={"cover_at": "1.5"})
    await stage.published()
    assert await stage.requests("upload_image/") == 0


async def test_a_post_without_media_is_rejected(stage: DouyinStage) -> None:
    with pytest.raises(Rejected):
        await stage.adapter.prepare(replace(stage.variant, video=None), Checkpoint())


async def test_a_file_beyond_four_gigabytes_is_refused_before_any_call(stage: DouyinStage) -> None:
    assert stage.variant.video is not None
    huge = replace(stage.variant.video, size=VIDEO_BYTES + 1)
    with pytest.raises(Rejected, match="4 GB"):
        await stage.adapter.prepare(replace(stage.variant, video=huge), Checkpoint())
    assert (await stage.control("GET", "requests"))["count"] == 0


async def test_the_profile_is_what_the_platform_says(stage: DouyinStage) -> None:
    await stage.account_is(nickname="健康澜汀")
    stage.credentials.fields["scope"] = "user_info,renew_refresh_token"
    profile = await stage.adapter.profile()
    assert profile.name == "健康澜汀"
    assert profile.permissions == {
        "user_info": True,
        "video.create.bind": False,
        "renew_refresh_token": True,
    }


async def test_permissions_nobody_told_of_are_unknown(stage: DouyinStage) -> None:
    assert (await stage.adapter.profile()).permissions == {}


@pytest.mark.parametrize("mode", ["", "server"])
def test_two_names_for_the_server_interface(mode: str) -> None:
    assert adapter_for("douyin", mode) is DouyinAdapter


@pytest.mark.parametrize(
    "settings",
    [{"part_bytes": 1024}, {"single_bytes": 0}, {"single_bytes": 1 << 30}, {"mode": "h5"}],
)
def test_wrong_settings_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        DouyinConfig.model_validate(settings)
