"""Group robots of WeCom, DingTalk and Feishu on loopback, as their documents describe them.

They refuse what the platforms refuse, with HTTP 200 and the error in the body. Signatures are
checked from the raw query and body with nothing of the bot's own.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

KEY = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"
TOKEN = "6d3f0e1b9c"
HOOK = "9f2c1d44-aaaa-bbbb-cccc-1234567890ab"
SECRET = "SEC0123456789abcdef"
KEYWORD = "宣发"
_WINDOW_S = 3600


@dataclass
class Robots:
    """What was said in the groups, and how the platforms shall behave."""

    url: str = ""
    said: list[tuple[str, str]] = field(default_factory=list)  # robot, text
    calls: int = 0
    answers: list[Any] = field(
        default_factory=list
    )  # given instead, one a call; None: hangs up, "slow"
    signed: bool = False
    keyword: str = ""
    now_s: float | None = None  # the platform's clock; None: this machine's

    @property
    def wecom(self) -> str:
        return f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}"

    @property
    def dingtalk(self) -> str:
        return f"https://oapi.dingtalk.com/robot/send?access_token={TOKEN}"

    @property
    def feishu(self) -> str:
        return f"https://open.feishu.cn/open-apis/bot/v2/hook/{HOOK}"

    @property
    def texts(self) -> list[str]:
        return [text for _robot, text in self.said]

    async def begin(self, request: web.Request) -> web.Response | None:
        """Counts the call; what is to be answered instead of the usual."""
        self.calls += 1
        if not self.answers:
            return None
        answer = self.answers.pop(0)
        if answer is None:  # the text is here, the answer never comes
            await request.read()
            assert request.transport is not None
            request.transport.abort()
            await asyncio.sleep(0)
        if answer == "slow":  # nothing is said until the caller has given up
            while request.transport is not None and not request.transport.is_closing():
                await asyncio.sleep(0.01)
        if isinstance(answer, int):
            return web.Response(status=answer, text="<html>")
        return web.json_response(answer)

    def fresh(self, seconds: float) -> bool:
        return abs(seconds - (self.now_s or time.time())) < _WINDOW_S


def _text(body: dict[str, Any], kind: str, content: str) -> str:
    assert body[kind] == "text", body
    text = body[content]["content" if content == "text" else "text"]
    assert isinstance(text, str)
    return text


def _wecom(robots: Robots) -> Any:
    async def handle(request: web.Request) -> web.Response:
        if (instead := await robots.begin(request)) is not None:
            return instead
        if request.query.get("key") != KEY:
            return _said(93000, "invalid webhook url, hint: [1], from ip: 203.0.113.9")
        text = _text(await request.json(), "msgtype", "text")
        if len(text.encode()) > 2048:
            return _said(40058, "text.content exceed max length 2048")
        robots.said.append(("wecom", text))
        return _said(0, "ok")

    return handle


def _dingtalk(robots: Robots) -> Any:
    async def handle(request: web.Request) -> web.Response:
        if (instead := await robots.begin(request)) is not None:
            return instead
        # parse_qs decodes once: what was encoded twice stays wrong.
        query = {
            name: found[0] for name, found in parse_qs(request.rel_url.raw_query_string).items()
        }
        if query.get("access_token") != TOKEN:
            return _said(300005, "token is not exist")
        if robots.signed:
            stamp = query.get("timestamp", "0")
            digest = hmac.new(SECRET.encode(), f"{stamp}\n{SECRET}".encode(), "sha256").digest()
            right = base64.b64encode(digest).decode()
            if query.get("sign") != right or not robots.fresh(int(stamp) / 1000):
                return _said(310000, "description:机器人发送签名不匹配;reason:sign not match")
        raw = await request.read()
        text = _text(json.loads(raw), "msgtype", "text")
        if robots.keyword not in text:
            return _said(310000, "description:关键词不匹配;reason:keywords not in content")
        if len(raw) > 20000:
            return _said(460101, "message too long, exceed 20000 bytes")
        robots.said.append(("dingtalk", text))
        return _said(0, "ok")

    return handle


def _feishu(robots: Robots) -> Any:
    async def handle(request: web.Request) -> web.Response:
        if (instead := await robots.begin(request)) is not None:
            return instead
        body = await request.json()
        if request.match_info["hook"] != HOOK:
            return _coded(19001, "param invalid: incoming webhook access token invalid")
        if robots.signed:
            key = f"{body.get('timestamp')}\n{SECRET}".encode()
            right = base64.b64encode(hmac.new(key, digestmod="sha256").digest()).decode()
            if body.get("sign") != right or not robots.fresh(int(body.get("timestamp", 0))):
                return _coded(19021, "sign match fail or timestamp is not within one hour")
        text = _text(body, "msg_type", "content")
        if robots.keyword not in text:
            return _coded(19024, "Key Words Not Found")
        robots.said.append(("feishu", text))
        return web.json_response({"code": 0, "msg": "success", "StatusCode": 0})

    return handle


def _said(code: int, words: str) -> web.Response:
    return web.json_response({"errcode": code, "errmsg": words})


def _coded(code: int, words: str) -> web.Response:
    return web.json_response({"code": code, "msg": words, "data": {}})


@asynccontextmanager
async def serve_robots() -> AsyncIterator[Robots]:
    """The three, at one address."""
    robots = Robots()
    app = web.Application()
    app.router.add_post("/cgi-bin/webhook/send", _wecom(robots))
    app.router.add_post("/robot/send", _dingtalk(robots))
    app.router.add_post("/open-apis/bot/v2/hook/{hook}", _feishu(robots))
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        robots.url = f"http://127.0.0.1:{port}"
        yield robots
    finally:
        await runner.cleanup()
