"""WeChat images, material and drafts: limits, what is stripped, whose media it is."""

import json
from typing import Any

import aiohttp
import pytest

from tests.bot.simulator.client import JPG, MP4, PNG, Sim, Wechat

UPLOAD, MATERIAL = "/cgi-bin/media/uploadimg", "/cgi-bin/material/add_material"
ADD, GET = "/cgi-bin/draft/add", "/cgi-bin/draft/get"
MB = 1024 * 1024


async def test_body_images_are_jpg_or_png_by_content_below_one_megabyte(
    hospital: Wechat,
) -> None:
    answer = await hospital.upload(UPLOAD, PNG)
    assert answer["url"].startswith("http://mmbiz.qpic.cn/")
    assert "url" in await hospital.upload(UPLOAD, JPG, "a.jpg")
    assert (await hospital.upload(UPLOAD, b"GIF89a" + b"\x00" * 60))["errcode"] == 40005
    just = PNG + b"\x00" * (MB - len(PNG) - 1)
    assert "url" in await hospital.upload(UPLOAD, just)
    assert (await hospital.upload(UPLOAD, just + b"\x00"))["errcode"] == 40009


async def _raw(hospital: Wechat, body: bytes) -> Any:
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    return await hospital.call(UPLOAD, data=body, headers=headers)


def _part(disposition: str, end: bytes = b"\r\n--b--\r\n") -> bytes:
    head = f"--b\r\nContent-Disposition: form-data; {disposition}\r\n\r\n"
    return head.encode() + PNG + end


async def test_multipart_that_wechat_does_not_understand(hospital: Wechat) -> None:
    good = 'name="media"; filename="a.png"'
    assert "url" in await _raw(hospital, _part(good))
    rfc2231 = "name=\"media\"; filename*=utf-8''%E5%9B%BE.png"
    assert (await _raw(hospital, _part(rfc2231)))["errcode"] == 41005
    chinese = 'name="media"; filename="图.png"'
    assert (await _raw(hospital, _part(chinese)))["errcode"] == 41005
    assert (await _raw(hospital, _part(good, b"")))["errcode"] == 41005
    assert (await _raw(hospital, b"no boundary"))["errcode"] == 41005
    assert (await _raw(hospital, _part('name="file"; filename="a.png"')))["errcode"] == 41005


async def test_a_chunked_upload_is_not_understood(hospital: Wechat) -> None:
    async def chunks() -> Any:
        yield _part('name="media"; filename="a.png"')

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = await hospital.call(UPLOAD, data=chunks(), headers=headers)
    assert answer["errcode"] == 41005


@pytest.mark.parametrize(
    ("kind", "name", "data", "code"),
    [
        ("image", "a.png", PNG, 0),
        ("image", "a.gif", b"GIF89a" + b"\x00" * 60, 0),
        ("image", "a", PNG, 40113),
        ("image", "a.png", b"<html>" * 9, 40005),
        ("image", "a.png", PNG + b"\x00" * 10 * MB, 40009),
        ("image", "a.png", b"", 44001),
        ("thumb", "a.jpg", JPG, 0),
        ("thumb", "a.jpg", JPG + b"\x00" * 64 * 1024, 40012),
        ("thumb", "a.png", PNG, 40113),
        ("picture", "a.png", PNG, 40004),
    ],
)
async def test_material(hospital: Wechat, kind: str, name: str, data: bytes, code: int) -> None:
    answer = await hospital.upload(MATERIAL, data, name, type=kind)
    assert answer.get("errcode", 0) == code
    assert ("media_id" in answer) == (code == 0)
    assert ("url" in answer) == (code == 0 and kind == "image")


async def test_a_video_needs_its_description_field(hospital: Wechat) -> None:
    assert (await hospital.upload(MATERIAL, MP4, "a.mp4", type="video"))["errcode"] == 40035
    form = aiohttp.FormData()
    form.add_field("media", MP4, filename="a.mp4", content_type="video/mp4")
    form.add_field("description", json.dumps({"title": "t", "introduction": "i"}))
    answer = await hospital.call(MATERIAL, data=form, params={"type": "video"})
    assert set(answer) == {"media_id"}


async def test_the_library_lists_newest_first(sim: Sim, hospital: Wechat) -> None:
    ids = [await hospital.cover() for _ in range(3)]
    path = "/cgi-bin/material/batchget_material"
    page = await hospital.call(path, {"type": "image", "offset": 0, "count": 2})
    assert [item["media_id"] for item in page["item"]] == [ids[2], ids[1]]
    assert (page["total_count"], page["item_count"]) == (3, 2)
    too_many = {"type": "image", "offset": 0, "count": 21}
    assert (await hospital.call(path, too_many))["errcode"] == 40097


async def test_a_draft_answers_a_media_id_and_no_code(hospital: Wechat) -> None:
    answer = await hospital.draft()
    assert set(answer) == {"media_id"}
    stored = await hospital.call(GET, {"media_id": answer["media_id"]})
    (article,) = stored["news_item"]
    assert article["title"] == "世界防治结核病日"
    assert article["digest"] == "正文"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"title": "字" * 32}, 0),
        ({"title": "字" * 33}, 45003),
        ({"title": ""}, 45003),
        ({"author": "字" * 16}, 0),
        ({"author": "字" * 17}, 45110),
        ({"digest": "字" * 120}, 0),
        ({"digest": "字" * 121}, 45004),
        ({"content": "字" * 19_999}, 0),
        ({"content": "字" * 20_000}, 45002),
        ({"content": " "}, 44004),
        ({"content_source_url": "https://wjw.example.cn/a"}, 0),
        ({"content_source_url": "wjw.example.cn"}, 41039),
        ({"content_source_url": "https://a.cn/" + "x" * 1024}, 41039),
        ({"thumb_media_id": "nothing"}, 40007),
        ({"thumb_media_id": None}, 40007),
        ({"pic_crop_235_1": "0_0_1_2"}, 53402),
        ({"pic_crop_235_1": "0_0.1_1_0.5"}, 0),
        ({"article_type": "newspic"}, 40229),
    ],
)
async def test_draft_limits(hospital: Wechat, fields: dict[str, Any], code: int) -> None:
    answer = await hospital.draft(**fields)
    assert answer.get("errcode", 0) == code
    assert ("media_id" in answer) == (code == 0)


async def test_a_cover_of_another_account_is_unknown(hospital: Wechat, centre: Wechat) -> None:
    foreign = await centre.cover()
    assert (await hospital.draft(thumb_media_id=foreign))["errcode"] == 40007


async def test_unicode_escapes_are_refused(hospital: Wechat) -> None:
    article = {"title": "中", "content": "文", "thumb_media_id": await hospital.cover()}
    escaped = json.dumps({"articles": [article]}).encode()
    assert (await hospital.call(ADD, data=escaped))["errcode"] == 47002
    literal = json.dumps({"articles": [article | {"content": "\\u4e2d"}]}, ensure_ascii=False)
    assert "media_id" in await hospital.call(ADD, data=literal.encode())
    assert (await hospital.call(ADD, data=b"{"))["errcode"] == 47001
    assert (await hospital.call(ADD, data=b""))["errcode"] == 44002
    assert (await hospital.call(ADD, {"articles": []}))["errcode"] == 44003


async def test_what_is_left_of_the_html(hospital: Wechat) -> None:
    inside = (await hospital.upload(UPLOAD, PNG))["url"]
    content = (
        '<section style="color:red" class="c" id="i" onclick="x()">甲&amp;乙'
        f'<img src="{inside}" style="width:9px"/><img src="https://elsewhere.cn/a.png">'
        "<script>alert(1)</script><style>p{}</style><iframe src='x'></iframe>"
        '<a href="https://elsewhere.cn">外链</a>'
        '<a href="https://mp.weixin.qq.com/s?x=1">内链</a></section>'
    )
    draft = await hospital.draft(content=content)
    stored = (await hospital.call(GET, draft))["news_item"][0]["content"]
    assert stored == (
        f'<section style="color:red">甲&amp;乙<img src="{inside}" style="width:9px"/>'
        '<a>外链</a><a href="https://mp.weixin.qq.com/s?x=1">内链</a></section>'
    )


async def test_several_articles_and_their_digests(hospital: Wechat) -> None:
    draft = await hospital.draft({"title": "一", "digest": "摘要"}, {"title": "二"})
    stored = (await hospital.call(GET, draft))["news_item"]
    assert [a["title"] for a in stored] == ["一", "二"]
    assert stored[0]["digest"] == "正文"  # the field counts for single articles only
    nine = [{"title": str(n)} for n in range(9)]
    assert (await hospital.draft(*nine))["errcode"] == 45008


async def test_update_takes_one_object_and_counts_from_zero(hospital: Wechat) -> None:
    draft = await hospital.draft({"title": "一"}, {"title": "二"})
    article = {"title": "新", "content": "新文", "thumb_media_id": await hospital.cover()}
    change = draft | {"index": 1, "articles": article}
    path = "/cgi-bin/draft/update"
    assert await hospital.call(path, change) == {"errcode": 0, "errmsg": "ok"}
    stored = (await hospital.call(GET, draft))["news_item"]
    assert [a["title"] for a in stored] == ["一", "新"]
    assert (await hospital.call(path, change | {"index": 2}))["errcode"] == 40114
    assert (await hospital.call(path, change | {"articles": [article]}))["errcode"] == 47001


async def test_listing_counting_and_deleting_drafts(sim: Sim, hospital: Wechat) -> None:
    ids = []
    for _ in range(3):
        ids.append((await hospital.draft())["media_id"])
        await sim.move(seconds=1)
    page = {"offset": 0, "count": 2, "no_content": 1}
    listed = await hospital.call("/cgi-bin/draft/batchget", page)
    assert [item["media_id"] for item in listed["item"]] == [ids[2], ids[1]]
    assert "content" not in listed["item"][0]["content"]["news_item"][0]
    gone = {"media_id": ids[0]}
    assert (await hospital.call("/cgi-bin/draft/delete", gone))["errcode"] == 0
    assert (await hospital.call("/cgi-bin/draft/delete", gone))["errcode"] == 40007
    assert (await hospital.call(GET, gone))["errcode"] == 40007
    assert await hospital.call("/cgi-bin/draft/count", method="GET") == {"total_count": 2}


async def test_picture_messages(hospital: Wechat) -> None:
    images = {"image_list": [{"image_media_id": await hospital.cover()}]}
    fields = {"article_type": "newspic", "image_info": images, "thumb_media_id": ""}
    assert "media_id" in await hospital.draft(content="纯文字", **fields)
    linked = await hospital.draft(content="看 https://a.cn", **fields)
    assert linked["errcode"] == 45166
    assert (await hospital.draft(content="字" * 1001, **fields))["errcode"] == 45166
    draft = await hospital.draft(content="字" * 1000, **fields)
    (stored,) = (await hospital.call(GET, draft))["news_item"]
    assert stored["image_info"] == images


@pytest.mark.parametrize("count", [0, 21])
async def test_a_gallery_has_one_to_twenty_pictures(hospital: Wechat, count: int) -> None:
    images = [{"image_media_id": await hospital.cover()}] * count
    fields = {"article_type": "newspic", "image_info": {"image_list": images}}
    assert (await hospital.draft(content="图", **fields))["errcode"] == 40229


@pytest.mark.parametrize(
    ("crop", "code"),
    [
        ({"ratio": "1_1", "x1": "0", "y1": "0", "x2": "1", "y2": "0.5"}, 0),
        ({"ratio": "1_1", "x1": 0, "y1": 0, "x2": 1, "y2": 1}, 53402),
        ({"ratio": "4_3", "x1": "0", "y1": "0", "x2": "1", "y2": "1"}, 53402),
        ({"ratio": "1_1", "x1": "0", "y1": "0", "x2": "2", "y2": "1"}, 53402),
    ],
)
async def test_the_crop_of_a_gallery(hospital: Wechat, crop: dict[str, Any], code: int) -> None:
    images = {"image_list": [{"image_media_id": await hospital.cover()}]}
    cover = {"crop_percent_list": [crop]}
    answer = await hospital.draft(
        content="图", article_type="newspic", image_info=images, cover_info=cover
    )
    assert answer.get("errcode", 0) == code


async def test_the_library_is_counted_and_emptied(hospital: Wechat) -> None:
    media_id = await hospital.cover()
    count = "/cgi-bin/material/get_materialcount"
    assert (await hospital.call(count, method="GET"))["image_count"] == 1
    remove = "/cgi-bin/material/del_material"
    assert (await hospital.call(remove, {"media_id": media_id}))["errcode"] == 0
    assert (await hospital.call(remove, {"media_id": media_id}))["errcode"] == 40007
    assert (await hospital.call(count, method="GET"))["image_count"] == 0


async def test_comments_of_what_was_published(sim: Sim, hospital: Wechat) -> None:
    job = await hospital.submit()
    ask = {"msg_data_id": job["msg_data_id"], "index": 0, "begin": 0, "count": 49, "type": 0}
    path = "/cgi-bin/comment/list"
    assert (await hospital.call(path, ask))["total"] == 0
    assert (await hospital.call(path, ask | {"count": 50}))["errcode"] == 88010
    assert (await hospital.call(path, ask | {"index": 1}))["errcode"] == 88001
    assert (await hospital.call("/cgi-bin/comment/open", ask))["errcode"] == 0
    change = {"platform": "wechat", "account": "hospital", "comments": False}
    await sim.control("POST", "accounts", {"accounts": [change]})
    assert (await hospital.call(path, ask))["errcode"] == 88000


async def test_comments_need_the_right(sim: Sim, hospital: Wechat) -> None:
    assert "media_id" in await hospital.draft(need_open_comment=1)
    change = {"platform": "wechat", "account": "hospital", "comments": False}
    await sim.control("POST", "accounts", {"accounts": [change]})
    assert (await hospital.draft(need_open_comment=1))["errcode"] == 88000


async def test_error_messages_end_with_a_request_id(hospital: Wechat) -> None:
    message = (await hospital.call(GET, {"media_id": "x"}))["errmsg"]
    assert message.startswith("invalid media_id rid: ")


async def test_answers_do_not_call_themselves_json(sim: Sim, hospital: Wechat) -> None:
    url = f"{sim.base}/wechat/cgi-bin/draft/count"
    async with sim.http.get(url, params={"access_token": hospital.token}) as response:
        assert response.content_type == "text/plain"
        assert json.loads(await response.read()) == {"total_count": 0}
