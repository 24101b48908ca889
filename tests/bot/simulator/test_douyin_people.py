"""People at Douyin: the consent page, shares that are scanned, webhooks."""

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncIterator
from html import unescape
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from aiohttp import web

from tests.bot.simulator.client import Douyin, Sim, error_of

CONNECT = "/douyin/platform/oauth/connect/"
BACK = "https://bot.example.cn/back"
QUERY = {
    "client_key": "key",
    "response_type": "code",
    "scope": "user_info,video.create.bind",
    "redirect_uri": BACK,
    "state": "s+1/2",
}
VIDEO = "https://media.example.cn/a.mp4"


async def _page(sim: Sim, **changed: str) -> str:
    async with sim.http.get(f"{sim.base}{CONNECT}", params=QUERY | changed) as answer:
        return await answer.text()


async def _token(sim: Sim, code: str) -> Any:
    form = {
        "client_key": "key",
        "client_secret": "secret",
        "grant_type": "authorization_code",
        "code": code,
    }
    return (await sim.call("POST", "/douyin/oauth/access_token/", data=form)).body["data"]


async def _app(sim: Sim) -> Douyin:
    form = {"client_key": "key", "client_secret": "secret", "grant_type": "client_credential"}
    reply = await sim.call("POST", "/douyin/oauth/client_token/", json=form)
    return Douyin(sim=sim, token=reply.body["data"]["access_token"])


async def _is(sim: Sim, **fields: Any) -> None:
    change = {"platform": "douyin", "account": "clips"} | fields
    await sim.control("POST", "accounts", {"accounts": [change]})


async def test_the_owner_agrees_and_comes_back_with_a_code(sim: Sim) -> None:
    found = re.search(r'data-account="clips" href="([^"]+)"', await _page(sim))
    assert found is not None
    back = urlsplit(unescape(found[1]))
    query = {name: values[0] for name, values in parse_qs(back.query).items()}
    assert (query["state"], query["scopes"]) == (QUERY["state"], QUERY["scope"])
    told = await _token(sim, query["code"])
    assert told["scope"] == QUERY["scope"]
    fresh = Douyin(sim=sim, token=told["access_token"])
    assert error_of(await fresh.create_probe()) == 0
    assert error_of(await fresh.call("GET", "/data/external/item/base/")) == 28001012


@pytest.mark.parametrize(
    ("changed", "shown"),
    [
        ({"client_key": "no"}, "client_key错误"),
        ({"scope": "user_info,video.list.bind"}, "scope权限非法"),
        ({"scope": ""}, "参数错误"),
        ({"response_type": "token"}, "参数错误"),
        ({"redirect_uri": "nowhere"}, "参数错误"),
    ],
)
async def test_the_page_breaks_as_a_whole(sim: Sim, changed: dict[str, str], shown: str) -> None:
    page = await _page(sim, **changed)
    assert shown in page
    assert "code=" not in page


async def test_the_way_back_is_registered(sim: Sim) -> None:
    await _is(sim, redirect_host="wjw.example.cn")
    assert "授权回调域" in await _page(sim)
    assert "code=" in await _page(sim, redirect_uri="https://wjw.example.cn/back")


async def test_who_takes_it_back_has_dead_tokens(sim: Sim, clips: Douyin) -> None:
    await sim.control("POST", "douyin/revoke", {"account": "clips"})
    assert error_of(await clips.create_probe()) == 28001003


@pytest.mark.parametrize(
    ("scope", "method", "path"),
    [
        ("aweme.share", "GET", "/share-id/"),
        ("open.get.ticket", "GET", "/open/getticket/"),
        ("jump.basic", "POST", "/api/douyin/v1/schema/get_share/"),
    ],
)
async def test_an_app_needs_its_abilities(sim: Sim, scope: str, method: str, path: str) -> None:
    app = await _app(sim)
    await _is(sim, app_scopes="user_info")
    answer = await app.call(method, path)
    assert 28001018 in (answer.get("err_no"), answer["data"].get("error_code"))
    await _is(sim, app_scopes=f"user_info,{scope}")
    answer = await app.call(method, path)
    assert 28001018 not in (answer.get("err_no"), answer["data"].get("error_code"))


# ── shares ────────────────────────────────────────────────────────────────────────────────────


async def _link(sim: Sim, **changed: str) -> str:
    """A share signed as the documents say; `changed` is put in after signing."""
    app = await _app(sim)
    ticket = (await app.call("GET", "/open/getticket/"))["data"]["ticket"]
    share_id = (await app.call("GET", "/share-id/"))["data"]["share_id"]
    signed = f"nonce_str=n1&ticket={ticket}&timestamp=1772416800"
    params = {
        "share_type": "h5",
        "client_key": "key",
        "nonce_str": "n1",
        "timestamp": "1772416800",
        "signature": hashlib.md5(signed.encode(), usedforsecurity=False).hexdigest(),
        "state": share_id,
        "video_path": VIDEO,
        "share_to_publish": "1",
        "title": "洗手 七步",
        "hashtag_list": '["健康"]',
    }
    query = urlencode(params | changed, quote_via=quote)
    return f"snssdk1128://openplatform/share?{query}"


async def _scan(sim: Sim, link: str, **more: Any) -> Any:
    return await sim.control("POST", "douyin/scan", {"account": "clips", "link": link, **more})


async def test_a_person_publishes_a_share(sim: Sim, clips: Douyin) -> None:
    shown = await _scan(sim, await _link(sim))
    assert (shown["opened"], shown["shown"]) == (True, "")
    (post,) = await sim.posts()
    assert (post["id"], post["via"], post["text"]) == (shown["id"], "h5", "洗手 七步 #健康")
    assert (await clips.info(shown["id"]))["video_status"] == 4


async def test_a_person_may_change_the_text_or_go_away(sim: Sim) -> None:
    await _scan(sim, await _link(sim), text="我改的")
    assert [p["text"] for p in await sim.posts()] == ["我改的"]
    assert (await _scan(sim, await _link(sim), publish=False))["opened"]
    assert len(await sim.posts()) == 1


@pytest.mark.parametrize(
    ("changed", "shown"),
    [
        ({"signature": "0" * 32}, "verify signature fail"),
        ({"nonce_str": "n2"}, "verify signature fail"),
        ({"timestamp": "1772416801"}, "verify signature fail"),
        ({"client_key": "other"}, "verify signature fail"),
        ({"share_type": "h6"}, "not a share"),
        ({"video_path": "http://media.example.cn/a.mp4"}, "视频获取失败"),
        ({"video_path": "https://media.example.cn/a.webm"}, "视频获取失败"),
        ({"video_path": ""}, "图片获取失败"),
        ({"video_path": "", "image_list_path": '["ftp://a.cn/1.jpg"]'}, "图片获取失败"),
        ({"video_path": "", "image_list_path": '["https://a.cn/1.jpg"]'}, ""),
    ],
)
async def test_the_app_refuses_what_is_wrong(sim: Sim, changed: dict[str, str], shown: str) -> None:
    assert (await _scan(sim, await _link(sim, **changed)))["shown"] == shown
    assert len(await sim.posts()) == (0 if shown else 1)


async def test_a_share_ends_with_its_ticket(sim: Sim) -> None:
    link = await _link(sim)
    await sim.move(hours=2)
    assert (await _scan(sim, link))["shown"] == "verify signature fail"


async def test_a_share_needs_two_abilities(sim: Sim) -> None:
    link = await _link(sim)
    await _is(sim, app_scopes="user_info,h5.share")
    assert (await _scan(sim, link))["shown"] == "verify signature fail"


async def test_the_helper_makes_a_short_link(sim: Sim) -> None:
    app = await _app(sim)
    ticket = (await app.call("GET", "/open/getticket/"))["data"]["ticket"]
    path = "/api/douyin/v1/schema/get_share/"
    body = {"client_ticket": ticket, "expire_at": 1772424000, "video_path": VIDEO, "title": "短"}
    for wrong in ({"client_ticket": "@no"}, {"expire_at": 1}, {"video_path": ""}):
        assert (await app.post(path, body | wrong))["err_no"] == 28001007
    good = await app.post(path, body)
    assert set(good) == {"data", "err_no", "err_msg", "log_id"}
    assert (await _scan(sim, good["data"]["schema"]))["opened"]
    assert [p["text"] for p in await sim.posts()] == ["短"]
    await sim.move(hours=2)
    assert (await _scan(sim, good["data"]["schema"]))["shown"] == "the link has expired"
    assert (await _scan(sim, "https://www.douyin.com/"))["shown"] == "not a link of Douyin"


# ── webhooks ──────────────────────────────────────────────────────────────────────────────────


class Office:
    """An address of ours: what comes in, and what is answered."""

    def __init__(self) -> None:
        self.url = ""
        self.calls: asyncio.Queue[tuple[dict[str, str], bytes]] = asyncio.Queue()
        self.answers: list[int] = []  # statuses to give first
        self.echo = True

    async def next(self) -> Any:
        """The next event, its signature checked."""
        headers, body = await self.calls.get()
        mark = hashlib.sha1(b"secret" + body, usedforsecurity=False).hexdigest()
        assert headers["X-Douyin-Signature"] == mark
        assert headers["Msg-Id"]
        return json.loads(body)

    async def take(self, request: web.Request) -> web.Response:
        """Keeps a call."""
        body = await request.read()
        await self.calls.put((dict(request.headers), body))
        if self.answers:
            return web.Response(status=self.answers.pop())
        told = json.loads(body)
        known = told["content"] if isinstance(told["content"], dict) else {}
        return web.json_response({"challenge": known.get("challenge")} if self.echo else {})


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    """A server that takes webhooks."""
    taken = Office()
    app = web.Application()
    app.router.add_post("/", taken.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    taken.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    yield taken
    await runner.cleanup()


async def _subscribed(sim: Sim, office: Office) -> None:
    await sim.control("POST", "douyin/hook", {"account": "clips", "url": office.url})
    assert (await office.next())["event"] == "verify_webhook"
    while (await sim.control("GET", "douyin/hook"))["confirmed"]["key"] is None:
        pass  # the answer is still on its way


async def test_a_published_share_is_told_with_its_share_id(sim: Sim, office: Office) -> None:
    await _subscribed(sim, office)
    link = await _link(sim)
    shown = await _scan(sim, link)
    told = await office.next()
    assert (told["event"], told["from_user_id"]) == ("create_video", "_000demo")
    assert told["client_key"] == "key"
    assert told["content"]["item_id"] == shown["id"]
    assert f"state={told['content']['share_id']}" in link


async def test_a_work_without_a_share_id_is_not_told(sim: Sim, office: Office) -> None:
    await _subscribed(sim, office)
    await _scan(sim, await _link(sim, state=""))
    await sim.control("POST", "douyin/revoke", {"account": "clips"})
    assert (await office.next())["event"] in ("unauthorize", "contract_unauthorize")


async def test_an_address_that_does_not_answer_gets_nothing(sim: Sim, office: Office) -> None:
    office.echo = False
    await _subscribed(sim, office)
    await _scan(sim, await _link(sim))
    office.echo = True
    await _subscribed(sim, office)
    assert office.calls.empty()


async def test_three_tries_with_one_message_id(sim: Sim, office: Office) -> None:
    await _subscribed(sim, office)
    office.answers = [500, 500, 500]
    await _scan(sim, await _link(sim))
    ids = {(await office.calls.get())[0]["Msg-Id"] for _try in range(3)}
    assert len(ids) == 1
    sent = (await sim.control("GET", "douyin/hook"))["deliveries"]
    assert sent[-1]["event"] == "create_video"


async def test_events_may_come_twice_or_as_text(sim: Sim, office: Office) -> None:
    await _subscribed(sim, office)
    await sim.settings(douyin_hook_copies=2, douyin_hook_content="string")
    await _scan(sim, await _link(sim))
    one, two = await office.next(), await office.next()
    assert one == two
    assert json.loads(one["content"])["item_id"]


async def test_agreeing_and_taking_back_are_told(sim: Sim, office: Office) -> None:
    await _subscribed(sim, office)
    code = (await sim.control("POST", "codes", {"platform": "douyin", "account": "clips"}))["code"]
    await _token(sim, code)
    await sim.control("POST", "douyin/revoke", {"account": "clips"})
    told = [await office.next() for _event in range(4)]
    assert {t["event"] for t in told} == {
        *("authorize", "contract_authorize", "unauthorize", "contract_unauthorize")
    }
    bound = [t["content"]["scopes"] for t in told if t["event"].startswith("contract_")]
    assert bound == [["video.create.bind", "video.data.bind"]] * 2
