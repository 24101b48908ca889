"""A little site whose every answer a test decides, and the adapter that reads it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import aiohttp
from aiohttp import web

from adapters.registry import make
from adapters.website.feed import ReadWebsite
from bot.clock import VirtualClock
from bot.contract import Item, Pace, Tools
from bot.domain.roster import Account
from tests.adapters.stage import START, Folder, MemoryCredentials

ACCOUNT = Account(
    id="u04-website",
    unit="u04",
    platform="website",
    name="澜汀中医官网",
    verified_name="澜汀区中医医院",
    mode="feed",
)


@dataclass(kw_only=True)
class Said:
    """One answer."""

    body: bytes | str = ""
    content_type: str = "text/html"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Site:
    """A site on loopback: paths and what they answer; counts who asked for what, and how."""

    def __init__(self, root: Path) -> None:
        self.pages: dict[str, Said] = {}
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.at_once = 0  # most requests under way at the same time
        self._busy = 0
        self.clock = VirtualClock(START)
        self._root = root

    async def start(self) -> Site:
        """The site, serving, with nothing but what the test puts there."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self.session = aiohttp.ClientSession()
        return self

    async def close(self) -> None:
        """Stops everything."""
        await self.session.close()
        await self._runner.cleanup()

    async def unplug(self) -> None:
        """The site is gone."""
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        self._busy += 1
        self.at_once = max(self.at_once, self._busy)
        await asyncio.sleep(0)
        self.asked.append(request.path_qs)
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        said = self.pages.get(request.path_qs, Said(status=404, body="<h1>404</h1>"))
        self._busy -= 1
        if (
            said.headers.get("ETag")
            and request.headers.get("If-None-Match") == said.headers["ETag"]
        ):
            return web.Response(status=304, headers=said.headers)
        body = said.body.encode() if isinstance(said.body, str) else said.body
        kind = {"Content-Type": said.content_type}
        return web.Response(status=said.status, body=body, headers={**kind, **said.headers})

    def adapter(
        self, path: str = "/feed", *, inside: bool = True, pace: Pace | None = None, **options: str
    ) -> ReadWebsite:
        """A reader of this site; the options are the account's, `path` that of its list."""
        address = {"feed": f"{self.url}{path}"} if path else {}
        account = Account(
            **{**_fields(ACCOUNT), "options": {**address, **options}}  # type: ignore[arg-type]
        )
        tools = Tools(
            session=self.session,
            clock=self.clock,
            media=Folder(self._root),
            credentials=MemoryCredentials({}),
            out_dir=self._root / "out",
            pace=pace,
        )
        limits = {"gap_s": 0.0, "inside": inside, "page_timeout_s": 5.0, "page_bytes": 200_000}
        found = make(account, tools, {**limits, "pages": 12})
        assert isinstance(found, ReadWebsite)
        return found

    async def read(self, adapter: ReadWebsite, days: float = 40) -> list[Item]:
        """What a reading lists."""
        since = self.clock.now() - timedelta(days=days)
        return [item async for item in adapter.recent(since)]


def _fields(account: Account) -> dict[str, object]:
    return {name: getattr(account, name) for name in Account.__dataclass_fields__}


def rss(*items: str, encoding: str = "UTF-8", more: str = "") -> str:
    """An RSS feed of these items."""
    return (
        f'<?xml version="1.0" encoding="{encoding}"?><rss version="2.0">'
        f"<channel><title>官网</title>{more}{''.join(items)}</channel></rss>"
    )


def item(number: int, date: str, *, text: str = "", title: str = "") -> str:
    """One item of an RSS feed; "" leaves a part out."""
    body = f"<description><![CDATA[{text}]]></description>" if text else ""
    told = f"<pubDate>{date}</pubDate>" if date else ""
    return (
        f"<item><title>{title or f'第{number}篇'}</title><link>/a/{number}.html</link>"
        f"{told}{body}</item>"
    )


def article(text: str, *, date: str = "2026-05-06 09:30", head: str = "") -> str:
    """A page as government sites make it."""
    return (
        f'<html><head><meta name="ArticleTitle" content="页上的标题">'
        f'<meta name="PubDate" content="{date}">'
        f'<meta name="ContentSource" content="健康澜汀">{head}</head>'
        f"<body><nav>首页 科普 通知</nav><div class='v_news_content'><p>{text}</p></div>"
        f"<footer>ICP备 上一篇 下一篇</footer></body></html>"
    )
