"""WeChat 发布: review, doubles, refusals, listings, deletions."""

import pytest

from tests.bot.simulator.client import Sim, Wechat

SUBMIT, SENDALL = "/cgi-bin/freepublish/submit", "/cgi-bin/message/mass/sendall"
BATCHGET, COUNT = "/cgi-bin/freepublish/batchget", "/cgi-bin/draft/count"
DETAIL = "/datacube/getarticletotaldetail"
PAGE = {"offset": 0, "count": 20}


async def test_a_submit_is_reviewed_then_public_and_its_draft_gone(
    sim: Sim, hospital: Wechat
) -> None:
    job = await hospital.submit(content_source_url="https://wjw.example.cn/a")
    assert job["errcode"] == 0
    assert isinstance(job["publish_id"], int)
    running = await hospital.status(job["publish_id"])
    assert running["publish_status"] == 1
    assert "article_id" not in running
    assert (await hospital.call(COUNT, method="GET"))["total_count"] == 1
    assert await sim.posts(public="1") == []
    await sim.move(seconds=20)
    done = await hospital.status(str(job["publish_id"]))
    assert done["publish_status"] == 0
    url = done["article_detail"]["item"][0]["article_url"]
    assert url.startswith("https://mp.weixin.qq.com/s?__biz=")
    assert f"&mid={job['msg_data_id']}&idx=1&sn=" in url
    assert (await hospital.call(COUNT, method="GET"))["total_count"] == 0
    (post,) = await sim.posts(public="1")
    assert (post["url"], post["push"]) == (url, str(job["publish_id"]))
    assert post["id"] == f"{job['msg_data_id']}_1"
    assert (post["via"], post["kind"]) == ("api", "publish")
    assert post["source_url"] == "https://wjw.example.cn/a"
    assert post["published_at"] == "2026-03-02T02:00:20+00:00"


async def test_submitting_a_draft_twice_publishes_twice(sim: Sim, hospital: Wechat) -> None:
    draft = await hospital.draft()
    first = await hospital.call(SUBMIT, draft)
    second = await hospital.call(SUBMIT, draft)
    assert first["publish_id"] != second["publish_id"]
    await sim.move(seconds=20)
    posts = await sim.posts(public="1")
    assert len(posts) == 2
    assert len({post["url"] for post in posts}) == 2
    assert (await hospital.call(SUBMIT, draft))["errcode"] == 40007


async def test_a_refused_draft_stays(sim: Sim, hospital: Wechat) -> None:
    await sim.fault("wechat", "refuse_review", status=4)
    draft = await hospital.draft()
    await hospital.call(SUBMIT, draft)
    await sim.move(seconds=20)
    assert (await hospital.call(COUNT, method="GET"))["total_count"] == 1
    assert (await hospital.call(SUBMIT, draft))["errcode"] == 0


async def test_submit_errors(sim: Sim, hospital: Wechat) -> None:
    assert (await hospital.call(SUBMIT, {}))["errcode"] == 41006
    assert (await hospital.call(SUBMIT, {"media_id": "x"}))["errcode"] == 40007
    assert (await hospital.status(5))["errcode"] == 40035
    change = {"platform": "wechat", "account": "hospital", "verified": False}
    await sim.control("POST", "accounts", {"accounts": [change]})
    draft = await hospital.draft()  # drafts need no verification
    for path, body in ((SUBMIT, draft), (BATCHGET, PAGE), (SENDALL, {}), (DETAIL, {})):
        assert (await hospital.call(path, body))["errcode"] == 48001, path


async def test_ids_can_be_strings(sim: Sim, hospital: Wechat) -> None:
    await sim.settings(ids="string")
    job = await hospital.submit()
    assert isinstance(job["publish_id"], str)
    assert isinstance(job["msg_data_id"], str)


async def test_the_list_shows_finished_publications_newest_first(
    sim: Sim, hospital: Wechat
) -> None:
    for title in ("甲", "乙"):
        await hospital.submit(title=title)
        await sim.move(seconds=20)
    await hospital.submit(title="未审")
    listed = await hospital.call(BATCHGET, PAGE)
    titles = [item["content"]["news_item"][0]["title"] for item in listed["item"]]
    assert titles == ["乙", "甲"]
    assert listed["total_count"] == 2
    (article,) = listed["item"][0]["content"]["news_item"]
    assert article["is_deleted"] is False
    assert article["content"] == "<p>正文</p>"
    short = await hospital.call(BATCHGET, PAGE | {"no_content": 1})
    assert "content" not in short["item"][0]["content"]["news_item"][0]


async def test_links_in_lists_can_vary(sim: Sim, hospital: Wechat) -> None:
    await hospital.submit()
    await sim.move(seconds=20)
    await sim.settings(url_variants=True)
    listed = await hospital.call(BATCHGET, PAGE)
    url = listed["item"][0]["content"]["news_item"][0]["url"]
    assert url.startswith("http://")
    assert url.endswith("#rd")
    assert "&chksm=" in url


async def test_deleting_articles_one_by_one(sim: Sim, hospital: Wechat) -> None:
    draft = await hospital.draft({"title": "一"}, {"title": "二"})
    job = await hospital.call(SUBMIT, draft)
    await sim.move(seconds=20)
    article_id = (await hospital.status(job["publish_id"]))["article_id"]
    path, one = "/cgi-bin/freepublish/delete", {"article_id": article_id, "index": 1}
    assert (await hospital.call(path, one))["errcode"] == 0
    news = (await hospital.call("/cgi-bin/freepublish/getarticle", one))["news_item"]
    assert [a["is_deleted"] for a in news] == [True, False]
    assert [p["title"] for p in await sim.posts(public="1")] == ["二"]
    assert (await hospital.call(path, {"article_id": article_id}))["errcode"] == 0
    assert (await hospital.status(job["publish_id"]))["publish_status"] == 5
    gone = await hospital.call("/cgi-bin/freepublish/getarticle", one)
    assert gone["errcode"] == 53600


async def test_a_ban_shows_as_status_six(sim: Sim, hospital: Wechat) -> None:
    job = await hospital.submit()
    await sim.move(seconds=20)
    (post,) = await sim.posts()
    await sim.control("POST", f"posts/{post['id']}/ban")
    assert (await hospital.status(job["publish_id"]))["publish_status"] == 6
    assert await sim.posts(public="1") == []


TEXT = "三月二十四日是世界防治结核病日。咳嗽咳痰两周以上要警惕，请及时到定点医院就诊。"


@pytest.mark.parametrize(
    ("whitelist", "text", "status"),
    [
        ([], TEXT, 2),
        ([], TEXT + "本院门诊全年开放。", 2),
        ([], "春季流感高发，接种疫苗是最有效的预防方法，请带好证件到社区接种。", 0),
        (["hospital"], TEXT, 0),
    ],
)
async def test_anothers_declared_original(
    sim: Sim, hospital: Wechat, whitelist: list[str], text: str, status: int
) -> None:
    declared = {"platform": "wechat", "account": "centre", "text": TEXT, "whitelist": whitelist}
    await sim.control("POST", "original", declared)
    job = await hospital.submit(content=f"<p>{text}</p>")
    await sim.move(seconds=20)
    assert (await hospital.status(job["publish_id"]))["publish_status"] == status


async def test_ones_own_original_may_go_out(sim: Sim, centre: Wechat) -> None:
    declared = {"platform": "wechat", "account": "centre", "text": TEXT}
    await sim.control("POST", "original", declared)
    job = await centre.submit(content=TEXT)
    await sim.move(seconds=20)
    assert (await centre.status(job["publish_id"]))["publish_status"] == 0
