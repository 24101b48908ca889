"""Douyin: envelopes, tokens, uploads, review, queries."""

from typing import Any

import pytest

from tests.bot.simulator.client import JPG, MP4, Douyin, Sim, error_of

MB = 1024 * 1024
OAUTH = "/douyin/oauth"
REFRESH = {"client_key": "key", "grant_type": "refresh_token", "refresh_token": "rft.first"}


async def _oauth(sim: Sim, call: str, form: dict[str, str]) -> Any:
    reply = await sim.call("POST", f"{OAUTH}/{call}/", data=form)
    assert reply.status == 200
    ok = reply.body["data"]["error_code"] == 0
    assert reply.body["message"] == ("success" if ok else "error")
    return reply.body["data"]


async def _expires(sim: Sim, **moments: str) -> None:
    change = {"platform": "douyin", "account": "clips"} | moments
    await sim.control("POST", "accounts", {"accounts": [change]})


async def test_a_work_is_accepted_then_public(sim: Sim, clips: Douyin) -> None:
    created = await clips.create("洗手 #健康#")
    assert error_of(created) == 0
    assert created["extra"]["logid"]
    item = created["data"]["item_id"]
    assert all(sign in item for sign in "@+/=")
    assert (await clips.info(item))["video_status"] == 4
    assert await sim.posts(public="1") == []
    await sim.move(seconds=120)
    info = await clips.info(item)
    assert (info["video_status"], info["media_type"], info["title"]) == (5, 4, "洗手 #健康#")
    (post,) = await sim.posts(public="1")
    assert post["url"] == f"https://www.douyin.com/video/{created['data']['video_id']}"
    assert (post["id"], post["kind"], post["via"]) == (item, "video", "api")


async def test_one_upload_makes_one_work(sim: Sim, clips: Douyin) -> None:
    body = {"video_id": await clips.video_id(), "text": "一"}
    assert error_of(await clips.post("create_video", body)) == 0
    assert error_of(await clips.post("create_video", body)) == 2190007
    assert error_of(await clips.post("create_video", {"video_id": "@x"})) == 2190007
    assert len(await sim.posts()) == 1


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"text": "字" * 1000}, 0),
        ({"text": "字" * 1001}, 28001007),
        ({"private_status": 3}, 28001007),
        ({"poi_id": "p", "micro_app_id": "m"}, 28001007),
        ({"custom_cover_image_url": "https://a.cn/x.jpg"}, 28001007),
        ({"cover_tsp": 1.5}, 0),
        ({"cover_tsp": "1.5"}, 28001007),
        ({"cover_tsp": -1}, 28001007),
        ({"video_id": ""}, 28001007),
    ],
)
async def test_create_fields(sim: Sim, clips: Douyin, fields: dict[str, Any], code: int) -> None:
    assert error_of(await clips.create(**fields)) == code
    assert len(await sim.posts()) == (1 if code == 0 else 0)


async def test_a_private_work_never_becomes_public(sim: Sim, clips: Douyin) -> None:
    item = (await clips.create(private_status=1))["data"]["item_id"]
    await sim.move(days=1)
    info = await clips.info(item)
    assert (info["video_status"], info["create_time"]) == (7, 0)
    assert await sim.posts(public="1") == []


async def test_the_part_must_be_a_video_by_type_and_content(clips: Douyin) -> None:
    wrong = await clips.upload(MP4, kind="application/octet-stream")
    assert error_of(wrong) == 28001007
    assert wrong["data"]["description"] == "unsupported content type"
    assert error_of(await clips.upload(b"<html>" * 20)) == 28001007
    assert error_of(await clips.upload(MP4, field="file")) == 28001007
    assert error_of(await clips.upload(b"")) == 28001007


async def test_a_file_above_the_limit_needs_parts(sim: Sim, clips: Douyin) -> None:
    await sim.settings(douyin_upload_mb=1)
    fits = MP4 + b"\x00" * (MB - len(MP4))
    assert error_of(await clips.upload(fits)) == 0
    assert error_of(await clips.upload(fits + b"\x00")) == 2190005


async def _init(clips: Douyin) -> str:
    return str((await clips.post("init_video_part_upload"))["data"]["upload_id"])


async def _part(clips: Douyin, upload_id: str, number: str, data: bytes) -> int:
    answer = await clips.upload(data, "upload_video_part", upload_id=upload_id, part_number=number)
    return error_of(answer)


async def test_parts_in_any_order_make_a_video(clips: Douyin) -> None:
    upload_id = await _init(clips)
    assert await _part(clips, upload_id, "2", b"end") == 0
    assert await _part(clips, upload_id, "1", MP4 + b"\x00" * 5 * MB) == 0
    done = await clips.post("complete_video_part_upload", upload_id=upload_id)
    video_id = done["data"]["video"]["video_id"]
    assert error_of(await clips.post("create_video", {"video_id": video_id})) == 0
    again = await clips.post("complete_video_part_upload", upload_id=upload_id)
    assert error_of(again) == 28001007


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [("2", MP4)],
        [("1", MP4), ("3", b"end")],
        [("1", MP4), ("2", b"end")],  # the first is below 5 MB
        [("1", b"no video at all")],
    ],
)
async def test_parts_that_do_not_fit(clips: Douyin, parts: list[tuple[str, bytes]]) -> None:
    upload_id = await _init(clips)
    for number, data in parts:
        assert await _part(clips, upload_id, number, data) == 0
    done = await clips.post("complete_video_part_upload", upload_id=upload_id)
    assert error_of(done) == 28001007


async def test_part_numbers_and_upload_ids(sim: Sim, clips: Douyin) -> None:
    upload_id = await _init(clips)
    assert await _part(clips, upload_id, "0", MP4) == 28001007
    assert await _part(clips, upload_id, "1", b"") == 28001007
    # Sent without encoding, the + of an upload_id arrives as a blank.
    assert await _part(clips, upload_id.replace("+", " "), "1", MP4) == 28001007
    await sim.move(hours=2)
    assert await _part(clips, upload_id, "1", MP4) == 28001007


async def test_images_and_image_sets(sim: Sim, clips: Douyin) -> None:
    answer = await clips.upload(JPG, "upload_image", field="image", kind="image/jpeg")
    image = answer["data"]["image"]["image_id"]
    assert error_of(await clips.create(custom_cover_image_url=image)) == 0
    wrong = await clips.upload(JPG, "upload_image", field="image", kind="video/mp4")
    assert error_of(wrong) == 28001007
    created = await clips.post("create_image_text", {"image_list": [image], "text": "图"})
    (post,) = [p for p in await sim.posts() if p["kind"] == "image_text"]
    assert post["id"] == created["data"]["item_id"]
    assert post["url"].startswith("https://www.douyin.com/note/")
    assert (await clips.info(post["id"]))["media_type"] == 2
    for images in ([], [image] * 31, ["x"], None):
        assert error_of(await clips.post("create_image_text", {"image_list": images})) == 28001007


async def test_the_list_is_withdrawn_unless_switched_on(sim: Sim, clips: Douyin) -> None:
    assert error_of(await clips.call("GET", "video_list")) == 28001056
    items = []
    for n in range(3):
        items.append((await clips.create(f"第{n}"))["data"]["item_id"])
        await sim.move(seconds=1)
    change = {"platform": "douyin", "account": "clips", "list": True}
    await sim.control("POST", "accounts", {"accounts": [change]})
    params = {"cursor": "0", "count": "2"}
    page = (await clips.call("GET", "video_list", params=params))["data"]
    assert [w["item_id"] for w in page["list"]] == items[:0:-1]
    assert page["has_more"] is True
    assert page["list"][0]["is_reviewed"] is False
    rest = await clips.call("GET", "video_list", params=params | {"cursor": str(page["cursor"])})
    assert [w["item_id"] for w in rest["data"]["list"]] == items[:1]
    assert rest["data"]["has_more"] is False


async def test_the_list_can_be_switched_on_for_all(sim: Sim, clips: Douyin) -> None:
    await sim.settings(douyin_list=True)
    assert error_of(await clips.call("GET", "video_list")) == 0


async def test_the_two_queries_prefer_different_ids(clips: Douyin) -> None:
    one, two = (await clips.create("一"))["data"], (await clips.create("二"))["data"]
    both = {"item_ids": [one["item_id"]], "video_ids": [two["video_id"]]}
    basic = (await clips.post("video_basic_info", both))["data"]["list"]
    full = (await clips.post("video_data", both))["data"]["list"]
    assert [w["title"] for w in basic] == ["二"]
    assert [w["title"] for w in full] == ["一"]
    assert "statistics" in full[0]
    assert "statistics" not in basic[0]
    assert error_of(await clips.post("video_data", {})) == 28001007
    unknown = await clips.post("video_basic_info", {"item_ids": ["@x"]})
    assert unknown["data"]["list"] == []


async def test_each_query_has_a_scope_of_its_own(sim: Sim, clips: Douyin) -> None:
    asked = {"item_ids": [(await clips.create())["data"]["item_id"]]}
    for scope, call in (
        ("posting.behavior", "video_basic_info"),
        ("video.data.bind", "video_data"),
    ):
        await _expires(sim, scopes="user_info,video.create.bind")
        assert error_of(await clips.post(call, asked)) == 28001012
        await _expires(sim, scopes=f"user_info,{scope}")
        assert error_of(await clips.post(call, asked)) == 0


async def test_status_fields_can_be_absent(sim: Sim, clips: Douyin) -> None:
    item = (await clips.create())["data"]["item_id"]
    await sim.settings(douyin_status_fields=False)
    assert "video_status" not in await clips.info(item)


async def test_thirty_day_statistics_start_the_next_day_at_ten(sim: Sim, clips: Douyin) -> None:
    item = (await clips.create())["data"]["item_id"]
    path, params = "/data/external/item/base/", {"item_id": item, "date_type": "30"}
    await sim.control("POST", "clock", {"now": "2026-03-03T09:59:00+08:00"})
    early = (await clips.call("GET", path, params=params))["data"]["result"]
    assert early["total_play"] == 0
    await sim.control("POST", "clock", {"now": "2026-03-12T10:00:00+08:00"})
    ready = (await clips.call("GET", path, params=params))["data"]["result"]
    assert ready["total_play"] > 0
    await sim.move(days=21)
    await _expires(sim, expires_at="2027-01-01T00:00:00+00:00")
    assert error_of(await clips.call("GET", path, params=params)) == 28001007


async def test_user_tokens(sim: Sim, clips: Douyin) -> None:
    assert error_of(await Douyin(sim=sim, token="act.no").create_probe()) == 28001003
    assert error_of(await Douyin(sim=sim, open_id="_other").create_probe()) == 28001015
    await sim.control("POST", "tokens/expire", {"platform": "douyin", "account": "clips"})
    assert error_of(await clips.create_probe()) == 28001008
    fresh = await _oauth(sim, "refresh_token", REFRESH)
    assert fresh["access_token"] != "act.first"
    renewed = Douyin(sim=sim, token=fresh["access_token"])
    assert error_of(await renewed.create_probe()) == 0
    assert error_of(await clips.create_probe()) == 28001008


async def test_refreshing_a_living_token_keeps_the_string_and_extends_it(sim: Sim) -> None:
    await _expires(
        sim,
        expires_at="2026-03-03T02:00:00+00:00",
        refresh_expires_at="2026-04-01T02:00:00+00:00",
    )
    answer = await _oauth(sim, "refresh_token", REFRESH)
    assert answer["access_token"] == "act.first"
    assert answer["expires_in"] == 1_296_000
    assert answer["refresh_token"] == "rft.first"
    assert answer["refresh_expires_in"] == 30 * 86_400


async def test_renewing_kills_the_old_refresh_token_and_ends_after_five(sim: Sim) -> None:
    form = {"client_key": "key", "refresh_token": "rft.first"}
    for _ in range(5):
        answer = await _oauth(sim, "renew_refresh_token", form)
        assert set(answer) == {"refresh_token", "expires_in", "error_code", "description"}
        assert (await _oauth(sim, "refresh_token", REFRESH | form))["error_code"] == 10010
        form = form | {"refresh_token": answer["refresh_token"]}
    assert (await _oauth(sim, "renew_refresh_token", form))["error_code"] == 10020


async def test_a_refresh_token_ends_by_the_clock_or_by_control(sim: Sim) -> None:
    who = {"platform": "douyin", "account": "clips"}
    await sim.control("POST", "tokens/expire", who | {"dead": True})
    assert (await _oauth(sim, "refresh_token", REFRESH))["error_code"] == 10010
    await sim.control("POST", "tokens/expire", who | {"dead": False})
    assert (await _oauth(sim, "refresh_token", REFRESH))["error_code"] == 0
    await _expires(sim, refresh_expires_at="2026-03-03T00:00:00+00:00")
    await sim.move(days=1)
    assert (await _oauth(sim, "refresh_token", REFRESH))["error_code"] == 10010


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"client_key": "other"}, 10003),
        ({"client_key": ""}, 10005),
        ({"grant_type": "x"}, 10005),
        ({"refresh_token": "rft.no"}, 10010),
    ],
)
async def test_wrong_refreshes(sim: Sim, changed: dict[str, str], code: int) -> None:
    assert (await _oauth(sim, "refresh_token", REFRESH | changed))["error_code"] == code


async def test_a_code_works_once_for_ten_minutes(sim: Sim) -> None:
    who = {"platform": "douyin", "account": "clips"}
    form = {
        "client_key": "key",
        "client_secret": "secret",
        "grant_type": "authorization_code",
    }
    code = (await sim.control("POST", "codes", who))["code"]
    answer = await _oauth(sim, "access_token", form | {"code": code})
    assert answer["open_id"] == "_000demo"
    assert answer["expires_in"] == 1_296_000
    fresh = Douyin(sim=sim, token=answer["access_token"])
    assert error_of(await fresh.create_probe()) == 0
    assert (await _oauth(sim, "access_token", form | {"code": code}))["error_code"] == 10007
    late = (await sim.control("POST", "codes", who))["code"]
    await sim.move(minutes=10)
    assert (await _oauth(sim, "access_token", form | {"code": late}))["error_code"] == 10007


async def test_userinfo(sim: Sim) -> None:
    form = {"open_id": "_000demo", "access_token": "act.first"}
    assert (await _oauth(sim, "userinfo", form))["nickname"] == "健康澜汀"
    assert (await _oauth(sim, "userinfo", form | {"open_id": "x"}))["error_code"] == 2190015
    assert (await _oauth(sim, "userinfo", form | {"access_token": "x"}))["error_code"] == 10008


async def _client_token(sim: Sim) -> str:
    form = {"client_key": "key", "client_secret": "secret", "grant_type": "client_credential"}
    return str((await _oauth(sim, "client_token", form))["access_token"])


async def test_a_new_client_token_ends_the_old_one_after_five_minutes(sim: Sim) -> None:
    old = Douyin(sim=sim, token=await _client_token(sim))
    new = Douyin(sim=sim, token=await _client_token(sim))
    assert error_of(await old.call("GET", "/share-id/")) == 0
    await sim.move(minutes=5)
    assert error_of(await old.call("GET", "/share-id/")) == 28001003
    assert (await new.call("GET", "/open/getticket/"))["data"]["ticket"]


async def test_the_flat_envelope(sim: Sim, clips: Douyin) -> None:
    app = Douyin(sim=sim, token=await _client_token(sim))
    path = "/api/douyin/v1/schema/get_share/"
    refused = await app.post(path, {})
    assert set(refused) == {"data", "err_no", "err_msg", "log_id"}
    assert refused["err_no"] == 28001007
    assert (await clips.post(path, {}))["err_no"] == 28001003


async def test_envelope_switches(sim: Sim, clips: Douyin) -> None:
    await sim.settings(douyin_log_id=True)
    answer = await clips.create_probe()
    assert "log_id" in answer["extra"]
    assert "logid" not in answer["extra"]
    await sim.settings(douyin_missing_code=True)
    assert "error_code" not in (await clips.create())["data"]
    assert error_of(await clips.post("create_video", {"video_id": "x"})) == 2190007
    await sim.settings(douyin_missing_code=False, douyin_string_numbers=True)
    assert (await clips.create_probe())["data"]["error_code"] == "0"
    await sim.settings(douyin_html=True)
    reply = await sim.call("POST", f"{OAUTH}/refresh_token/", data=REFRESH)
    assert (reply.status, reply.text[:6]) == (200, "<html>")


async def test_the_daily_cap_is_off_until_set(sim: Sim, clips: Douyin) -> None:
    await clips.create("一")
    await sim.settings(limits={"douyin": {"push": 1}})
    assert error_of(await clips.create("二")) == 2114007
    await sim.move(hours=14)
    assert error_of(await clips.create("二")) == 0


async def test_a_missing_scope(sim: Sim, clips: Douyin) -> None:
    change = {"platform": "douyin", "account": "clips", "scopes": "user_info"}
    await sim.control("POST", "accounts", {"accounts": [change]})
    assert error_of(await clips.create_probe()) == 28001012
    form = {"client_key": "key", "refresh_token": "rft.first"}
    assert (await _oauth(sim, "renew_refresh_token", form))["error_code"] == 10004


async def test_unknown_paths_and_methods(clips: Douyin) -> None:
    assert error_of(await clips.post("delete_video")) == 28001017
    assert error_of(await clips.call("GET", "create_video")) == 28001017


async def test_a_ban_shows_as_not_fit_for_public(sim: Sim, clips: Douyin) -> None:
    item = (await clips.create())["data"]["item_id"]
    await sim.move(seconds=120)
    assert len(await sim.posts(public="1")) == 1
    await sim.control("POST", f"posts/{item}/ban".replace("+", "%2B").replace("=", "%3D"))
    assert (await clips.info(item))["video_status"] == 2
    assert await sim.posts(public="1") == []
