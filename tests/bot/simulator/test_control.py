"""The control API: what it registers, records and refuses."""

import asyncio
import sys
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from yarl import URL

from bot.simulator import serve
from tests.bot.simulator.client import FLAGSHIP, START, UNIT, Douyin, Sim, Wechat, Weibo


async def test_accounts_can_be_read_and_updated(sim: Sim) -> None:
    change = {"platform": "weibo", "account": "unit", "screen_name": "新名"}
    assert await sim.control("POST", "accounts", {"accounts": [change]}) == {"count": 1}
    accounts = (await sim.control("GET", "accounts"))["accounts"]
    assert len(accounts) == 6
    (unit,) = [a for a in accounts if a["account"] == "unit"]
    assert (unit["screen_name"], unit["uid"]) == ("新名", "2233445566")


async def test_the_same_account_id_may_live_on_several_platforms(sim: Sim) -> None:
    twin = FLAGSHIP | {"account": "hospital", "uid": "77", "access_token": "2.00twin"}
    await sim.control("POST", "accounts", {"accounts": [twin]})
    assert (await Weibo(sim=sim, token="2.00twin").share("双")).status == 200
    assert len(await sim.posts(platform="weibo", account="hospital")) == 1
    assert await sim.posts(platform="wechat", account="hospital") == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "accounts", {"accounts": [{"platform": "weixin", "account": "a"}]}),
        ("POST", "accounts", {"accounts": [{"platform": "wechat", "account": "a"}]}),
        ("POST", "accounts", {"accounts": [{"platform": "wechat"}]}),
        ("POST", "accounts", {"accounts": [{**FLAGSHIP, "uid": "x"}]}),
        ("POST", "accounts", {"accounts": [{**FLAGSHIP, "uid": 5}]}),
        ("POST", "accounts", {"accounts": [{**FLAGSHIP, "nick": "x"}]}),
        ("POST", "accounts", {"accounts": [{**FLAGSHIP, "expires_at": "soon"}]}),
        ("POST", "accounts", {"accounts": [{**FLAGSHIP, "safe_domains": "a.cn"}]}),
        ("POST", "accounts", {"accounts": ["a"]}),
        ("POST", "accounts", {}),
        ("POST", "accounts", [1]),
        ("POST", "console", {"platform": "wechat", "account": "nobody"}),
        ("POST", "console", {"platform": "wechat", "account": "hospital"}),
        ("POST", "console", {"platform": "wechat", "account": "hospital", "articles": [{}]}),
        ("POST", "console", {"platform": "weibo", "account": "unit"}),
        ("POST", "console", {"platform": "weibo", "account": "unit", "kind": "mass"}),
        ("POST", "console", {"platform": "weibo", "account": "unit", "kind": "repost"}),
        ("POST", "quota", {"platform": "weibo", "account": "unit", "budget": "x", "used": 1}),
        ("POST", "quota", {"platform": "weibo", "account": "unit", "budget": "push"}),
        ("GET", "quota", None),
        ("POST", "tokens/expire", {"platform": "weibo", "account": "nobody"}),
        ("POST", "tokens/expire", {"platform": "weibo", "account": "unit", "dead": "yes"}),
        ("POST", "codes", {"platform": "wechat", "account": "hospital"}),
        ("POST", "original", {"platform": "weibo", "account": "unit", "text": "x"}),
        ("POST", "original", {"platform": "wechat", "account": "hospital"}),
        ("POST", "settings", {"colour": "red"}),
        ("POST", "settings", {"ids": "roman"}),
        ("POST", "settings", {"review_s": {"wechat": "long"}}),
        ("POST", "settings", {"douyin_list": 1}),
        ("POST", "settings", {"limits": 5}),
        ("DELETE", "posts/none", None),
        ("POST", "posts/none/ban", None),
        ("DELETE", "faults/none", None),
        ("GET", "posts?platform=weixin", None),
        ("GET", "nothing", None),
    ],
)
async def test_wrong_input_is_refused_with_words(
    sim: Sim, method: str, path: str, body: Any
) -> None:
    reply = await sim.call(method, f"/_sim/{path}", json=body)
    assert reply.status == 400, reply.text
    assert list(reply.body) == ["error"]
    assert reply.body["error"]
    assert "Traceback" not in reply.text


async def test_a_body_that_is_no_json(sim: Sim) -> None:
    reply = await sim.call("POST", "/_sim/clock", data=b"{now")
    assert (reply.status, reply.body) == (400, {"error": "the body is not JSON"})


async def test_a_post_made_by_hand_several_articles_at_once(sim: Sim) -> None:
    articles = [{"title": "一", "content": "甲", "source_url": "https://a.cn"}, {"title": "二"}]
    body = {"platform": "wechat", "account": "centre", "articles": articles, "kind": "mass"}
    made = await sim.control("POST", "console", body | {"at": "2026-03-02T12:00:00+08:00"})
    assert len(set(made["urls"])) == len(set(made["ids"])) == 2
    assert await sim.posts(public="1") == []  # two hours from now
    await sim.move(hours=2)
    first, second = await sim.posts(public="1")
    assert first["push"] == second["push"]
    assert (first["id"], first["url"]) == (made["ids"][0], made["urls"][0])
    assert (first["via"], first["kind"], first["text"]) == ("console", "mass", "甲")
    assert first["published_at"] == "2026-03-02T04:00:00+00:00"
    assert first["source_url"] == "https://a.cn"


async def test_by_hand_on_douyin_and_weibo(sim: Sim, flagship: Weibo) -> None:
    video = {"platform": "douyin", "account": "clips", "text": "洗手", "duration": 30}
    made = await sim.control("POST", "console", video)
    assert made["urls"][0].startswith("https://www.douyin.com/video/")
    root = (await flagship.share("重点")).body["mid"]
    repost = {"platform": "weibo", "account": "unit", "kind": "repost", "target": root}
    again = await sim.control("POST", "console", repost)
    listed = (await flagship.get("/2/statuses/repost_timeline/ids.json", id=root)).body
    assert listed["statuses"] == again["ids"]


async def test_a_person_deletes_a_post(sim: Sim, flagship: Weibo) -> None:
    mid = (await flagship.share("错")).body["mid"]
    answer = await sim.control("DELETE", f"posts/{mid}")
    assert answer == {"id": mid, "public": False}
    assert await sim.posts(public="1") == []
    (post,) = await sim.posts()
    assert post["public"] is False
    assert post["published_at"] == START.isoformat()
    assert (await flagship.timeline())["statuses"] == []


async def test_a_douyin_id_goes_into_the_path_encoded(sim: Sim) -> None:
    video = {"platform": "douyin", "account": "clips", "text": "洗手"}
    (item,) = (await sim.control("POST", "console", video))["ids"]
    from_path = URL(f"{sim.base}/_sim/posts/{quote(item, safe='')}", encoded=True)
    async with sim.http.delete(from_path) as response:
        assert response.status == 200
    assert await sim.posts(public="1") == []


async def test_requests_are_counted_without_the_control_calls(
    sim: Sim, flagship: Weibo, hospital: Wechat
) -> None:
    await flagship.timeline()
    await flagship.timeline()
    answer = await sim.control("GET", "requests")
    assert answer["by_path"] == {
        "/wechat/cgi-bin/stable_token": 1,
        "/weibo/2/statuses/user_timeline.json": 2,
    }
    assert answer["count"] == 3


async def test_a_reset_forgets_everything(sim: Sim, flagship: Weibo) -> None:
    await flagship.share("一")
    await sim.fault("weibo", "empty", times=-1)
    await sim.settings(ids="string")
    await sim.move(days=3)
    await sim.control("POST", "reset")
    assert await sim.posts() == []
    assert (await sim.control("GET", "accounts"))["accounts"] == []
    assert (await sim.control("GET", "faults"))["faults"] == []
    assert (await sim.control("GET", "settings"))["ids"] == "number"
    assert (await sim.control("GET", "clock"))["now"] == START.isoformat()
    assert (await flagship.get("/2/account/get_uid.json")).body["error_code"] == 21332


async def test_settings_merge(sim: Sim) -> None:
    await sim.settings(review_s={"douyin": 5})
    settings = await sim.control("GET", "settings")
    assert (settings["review_s"]["wechat"], settings["review_s"]["douyin"]) == (20.0, 5.0)


async def test_limits_can_be_set_and_read(sim: Sim, flagship: Weibo) -> None:
    await sim.settings(limits={"weibo": {"push": 1}})
    assert (await flagship.share("一")).status == 200
    assert (await flagship.share("二")).body["error_code"] == 10024
    quota = await sim.control("GET", "quota", platform="weibo", account="flagship")
    assert quota["quota"] == {
        "push": {"used": 1, "limit": 1},
        "calls": {"used": 2, "limit": 100},
    }


async def test_serve_gives_the_port_it_took() -> None:
    runner, port = await serve("127.0.0.1", 0)
    try:
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"http://127.0.0.1:{port}/_sim/clock") as response,
        ):
            assert (await response.json())["virtual"] is False
        with pytest.raises(OSError, match=str(port)):
            await serve("127.0.0.1", port)
    finally:
        await runner.cleanup()


async def test_the_program_says_where_it_listens_and_stops_when_told() -> None:
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.simulator", "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    assert program.stdout is not None
    line = (await program.stdout.readline()).decode()
    assert line.startswith("simulator listening on http://127.0.0.1:")
    url = line.rsplit(" ", 1)[1].strip()
    async with aiohttp.ClientSession() as http, http.get(f"{url}/_sim/requests") as response:
        assert await response.json() == {"count": 0, "by_path": {}}
    program.terminate()
    rest = await program.stdout.read()
    assert (await program.wait(), rest) == (0, b"")


async def test_a_token_given_anew_lives_again(sim: Sim) -> None:
    clips = {"platform": "douyin", "account": "clips"}
    await sim.control("POST", "tokens/expire", clips)
    again = clips | {"access_token": "act.first"}
    await sim.control("POST", "accounts", {"accounts": [again]})
    assert (await Douyin(sim=sim).create_probe())["data"]["error_code"] == 0
    await sim.control("POST", "tokens/expire", {"platform": "weibo", "account": "unit"})
    await sim.control("POST", "accounts", {"accounts": [UNIT]})
    assert (await Weibo(sim=sim, token="2.00unit").share("又")).status == 200
