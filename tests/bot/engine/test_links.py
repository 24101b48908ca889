"""Addresses that lead nowhere, asked of a real server."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.domain.post import Article, Override, Post
from bot.domain.problem import Place
from bot.engine.links import check_links, links_of
from bot.engine.reachable import Reach, ask, is_public

NOW = datetime(2026, 5, 6, 1, tzinfo=UTC)


def post(*links: str, name: str = "p1") -> Post:
    body = "\n\n".join(f"[见]({link})" for link in links)
    return Post(
        id=name, title="题", due_at=NOW, accounts=("a",), window=timedelta(hours=1), body=body,
        place=Place(file="2026-05.yaml", line=5),
    )  # fmt: skip


@dataclass(kw_only=True)
class Site:
    """A web site that notes what it is asked."""

    base: str = ""
    asked: Counter[str] = field(default_factory=Counter)
    now: int = 0
    most: int = 0

    def app(self) -> web.Application:
        made = web.Application()
        made.router.add_route("*", "/{name:.*}", self.answer)
        return made

    async def answer(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        self.asked[f"{request.method} {name}"] += 1
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            return await self._made(name, request)
        finally:
            self.now -= 1

    async def _made(self, name: str, request: web.Request) -> web.StreamResponse:
        if name == "hangs":
            await asyncio.Event().wait()
        if name == "no-head" and request.method == "HEAD":
            return web.Response(status=405)
        if name == "moved":
            other = self.base.replace("127.0.0.1", "localhost")
            return web.Response(status=301, headers={"Location": f"{other}/ok"})
        if name == "round":
            return web.Response(status=302, headers={"Location": "/round"})
        if name == "within":
            return web.Response(status=301, headers={"Location": "/ok"})
        if name == "odd":
            return web.Response(status=302, headers={"Location": "ftp://a.example/"})
        await asyncio.sleep(0)
        return web.Response(status={"gone": 404, "ill": 503, "login": 403}.get(name, 200))


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    made = Site()
    async with TestServer(made.app()) as server:
        made.base = f"http://127.0.0.1:{server.port}"
        yield made


async def codes(site: Site, *names: str) -> list[str]:
    links = [f"{site.base}/{name}" for name in ("ok", *names)]
    return [each.code for each in await check_links([post(*links)], now=NOW, private=True)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ok", []),
        ("login", []),
        ("no-head", []),
        ("within", []),
        ("gone", ["dead-link"]),
        ("moved", ["link-moved"]),
        ("ill", ["link-silent"]),
        ("round", ["link-silent"]),
        ("odd", ["link-silent"]),
    ],
)
async def test_each_kind_of_answer(site: Site, name: str, expected: list[str]) -> None:
    assert await codes(site, name) == expected


async def test_names_nobody_knows_are_dead_while_others_answer(site: Site) -> None:
    links = (f"{site.base}/ok", "http://nowhere.invalid/", "http://[:")
    problems = await check_links([post(*links)], now=NOW, private=True)
    assert [each.code for each in problems] == ["dead-link", "dead-link"]
    assert (problems[0].post, str(problems[0].place)) == ("p1", "2026-05.yaml:5")


async def test_without_a_network_there_is_one_note() -> None:
    links = ("http://nowhere.invalid/a", "http://other.invalid/b")
    [problem] = await check_links([post(*links), post(name="p2")], now=NOW)
    assert (problem.code, problem.severity.value) == ("links-unchecked", "info")
    assert await check_links([post()], now=NOW) == []


async def test_private_addresses_are_not_asked_unless_allowed(site: Site) -> None:
    """By number, by name, and where a public page might send on to."""
    local = site.base.replace("127.0.0.1", "localhost")
    problems = await check_links([post(f"{site.base}/ok", f"{local}/ok")], now=NOW)
    assert [each.code for each in problems] == ["link-private", "link-private"]
    assert site.asked == Counter()


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True), ("127.0.0.1", False), ("10.1.2.3", False), ("169.254.169.254", False),
        ("::1", False), ("fe80::1%eth0", False), ("::ffff:127.0.0.1", False), ("fd00::1", False),
        ("100.64.0.1", False), ("0.0.0.0", False), ("2400:3200::1", True), ("a.example", True),
    ],
)  # fmt: skip
def test_which_addresses_are_private(address: str, *, public: bool) -> None:
    assert is_public(address) is public


async def test_no_host_is_asked_more_than_twice_at_once(site: Site) -> None:
    urls = [f"{site.base}/ok?{number}" for number in range(20)]
    found = await ask(urls, private=True, budget_s=30)
    assert {each.reach for each in found.values()} == {Reach.OPEN}
    assert site.most <= 2
    assert site.asked["HEAD ok"] == 20


async def test_the_time_for_all_of_them_is_limited(site: Site) -> None:
    begun_s = time.monotonic()
    urls = (f"{site.base}/hangs", f"{site.base}/ok")
    problems = await check_links([post(*urls)], now=NOW, private=True, budget_s=0.5)
    assert [each.code for each in problems] == ["links-unchecked"]
    assert time.monotonic() - begun_s < 4


async def test_an_answer_is_remembered_for_a_day(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "var" / "links.json"
    posts = [post(f"{site.base}/gone", f"{site.base}/ill")]

    async def ask_at(moment: datetime) -> list[str]:
        found = await check_links(posts, now=moment, cache_file=file, private=True)
        return sorted(each.code for each in found)

    told = ["dead-link", "link-silent"]
    assert await ask_at(NOW) == told
    await ask_at(NOW + timedelta(hours=23))
    assert (site.asked["HEAD gone"], site.asked["HEAD ill"]) == (1, 2)
    assert await ask_at(NOW + timedelta(hours=25)) == told
    assert site.asked["HEAD gone"] == 2


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', '{"a": {"at": "x"}}', "\xff"])
async def test_a_spoilt_memory_is_none(site: Site, tmp_path: Path, text: str) -> None:
    file = tmp_path / "links.json"
    file.write_bytes(text.encode("latin-1"))
    links = [post(f"{site.base}/ok")]
    assert await check_links(links, now=NOW, cache_file=file, private=True) == []


def test_addresses_are_found_wherever_a_post_has_them() -> None:
    made = Post(
        id="p1", title="题", due_at=NOW, accounts=("a",), window=timedelta(hours=1),
        body="[一](https://a.example/1) <https://a.example/2>，[电话](tel:12345)",
        text="见https://a.example/3。", link="https://a.example/4",
        source_url="https://a.example/5",
        overrides={"weibo": Override(text="https://a.example/6，", link="https://a.example/7")},
        more=(Article(title="二", body="[二](https://a.example/8)", link="https://a.example/9"),),
    )  # fmt: skip
    assert {url.rpartition("/")[2] for url in links_of(made)} == set("123456789")
