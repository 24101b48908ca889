"""The front desk: signed events from the platform, and the owner's agreement."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web

from adapters.douyin.desk import DouyinDesk
from bot.contract import Call, Connects, Heard, Hears, Pending
from bot.errors import AuthFailed, CallRefused, ContractBroken, Unavailable
from tests.adapters.douyin.stage import DouyinStage
from tests.adapters.stage import START

REDIRECT = "https://bot.lanting.example/connect/douyin"
SECRET = "cs01-secret"


@pytest.fixture
def office(stage: DouyinStage) -> DouyinStage:
    """An account to be connected, of the office's application."""
    stage.with_office()
    return stage


def signed(event: object, *, secret: str = SECRET, msg_id: str = "m1") -> Call:
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    mark = hashlib.sha1(secret.encode() + body, usedforsecurity=False).hexdigest()
    headers = {"x-douyin-signature": mark, "msg-id": msg_id}
    return Call(method="POST", query={}, headers=headers, body=body)


def event(name: str, content: object, **more: object) -> dict[str, object]:
    known = {"event": name, "from_user_id": "_000u01", "client_key": "ck01", "content": content}
    return {**known, **more}


def test_the_desk_hears_and_connects(office: DouyinStage) -> None:
    assert isinstance(office.desk(), Hears)
    assert isinstance(office.desk(), Connects)


# ── webhooks ──────────────────────────────────────────────────────────────────────────────────


async def test_the_challenge_comes_back(office: DouyinStage) -> None:
    heard = await office.desk().hear(signed(event("verify_webhook", {"challenge": 12345})), None)
    assert json.loads(heard.body) == {"challenge": 12345}
    assert heard.content_type == "application/json"


async def test_the_challenge_comes_back_unsigned_too(office: DouyinStage) -> None:
    body = json.dumps(event("verify_webhook", {"challenge": "a"})).encode()
    heard = await office.desk().hear(Call(method="POST", query={}, headers={}, body=body), None)
    assert json.loads(heard.body) == {"challenge": "a"}


@pytest.mark.parametrize("as_text", [False, True])
async def test_a_created_work_is_a_hint(office: DouyinStage, as_text: bool) -> None:
    content = {"share_id": "17", "item_id": "@it==", "video_id": "73", "has_default_hashtag": True}
    told = event("create_video", json.dumps(content) if as_text else content)
    heard = await office.desk().hear(signed(told), None)
    pending, shared = heard.posts  # one that was created here, or one a person shared
    assert pending == {"item_id": "@it=="}
    assert shared == {"share_id": "17", "item_id": "@it==", "video_id": "73"}
    assert heard.revoked == {}
    assert (await office.desk().hear(signed(told), None)).posts == heard.posts


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("unauthorize", {"scopes": ["user_info", "video.create.bind"]}),
        ("unauthorize", {}),
        ("contract_unauthorize", {"scopes": ["video.create.bind"]}),
    ],
)
async def test_an_authorisation_taken_back(
    office: DouyinStage, name: str, content: Mapping[str, object]
) -> None:
    heard = await office.desk().hear(signed(event(name, content)), None)
    assert heard.revoked == {"open_id": "_000u01"}


async def test_a_replayed_revocation_says_nothing_new(office: DouyinStage) -> None:
    """The owner may have authorised us again since."""
    desk = office.desk()
    told = event("unauthorize", {"scopes": ["user_info"]})
    assert (await desk.hear(signed(told), None)).revoked
    assert (await desk.hear(signed(told), None)).revoked == {}
    assert (await desk.hear(signed(told, msg_id="m2"), None)).revoked


@pytest.mark.parametrize(
    "told",
    [
        event("authorize", {"scopes": ["user_info"]}),
        event("contract_authorize", {"scopes": ["video.create.bind"]}),
        event("unauthorize", {"scopes": ["mobile_alert"]}),  # nothing the bot uses
        event("unauthorize", {}, from_user_id=""),
        event("something_new", {"any": "thing"}),
        event("something_new", ""),
    ],
)
async def test_what_concerns_nobody_changes_nothing(office: DouyinStage, told: object) -> None:
    assert await office.desk().hear(signed(told), None) == Heard()


@pytest.mark.parametrize(
    "call",
    [
        signed(event("create_video", {"item_id": "@x"}), secret="stolen"),
        replace(signed(event("create_video", {"item_id": "@x"})), headers={}),
        replace(signed(event("create_video", {"item_id": "@x"})), body=b'{"event":"create_video"}'),
        replace(signed(event("verify_webhook", {})), headers={"x-douyin-signature": "é"}),
        signed(b"<html></html>"),
        signed(b""),
        signed(b"[]"),
        signed(b"\xff\xfe"),
        signed(event("create_video", "no json")),
        signed(event("create_video", ["a"])),
        signed(event("create_video", {}, client_key="another")),
        Call(method="GET", query={}, headers={}, body=b""),
        Call(method="GET", query={"share": "a.b"}, headers={}, body=b""),
    ],
)
async def test_a_call_that_cannot_be_trusted_is_refused(office: DouyinStage, call: Call) -> None:
    with pytest.raises(CallRefused):
        await office.desk().hear(call, None)


async def test_an_account_with_its_own_application_is_heard_under_that(stage: DouyinStage) -> None:
    fields = dict(stage.credentials.fields)
    stage.with_office(**fields)
    assert stage.office is not None
    stage.office.fields = {"client_key": "other", "client_secret": "other-secret"}
    call = signed(event("create_video", {"item_id": "@x"}))
    assert (await stage.desk().hear(call, stage.credentials)).posts
    with pytest.raises(CallRefused):
        await stage.desk().hear(call, None)


async def test_the_platform_s_own_calls_are_understood(office: DouyinStage) -> None:
    """From the simulator over HTTP: set-up, a share that a person publishes, the way back."""
    office.in_mode("handoff_h5", share_media_url="https://media.lanting.example")
    async with Receiver(office.desk()) as receiver:
        await office.control("POST", "douyin/hook", {"account": "u01-douyin", "url": receiver.url})
        assert await receiver.next() == Heard(body=receiver.last, content_type="application/json")
        while (await office.control("GET", "douyin/hook"))["confirmed"]["ck01"] is None:
            pass  # the answer is still on its way
        done = await office.prepared()
        shown = await office.scan(done.data["link"])
        _pending, hint = (await receiver.next()).posts
        assert hint["share_id"] == done.data["share_id"]
        assert hint["item_id"] == shown["id"]
        await office.setting(douyin_hook_content="string")
        await office.scan(done.data["link"], text="改过的文案")
        assert (await receiver.next()).posts[1]["share_id"] == done.data["share_id"]
        await office.control("POST", "douyin/revoke", {"account": "u01-douyin"})
        assert {str((await receiver.next()).revoked) for _ in range(2)} == {
            "{'open_id': '_000u01'}"
        }


class Receiver:
    """The bot's address for Douyin, as far as the desk goes."""

    def __init__(self, desk: DouyinDesk) -> None:
        self._desk = desk
        self._heard: asyncio.Queue[Heard] = asyncio.Queue()
        self.last = ""

    async def __aenter__(self) -> Receiver:
        app = web.Application()
        app.router.add_post("/hooks/douyin", self._handle)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/hooks/douyin"
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self._runner.cleanup()

    async def next(self) -> Heard:
        """What the next call came to."""
        return await self._heard.get()

    async def _handle(self, request: web.Request) -> web.Response:
        call = Call(
            method=request.method,
            query=dict(request.query),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=await request.read(),
        )
        heard = await self._desk.hear(call, None)
        self.last = heard.body
        self._heard.put_nowait(heard)
        return web.Response(text=heard.body, content_type=heard.content_type)


# ── OAuth ─────────────────────────────────────────────────────────────────────────────────────


async def agreed(stage: DouyinStage, **settings: object) -> dict[str, str]:
    """What the browser brings back once the account's owner has agreed."""
    invitation = await stage.desk(**settings).invite(
        stage.account, redirect=REDIRECT, state="st 1/+"
    )
    async with stage.session.get(invitation) as answer:
        page = await answer.text()
    found = re.search(rf'data-account="{stage.account.id}" href="([^"]+)"', page)
    assert found is not None, page
    back = urlsplit(unescape(found[1]))
    assert f"{back.scheme}://{back.netloc}{back.path}" == REDIRECT
    return {name: values[0] for name, values in parse_qs(back.query).items()}


async def test_the_owner_agrees_and_the_account_works(office: DouyinStage) -> None:
    scopes = "user_info,video.create.bind,posting.behavior"
    await office.account_is(nickname="健康澜汀")
    query = await agreed(office, scopes=scopes)
    assert query["state"] == "st 1/+"
    granted = await office.desk().accept(query, redirect=REDIRECT)
    assert granted.name == "健康澜汀"
    assert granted.fields["open_id"] == "_000u01"
    assert granted.fields["scope"] == scopes
    assert "client_secret" not in granted.fields
    assert granted.expires_at == START + timedelta(days=30)  # this app renews nothing
    office.credentials.fields = dict(granted.fields)
    office.in_mode("")
    await office.published()
    assert await office.public_posts() == 1


async def test_what_the_app_always_has_publishes_but_does_not_see_the_review(
    office: DouyinStage,
) -> None:
    """The default asks for no scope that could break the page; a person then looks."""
    granted = await office.desk().accept(await agreed(office), redirect=REDIRECT)
    office.credentials.fields = dict(granted.fields)
    office.in_mode("")
    done = office.granted(await office.prepared())
    pending = await office.commit(done)
    assert isinstance(pending, Pending)
    await office.forward(timedelta(minutes=10))
    with pytest.raises(Unavailable) as raised:
        await office.look(done, pending)
    assert raised.value.advice
    assert await office.public_posts() == 1


async def test_an_app_that_renews_lasts_longer(office: DouyinStage) -> None:
    scopes = "user_info,video.create.bind,renew_refresh_token"
    query = await agreed(office, scopes=scopes)
    granted = await office.desk(scopes=scopes).accept(query, redirect=REDIRECT)
    assert granted.expires_at == START + timedelta(days=30 + 5 * 25)


async def test_a_phone_account_is_asked_for_its_name_only(office: DouyinStage) -> None:
    office.account = replace(office.account, mode="handoff_h5")
    assert (await agreed(office))["scopes"] == "user_info"


async def test_a_code_works_once(office: DouyinStage) -> None:
    query = await agreed(office)
    await office.desk().accept(query, redirect=REDIRECT)
    with pytest.raises(AuthFailed) as raised:
        await office.desk().accept(query, redirect=REDIRECT)
    assert raised.value.code == "10007"
    assert raised.value.advice


async def test_an_owner_who_refuses_is_told_of(office: DouyinStage) -> None:
    with pytest.raises(AuthFailed, match="同意授权"):
        await office.desk().accept({"state": "s"}, redirect=REDIRECT)


async def test_without_an_application_nobody_is_invited(office: DouyinStage) -> None:
    assert office.office is not None
    office.office.fields = {}
    with pytest.raises(AuthFailed) as raised:
        await office.desk().invite(office.account, redirect=REDIRECT, state="s")
    assert "@douyin" in raised.value.advice


@pytest.mark.parametrize(
    ("kind", "more", "error"),
    [
        ("html", {}, ContractBroken),
        ("empty", {}, ContractBroken),
        ("status_after", {"status": 302}, ContractBroken),
        ("lost_answer", {}, Unavailable),
        ("code", {"code": 10013}, AuthFailed),
    ],
)
async def test_a_strange_answer_to_the_code_is_a_typed_error(
    office: DouyinStage, kind: str, more: dict[str, object], error: type[Exception]
) -> None:
    query = await agreed(office)
    await office.fault(kind, path="oauth/access_token", **more)
    with pytest.raises(error):
        await office.desk().accept(query, redirect=REDIRECT)
