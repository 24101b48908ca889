"""People at the desk: a browser without JavaScript for each of them, over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
from selectolax.lexbor import LexborHTMLParser
from yarl import URL

from bot.app import App
from bot.domain.people import DeskRole, Person
from bot.domain.review import Level
from bot.engine import entrance
from bot.ledger import people
from bot.settings import Web
from bot.web.app import watched
from bot.web.desk.doors import COOKIE
from tests.bot.engine.world import START, World

# One of each; "liaison" is of u02.
PEOPLE: Mapping[str, Person] = {
    "officer": Person(
        login="officer", name="宣传干事小李", roles=frozenset({DeskRole.OFFICER}), made_at=START
    ),
    "liaison": Person(
        login="liaison",
        name="一院联络员",
        roles=frozenset({DeskRole.LIAISON}),
        unit="u02",
        made_at=START,
    ),
    "first": Person(
        login="first",
        name="初审老王",
        roles=frozenset({DeskRole.REVIEWER}),
        levels=frozenset({Level.FIRST}),
        made_at=START,
    ),
    "second": Person(
        login="second",
        name="复审老张",
        roles=frozenset({DeskRole.REVIEWER}),
        levels=frozenset({Level.SECOND}),
        made_at=START,
    ),
    "final": Person(
        login="final",
        name="终审赵主任",
        roles=frozenset({DeskRole.REVIEWER}),
        levels=frozenset({Level.FINAL}),
        made_at=START,
    ),
    "manager": Person(
        login="manager", name="委领导", roles=frozenset({DeskRole.MANAGER}), made_at=START
    ),
    "administrator": Person(
        login="administrator",
        name="管理员",
        roles=frozenset({DeskRole.ADMINISTRATOR}),
        made_at=START,
    ),
}


def desk_csrf(app: App, session: str) -> str:
    """What the forms of the session that is called so bring along."""
    return app.vault.sign(f"csrf\n{session}") + f".{session}"


@dataclass(frozen=True, kw_only=True)
class Page:
    """An answer of the desk."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def tree(self) -> LexborHTMLParser:
        return LexborHTMLParser(self.text)

    @property
    def words(self) -> str:
        """What a reader sees in the page's main part, spaces run together."""
        (main,) = self.tree.css("main")
        return " ".join(main.text(separator=" ").split())

    def all(self, selector: str) -> list[str]:
        """The texts of the nodes, spaces run together."""
        return [" ".join(node.text(separator=" ").split()) for node in self.tree.css(selector)]

    def value(self, name: str) -> str:
        """What a field holds."""
        (node,) = self.tree.css(f"[name='{name}']")[:1]
        return node.attributes.get("value") or node.text().strip()


class Visitor:
    """A browser; it follows no redirect by itself."""

    def __init__(self, url: str, client: aiohttp.ClientSession, csrf: str = "") -> None:
        self.url = url
        self.client = client
        self.csrf = csrf

    async def get(self, path: str, **headers: str) -> Page:
        return await self.ask("GET", path, headers=headers)

    async def post(self, path: str, /, **fields: Any) -> Page:
        """Sends a form, with the session's token."""
        return await self.ask("POST", path, data={"csrf": self.csrf, **fields})

    async def ask(self, method: str, path: str, **more: Any) -> Page:
        async with self.client.request(
            method, f"{self.url}{path}", allow_redirects=False, **more
        ) as answer:
            headers = {str(name): value for name, value in answer.headers.items()}
            return Page(status=answer.status, headers=headers, body=await answer.read())

    async def follow(self, page: Page) -> Page:
        """The page that a form led to."""
        assert page.status == 303, (page.status, page.text)
        return await self.get("/" + page.headers["Location"].lstrip("./"))


class Desk:
    """A running desk, and those who visit it."""

    def __init__(self, world: World, app: App, url: str, stack: AsyncExitStack) -> None:
        self.world = world
        self.app = app
        self.url = url
        self._stack = stack
        self._known: dict[str, Visitor] = {}

    async def stranger(self) -> Visitor:
        """Somebody who is not logged in."""
        jar = aiohttp.CookieJar(unsafe=True)
        client = aiohttp.ClientSession(cookie_jar=jar)
        return Visitor(self.url, await self._stack.enter_async_context(client))

    async def visitor(self, name: str) -> Visitor:
        """One of `PEOPLE`, logged in (without the password: hashing it is slow on purpose)."""
        if name in self._known:
            return self._known[name]
        core = self.app.core
        now = core.clock.now()
        async with core.ledger.write() as conn:
            if await people.find(conn, name) is None:
                await people.add(conn, replace(PEOPLE[name], made_at=now))
            entered = await entrance.begin(conn, PEOPLE[name], address="127.0.0.1", now=now)
        visitor = await self.stranger()
        visitor.client.cookie_jar.update_cookies({COOKIE: entered.cookie}, URL(self.url))
        visitor.csrf = desk_csrf(self.app, entered.session.hash)
        self._known[name] = visitor
        return visitor


@asynccontextmanager
async def open_desk(world: World, **changes: Any) -> AsyncIterator[Desk]:
    """The world's bot with its desk; `changes` are of its settings."""
    settings = world.app.settings.model_copy(update={"web": Web(listen="127.0.0.1:0"), **changes})
    app = App(**{**vars(world.app), "settings": settings})
    said: list[str] = []
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(watched(app, said.append))
        url = said[0][said[0].index("http") :].removesuffix("/readyz")
        yield Desk(world, app, url, stack)
