"""The simulated site's public side, read as any site would be."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.website.feed import ReadWebsite
from bot.contract import Item
from tests.adapters.website.stage import WordPressStage


async def reader(stage: WordPressStage, path: str = "") -> ReadWebsite:
    options = {"feed": f"{stage.url}/website/u02-website/{path}"}
    stage.account = replace(stage.account, mode="feed", options=options)
    found = stage.another_adapter(**({"base_url": ""} if path else {}))
    assert isinstance(found, ReadWebsite)
    return found


async def read(stage: WordPressStage, adapter: ReadWebsite) -> list[Item]:
    since = stage.clock.now() - timedelta(days=2)
    return [item async for item in adapter.recent(since)]


@pytest.mark.parametrize("path", ["", "feed/", "feed/atom/", "feed/json/", "wp-sitemap.xml"])
async def test_what_was_published_is_listed_by_every_list(stage: WordPressStage, path: str) -> None:
    await stage.forward(timedelta(minutes=3))
    _, receipt = await stage.published()
    adapter = await reader(stage, path)
    [found] = await read(stage, adapter)
    assert (found.url, found.title) == (receipt.url, stage.variant.title)
    assert abs(found.published_at - receipt.published_at) < timedelta(minutes=1)
    assert "揉搓" in found.text


async def test_a_long_feed_is_paged_back_and_unchanged_pages_are_304(
    stage: WordPressStage,
) -> None:
    for number in range(25):
        await stage.console(f"通知{number}", "<p>" + "正文" * 200 + "</p>", slug=f"n{number}")
    adapter = await reader(stage)
    assert len(await read(stage, adapter)) == 25
    assert len(await read(stage, adapter)) == 25
    assert await stage.requests("/feed/") == 2 * 4  # three pages and the 404 behind them


async def test_what_robots_txt_forbids_is_not_asked_for(stage: WordPressStage) -> None:
    async with stage.session.get(f"{stage.url}/robots.txt") as answer:
        rules = await answer.text()
    assert "Disallow: /website/u02-website/wp-admin/" in rules
    assert f"Sitemap: {stage.url}/website/u02-website/wp-sitemap.xml" in rules
    assert await read(stage, await reader(stage)) == []
    assert await stage.requests("wp-admin/") == 0
