"""Kuaishou's simulator refuses what the platform refuses; read from the documents a second time."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from tests.bot.simulator.client import JPG, MP4, Reply, Sim

KNOWN: dict[str, Any] = {
    "platform": "kuaishou",
    "account": "clips",
    "open_id": "f1demo",
    "app_id": "ks1",
    "app_secret": "shh",
    "access_token": "ChFfirst",
    "refresh_token": "ChJfirst",
}
VIDEO = {"Content-Type": "video/mp4"}


async def _api(sim: Sim, method: str, call: str, **more: Any) -> Any:
    given = {"access_token": "ChFfirst", "app_id": "ks1", **more.pop("query", {})}
    reply: Reply = await sim.call(method, f"/kuaishou/openapi/{call}", params=given, **more)
    assert reply.status == 200
    return reply.body


async def _bytes(
    sim: Sim, slot: Any, call: str, data: bytes, *, host: str = "", **more: str
) -> Any:
    headers = {**VIDEO, "Host": host or slot["endpoint"]}
    query = {"upload_token": slot["upload_token"], **more}
    reply = await sim.call("POST", f"/api/upload{call}", params=query, data=data, headers=headers)
    return reply.body


@pytest.fixture
async def clips(sim: Sim) -> Sim:
    """A simulator with one account."""
    await sim.control("POST", "accounts", {"accounts": [KNOWN]})
    return sim


async def _slot(clips: Sim) -> Any:
    return await _api(clips, "POST", "photo/start_upload")


def _form(*, caption: str = "洗手", cover: bytes | None = JPG) -> aiohttp.FormData:
    form = aiohttp.FormData()
    form.add_field("caption", caption)
    if cover is not None:
        form.add_field("cover", cover, filename="c.jpg", content_type="image/jpeg")
    return form


async def _publish(clips: Sim, slot: Any, form: aiohttp.FormData | None = None) -> Any:
    query = {"upload_token": slot["upload_token"]}
    return await _api(clips, "POST", "photo/publish", query=query, data=form or _form())


async def test_fragments_are_counted_from_nought(clips: Sim) -> None:
    slot = await _slot(clips)
    told = await _bytes(clips, slot, "/fragment", MP4, fragment_id="1")
    assert (told["result"], told["size"]) == (1, len(MP4))
    assert (await _bytes(clips, slot, "/complete", b"", fragment_count="1"))["result"] == 120002
    await _bytes(clips, slot, "/fragment", MP4, fragment_id="0")
    assert (await _bytes(clips, slot, "/complete", b"", fragment_count="1"))["result"] == 120002
    assert (await _bytes(clips, slot, "/complete", b"", fragment_count="2"))["result"] == 1
    assert (await _publish(clips, slot))["video_info"]["pending"] is True


async def test_bytes_belong_to_the_host_that_was_given_out(clips: Sim) -> None:
    slot = await _slot(clips)
    assert (await _bytes(clips, slot, "", MP4, host="elsewhere.example"))["result"] == 100400
    assert (await _bytes(clips, slot, "", MP4))["result"] == 1


async def test_one_upload_serves_one_work(clips: Sim) -> None:
    slot = await _slot(clips)
    assert (await _publish(clips, slot))["result"] == 120002
    await _bytes(clips, slot, "", MP4)
    assert (await _publish(clips, slot))["result"] == 1
    assert (await _publish(clips, slot))["result"] == 120002
    assert len(await clips.posts()) == 1


@pytest.mark.parametrize("form", [{"caption": ""}, {"cover": None}, {"cover": b""}])
async def test_caption_and_cover_are_required(clips: Sim, form: dict[str, Any]) -> None:
    slot = await _slot(clips)
    await _bytes(clips, slot, "", MP4)
    assert (await _publish(clips, slot, _form(**form)))["result"] == 100400


async def test_what_is_no_video_fails_at_publishing(clips: Sim) -> None:
    slot = await _slot(clips)
    await _bytes(clips, slot, "", b"no video at all")
    assert (await _publish(clips, slot))["result"] == 120003


async def test_a_new_work_is_unknown_for_a_while(clips: Sim) -> None:
    slot = await _slot(clips)
    await _bytes(clips, slot, "", MP4)
    work = (await _publish(clips, slot))["video_info"]
    query = {"photo_id": work["photo_id"]}
    early = await _api(clips, "GET", "photo/info", query=query)
    assert (early["result"], early["error_msg"]) == (100120001, "VIDEO_NOT_EXIST")
    await clips.move(seconds=120)
    late = await _api(clips, "GET", "photo/info", query=query)
    assert late["video_info"]["pending"] is False
    assert (await _api(clips, "GET", "photo/count"))["public_count"] == 1


@pytest.mark.parametrize("query", [{"cursor": "0"}, {"count": "201"}, {"count": "x"}])
async def test_a_list_is_asked_for_rightly(clips: Sim, query: dict[str, str]) -> None:
    assert (await _api(clips, "GET", "photo/list", query=query))["result"] == 100400


async def test_a_refresh_kills_the_old_refresh_token_only(clips: Sim) -> None:
    given = {
        "app_id": "ks1",
        "app_secret": "shh",
        "refresh_token": "ChJfirst",
        "grant_type": "refresh_token",
    }
    first = (await clips.call("GET", "/kuaishou/oauth2/refresh_token", params=given)).body
    assert first["result"] == 1
    again = (await clips.call("GET", "/kuaishou/oauth2/refresh_token", params=given)).body
    assert again["error"] == "refreshToken.discarded"
    for token in ("ChFfirst", first["access_token"]):
        told = await _api(clips, "GET", "user_info", query={"access_token": token})
        assert told["result"] == 1


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"access_token": ""}, 100200100),
        ({"access_token": "x"}, 100200102),
        ({"app_id": "ks2"}, 100200101),
    ],
)
async def test_a_call_needs_its_tokens(clips: Sim, query: dict[str, str], code: int) -> None:
    assert (await _api(clips, "GET", "user_info", query=query))["result"] == code


async def test_calls_of_a_day_are_counted(clips: Sim) -> None:
    await clips.control("POST", "settings", {"limits": {"kuaishou": {"calls": 2}}})
    codes = [(await _api(clips, "GET", "user_info"))["result"] for _ in range(3)]
    assert codes == [1, 1, 100100402]
