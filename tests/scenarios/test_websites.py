"""Websites in the matrix: reprints published on WordPress, and reprints made by hand and found."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.contract import Receipt, Withdraws
from bot.domain.publication import State
from bot.engine.collect import collect
from bot.ledger import credentials, items
from bot.ledger import roster as roster_rows
from tests.bot.engine.world import START, TEN, Data, World, article, key_item, open_world, roster
from tests.pairs import Pair

REPRINT = "k1@u02-website"
SITE = "https://yy1.lanting.example"
USER = {"user": "xuanchuan", "password": "abcd EFGH 1234 ijkl MNOP 5678"}
POLITE = {"gap_s": 0.0, "inside": True, "timeout_s": 5.0, "read_wait_s": 0.0}


async def _with_a_site(world: World) -> None:
    """The hospital's site exists, and the office has a user on it."""
    site = {"platform": "website", "account": "u02-website", **USER}
    await world.outside.call("POST", "accounts", {"accounts": [site]})
    world.platform_urls["website"] = f"{world.base_url}/website"
    world.platform_settings["website"] = dict(POLITE)
    await world.start()
    async with world.app.core.ledger.write() as conn:
        sealed = world.app.vault.seal(USER)
        await credentials.store(conn, "u02-website", sealed, expires_at=None, now=START)


def _members(mode: str, reprint: str) -> Data:
    return roster(u02_website={"mode": mode, "reprint": reprint, "options": {"site": SITE}})


@pytest.fixture
async def wordpress(tmp_path: Path, pair: Pair) -> AsyncIterator[World]:
    """A hospital that lets the bot reprint on its WordPress."""
    async with open_world(tmp_path, _members("wordpress", "auto"), pair) as world:
        await _with_a_site(world)
        yield world


@pytest.fixture
async def read(tmp_path: Path, pair: Pair) -> AsyncIterator[World]:
    """A hospital that reprints by hand; its site can be read."""
    async with open_world(tmp_path, _members("feed", "manual"), pair) as world:
        await _with_a_site(world)
        yield world


async def test_a_key_item_is_reprinted_on_wordpress(wordpress: World) -> None:
    world = wordpress
    await world.plan(key_item())
    await world.run(until=TEN + timedelta(hours=3))
    pub = await world.pub(REPRINT)
    assert (pub.state, pub.commits) == (State.PUBLISHED, 1)
    [post] = await world.posts("u02-website")
    assert pub.url == post["url"]
    assert "转载" in post["text"]
    assert "<img" in post["text"]


async def test_a_lost_answer_of_wordpress_is_found_and_not_sent_twice(wordpress: World) -> None:
    world = wordpress
    await world.fault("u02-website", "lost_answer", path="/wp/v2/posts/")
    await world.plan(key_item())
    await world.run(until=TEN + timedelta(hours=4))
    pub = await world.pub(REPRINT)
    assert (pub.state, pub.commits) == (State.PUBLISHED, 1)
    assert len(await world.posts("u02-website")) == 1


async def test_a_reprint_made_by_hand_is_found_on_the_site(read: World) -> None:
    """Nobody has to report the link: the site's own feed shows it."""
    world = read
    await world.plan(key_item())
    await world.run(until=TEN + timedelta(hours=3))
    assert await world.state(REPRINT) is State.HANDED_OFF
    body = (world.schedules / "posts/k1.md").read_text(encoding="utf-8")
    content = f"<p>来源：健康u01</p><p>{body}</p>"
    made = {"platform": "website", "account": "u02-website", "content": content}
    await world.outside.call("POST", "console", {**made, "title": "流感季防护提示k1"})
    await world.at(TEN + timedelta(hours=5))
    [collected] = [c for c in await collect(world.app.core) if c.account == "u02-website"]
    assert (collected.error, collected.matched) == ("", 1)
    pub = await world.pub(REPRINT)
    assert (pub.state, pub.commits) == (State.PUBLISHED, 0)
    assert "/website/u02-website/" in pub.url


async def test_what_two_daily_readings_no_longer_show_is_deleted(tmp_path: Path) -> None:
    """One listing that ends early proves nothing; what is listed again counts again."""
    async with open_world(tmp_path, _members("wordpress", "none")) as world:
        await _with_a_site(world)
        await world.plan(article())
        made = {"platform": "website", "account": "u02-website", "content": "<p>正文</p>"}
        for number in range(4):
            await world.outside.call("POST", "console", {**made, "title": f"通知{number}"})
        core = world.app.core
        found: list[tuple[int, int]] = []
        for day in range(5):
            await world.at(START + timedelta(days=3 + day))
            await collect(core, ["u02-website"])
            async with core.ledger.read() as conn:
                rows = await items.between(conn, None, None)
            found.append((len(rows), sum(row.deleted_at is not None for row in rows)))
            if day == 1:
                await _take_down(world, rows[2])
    assert found == [(4, 0), (4, 0), (4, 0), (4, 1), (4, 1)]


async def _take_down(world: World, row: Any) -> None:
    core = world.app.core
    async with core.ledger.read() as conn:
        account = (await roster_rows.load(conn)).accounts[row.account]
    site = core.platforms.adapter(account)
    assert isinstance(site, Withdraws)
    await site.withdraw(
        Receipt(platform_id=row.platform_id, url=row.url, published_at=row.published_at)
    )
