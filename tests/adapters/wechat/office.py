"""An office with a third-party platform at WeChat, its server for WeChat's calls, and one unit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web

from adapters.registry import make
from adapters.wechat.adapter import DESK, Wechat, WechatConfig
from adapters.wechat.desk import WechatDesk
from bot.contract import Call, Checkpoint, Credentials, Granted, Heard, Tools
from bot.domain.post import Method
from bot.errors import BotError, CallRefused
from tests.adapters.stage import MemoryCredentials
from tests.adapters.wechat.stage import WechatStage

KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
OTHER_KEY = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefg"
COMPONENT = {
    "component_appid": "wxoffice",
    "component_secret": "s3cret-of-wxoffice",
    "callback_token": "0ffice-token",
    "callback_aes_key": KEY,
}
STATE = "u01-wechat.6a1b.0c0c.mark"


class Office(WechatStage):
    """The stage of one account, and beside it the office's desk behind a real address."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.app = self.office = MemoryCredentials(COMPONENT)
        self.done = Checkpoint()  # what the last commit began with
        self.heard: list[tuple[Call, Heard | BotError]] = []
        self.own: Credentials | None = None  # of the account whose address /hooks/own is

    async def start(self) -> Office:
        await super().start()
        await self._listen()
        self.desk = self.another_desk()
        return self

    async def _listen(self) -> None:
        server = web.Application()
        server.router.add_route("*", "/hooks{path:.*}", self._hook)
        self._server = web.AppRunner(server, access_log=None)
        await self._server.setup()
        await web.TCPSite(self._server, "127.0.0.1", 0).start()
        self.hooks = f"http://127.0.0.1:{self._server.addresses[0][1]}/hooks"
        self.redirect = f"http://127.0.0.1:{self._server.addresses[0][1]}/connect/wechat"

    def another_desk(self, **settings: object) -> WechatDesk:
        """A desk of the same office, as after a restart."""
        return DESK(self.tools_for(self.app), self._config(**settings))

    def _config(self, **settings: object) -> WechatConfig:
        url = f"{self.url}/wechat"
        fast = {"base_url": url, "page_url": url, "timeout_s": 5.0, "read_wait_s": 0.0}
        return WechatConfig.model_validate(fast | settings)

    def tools_for(self, credentials: Credentials) -> Tools:
        """What the office hands to whoever works with these secrets."""
        return replace(self.tools(), credentials=credentials)

    def member(self, fields: Granted | dict[str, str]) -> Wechat:
        """An adapter of the account with this credential."""
        known = dict(fields.fields) if isinstance(fields, Granted) else fields
        self.credentials = MemoryCredentials(known)
        made = make(self.account, self.tools_for(self.credentials), self._config().model_dump())
        assert isinstance(made, Wechat)
        self.adapter = made
        return made

    def pushing(self) -> None:
        """The article goes out as a mass send (群发) from now on."""
        self.variant = replace(self.variant, method=Method.PUSH)

    async def component(self, **more: object) -> None:
        """Registers the third-party platform at WeChat; a ticket has come afterwards."""
        known = {
            "appid": "wxoffice",
            "secret": "s3cret-of-wxoffice",
            "token": "0ffice-token",
            "aes_key": KEY,
            "events_url": self.hooks,
            "messages_url": f"{self.hooks}/$APPID$",
        }
        await self.control("POST", "wechat/component", known | more)
        await self.ticket()

    async def ticket(self) -> None:
        """Has a new ticket pushed, and waits until it was answered."""
        await self.control("POST", "wechat/ticket")
        await self.answered("component_verify_ticket")

    async def scan(self, link: str, **more: str) -> dict[str, str]:
        """A unit's administrator scans and agrees: what the browser brings back."""
        async with self.session.get(
            link, params={"account": self.account.id, **more}, allow_redirects=False
        ) as answer:
            assert answer.status == 302, await answer.text()
            back = urlsplit(answer.headers["Location"])
        assert f"{back.scheme}://{back.netloc}{back.path}" == self.redirect
        return dict(parse_qsl(back.query))

    async def connected(self, **more: str) -> Granted:
        """The account's credential after the whole way."""
        link = await self.desk.invite(self.account, redirect=self.redirect, state=STATE)
        return await self.desk.accept(await self.scan(link, **more), redirect=self.redirect)

    async def calls(self, what: str = "") -> list[dict[str, Any]]:
        """What WeChat has sent."""
        told: list[dict[str, Any]] = (await self.control("GET", "wechat/calls"))["calls"]
        return [call for call in told if what in call["what"]]

    async def answered(self, what: str) -> dict[str, Any]:
        """The last call of this kind, once it is over."""

        async def over() -> bool:
            found = await self.calls(what)
            return bool(found) and (found[-1]["taken"] or found[-1]["tries"] == 3)

        await until(over)
        return (await self.calls(what))[-1]

    async def replay(self, call: dict[str, Any], **changed: Any) -> tuple[int, str]:
        """The same call once more, or with something changed."""
        url, query = changed.get("url", call["url"]), call["query"] | changed.get("query", {})
        body = changed.get("body", call["body"].encode())
        async with self.session.post(url, params=query, data=body) as answer:
            return answer.status, await answer.text()

    async def close(self) -> None:
        await super().close()
        await self._server.cleanup()

    async def _hook(self, request: web.Request) -> web.Response:
        path = request.match_info["path"].strip("/")
        call = Call(
            method=request.method,
            query=dict(request.query),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=await request.read(),
            path=path,
        )
        try:
            heard = await self.desk.hear(call, self.own if path == "own" else None)
        except BotError as error:
            self.heard.append((call, error))
            return web.Response(status=403 if isinstance(error, CallRefused) else 500)
        self.heard.append((call, heard))
        return web.Response(body=heard.body.encode(), content_type=heard.content_type)

    def last(self) -> Heard:
        """What the last call came to."""
        heard = self.heard[-1][1]
        assert isinstance(heard, Heard), heard
        return heard


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Waits until the condition holds, ten seconds at most."""
    async with asyncio.timeout(10):
        while not await condition():
            await asyncio.sleep(0.01)
