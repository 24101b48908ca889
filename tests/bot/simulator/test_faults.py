"""Each kind of fault: what the caller sees, and whether the effect took place."""

import asyncio
import time
from typing import Any

import aiohttp
import pytest

from tests.bot.simulator.client import Douyin, Sim, Wechat, Weibo

SHARE = "/2/statuses/share.json"


async def _public(sim: Sim) -> int:
    return len(await sim.posts(platform="weibo", account="flagship", public="1"))


async def test_latency_delays_in_real_time_and_changes_nothing_else(
    sim: Sim, flagship: Weibo
) -> None:
    await sim.fault("weibo", "latency", seconds=0.2)
    began = time.monotonic()
    assert (await flagship.share("慢")).status == 200
    assert time.monotonic() - began >= 0.2
    assert await _public(sim) == 1


async def test_status_before_leaves_no_effect(sim: Sim, flagship: Weibo) -> None:
    await sim.fault("weibo", "status_before", status=502, path="share")
    assert (await flagship.share("一")).status == 502
    assert await _public(sim) == 0
    assert (await flagship.share("一")).status == 200


async def test_status_after_takes_effect(sim: Sim, flagship: Weibo) -> None:
    await sim.fault("weibo", "status_after", status=504, path="share")
    assert (await flagship.share("一")).status == 504
    assert await _public(sim) == 1


@pytest.mark.parametrize(("kind", "public"), [("lost_answer", 1), ("drop_before", 0)])
async def test_a_closed_connection(sim: Sim, flagship: Weibo, kind: str, public: int) -> None:
    await sim.fault("weibo", kind, path="share")
    with pytest.raises(aiohttp.ClientConnectionError):
        await flagship.share("一")
    assert await _public(sim) == public


@pytest.mark.parametrize(("kind", "public"), [("hang", 1), ("hang_before", 0)])
async def test_a_hanging_server_waits_for_the_client_to_leave(
    sim: Sim, flagship: Weibo, kind: str, public: int
) -> None:
    await sim.fault("weibo", kind, path="share")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await flagship.share("一")
    assert await _public(sim) == public


@pytest.mark.parametrize(("kind", "text"), [("html", "<html>"), ("empty", "")])
async def test_a_useless_answer_after_the_effect(
    sim: Sim, flagship: Weibo, kind: str, text: str
) -> None:
    await sim.fault("weibo", kind, path="share")
    reply = await flagship.share("一")
    assert reply.status == 200
    assert reply.body is None
    assert reply.text.startswith(text)
    assert bool(reply.text) == bool(text)
    assert await _public(sim) == 1


async def test_a_code_comes_in_the_body_typical_of_the_platform(
    sim: Sim, flagship: Weibo, hospital: Wechat, clips: Douyin
) -> None:
    for platform, code in (("weibo", 20021), ("wechat", -1), ("douyin", 2111001)):
        await sim.fault(platform, "code", code=code)
    refused = await flagship.share("一")
    assert refused.status == 400
    assert refused.body["error_code"] == 20021
    assert refused.body["request"] == SHARE
    busy = await hospital.call("/cgi-bin/draft/count", method="GET")
    assert busy["errcode"] == -1
    assert " rid: " in busy["errmsg"]
    sensitive = await clips.post("create_video", {"video_id": "x"})
    assert sensitive["data"]["error_code"] == sensitive["extra"]["error_code"] == 2111001
    assert await sim.posts() == []


async def test_an_oauth_code_comes_in_the_oauth_envelope(sim: Sim) -> None:
    await sim.fault("douyin", "code", code=10010, path="/oauth/")
    reply = await sim.call("POST", "/douyin/oauth/refresh_token/", data={"refresh_token": "rft.x"})
    assert reply.body["message"] == "error"
    assert reply.body["data"]["error_code"] == 10010


async def test_missing_code_hides_the_success_code(
    sim: Sim, hospital: Wechat, clips: Douyin
) -> None:
    await sim.fault("wechat", "missing_code", path="submit")
    answer = await hospital.submit()
    assert "errcode" not in answer
    assert answer["publish_id"]
    await sim.fault("douyin", "missing_code", path="create_video")
    created = await clips.create()
    assert "error_code" not in created["data"]
    assert created["data"]["item_id"]


async def test_string_numbers(sim: Sim, clips: Douyin) -> None:
    await sim.fault("douyin", "string_numbers", path="create_video")
    created = await clips.create()
    assert created["data"]["error_code"] == "0"
    assert isinstance(created["extra"]["now"], str)


@pytest.mark.parametrize("status", [2, 3, 4])
async def test_refuse_review_hits_the_next_publication(
    sim: Sim, hospital: Wechat, status: int
) -> None:
    await sim.fault("wechat", "refuse_review", status=status)
    first, second = await hospital.submit(), await hospital.submit()
    await sim.move(seconds=20)
    refused = await hospital.status(first["publish_id"])
    assert refused["publish_status"] == status
    assert refused["fail_idx"] == [1]
    assert (await hospital.status(second["publish_id"]))["publish_status"] == 0
    assert len(await sim.posts(public="1")) == 1


async def test_slow_review_takes_its_own_time(sim: Sim, clips: Douyin) -> None:
    await sim.fault("douyin", "slow_review", seconds=1000)
    item = (await clips.create())["data"]["item_id"]
    await sim.move(seconds=999)
    assert (await clips.info(item))["video_status"] == 4
    await sim.move(seconds=1)
    assert (await clips.info(item))["video_status"] == 5


async def test_douyin_review_refused(sim: Sim, clips: Douyin) -> None:
    await sim.fault("douyin", "refuse_review")
    item = (await clips.create())["data"]["item_id"]
    await sim.move(seconds=120)
    assert (await clips.info(item))["video_status"] == 2
    assert await sim.posts(public="1") == []


async def test_after_times_account_and_path_select_the_calls(
    sim: Sim, flagship: Weibo, unit: Weibo
) -> None:
    await sim.fault(
        "weibo", "status_before", status=503, account="flagship", path="share", after=1, times=2
    )
    assert (await unit.share("甲")).status == 200
    statuses = [(await flagship.share(f"乙{n}")).status for n in range(4)]
    assert statuses == [200, 503, 503, 200]
    assert (await flagship.get("/2/account/get_uid.json")).status == 200
    (fault,) = (await sim.control("GET", "faults"))["faults"]
    assert (fault["fired"], fault["times"]) == (2, 0)


async def test_a_standing_fault_ends_when_it_is_cleared(sim: Sim, flagship: Weibo) -> None:
    one = await sim.fault("weibo", "status_before", status=503, times=-1)
    for _ in range(3):
        assert (await flagship.share("一")).status == 503
    await sim.control("DELETE", f"faults/{one}")
    assert (await flagship.share("一")).status == 200
    await sim.fault("weibo", "empty", times=-1)
    assert await sim.control("DELETE", "faults") == {"cleared": 1}
    assert (await sim.control("GET", "faults"))["faults"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"platform": "weixin", "kind": "empty"},
        {"platform": "weibo", "kind": "explode"},
        {"platform": "weibo", "kind": "latency"},
        {"platform": "weibo", "kind": "empty", "times": 0},
        {"platform": "weibo", "kind": "empty", "times": "2"},
        {"platform": "weibo", "kind": "empty", "speed": 1},
        {"platform": "weibo", "kind": "status_before", "status": 42},
        {"platform": "wechat", "kind": "refuse_review", "status": 0},
        {"platform": "weibo", "kind": "code", "code": 20032},
        {},
    ],
)
async def test_a_wrong_fault_is_refused_with_words(sim: Sim, wrong: dict[str, Any]) -> None:
    reply = await sim.call("POST", "/_sim/faults", json=wrong)
    assert reply.status == 400
    assert reply.body["error"]
    assert (await sim.control("GET", "faults"))["faults"] == []


async def test_a_hanging_call_does_not_keep_others_waiting(sim: Sim, flagship: Weibo) -> None:
    await sim.fault("weibo", "hang_before", path="share")
    hanging = asyncio.create_task(flagship.share("一"))
    while not (await sim.control("GET", "faults"))["faults"][0]["fired"]:
        await asyncio.sleep(0)
    assert (await flagship.get("/2/account/get_uid.json")).status == 200
    hanging.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hanging
