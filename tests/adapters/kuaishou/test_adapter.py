"""Kuaishou's own traps: works that vanish, an early "not there", lost answers, deleting."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import ValidationError

from adapters.kuaishou.config import KuaishouConfig
from bot.contract import Checkpoint, Item, Knows, Pending, Receipt, Withdraws
from bot.errors import AuthFailed, MediaError, OutcomeUnknown, Rejected, Unavailable
from tests.adapters.kuaishou.stage import KuaishouStage


async def created(stage: KuaishouStage) -> tuple[Checkpoint, Pending]:
    """A work that is accepted and under review."""
    done = stage.granted(await stage.prepared())
    pending = await stage.commit(done)
    assert isinstance(pending, Pending)
    return done, pending


async def lost(stage: KuaishouStage, kind: str = "lost_answer") -> Checkpoint:
    """Publishes with a lost answer."""
    done = stage.granted(await stage.prepared())
    await stage.fault(kind, path=stage.commit_path)
    with pytest.raises(OutcomeUnknown):
        await stage.commit(done)
    return done


async def recent(stage: KuaishouStage) -> list[Item]:
    since = stage.clock.now() - timedelta(days=2)
    return [item async for item in stage.adapter.recent(since)]


async def test_accepted_is_not_public(stage: KuaishouStage) -> None:
    done, pending = await created(stage)
    assert await stage.public_posts() == 0
    receipt = await stage.settled(done, pending)
    assert isinstance(receipt, Receipt)
    assert receipt.url == (await stage.posts())[0]["url"]
    assert receipt.platform_id == pending.ref["photo_id"]


async def test_without_a_review_it_is_public_at_once(stage: KuaishouStage) -> None:
    await stage.setting(review_s={"kuaishou": 0})
    done = stage.granted(await stage.prepared())
    assert isinstance(await stage.commit(done), Receipt)


async def test_not_there_right_after_publishing_says_nothing(stage: KuaishouStage) -> None:
    """photo/info does not know a new work for some minutes."""
    done, pending = await created(stage)
    assert await stage.look(done, pending) == pending
    assert await stage.requests("photo/list") == 0


async def test_what_info_does_not_know_may_still_be_listed(stage: KuaishouStage) -> None:
    await stage.setting(kuaishou_info_lag_s=86_400)
    done, pending = await created(stage)
    await stage.forward(timedelta(minutes=11))
    assert isinstance(await stage.look(done, pending), Receipt)


async def test_a_video_that_vanishes_was_refused(stage: KuaishouStage) -> None:
    """There is no refused state: what was refused is no longer there, without a reason."""
    await stage.fault("refuse_review")
    done, pending = await created(stage)
    await stage.forward(timedelta(minutes=9))
    assert isinstance(await stage.look(done, pending), Pending)
    await stage.forward(timedelta(minutes=2))
    with pytest.raises(Rejected) as raised:
        await stage.look(done, pending)
    assert raised.value.advice


async def test_a_refused_video_that_stays_is_waited_for_a_day(stage: KuaishouStage) -> None:
    """Then the engine asks a person; nothing here says that it is public."""
    await stage.setting(kuaishou_refused_stay=True)
    await stage.fault("refuse_review")
    done, pending = await created(stage)
    await stage.forward(timedelta(hours=23))
    assert isinstance(await stage.look(done, pending), Pending)
    assert stage.adapter.capabilities.pending_limit_s == 24 * 3600


async def test_the_caption_arrives_with_the_label(stage: KuaishouStage) -> None:
    stage.variant = replace(stage.variant, label="【转载】来源：健康澜汀，稿号 HT-20260502-cpr")
    await stage.published()
    text = (await stage.posts())[0]["text"]
    assert text == f"{stage.variant.text}\n{stage.variant.label}"


async def test_a_lost_work_is_found_under_review(stage: KuaishouStage) -> None:
    done = await lost(stage)
    pending = await stage.look(done)
    assert isinstance(pending, Pending)
    assert isinstance(await stage.settled(done, pending), Receipt)
    assert await stage.public_posts() == 1


async def test_a_lost_work_is_found_behind_many_newer_ones(stage: KuaishouStage) -> None:
    done = await lost(stage)
    for number in range(25):
        data = {"platform": "kuaishou", "account": stage.account.id, "text": f"值班{number}"}
        await stage.control("POST", "console", data)
    await stage.forward(timedelta(minutes=10))
    assert isinstance(await stage.look(done), Receipt)
    assert await stage.requests("photo/list") == 2


async def test_a_work_that_is_not_listed_goes_to_a_person(stage: KuaishouStage) -> None:
    """An older one with the same caption is not taken for ours."""
    await stage.published()
    await stage.forward(timedelta(days=1))
    done = await lost(stage, "drop_before")
    await stage.forward(timedelta(minutes=10))
    with pytest.raises(Unavailable) as raised:
        await stage.look(done)
    assert raised.value.advice


async def test_recent_lists_what_is_through_the_review(stage: KuaishouStage) -> None:
    done, pending = await created(stage)
    assert await recent(stage) == []
    receipt = await stage.settled(done, pending)
    assert isinstance(receipt, Receipt)
    (item,) = await recent(stage)
    assert (item.platform_id, item.url) == (receipt.platform_id, receipt.url)
    assert item.text == stage.variant.text


async def test_recent_goes_on_by_the_last_work_of_a_page(stage: KuaishouStage) -> None:
    """The cursor is a photo_id; 0, as an older SDK sends it, is refused."""
    for number in range(41):
        data = {"platform": "kuaishou", "account": stage.account.id, "text": f"值班{number}"}
        await stage.control("POST", "console", data)
    await stage.forward(timedelta(minutes=1))
    assert [item.text for item in await recent(stage)] == [f"值班{n}" for n in range(40, -1, -1)]
    assert await stage.requests("photo/list") == 3


async def test_counters_leave_out_what_is_not_told(stage: KuaishouStage) -> None:
    _, receipt = await stage.published()
    await stage.forward(timedelta(days=3))
    unknown = replace(receipt, platform_id="3xunknown")
    (stat,) = await stage.adapter.stat([unknown, receipt])
    assert (stat.as_of, stat.shares) == (stage.clock.now(), None)
    assert isinstance(stat.reads, int)


async def test_a_work_is_withdrawn_and_again(stage: KuaishouStage) -> None:
    assert isinstance(stage.adapter, Withdraws)
    _, receipt = await stage.published()
    await stage.adapter.withdraw(receipt)
    assert await stage.public_posts() == 0
    await stage.adapter.withdraw(receipt)


async def test_without_the_permission_a_person_deletes(stage: KuaishouStage) -> None:
    _, receipt = await stage.published()
    await stage.account_is(scopes="user_info,user_video_publish,user_video_info")
    with pytest.raises(Rejected) as raised:
        await stage.adapter.withdraw(receipt)
    assert raised.value.advice
    assert await stage.public_posts() == 1


async def test_a_lost_answer_to_a_withdrawal_may_be_repeated(stage: KuaishouStage) -> None:
    _, receipt = await stage.published()
    await stage.fault("lost_answer", path="photo/delete")
    with pytest.raises(Unavailable):
        await stage.adapter.withdraw(receipt)
    await stage.adapter.withdraw(receipt)
    assert await stage.public_posts() == 0


async def test_the_profile_tells_the_name_and_what_was_allowed(stage: KuaishouStage) -> None:
    assert isinstance(stage.adapter, Knows)
    assert (await stage.adapter.profile()).name == "澜汀妇幼"
    assert (await stage.adapter.profile()).permissions == {}
    stage.credentials.fields["scopes"] = "user_info,user_video_publish,user_video_info"
    permissions = (await stage.adapter.profile()).permissions
    assert permissions["user_video_publish"] is True
    assert permissions["user_video_delete"] is False


async def test_a_known_lack_of_permission_is_said_before_anything_is_sent(
    stage: KuaishouStage,
) -> None:
    stage.credentials.fields["scopes"] = "user_info,user_video_info"
    with pytest.raises(AuthFailed, match="user_video_publish"):
        await stage.prepared()
    assert await stage.requests("start_upload") == 0


@pytest.mark.parametrize("missing", ["video", "cover"])
async def test_a_variant_without_video_or_cover_is_rejected(
    stage: KuaishouStage, missing: str
) -> None:
    variant = replace(stage.variant, **{missing: None})  # type: ignore[arg-type]
    with pytest.raises(Rejected):
        await stage.adapter.prepare(variant, Checkpoint())


async def test_a_cover_that_is_no_picture_is_found_before_anything_is_sent(
    stage: KuaishouStage,
) -> None:
    cover = stage.folder.file("media/leer.jpg", b"no picture", "image/jpeg")
    stage.variant = replace(stage.variant, cover=cover)
    with pytest.raises(MediaError):
        await stage.prepared()
    assert await stage.requests("start_upload") == 0


@pytest.mark.parametrize(
    "settings",
    [
        {"fragment_bytes": 11 * 1024 * 1024},
        {"whole_bytes": 0},
        {"upload_scheme": "ftp"},
        {"mode": "h5"},
    ],
)
def test_wrong_settings_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        KuaishouConfig.model_validate(settings)
