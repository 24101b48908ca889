"""bilibili's simulator refuses what the platform refuses; read from the documents a second time."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
from itertools import count
from typing import Any

import aiohttp
import pytest
from PIL import Image

from tests.bot.simulator.client import MP4, START, Sim

KNOWN: dict[str, Any] = {
    "platform": "bilibili",
    "account": "clips",
    "open_id": "o1",
    "client_id": "c1",
    "client_secret": "shh",
    "access_token": "t1",
    "refresh_token": "r1",
}
GOOD = {"title": "洗手七步", "tid": 201, "tag": "健康,科普", "copyright": 1, "desc": "七步洗手法"}
_NONCES = count()


def _headers(body: bytes = b"", /, **changed: str) -> dict[str, str]:
    """A signature of the documents' version 2.0; `changed` headers are not signed."""
    headers = {
        "x-bili-accesskeyid": "c1",
        "x-bili-content-md5": hashlib.md5(body).hexdigest(),
        "x-bili-signature-method": "HMAC-SHA256",
        "x-bili-signature-nonce": f"n{next(_NONCES)}",
        "x-bili-signature-version": "2.0",
        "x-bili-timestamp": str(int(START.timestamp())),
    }
    text = "\n".join(f"{name}:{headers[name]}" for name in sorted(headers))
    made = hmac.new(b"shh", text.encode(), "sha256").hexdigest()
    sent = {**headers, "Authorization": made, "Access-Token": "t1"}
    changed = {name.replace("_", "-"): value for name, value in changed.items()}
    return {name: value for name, value in {**sent, **changed}.items() if value}


async def _get(sim: Sim, call: str, **query: str) -> Any:
    reply = await sim.call("GET", f"/bilibili/arcopen/fn/{call}", params=query, headers=_headers())
    assert reply.status == 200
    return reply.body


async def _post(sim: Sim, call: str, data: Any, **query: str) -> Any:
    body = json.dumps(data, ensure_ascii=False).encode()
    headers = {**_headers(body), "Content-Type": "application/json"}
    path = f"/bilibili/arcopen/fn/{call}"
    return (await sim.call("POST", path, params=query, data=body, headers=headers)).body


async def _bytes(sim: Sim, path: str, data: bytes, **query: str) -> int:
    reply = await sim.call("POST", f"/bilibili/video/v2/{path}", params=query, data=data)
    return int(reply.body["code"])


async def _uploaded(sim: Sim) -> str:
    told = await _post(sim, "archive/video/init", {"name": "a.mp4", "utype": "1"})
    token = str(told["data"]["upload_token"])
    assert await _bytes(sim, "upload", MP4, upload_token=token) == 0
    return token


async def _add(sim: Sim, **changes: Any) -> Any:
    fields = GOOD | changes
    return await _post(sim, "archive/add-by-utoken", fields, upload_token=await _uploaded(sim))


@pytest.fixture
async def clips(sim: Sim) -> Sim:
    """A simulator with one account."""
    await sim.control("POST", "accounts", {"accounts": [KNOWN]})
    return sim


async def test_a_submission_is_processed_reviewed_and_public(clips: Sim) -> None:
    resource_id = (await _add(clips))["data"]["resource_id"]
    assert (await _get(clips, "archive/view", resource_id=resource_id))["code"] == 123028
    listed = (await _get(clips, "archive/viewlist", status="is_pubing"))["data"]
    assert [one["addit_info"]["state"] for one in listed["list"]] == [-1]
    await clips.move(seconds=120)
    view = (await _get(clips, "archive/view", resource_id=resource_id))["data"]
    assert (view["addit_info"]["state"], view["tid"]) == (0, 201)
    (post,) = await clips.posts(public="1")
    assert post["url"] == view["video_info"]["share_url"]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"Authorization": ""}, 127000),
        ({"x_bili_timestamp": ""}, 127000),
        ({"Authorization": "0" * 64}, 4002),
        ({"x_bili_content_md5": "0" * 32}, 4002),
        ({"x_bili_signature_version": "1.0"}, 4002),
        ({"x_bili_signature_nonce": "changed"}, 4002),
        ({"x_bili_accesskeyid": "c2"}, 127004),
        ({"Access-Token": "t2"}, 127001),
    ],
)
async def test_a_call_is_signed_whole(clips: Sim, changed: dict[str, str], code: int) -> None:
    path = "/bilibili/arcopen/fn/user/account/info"
    reply = await clips.call("GET", path, headers=_headers(**changed))
    assert reply.body["code"] == code


async def test_a_nonce_is_taken_once_and_a_time_must_be_near(clips: Sim) -> None:
    path, headers = "/bilibili/arcopen/fn/user/account/info", _headers()
    assert (await clips.call("GET", path, headers=headers)).body["code"] == 0
    assert (await clips.call("GET", path, headers=headers)).body["code"] == 4004
    await clips.move(hours=1)
    assert (await clips.call("GET", path, headers=_headers())).body["code"] == 4003


async def test_another_writing_of_the_same_json_is_refused(clips: Sim) -> None:
    """The very bytes that are sent are hashed."""
    signed = _headers(json.dumps({"name": "é.mp4"}, ensure_ascii=False).encode())
    headers = {**signed, "Content-Type": "application/json"}
    path = "/bilibili/arcopen/fn/archive/video/init"
    reply = await clips.call("POST", path, data=json.dumps({"name": "é.mp4"}), headers=headers)
    assert reply.body["code"] == 4002


async def test_parts_are_counted_from_one(clips: Sim) -> None:
    told = await _post(clips, "archive/video/init", {"name": "a.mp4"})
    token = told["data"]["upload_token"]
    done = "archive/video/complete"
    assert await _bytes(clips, "part/upload", MP4, upload_token=token, part_number="0") == 127100
    assert await _bytes(clips, "part/upload", MP4, upload_token=token, part_number="2") == 0
    assert (await _post(clips, done, {}, upload_token=token))["code"] == 127100
    assert await _bytes(clips, "part/upload", MP4, upload_token=token, part_number="1") == 0
    early = await _post(clips, "archive/add-by-utoken", GOOD, upload_token=token)
    assert early["code"] == 127022
    assert (await _post(clips, done, {}, upload_token=token))["code"] == 0
    assert await _bytes(clips, "upload", MP4, upload_token=token) == 127022
    added = await _post(clips, "archive/add-by-utoken", GOOD, upload_token=token)
    assert added["code"] == 0


async def test_one_upload_serves_one_submission(clips: Sim) -> None:
    token = await _uploaded(clips)
    for code in (0, 127022):
        told = await _post(clips, "archive/add-by-utoken", GOOD, upload_token=token)
        assert told["code"] == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"title": ""}, 123013),
        ({"title": "字" * 80}, 123013),
        ({"desc": "字" * 250}, 127100),
        ({"tag": ""}, 127100),
        ({"tag": "健康,,科普"}, 127100),
        ({"tag": "字" * 200}, 127100),
        ({"tid": 36}, 127207),  # not a leaf
        ({"tid": "201"}, 127207),
        ({"copyright": 3}, 127100),
        ({"copyright": 2}, 127100),  # without a source
        ({"copyright": 2, "source": "健康澜汀"}, 0),
        ({"cover": "https://a.cn/x.jpg"}, 127100),
    ],
)
async def test_fields_of_a_submission_are_checked(
    clips: Sim, changes: dict[str, Any], code: int
) -> None:
    assert (await _add(clips, **changes))["code"] == code


async def test_a_title_is_not_taken_again_for_a_while(clips: Sim) -> None:
    assert (await _add(clips))["code"] == 0
    assert (await _add(clips))["code"] == 123015
    assert (await _add(clips, title="另一个"))["code"] == 0


async def test_a_new_member_submits_five_a_day(clips: Sim) -> None:
    changed = {"platform": "bilibili", "account": "clips", "verified": False}
    await clips.control("POST", "accounts", {"accounts": [changed]})
    codes = [(await _add(clips, title=f"第{n}集"))["code"] for n in range(6)]
    assert codes == [0, 0, 0, 0, 0, 123029]


@pytest.mark.parametrize(
    ("kind", "size", "code"),
    [("JPEG", (960, 600), 0), ("PNG", (959, 600), 127100), ("GIF", (960, 600), 127102)],
)
async def test_a_cover_is_large_enough_and_a_picture(
    clips: Sim, kind: str, size: tuple[int, int], code: int
) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", size).save(buffer, kind)
    form = aiohttp.FormData()
    form.add_field("file", buffer.getvalue(), filename="c.jpg", content_type="image/jpeg")
    path = "/bilibili/arcopen/fn/archive/cover/upload"
    assert (await clips.call("POST", path, data=form, headers=_headers())).body["code"] == code


async def test_partitions_are_a_tree(clips: Sim) -> None:
    parents = (await _get(clips, "archive/type/list"))["data"]
    leaves = [child for parent in parents for child in parent["children"]]
    assert {"id": 201, "parent": 36, "name": "科学科普", "description": ""} in leaves


async def test_a_refresh_token_works_once(clips: Sim) -> None:
    form = {
        "client_id": "c1",
        "client_secret": "shh",
        "grant_type": "refresh_token",
        "refresh_token": "r1",
    }
    path = "/bilibili/x/account-oauth2/v1/refresh_token"
    first = (await clips.call("POST", path, data=form)).body
    assert first["data"]["expires_in"] > START.timestamp()  # a moment
    assert (await clips.call("POST", path, data=form)).body["code"] == 122007
    wrong = {**form, "refresh_token": first["data"]["refresh_token"], "client_secret": "x"}
    assert (await clips.call("POST", path, params=wrong)).body["code"] == 122001
