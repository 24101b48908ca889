"""Owners are led through bilibili's authorisation; its events are understood."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.contract import Call, Connects, Hears
from bot.errors import AuthFailed, CallRefused, PlatformError
from tests.adapters.bilibili.stage import APP, BilibiliStage
from tests.adapters.stage import MemoryCredentials

BACK = "https://xuanfa.wjw.example/connect/bilibili"


async def test_the_page_is_asked_for_with_the_way_back(stage: BilibiliStage) -> None:
    desk = stage.desk()
    assert isinstance(desk, Connects)
    url = urlsplit(await desk.invite(stage.account, redirect=BACK, state="s7"))
    assert (url.netloc, url.path) == ("account.bilibili.com", "/pc/account-pc/auth/oauth")
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert query == {"client_id": APP["client_id"], "gourl": BACK, "state": "s7"}


async def test_what_the_owner_allowed_publishes(stage: BilibiliStage) -> None:
    granted = await stage.desk().accept({"code": await stage.code(), "state": "s7"}, redirect=BACK)
    assert (granted.name, granted.expires_at) == ("澜汀疾控", None)
    assert granted.fields["open_id"] == "o3u03"
    assert "client_secret" not in granted.fields
    stage.credentials = MemoryCredentials(granted.fields)
    stage.adapter = stage.another_adapter()
    await stage.published()
    assert await stage.public_posts() == 1


async def test_a_code_works_once(stage: BilibiliStage) -> None:
    code, desk = await stage.code(), stage.desk()
    await desk.accept({"code": code}, redirect=BACK)
    with pytest.raises(AuthFailed) as raised:
        await desk.accept({"code": code}, redirect=BACK)
    assert raised.value.code == "122002"


async def test_an_owner_who_declines_gives_nothing(stage: BilibiliStage) -> None:
    with pytest.raises(AuthFailed, match="授权页"):
        await stage.desk().accept({"state": "s7"}, redirect=BACK)


async def test_a_permission_that_was_not_ticked_is_named(stage: BilibiliStage) -> None:
    await stage.account_is(scopes="USER_INFO")
    with pytest.raises(AuthFailed, match="ARC_BASE"):
        await stage.desk().accept({"code": await stage.code()}, redirect=BACK)


async def test_a_name_that_cannot_be_read_loses_no_tokens(stage: BilibiliStage) -> None:
    """The code is spent by then."""
    await stage.fault("code", code=127201, path="user/account", times=-1)
    granted = await stage.desk().accept({"code": await stage.code()}, redirect=BACK)
    assert granted.name == ""
    assert granted.fields["access_token"]


async def test_secrets_stay_out_of_errors(stage: BilibiliStage) -> None:
    stage.app = MemoryCredentials({**APP, "client_secret": "wrong-secret-of-the-app"})
    code = await stage.code()
    with pytest.raises(PlatformError) as raised:
        await stage.desk().accept({"code": code}, redirect=BACK)
    assert raised.value.code == "122001"
    assert code not in str(raised.value.facts())
    assert "wrong-secret-of-the-app" not in str(raised.value.facts())


# ── events ────────────────────────────────────────────────────────────────────────────────────────


def body(event: str, **content: object) -> bytes:
    """An event as bilibili sends it."""
    told = {"event": event, "content": content, "timestamp": "2026-05-06 10:00:00"}
    return json.dumps(told, ensure_ascii=False).encode()


def sha1(data: bytes, secret: str = APP["client_secret"]) -> dict[str, str]:
    """The older rule."""
    return {"x-bilibili-signature": hashlib.sha1(secret.encode() + data).hexdigest()}


def v2(data: bytes, secret: str = APP["client_secret"]) -> dict[str, str]:
    """The rule of signed calls."""
    headers = {
        "x-bili-accesskeyid": APP["client_id"],
        "x-bili-content-md5": hashlib.md5(data).hexdigest(),
        "x-bili-signature-method": "HMAC-SHA256",
        "x-bili-signature-nonce": "n",
        "x-bili-signature-version": "2.0",
        "x-bili-timestamp": "1778032800",
    }
    text = "\n".join(f"{name}:{value}" for name, value in headers.items())
    signature = hmac.new(secret.encode(), text.encode(), "sha256").hexdigest()
    return {**headers, "authorization": signature}


def call(data: bytes, headers: Mapping[str, str]) -> Call:
    return Call(method="POST", query={}, headers=headers, body=data)


@pytest.mark.parametrize("rule", [sha1, v2])
@pytest.mark.parametrize("event", ["video_open", "video_fail"])
async def test_the_end_of_a_review_is_a_hint_to_look(
    stage: BilibiliStage, rule: object, event: str
) -> None:
    desk = stage.desk()
    assert isinstance(desk, Hears)
    data = body(
        event,
        openid="o3u03",
        client_id=APP["client_id"],
        resource_id="BV1x",
        state=-2,
        state_desc="已退回",
    )
    assert callable(rule)
    for _repeat in range(2):
        heard = await desk.hear(call(data, rule(data)), None)
        assert {"resource_id": "BV1x"} in heard.posts
        assert {"platform_id": "BV1x"} in heard.posts
        assert not heard.revoked


async def test_an_owner_who_takes_it_back_is_named(stage: BilibiliStage) -> None:
    data = body("deauthorize", openid="o3u03", client_id=APP["client_id"], permits=["ARC_BASE"])
    heard = await stage.desk().hear(call(data, sha1(data)), None)
    assert heard.revoked == {"open_id": "o3u03"}


@pytest.mark.parametrize("event", ["authorize", "publish_video", "something_new"])
async def test_other_events_change_nothing(stage: BilibiliStage, event: str) -> None:
    data = body(event, openid="o3u03", client_id=APP["client_id"])
    heard = await stage.desk().hear(call(data, v2(data)), None)
    assert (heard.posts, heard.revoked) == ((), {})


async def test_the_address_is_verified_by_an_echo(stage: BilibiliStage) -> None:
    data = body("verify_webhooks", data=42)
    heard = await stage.desk().hear(call(data, {}), None)
    assert json.loads(heard.body) == {"data": 42}
    assert heard.content_type == "application/json"
    assert (heard.posts, heard.revoked) == ((), {})


@pytest.mark.parametrize("rule", [sha1, v2])
async def test_a_forged_event_is_refused(stage: BilibiliStage, rule: object) -> None:
    assert callable(rule)
    data = body("deauthorize", openid="o3u03")
    other = body("deauthorize", openid="o3u04")
    forged: list[dict[str, str]] = [{}, rule(data, "other-secret"), rule(other)]
    for headers in forged:
        with pytest.raises(CallRefused):
            await stage.desk().hear(call(data, headers), None)


async def test_an_event_of_another_app_is_refused(stage: BilibiliStage) -> None:
    data = body("deauthorize", openid="o3u03", client_id="another")
    with pytest.raises(CallRefused):
        await stage.desk().hear(call(data, sha1(data)), None)


@pytest.mark.parametrize("data", [b"", b"<html>", b"[]", b"\xff", b'"x"'])
async def test_an_unreadable_event_is_refused(stage: BilibiliStage, data: bytes) -> None:
    with pytest.raises(CallRefused):
        await stage.desk().hear(call(data, sha1(data)), None)


@pytest.mark.parametrize("data", [b"{}", b'{"event": 7, "content": []}'])
async def test_an_event_without_content_changes_nothing(stage: BilibiliStage, data: bytes) -> None:
    heard = await stage.desk().hear(call(data, sha1(data)), None)
    assert (heard.posts, heard.revoked) == ((), {})
