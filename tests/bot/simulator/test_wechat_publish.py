"""WeChat 发布 and 群发: review, doubles, quotas, listings, statistics."""

from typing import Any

import pytest

from tests.bot.simulator.client import Sim, Wechat

SUBMIT, SENDALL = "/cgi-bin/freepublish/submit", "/cgi-bin/message/mass/sendall"
BATCHGET, COUNT = "/cgi-bin/freepublish/batchget", "/cgi-bin/draft/count"
DETAIL = "/datacube/getarticletotaldetail"
PAGE = {"offset": 0, "count": 20}
ALL = {"is_to_all": True}


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


async def _send(account: Wechat, **fields: Any) -> Any:
    draft = await account.draft()
    body = {"filter": ALL, "msgtype": "mpnews", "mpnews": draft} | fields
    return await account.call(SENDALL, body)


async def test_a_mass_send_consumes_the_draft_and_is_not_in_the_publish_list(
    sim: Sim, hospital: Wechat
) -> None:
    sent = await _send(hospital, clientmsgid="k1")
    assert set(sent) == {"errcode", "errmsg", "msg_id", "msg_data_id"}
    path, job = "/cgi-bin/message/mass/get", {"msg_id": sent["msg_id"]}
    assert (await hospital.call(path, job))["msg_status"] == "SENDING"
    await sim.move(seconds=20)
    assert (await hospital.call(path, job))["msg_status"] == "SEND_SUCCESS"
    assert (await hospital.call(COUNT, method="GET"))["total_count"] == 0
    assert (await hospital.call(BATCHGET, PAGE))["total_count"] == 0
    (post,) = await sim.posts(public="1")
    assert (post["kind"], post["push"]) == ("mass", str(sent["msg_id"]))
    assert (await hospital.call(path, {"msg_id": 7}))["errcode"] == 40059


async def test_the_same_clientmsgid_sends_once_in_a_day(sim: Sim, hospital: Wechat) -> None:
    draft = await hospital.draft()
    body = {"filter": ALL, "msgtype": "mpnews", "mpnews": draft, "clientmsgid": "k1"}
    sent = await hospital.call(SENDALL, body)
    await sim.move(seconds=30)
    again = await hospital.call(SENDALL, body)
    assert (again["errcode"], again["msg_id"]) == (45065, sent["msg_id"])
    assert "msg_data_id" not in again
    await sim.settings(mass_guard=True)
    assert (await hospital.call(SENDALL, body))["errcode"] == 45066
    await sim.move(seconds=30)
    assert (await hospital.call(SENDALL, body))["errcode"] == 45065
    assert len(await sim.posts()) == 1


async def test_a_clientmsgid_is_forgotten_after_a_day(sim: Sim, centre: Wechat) -> None:
    await sim.settings(review_s={"wechat": 200_000})  # the draft stays that long
    draft = await centre.draft()
    body = {"filter": ALL, "msgtype": "mpnews", "mpnews": draft, "clientmsgid": "k1"}
    await centre.call(SENDALL, body)
    await sim.move(hours=24)
    reply = await sim.call(
        "POST",
        "/wechat/cgi-bin/stable_token",
        json={"grant_type": "client_credential", "appid": "wx2", "secret": "s2"},
    )
    later = Wechat(sim=sim, token=reply.body["access_token"])
    assert (await later.call(SENDALL, body))["errcode"] == 0


async def test_without_clientmsgid_the_content_is_the_key(hospital: Wechat) -> None:
    draft = await hospital.draft()
    body = {"filter": ALL, "msgtype": "mpnews", "mpnews": draft}
    sent = await hospital.call(SENDALL, body)
    again = await hospital.call(SENDALL, body)
    assert (again["errcode"], again["msg_id"]) == (45065, sent["msg_id"])


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"clientmsgid": "k" * 65}, 45067),
        ({"clientmsgid": "k" * 64}, 0),
        ({"filter": {"is_to_all": False, "tag_id": 2}}, 0),
        ({"filter": {"is_to_all": False}}, 45159),
        ({"filter": None}, 40035),
        ({"msgtype": "poem"}, 40008),
        ({"mpnews": {"media_id": "x"}}, 40007),
        ({"msgtype": "text", "text": {"content": "通知"}}, 0),
        ({"msgtype": "text", "text": {"content": ""}}, 44004),
        ({"msgtype": "images", "images": {"media_ids": ["x"]}}, 40007),
    ],
)
async def test_mass_send_fields(hospital: Wechat, fields: dict[str, Any], code: int) -> None:
    assert (await _send(hospital, **fields))["errcode"] == code


async def test_a_subscription_account_sends_once_a_day(sim: Sim, hospital: Wechat) -> None:
    assert (await _send(hospital))["errcode"] == 0
    assert (await _send(hospital))["errcode"] == 45028
    quota = await sim.control("GET", "quota", platform="wechat", account="hospital")
    assert quota["quota"]["push"] == {"used": 1, "limit": 1}
    await sim.move(minutes=90)
    assert (await _send(hospital))["errcode"] == 45028


async def test_a_refused_send_costs_no_quota(sim: Sim, hospital: Wechat) -> None:
    await sim.fault("wechat", "refuse_review")
    sent = await _send(hospital)
    await sim.move(seconds=20)
    job = {"msg_id": sent["msg_id"]}
    status = await hospital.call("/cgi-bin/message/mass/get", job)
    assert status["msg_status"] == "SEND_FAIL"
    assert (await _send(hospital))["errcode"] == 0


async def test_a_service_account_sends_four_a_month_with_the_console(
    sim: Sim, centre: Wechat
) -> None:
    by_hand = {"platform": "wechat", "account": "centre", "kind": "mass"}
    articles = [{"title": "手工", "content": "文"}]
    await sim.control("POST", "console", by_hand | {"articles": articles})
    last_month = {"at": "2026-02-27T10:00:00+08:00"}
    await sim.control("POST", "console", by_hand | last_month | {"articles": articles})
    codes = [(await _send(centre))["errcode"] for _ in range(4)]
    assert codes == [0, 0, 0, 45028]
    quota = {"platform": "wechat", "account": "centre", "budget": "push", "used": 3}
    await sim.control("POST", "quota", quota)
    assert (await _send(centre))["errcode"] == 0


@pytest.mark.parametrize(
    ("mode", "after_s", "status"),
    [("confirm", 80, "SEND_SUCCESS"), ("refuse", 60, "SEND_FAIL"), ("silent", 1800, "SEND_FAIL")],
)
async def test_protection(
    sim: Sim, hospital: Wechat, mode: str, after_s: float, status: str
) -> None:
    change = {"platform": "wechat", "account": "hospital", "protection": mode}
    await sim.control("POST", "accounts", {"accounts": [change]})
    job = {"msg_id": (await _send(hospital))["msg_id"]}
    await sim.move(seconds=after_s - 1)
    path = "/cgi-bin/message/mass/get"
    assert (await hospital.call(path, job))["msg_status"] == "SENDING"
    await sim.move(seconds=1)
    assert (await hospital.call(path, job))["msg_status"] == status


async def test_a_mass_send_is_deleted_by_index_or_link(sim: Sim, hospital: Wechat) -> None:
    draft = await hospital.draft({"title": "一"}, {"title": "二"})
    body = {"filter": ALL, "msgtype": "mpnews", "mpnews": draft}
    sent = await hospital.call(SENDALL, body)
    await sim.move(seconds=20)
    path = "/cgi-bin/message/mass/delete"
    beyond = {"msg_id": sent["msg_id"], "article_idx": 3}
    assert (await hospital.call(path, beyond))["errcode"] == 40060
    assert (await hospital.call(path, beyond | {"article_idx": 2}))["errcode"] == 0
    (left,) = await sim.posts(public="1")
    assert left["title"] == "一"
    assert (await hospital.call(path, {"url": left["url"]}))["errcode"] == 0
    status = await hospital.call("/cgi-bin/message/mass/get", {"msg_id": sent["msg_id"]})
    assert status["msg_status"] == "DELETE"


async def test_a_preview_publishes_nothing(sim: Sim, hospital: Wechat) -> None:
    draft = await hospital.draft()
    body = {"towxname": "officer", "msgtype": "mpnews", "mpnews": draft}
    answer = await hospital.call("/cgi-bin/message/mass/preview", body)
    assert answer["errcode"] == 0
    assert await sim.posts() == []
    assert (await hospital.call("/cgi-bin/message/mass/preview", {}))["errcode"] == 40003


async def test_a_reprint_goes_out_when_asked(sim: Sim, centre: Wechat) -> None:
    declared = {"platform": "wechat", "account": "hospital", "text": TEXT}
    await sim.control("POST", "original", declared)
    for ignore, status in ((0, "SEND_FAIL"), (1, "SEND_SUCCESS")):
        draft = await centre.draft(content=TEXT)
        sent = await _send(centre, mpnews=draft, send_ignore_reprint=ignore)
        await sim.move(seconds=20)
        job = {"msg_id": sent["msg_id"]}
        answer = await centre.call("/cgi-bin/message/mass/get", job)
        assert answer["msg_status"] == status


async def _detail(account: Wechat, begin: str, end: str | None = None) -> Any:
    return await account.call(DETAIL, {"begin_date": begin, "end_date": end or begin})


async def _tomorrow(sim: Sim, clock: str) -> Wechat:
    await sim.control("POST", "clock", {"now": f"2026-03-{clock}:00+08:00"})
    body = {"grant_type": "client_credential", "appid": "wx1", "secret": "s1"}
    reply = await sim.call("POST", "/wechat/cgi-bin/stable_token", json=body)
    return Wechat(sim=sim, token=reply.body["access_token"])


async def test_statistics_list_both_kinds_the_next_morning(sim: Sim, hospital: Wechat) -> None:
    job, sent = await hospital.submit(title="发布"), await _send(hospital)
    by_hand = {"platform": "wechat", "account": "hospital"}
    made = await sim.control(
        "POST", "console", by_hand | {"articles": [{"title": "手一"}, {"title": "手二"}]}
    )
    early = await _tomorrow(sim, "03T07:59")
    assert await _detail(early, "2026-03-02") == {"list": [], "is_delay": True}
    ready = await _tomorrow(sim, "03T08:00")
    answer = await _detail(ready, "2026-03-02")
    assert answer["is_delay"] is False
    kinds = {row["msgid"]: row["publish_type"] for row in answer["list"]}
    assert kinds == {
        f"{job['msg_data_id']}_1": 1,
        f"{sent['msg_data_id']}_1": 0,
        made["ids"][0]: 1,
        made["ids"][1]: 1,
    }
    row = answer["list"][0]
    assert row["ref_date"] == "2026-03-02"
    assert [d["stat_date"] for d in row["detail_list"]] == ["2026-03-02"]


async def test_figures_cumulate_day_by_day(sim: Sim, hospital: Wechat) -> None:
    await _send(hospital)
    later = await _tomorrow(sim, "09T09:00")
    (row,) = (await _detail(later, "2026-03-02"))["list"]
    readers = [day["read_user"] for day in row["detail_list"]]
    assert len(readers) == 7
    assert readers == sorted(readers)
    assert readers[0] < readers[-1] <= 5000
    assert (await _detail(later, "2026-03-03"))["list"] == []


async def test_statistics_dates(hospital: Wechat) -> None:
    assert (await _detail(hospital, "2026-03-02"))["errcode"] == 61501
    assert (await _detail(hospital, "2026-02-27", "2026-02-28"))["errcode"] == 61501
    assert (await _detail(hospital, "2026-3-1"))["errcode"] == 61500
    assert (await _detail(hospital, "20260301"))["errcode"] == 61500


async def test_old_statistics_are_offline(sim: Sim, hospital: Wechat) -> None:
    answer = await hospital.call("/datacube/getarticlesummary", {"begin_date": "2026-03-01"})
    assert answer["errcode"] == 47009
    misplaced = await sim.call("POST", f"/wechat/cgi-bin{DETAIL}")
    assert misplaced.status == 404


async def test_a_post_by_hand_is_listed_unless_it_was_a_mass_send(
    sim: Sim, hospital: Wechat
) -> None:
    by_hand = {"platform": "wechat", "account": "hospital"}
    articles = [{"title": "手一", "content": "甲", "source_url": "https://a.cn"}]
    made = await sim.control("POST", "console", by_hand | {"articles": articles})
    await sim.control("POST", "console", by_hand | {"kind": "mass", "articles": articles})
    listed = await hospital.call(BATCHGET, PAGE)
    assert listed["total_count"] == 1
    assert listed["item"][0]["content"]["news_item"][0]["url"] == made["urls"][0]
    assert (await _send(hospital))["errcode"] == 45028
