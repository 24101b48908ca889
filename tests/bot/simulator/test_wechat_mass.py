"""WeChat 群发: the idempotency key, quotas, protection, reprints."""

from typing import Any

import pytest

from tests.bot.simulator.client import Sim, Wechat

SENDALL, COUNT = "/cgi-bin/message/mass/sendall", "/cgi-bin/draft/count"
BATCHGET, PAGE = "/cgi-bin/freepublish/batchget", {"offset": 0, "count": 20}
ALL = {"is_to_all": True}
TEXT = "三月二十四日是世界防治结核病日。咳嗽咳痰两周以上要警惕，请及时到定点医院就诊。"


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


async def test_sixty_calls_a_minute(sim: Sim, hospital: Wechat) -> None:
    for _ in range(60):
        assert (await hospital.call(SENDALL, {}))["errcode"] == 40035
    assert (await hospital.call(SENDALL, {}))["errcode"] == 45011
    await sim.move(minutes=1)
    assert (await hospital.call(SENDALL, {}))["errcode"] == 40035


async def test_the_speed_of_mass_sends_needs_the_right_to_send(sim: Sim, hospital: Wechat) -> None:
    path = "/cgi-bin/message/mass/speed/get"
    assert (await hospital.call(path, {}))["speed"] == 3
    change = {"platform": "wechat", "account": "hospital", "verified": False}
    await sim.control("POST", "accounts", {"accounts": [change]})
    assert (await hospital.call(path, {}))["errcode"] == 48001
