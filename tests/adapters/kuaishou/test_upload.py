"""Uploads: to the host Kuaishou names, whole or in fragments, going on after a crash."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.contract import Checkpoint
from bot.errors import ContractBroken, MediaError, Rejected, Unavailable
from tests.adapters.kuaishou.stage import MB, KuaishouStage


def in_fragments(stage: KuaishouStage, size: int, **settings: object) -> None:
    """The stage's video has this size and goes in fragments of 1 MB."""
    stage.variant = replace(stage.variant, video=stage.video(size))
    stage.adapter = stage.another_adapter(whole_bytes=MB, fragment_bytes=MB, **settings)


@pytest.mark.parametrize(("size", "count"), [(MB, 1), (2 * MB, 2), (2 * MB + 1, 3)])
async def test_no_fragment_is_empty_and_none_is_missing(
    stage: KuaishouStage, size: int, count: int
) -> None:
    in_fragments(stage, size)
    await stage.prepared()
    assert await stage.requests("upload/fragment") == count
    assert await stage.requests("upload/complete") == 1


async def test_a_small_file_goes_in_one_request(stage: KuaishouStage) -> None:
    await stage.prepared()
    assert await stage.requests("/api/upload") == 1
    assert await stage.requests("upload/fragment") == 0


async def test_the_bytes_go_to_the_host_that_was_given_out(stage: KuaishouStage) -> None:
    """The simulator names another host than its own, and takes the bytes there only."""
    done = await stage.prepared()
    assert done.data["endpoint"] == stage.url.removeprefix("http://").replace(
        "127.0.0.1", "localhost"
    )


@pytest.mark.parametrize(
    ("ends", "fine"), [("localhost, gifshow.com", True), ("gifshow.com", False), ("host", False)]
)
async def test_hosts_may_be_kept_to_a_list(stage: KuaishouStage, ends: str, fine: bool) -> None:
    stage.adapter = stage.another_adapter(upload_hosts=ends)
    if fine:
        assert (await stage.prepared()).ready
        return
    with pytest.raises(ContractBroken, match="localhost"):
        await stage.prepared()
    assert await stage.requests("/api/upload") == 0


@pytest.mark.parametrize("endpoint", ["evil.example/path", "a@b", "http://x", "x:99999999"])
async def test_what_is_no_host_is_not_called(stage: KuaishouStage, endpoint: str) -> None:
    await stage.setting(kuaishou_endpoint=endpoint)
    with pytest.raises(ContractBroken):
        await stage.prepared()


async def test_a_film_of_four_gigabytes_is_read_in_pieces(
    stage: KuaishouStage, tmp_path: Path
) -> None:
    """A sparse file; only its first pieces are sent here, and only they are read."""
    video = replace(stage.video(2000, "media/film.mp4"), size=4_000_000_000)
    with (tmp_path / video.path).open("r+b") as film:
        film.truncate(video.size)
    stage.variant = replace(stage.variant, video=video)
    done = Checkpoint()
    for _step in range(3):
        done = await stage.adapter.prepare(stage.variant, done)
    assert done.data["fragments"] == "10"  # five fragments a step, of 477
    assert not done.ready


async def test_a_crash_costs_at_most_one_step(stage: KuaishouStage) -> None:
    in_fragments(stage, 3 * MB)
    seen = await stage.checkpoints()
    half = next(done for done in seen if done.data.get("fragments") == "2")
    before = await stage.requests("upload/fragment")
    await stage.adapter.prepare(stage.variant, half)
    assert await stage.requests("upload/fragment") == before + 1


async def test_another_size_of_fragments_waits_for_the_next_upload(stage: KuaishouStage) -> None:
    in_fragments(stage, 3 * MB)
    half = next(done for done in await stage.checkpoints() if done.data.get("fragments") == "1")
    stage.adapter = stage.another_adapter(whole_bytes=MB, fragment_bytes=2 * MB)
    while not half.ready:
        half = await stage.adapter.prepare(stage.variant, half)
    assert half.data["fragment_bytes"] == str(MB)


async def test_a_file_that_shrinks_meanwhile_is_not_sent(
    stage: KuaishouStage, tmp_path: Path
) -> None:
    in_fragments(stage, 3 * MB)
    begun = await stage.adapter.prepare(stage.variant, Checkpoint())
    assert stage.variant.video is not None
    (tmp_path / stage.variant.video.path).write_bytes(b"x" * MB)
    second = await stage.adapter.prepare(stage.variant, begun)
    with pytest.raises(MediaError):
        await stage.adapter.prepare(stage.variant, second)


async def test_a_bad_file_is_refused_at_publishing(stage: KuaishouStage) -> None:
    """Uploading takes any bytes; 120003 comes when a work is made of them."""
    bad = stage.folder.file("media/bad.mp4", b"x" * 2000, "video/mp4")
    stage.variant = replace(stage.variant, video=bad)
    done = stage.granted(await stage.prepared())
    with pytest.raises(Rejected) as raised:
        await stage.commit(done)
    assert raised.value.code == "120003"


async def test_another_video_is_uploaded_anew(stage: KuaishouStage) -> None:
    first = await stage.prepared()
    second = await stage.adapter.prepare(stage.other_video(), first)
    assert second.data["upload_token"] != first.data["upload_token"]
    assert not second.ready


async def test_an_upload_is_not_used_for_a_second_commit(stage: KuaishouStage) -> None:
    """One upload_token serves one work."""
    first = stage.granted(await stage.prepared())
    fresh = await stage.adapter.prepare(stage.variant, first)
    assert fresh.data["upload_token"] != first.data["upload_token"]


async def test_a_finished_preparation_costs_no_further_upload(stage: KuaishouStage) -> None:
    done = await stage.prepared()
    assert await stage.adapter.prepare(stage.variant, done) == done
    assert await stage.requests("start_upload") == 1


async def test_the_same_upload_published_twice_makes_one_work(stage: KuaishouStage) -> None:
    done = stage.granted(await stage.prepared())
    await stage.commit(done)
    with pytest.raises(Unavailable) as raised:
        await stage.commit(done)
    assert raised.value.code == "120002"
    await stage.forward(stage.review)
    assert await stage.public_posts() == 1


@pytest.mark.parametrize(
    ("kind", "more"), [("html", {}), ("empty", {}), ("status_after", {"status": 504})]
)
async def test_a_gateway_page_after_an_upload_means_try_again(
    stage: KuaishouStage, kind: str, more: dict[str, object]
) -> None:
    await stage.fault(kind, path="/api/upload", **more)
    with pytest.raises(Unavailable):
        await stage.prepared()
    assert (await stage.prepared()).ready


async def test_a_page_that_refuses_is_no_reason_to_try_again(stage: KuaishouStage) -> None:
    await stage.fault("status_after", path="/api/upload", status=413)
    with pytest.raises(ContractBroken):
        await stage.prepared()


async def test_a_fragment_that_arrived_in_part_is_sent_again(stage: KuaishouStage) -> None:
    in_fragments(stage, 2 * MB)
    await stage.setting(kuaishou_short_fragment=True)
    begun = await stage.adapter.prepare(stage.variant, Checkpoint())
    with pytest.raises(Unavailable):
        await stage.adapter.prepare(stage.variant, begun)
    await stage.setting(kuaishou_short_fragment=False)
    while not begun.ready:
        begun = await stage.adapter.prepare(stage.variant, begun)
