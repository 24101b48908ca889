"""Uploads: whole or in parts, going on after a crash, never used twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from PIL import Image

from adapters.douyin.limits import VIDEO_BYTES
from adapters.douyin.upload import part_size
from adapters.registry import make
from bot.contract import Checkpoint
from bot.errors import ContractBroken, MediaError, Rejected, Unavailable
from bot.wiring.media import MediaFolder
from tests.adapters.douyin.stage import MB, DouyinStage


def in_parts(stage: DouyinStage, size: int) -> None:
    """The stage's video has this size and goes in parts of 5 MB."""
    stage.variant = replace(stage.variant, video=stage.video(size))
    adapter = stage.another_adapter(single_bytes=MB, part_bytes=5 * MB)
    stage.adapter = adapter  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("size", "parts"), [(5 * MB, 1), (10 * MB, 2), (10 * MB + 1, 3), (12 * MB, 3)]
)
async def test_no_part_is_empty_and_none_is_missing(
    stage: DouyinStage, size: int, parts: int
) -> None:
    in_parts(stage, size)
    await stage.prepared()
    assert await stage.requests("upload_video_part/") == parts
    assert await stage.requests("complete_video_part_upload/") == 1


@pytest.mark.parametrize("size", [1, 20 * MB, 2000 * MB, 2001 * MB, VIDEO_BYTES])
def test_a_preparation_always_ends(size: int) -> None:
    """The engine gives it 200 steps; parts of 20 MB would need more for the largest video."""
    part = part_size(size, 20 * MB)
    assert part >= 20 * MB
    assert -(-size // part) <= 100


async def test_a_small_file_goes_in_one_request(stage: DouyinStage) -> None:
    await stage.prepared()
    assert await stage.requests("upload_video/") == 1
    assert await stage.requests("init_video_part_upload/") == 0


async def test_a_crash_costs_at_most_one_part(stage: DouyinStage) -> None:
    in_parts(stage, 12 * MB)
    seen = await stage.checkpoints()
    before = await stage.requests("upload_video_part/")
    second = next(done for done in seen if done.data.get("parts") == "2")
    while not second.ready and "video_id" not in second.data:
        second = await stage.adapter.prepare(stage.variant, second)
        if await stage.requests("upload_video_part/") > before:
            break
    assert await stage.requests("upload_video_part/") == before + 1


async def test_an_old_upload_is_begun_again(stage: DouyinStage) -> None:
    """An upload_id lives two hours."""
    in_parts(stage, 12 * MB)
    half = next(done for done in await stage.checkpoints() if done.data.get("parts") == "1")
    await stage.forward(timedelta(hours=2))
    again = await stage.adapter.prepare(stage.variant, half)
    assert again.data["upload_id"] != half.data["upload_id"]
    assert again.data["parts"] == "0"


async def test_a_lost_answer_to_the_last_call_begins_again_once(stage: DouyinStage) -> None:
    in_parts(stage, 10 * MB)
    await stage.fault("lost_answer", path="complete_video_part_upload")
    done = Checkpoint()
    while not done.ready:
        try:
            done = await stage.adapter.prepare(stage.variant, done)
        except Unavailable:
            continue
    assert "video_id" in done.data
    assert await stage.requests("init_video_part_upload/") == 2


async def test_a_bad_file_is_refused_and_not_sent_for_ever(stage: DouyinStage) -> None:
    in_parts(stage, 6 * MB)
    bad = stage.folder.file("media/bad.mp4", b"x" * 6 * MB, "video/mp4")
    stage.variant = replace(stage.variant, video=bad)
    with pytest.raises(Rejected):
        await stage.prepared()
    assert await stage.requests("init_video_part_upload/") == 2


async def test_another_video_is_uploaded_anew(stage: DouyinStage) -> None:
    first = await stage.prepared()
    other = replace(stage.variant, video=stage.video(3000, "media/other.mp4"))
    second = await stage.adapter.prepare(other, first)
    assert second.data["video_id"] != first.data["video_id"]


async def test_a_new_cover_leaves_the_video_alone(stage: DouyinStage) -> None:
    first = await stage.prepared()
    cover = stage.folder.picture("media/neu.png", width=80)
    second = await stage.adapter.prepare(replace(stage.variant, cover=cover), first)
    assert second.data["video_id"] == first.data["video_id"]
    assert second.data["image_id"] != first.data["image_id"]


async def test_an_upload_is_not_used_for_a_second_commit(stage: DouyinStage) -> None:
    """One upload makes one work, so after any commit a fresh upload is needed."""
    first = stage.granted(await stage.prepared())
    fresh = first
    for _step in range(4):
        fresh = await stage.adapter.prepare(stage.variant, fresh)
    assert fresh.ready
    assert fresh.data["video_id"] != first.data["video_id"]
    assert await stage.requests("upload_video/") == 2


async def test_a_finished_preparation_costs_no_further_upload(stage: DouyinStage) -> None:
    done = await stage.prepared()
    again = await stage.adapter.prepare(stage.variant, done)
    assert again == done
    assert await stage.requests("upload_video/") == 1


async def test_without_a_cover_none_is_sent(stage: DouyinStage) -> None:
    stage.variant = replace(stage.variant, cover=None)
    await stage.published()
    assert await stage.requests("upload_image/") == 0


@pytest.mark.parametrize("kind", ["html", "empty", "status_after"])
async def test_a_gateway_page_after_an_upload_means_try_again(
    stage: DouyinStage, kind: str
) -> None:
    more: Mapping[str, object] = {"status": 504} if kind == "status_after" else {}
    await stage.fault(kind, path="upload_video", **more)
    with pytest.raises(Unavailable):
        await stage.prepared()
    assert (await stage.prepared()).ready


async def test_a_page_that_refuses_is_no_reason_to_try_again(stage: DouyinStage) -> None:
    await stage.fault("status_after", path="upload_video", status=413)
    with pytest.raises(ContractBroken):
        await stage.prepared()


async def test_a_file_changed_between_two_parts_stops_the_upload(stage: DouyinStage) -> None:
    in_parts(stage, 12 * MB)
    half = next(done for done in await stage.checkpoints() if done.data.get("parts") == "1")
    assert stage.variant.video is not None
    stage.folder.path(stage.variant.video).write_bytes(b"another film")
    tools = replace(stage.tools(), media=MediaFolder(stage.folder.root))
    settings = {"single_bytes": MB, "part_bytes": 5 * MB}
    strict = make(stage.account, tools, stage.settings() | settings)
    with pytest.raises(MediaError):
        await strict.prepare(stage.variant, half)
    assert await stage.requests("complete_video_part_upload/") == 1  # of the first time only


async def test_a_cover_in_another_format_is_converted(stage: DouyinStage) -> None:
    """Douyin takes JPEG and PNG; the original stays as it is."""
    cover = stage.folder.picture("media/cover.webp")
    image = Image.open(stage.folder.path(cover))
    image.save(stage.folder.path(cover), "WEBP")
    data = stage.folder.path(cover).read_bytes()
    stage.variant = replace(
        stage.variant, cover=stage.folder.file("media/cover.webp", data, "image/webp")
    )
    await stage.published()
    assert stage.folder.path(cover).read_bytes() == data


async def test_pictures_of_a_set_go_one_by_one(stage: DouyinStage) -> None:
    images = tuple(stage.folder.picture(f"media/{n}.png") for n in "123")
    stage.variant = replace(stage.variant, video=None, cover=None, images=images)
    first = await stage.adapter.prepare(stage.variant, Checkpoint())
    assert not first.ready
    done = await stage.prepared()
    assert len(done.data["image_ids"].split(",")) == 3
    assert await stage.adapter.prepare(stage.variant, done) == done
    granted = stage.granted(done)  # what was made for one commit serves no second one
    fresh = await stage.adapter.prepare(stage.variant, granted)
    assert not fresh.ready
