"""HTTP for adapters, against a server on loopback that misbehaves on purpose."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from adapters.http import Fields, Http, Origin, form_encoded, redact
from bot.errors import (
    ContractBroken,
    OutcomeUnknown,
    PlatformError,
    RateLimited,
    Unavailable,
)

TOKEN = "70_very-secret-token"


@dataclass(kw_only=True)
class Server:
    """Answers as told and remembers what it was asked."""

    reply: Callable[[web.Request], Awaitable[web.StreamResponse]]
    bodies: list[bytes] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    types: list[str] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(await request.read())
        self.paths.append(request.path)
        self.types.append(request.headers.get("Content-Type", ""))
        return await self.reply(request)


async def ok(request: web.Request) -> web.StreamResponse:
    return web.Response(body='{"name":"健康"}'.encode(), content_type="text/html")


def page(status: int, body: bytes, **headers: str) -> Callable[..., Awaitable[web.Response]]:
    async def reply(request: web.Request) -> web.Response:
        return web.Response(status=status, body=body, headers=headers)

    return reply


async def drop(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@pytest.fixture
async def server() -> Server:
    return Server(reply=ok)


@pytest.fixture
async def http(server: Server) -> AsyncIterator[Http]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as session:
        base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/base"
        yield Http(session, platform="demo", base_url=base_url, timeout_s=0.5, read_wait_s=0)
    await runner.cleanup()


async def call(http: Http, *, effect: bool) -> object:
    answer = await http.call("POST", "/x", action="post", json_body={"a": 1}, effect=effect)
    return answer.json


async def test_chinese_goes_out_as_utf8_without_escapes(http: Http, server: Server) -> None:
    await http.call("POST", "/x", action="post", json_body={"标题": "手卫生"}, effect=True)
    assert server.bodies == ['{"标题": "手卫生"}'.encode()]
    assert server.types == ["application/json"]
    assert server.paths == ["/base/x"]


async def test_an_answer_is_read_whatever_type_it_claims(http: Http) -> None:
    answer = await http.call("GET", "/x", action="ask", effect=False)
    assert answer.json == {"name": "健康"}
    assert answer.fields.text("name") == "健康"
    assert answer.status == 200


UNREADABLE = [
    page(200, b"<html>gateway</html>"),
    page(200, b""),
    page(200, b"\xff\xfe{}"),
    page(302, b"", Location="/login"),
    page(404, b"Not Found"),
]
LOST = [page(500, b'{"errcode":0}'), page(502, b"<html>"), page(503, b""), drop]


@pytest.mark.parametrize("reply", UNREADABLE)
async def test_an_unreadable_answer(http: Http, server: Server, reply: object) -> None:
    server.reply = reply  # type: ignore[assignment]
    with pytest.raises(ContractBroken):
        await call(http, effect=False)
    with pytest.raises(OutcomeUnknown):
        await call(http, effect=True)
    assert set(server.paths) == {"/base/x"}, "a redirect was followed"


@pytest.mark.parametrize("reply", LOST)
async def test_a_lost_answer(http: Http, server: Server, reply: object) -> None:
    server.reply = reply  # type: ignore[assignment]
    with pytest.raises(Unavailable):
        await call(http, effect=False)
    with pytest.raises(OutcomeUnknown):
        await call(http, effect=True)
    assert len(server.paths) == 2, "call repeats by itself"


async def test_a_timeout_is_a_lost_answer(http: Http, server: Server) -> None:
    never = asyncio.Event()

    async def hang(request: web.Request) -> web.StreamResponse:
        await never.wait()
        return web.Response()

    server.reply = hang
    with pytest.raises(OutcomeUnknown) as raised:
        await call(http, effect=True)
    assert (raised.value.platform, raised.value.action) == ("demo", "post")
    never.set()


@pytest.mark.parametrize("effect", [True, False])
async def test_a_refused_connection_sent_nothing(effect: bool) -> None:
    async with aiohttp.ClientSession() as session:
        http = Http(
            session, platform="demo", base_url="http://127.0.0.1:1", timeout_s=2, read_wait_s=0
        )
        with pytest.raises(Unavailable):
            await call(http, effect=effect)


async def test_too_many_requests_without_json(http: Http, server: Server) -> None:
    server.reply = page(429, b"slow down")
    with pytest.raises(RateLimited):
        await call(http, effect=True)


async def test_a_refusal_in_json_is_left_to_the_adapter(http: Http, server: Server) -> None:
    server.reply = page(403, b'{"error_code":21301}')
    assert await call(http, effect=True) == {"error_code": 21301}


async def test_reading_is_tried_three_times(http: Http, server: Server) -> None:
    server.reply = page(503, b"")
    with pytest.raises(Unavailable):
        await http.read("GET", "/x", action="ask")
    assert len(server.paths) == 3


async def test_reading_goes_on_after_a_blip(http: Http, server: Server) -> None:
    async def second_time_well(request: web.Request) -> web.StreamResponse:
        return await (ok if len(server.paths) > 1 else drop)(request)

    server.reply = second_time_well
    answer = await http.read("POST", "/x", action="ask", json_body={})
    assert answer.fields.text("name") == "健康"


async def test_reading_does_not_repeat_what_cannot_help(http: Http, server: Server) -> None:
    server.reply = page(200, b"<html>")
    with pytest.raises(ContractBroken):
        await http.read("GET", "/x", action="ask")
    assert len(server.paths) == 1


async def test_secrets_never_reach_an_error(http: Http, server: Server) -> None:
    async def echo(request: web.Request) -> web.StreamResponse:
        told = f"<html>{request.query_string} {(await request.read()).decode()}".encode()
        return web.Response(body=told)

    server.reply = echo
    body = {"secret": "s3cret-word", "code": "c0de-word", "nested": 1}
    params = {"access_token": TOKEN}
    with pytest.raises(PlatformError) as raised:
        await http.call("POST", "/x", action="ask", params=params, json_body=body, effect=True)
    shown = json.dumps(raised.value.facts()) + str(raised.value)
    assert all(word not in shown for word in (TOKEN, "s3cret-word", "c0de-word"))
    assert "***" in raised.value.raw


@pytest.mark.parametrize(
    "text",
    [
        '{"access_token":"70_abc","expires_in":7200}',
        '{"authorizer_refresh_token": "70_abc"}',
        "https://x/y?access_token=70_abc&z=1",
    ],
)
def test_answers_lose_their_tokens(text: str) -> None:
    assert "70_abc" not in redact(text)
    assert redact('{"code":40001}') == '{"code":40001}'


def fields(value: dict[str, object], *, effect: bool = False) -> Fields:
    return Fields(value=value, origin=Origin(platform="demo", action="ask", effect=effect))


def test_fields_take_numbers_as_strings_and_strings_as_numbers() -> None:
    got = fields({"id": 12, "count": "7", "on": 1, "off": "false", "none": None})
    assert got.text("id") == "12"
    assert got.number("count") == 7
    assert got.flag("on") is True
    assert got.flag("off") is False
    assert got.text("none", "-") == "-"
    assert "none" not in got
    assert list(got.each("nothing")) == []


READS: list[Callable[[Fields], object]] = [
    lambda got: got.text("missing"),
    lambda got: got.text("list"),
    lambda got: got.number("word"),
    lambda got: got.number("list", 0),
    lambda got: got.flag("word"),
    lambda got: got.fields("word"),
    lambda got: list(got.each("word")),
    lambda got: list(got.each("list")),
]


@pytest.mark.parametrize("read", READS)
def test_a_field_that_is_not_as_documented(read: Callable[[Fields], object]) -> None:
    value: dict[str, object] = {"word": "abc", "list": [1]}
    with pytest.raises(ContractBroken) as raised:
        read(fields(value))
    assert (raised.value.platform, raised.value.action) == ("demo", "ask")
    with pytest.raises(OutcomeUnknown):
        read(fields(value, effect=True))


async def test_an_answer_that_is_no_object(http: Http, server: Server) -> None:
    server.reply = page(200, b"[1]")
    answer = await http.call("GET", "/x", action="ask", effect=False)
    with pytest.raises(ContractBroken):
        answer.fields.text("name")


@given(st.dictionaries(st.text(min_size=1), st.text(min_size=1), min_size=1))
def test_a_form_says_what_its_fields_say(fields: dict[str, str]) -> None:
    """As any server reads it, Chinese, signs and all."""
    assert dict(parse_qsl(form_encoded(fields).decode("ascii"), strict_parsing=True)) == fields
