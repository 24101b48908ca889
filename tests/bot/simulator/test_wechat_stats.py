"""WeChat statistics: when they are ready, what they list, how they grow."""

from typing import Any

from tests.bot.simulator.client import Sim, Wechat

DETAIL, SENDALL = "/datacube/getarticletotaldetail", "/cgi-bin/message/mass/sendall"
ALL = {"is_to_all": True}


async def _send(account: Wechat, **fields: Any) -> Any:
    draft = await account.draft()
    body = {"filter": ALL, "msgtype": "mpnews", "mpnews": draft} | fields
    return await account.call(SENDALL, body)


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


async def test_old_statistics_can_be_brought_back(sim: Sim, hospital: Wechat) -> None:
    await hospital.submit(title="发布")
    sent = await _send(hospital)
    await sim.settings(wechat_old_stats=True)
    later = await _tomorrow(sim, "04T09:00")
    day = {"begin_date": "2026-03-02", "end_date": "2026-03-02"}
    (row,) = (await later.call("/datacube/getarticletotal", day))["list"]
    assert row["msgid"] == f"{sent['msg_data_id']}_1"
    assert [d["stat_date"] for d in row["details"]] == ["2026-03-02", "2026-03-03"]


async def test_readers_and_sharers_of_one_day(sim: Sim, hospital: Wechat) -> None:
    sent = await _send(hospital)
    later = await _tomorrow(sim, "05T09:00")
    total = (await _detail(later, "2026-03-02"))["list"][0]["detail_list"]
    read = 0
    for day in ("2026-03-02", "2026-03-03", "2026-03-04"):
        body = {"begin_date": day, "end_date": day}
        (row,) = (await later.call("/datacube/getarticleread", body))["list"]
        assert row["msgid"] == f"{sent['msg_data_id']}_1"
        read += row["detail"]["read_user"]
        assert (
            "share_user"
            in (await later.call("/datacube/getarticleshare", body))["list"][0]["detail"]
        )
    assert read == total[-1]["read_user"]
