"""Uploads: small or in parts, going on after a crash, never used twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.contract import Checkpoint
from bot.errors import ContractBroken, MediaError, OutcomeUnknown, Unavailable
from tests.adapters.bilibili.stage import MB, BilibiliStage


def in_parts(stage: BilibiliStage, size: int) -> None:
    """The stage's video has this size and goes in parts of 1 MB."""
    stage.variant = replace(stage.variant, video=stage.video(size))
    stage.adapter = stage.another_adapter(small_bytes=1000, part_bytes=MB)


@pytest.mark.parametrize(("size", "count"), [(MB, 1), (2 * MB, 2), (2 * MB + 1, 3)])
async def test_no_part_is_empty_and_none_is_missing(
    stage: BilibiliStage, size: int, count: int
) -> None:
    in_parts(stage, size)
    await stage.prepared()
    assert await stage.requests("part/upload") == count
    assert await stage.requests("video/complete") == 1


async def test_a_small_file_goes_in_one_request(stage: BilibiliStage) -> None:
    """Which nothing completes."""
    await stage.prepared()
    assert await stage.requests("/video/v2/upload") == 1
    assert await stage.requests("video/complete") == 0


async def test_the_bytes_go_to_a_host_of_their_own(stage: BilibiliStage) -> None:
    host = stage.url.replace("127.0.0.1", "localhost")
    stage.adapter = stage.another_adapter(upload_url=f"{host}/bilibili")
    assert (await stage.prepared()).ready
    stage.variant = stage.other_video()
    stage.adapter = stage.another_adapter(upload_url="http://localhost:1")
    with pytest.raises(Unavailable):
        await stage.prepared()


async def test_a_film_of_four_gigabytes_is_read_in_pieces(
    stage: BilibiliStage, tmp_path: Path
) -> None:
    """A sparse file; only its first pieces are sent here, and only they are read."""
    video = replace(stage.video(2000, "media/film.mp4"), size=4_000_000_000)
    with (tmp_path / video.path).open("r+b") as film:
        film.truncate(video.size)
    stage.variant = replace(stage.variant, video=video)
    done = Checkpoint()
    for _step in range(3):  # the cover, the token, five parts of 477
        done = await stage.adapter.prepare(stage.variant, done)
    assert done.data["parts"] == "5"
    assert not done.ready


async def test_a_crash_costs_at_most_one_step(stage: BilibiliStage) -> None:
    in_parts(stage, 3 * MB)
    half = next(done for done in await stage.checkpoints() if done.data.get("parts") == "2")
    before = await stage.requests("part/upload")
    await stage.adapter.prepare(stage.variant, half)
    assert await stage.requests("part/upload") == before + 1


async def test_another_size_of_parts_waits_for_the_next_upload(stage: BilibiliStage) -> None:
    in_parts(stage, 3 * MB)
    half = next(done for done in await stage.checkpoints() if done.data.get("parts") == "1")
    stage.adapter = stage.another_adapter(small_bytes=8 * MB, part_bytes=2 * MB)
    while not half.ready:
        half = await stage.adapter.prepare(stage.variant, half)
    assert half.data["part_bytes"] == str(MB)


async def test_a_file_that_shrinks_meanwhile_is_not_sent(
    stage: BilibiliStage, tmp_path: Path
) -> None:
    in_parts(stage, 3 * MB)
    half = next(done for done in await stage.checkpoints() if done.data.get("parts") == "1")
    assert stage.variant.video is not None
    (tmp_path / stage.variant.video.path).write_bytes(b"x" * MB)
    with pytest.raises(MediaError):
        await stage.adapter.prepare(stage.variant, half)


async def test_another_video_is_uploaded_anew(stage: BilibiliStage) -> None:
    first = await stage.prepared()
    second = await stage.adapter.prepare(stage.other_video(), first)
    assert second.data["upload_token"] != first.data["upload_token"]
    assert second.data["cover_url"] == first.data["cover_url"]


async def test_a_new_cover_leaves_the_video_alone(stage: BilibiliStage) -> None:
    first = await stage.prepared()
    cover = stage.folder.picture("media/neu.png", width=1200, height=750)
    second = await stage.adapter.prepare(replace(stage.variant, cover=cover), first)
    assert second.ready
    assert second.data["upload_token"] == first.data["upload_token"]
    assert second.data["cover_url"] != first.data["cover_url"]


async def test_an_upload_is_not_used_for_a_second_commit(stage: BilibiliStage) -> None:
    """One upload_token serves one submission."""
    first = stage.granted(await stage.prepared())
    fresh = await stage.adapter.prepare(stage.variant, first)
    assert fresh.data["upload_token"] != first.data["upload_token"]


async def test_a_finished_preparation_costs_no_further_upload(stage: BilibiliStage) -> None:
    done = await stage.prepared()
    assert await stage.adapter.prepare(stage.variant, done) == done
    assert await stage.requests("video/init") == 1


async def test_the_same_upload_submitted_twice_is_looked_into(stage: BilibiliStage) -> None:
    """127022 on a submission means the first one may have worked."""
    done = stage.granted(await stage.prepared())
    await stage.commit(done)
    with pytest.raises(OutcomeUnknown) as raised:
        await stage.commit(done)
    assert raised.value.code == "127022"
    await stage.forward(stage.review)
    assert await stage.public_posts() == 1


@pytest.mark.parametrize(
    ("kind", "more"), [("html", {}), ("empty", {}), ("status_after", {"status": 504})]
)
async def test_a_gateway_page_after_an_upload_means_try_again(
    stage: BilibiliStage, kind: str, more: dict[str, object]
) -> None:
    await stage.fault(kind, path="/video/v2/upload", **more)
    with pytest.raises(Unavailable):
        await stage.prepared()
    assert (await stage.prepared()).ready


async def test_a_page_that_refuses_is_no_reason_to_try_again(stage: BilibiliStage) -> None:
    await stage.fault("status_after", path="/video/v2/upload", status=413)
    with pytest.raises(ContractBroken):
        await stage.prepared()
