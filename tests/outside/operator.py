"""The operator of the screens: a small platform over real HTTP, with nothing of the bot in it."""

from __future__ import annotations

import hmac
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

SECRET = "s3cret"


@dataclass(kw_only=True)
class Operator:
    """Keeps texts, owners and tokens; calls `hook` when it lets a text through."""

    hook: str = ""
    signed_in: str = ""  # who opens the page on which the office is allowed
    codes: dict[str, str] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)  # token → owner
    texts: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/allow", self._allow)
        app.router.add_post("/token", self._token)
        app.router.add_get("/me", self._me)
        app.router.add_get("/owners", self._owners)
        app.router.add_get("/texts", self._list)
        app.router.add_post("/texts", self._add)
        return app

    async def _allow(self, request: web.Request) -> web.Response:
        code = secrets.token_hex(8)
        self.codes[code] = self.signed_in
        query = urlencode({"state": request.query["state"], "code": code})
        raise web.HTTPFound(f"{request.query['back']}?{query}")

    async def _token(self, request: web.Request) -> web.Response:
        owner = self.codes.pop((await request.json())["code"], None)
        if owner is None:
            return web.json_response({"error": "code"})
        token = secrets.token_hex(8)
        self.owners[token] = owner
        return web.json_response({"token": token, "owner": owner})

    async def _me(self, request: web.Request) -> web.Response:
        return web.json_response({"owner": self._owner(request)})

    async def _owners(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != SECRET:
            raise web.HTTPForbidden
        return web.json_response({"owners": [{"name": one} for one in self.owners.values()]})

    async def _list(self, request: web.Request) -> web.Response:
        owner = self._owner(request)
        return web.json_response({"texts": [one for one in self.texts if one["owner"] == owner]})

    async def _add(self, request: web.Request) -> web.Response:
        said, owner = await request.json(), self._owner(request)
        if len(said["text"]) > 60:
            return web.json_response({"refused": "too long"})
        for known in self.texts:
            if known["key"] == said["key"]:
                return web.json_response(known)
        number = str(len(self.texts) + 1)
        self.texts.append(
            {
                "id": number,
                "owner": owner,
                "shown": False,
                "at": int(time.time()),
                "url": f"{self.url}/t/{number}",
                "key": said["key"],
                "text": said["text"],
            }
        )
        return web.json_response(self.texts[-1])

    def _owner(self, request: web.Request) -> str:
        try:
            return self.owners[request.headers.get("Authorization", "")]
        except KeyError as error:
            raise web.HTTPUnauthorized from error

    async def let_through(self, number: str) -> int:
        """Shows the text and tells the office; the answer's status."""
        self.texts[int(number) - 1]["shown"] = True
        return await self.say({"text_id": number})

    async def say(self, what: object, *, secret: str = SECRET) -> int:
        """Calls the office's hook; the answer's status."""
        body = json.dumps(what).encode()
        sign = hmac.new(secret.encode(), body, "sha256").hexdigest()
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.hook, data=body, headers={"X-Signature": sign}) as answer,
        ):
            return answer.status
