"""Other programs that call the API, over real HTTP."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bot.domain.people import Right
from bot.engine import keys
from bot.engine.keys import Typed
from bot.web.api.openapi import PREFIX
from tests.bot.web.visitors import Desk, Visitor

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Program:
    """One of them, with its token."""

    visitor: Visitor
    token: str

    async def ask(self, method: str, path: str, **more: Any) -> tuple[int, Json]:
        """Status and document of the answer."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        page = await self.visitor.ask(method, PREFIX + path, headers=headers, **more)
        kind = page.headers["Content-Type"]
        assert kind.startswith("application/json" if page.status < 400 else "application/problem")
        document: Json = json.loads(page.body)
        return page.status, document

    async def get(self, path: str, **query: Any) -> Json:
        """What is found."""
        status, document = await self.ask("GET", path, params=query)
        assert status == 200, document
        return document

    async def post(self, path: str, **body: Any) -> Json:
        """What came of it."""
        status, document = await self.ask("POST", path, json=body)
        assert status == 200, document
        return document

    async def refused(self, method: str, path: str, **more: Any) -> tuple[int, str]:
        """Status and kind of the problem."""
        status, document = await self.ask(method, path, **more)
        assert status >= 400, document
        assert document["status"] == status
        assert document["title"]
        assert document["detail"]
        return status, document["type"].removeprefix("urn:xuanfa-bot:problem:")


async def token(
    desk: Desk,
    name: str,
    *scopes: Right,
    reviewer: str = "",
    days: int = 30,
    by: str = "administrator",
) -> str:
    """A token with these scopes."""
    core, zone = desk.app.core, desk.app.settings.zone
    last = (core.clock.now() + timedelta(days=days)).astimezone(zone).date().isoformat()
    typed = Typed(
        name=name,
        scopes=frozenset(scope.value for scope in scopes),
        reviewer=reviewer,
        until=last,
    )
    made = await keys.make(core, typed, by=by, address="127.0.0.1", zone=zone)
    assert made.faults == {}
    return made.secret


async def program(desk: Desk, *scopes: Right, reviewer: str = "") -> Program:
    """A program that may do this, or with no scopes named all but review."""
    wanted = scopes or (Right.SEE, Right.WRITE, Right.ANSWER, Right.LOG)
    name = "区门户" + "".join(scope.value for scope in scopes)
    secret = await token(desk, name, *wanted, reviewer=reviewer)
    return Program(visitor=await desk.stranger(), token=secret)
