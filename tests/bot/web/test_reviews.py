"""Three reviewers at the desk: one version, each level in its turn, nothing out before the last."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.publication import State
from bot.domain.review import Level, Said
from bot.engine import reviewing
from bot.ledger import people
from bot.settings import ReviewPart
from tests.bot.engine.world import TEN, World, open_world, status
from tests.bot.web.visitors import PEOPLE, Desk, Page, Visitor, open_desk

NAME = "p1@u01-weibo"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as opened:
        opened.review = ReviewPart(levels=[Level.FIRST, Level.SECOND, Level.FINAL])
        await opened.start()
        await opened.plan(status(title="洗手<i>"))
        yield opened


@pytest.fixture
async def desk(world: World) -> AsyncIterator[Desk]:
    async with open_desk(world) as opened:
        yield opened


async def say(visitor: Visitor, page: Page, said: str = "approved", **more: str) -> Page:
    """Sends the form of a page that was opened."""
    fields = {name: page.value(name) for name in ("seen", "level")}
    return await visitor.post("/reviews/p1", **{**fields, "said": said, "note": "", **more})


async def test_each_level_in_its_turn_and_it_goes_out_after_the_last(desk: Desk) -> None:
    for name in ("first", "second", "final"):
        visitor = await desk.visitor(name)
        other = await desk.visitor({"first": "second", "second": "final", "final": "first"}[name])
        assert await desk.world.state(NAME) is State.HELD
        listed = await visitor.get("/reviews")
        assert "洗手<i>" in " ".join(listed.all("tbody th"))
        page = await visitor.get("/reviews/p1")
        assert "<i>" not in page.text.split("<main")[1]
        early = await other.post(
            "/reviews/p1", said="approved", seen=page.value("seen"), level=page.value("level")
        )
        assert early.status == 409
        done = await visitor.follow(await say(visitor, page))
        assert "洗手<i>" in done.all(".said")[0]
    await desk.world.run(until=TEN)
    assert await desk.world.state(NAME) is State.PUBLISHED


async def test_what_waits_for_oneself_stands_first_and_what_one_refused_does_not(
    desk: Desk,
) -> None:
    later = status("p2", at="2026-05-07 10:00", title="别的微博")
    await desk.world.plan(status(title="洗手<i>"), later)
    first = await desk.visitor("first")
    await say(first, await first.get("/reviews/p1"), "refused", note="换图")
    rows = (await first.get("/")).tree.css("#needs li .what a")
    assert [one.attributes["href"] for one in rows][:2] == ["./posts/p2", "./posts/p1"]
    own = (await first.get("/reviews")).tree.css("table")[0].text()
    assert "别的微博" in own
    assert "洗手" not in own
    assert (await first.get("/")).tree.css('#needs a[href="./reviews/p1"]') == []


async def test_an_edit_voids_what_was_said_and_the_next_reader_sees_what_changed(
    desk: Desk,
) -> None:
    first = await desk.visitor("first")
    old = await first.get("/reviews/p1")
    await say(first, old)
    await desk.world.plan(status(title="洗手<i>", text="【勤洗手】另一种说法。"))
    stale = await say(await desk.visitor("second"), old, level="second")
    assert stale.status == 409
    again = await first.get("/reviews/p1")
    assert "另一种说法" in " ".join(again.all("ins"))
    assert again.all("del") != []
    assert (await say(first, again)).status == 303


async def test_a_refusal_says_why_and_two_at_once_are_told(desk: Desk) -> None:
    first = await desk.visitor("first")
    page = await first.get("/reviews/p1")
    silent = await say(first, page, "refused")
    assert silent.status == 409
    assert (await say(first, page, "maybe", note="留着")).value("note") == "留着"
    assert (await say(first, page, "refused", note="数据有误<b>")).status == 303
    officer = await desk.visitor("officer")
    seen = await officer.get("/reviews/p1")
    assert "数据有误<b>" in seen.words
    assert "初审老王" in seen.words
    assert (await say(first, page)).status == 303  # approves after all
    assert (await say(first, page)).status == 409  # said already


async def test_what_another_said_meanwhile_is_told_before_it_is_changed(desk: Desk) -> None:
    first = await desk.visitor("first")
    page = await first.get("/reviews/p1")
    other = replace(PEOPLE["first"], login="chu", name="初审老陈", made_at=desk.world.clock.now())
    core, seen = desk.app.core, page.value("seen")
    async with core.ledger.write() as conn:
        await people.add(conn, other)
    await reviewing.approve(core, "p1", seen, Level.FIRST, by="chu")
    told = await say(first, page)
    assert (told.status, "初审老陈" in told.words) == (409, True)
    told = await say(first, page, "refused", note="数据有误", heard=page.value("heard"))
    assert (told.status, told.value("note")) == (409, "数据有误")
    assert "初审老陈" in told.all(".faults")[0]
    assert [one.said for one in await reviewing.history(core, "p1")] == [Said.APPROVED]
    assert told.value("said") == "refused"
    done = await say(first, told, "refused", note="数据有误", heard=told.value("heard"))
    assert done.status == 303
    assert (await say(first, told, "refused", note="再说一次")).status == 409


async def test_a_deputy_acts_for_some_days_and_it_is_written_down(desk: Desk) -> None:
    await desk.visitor("liaison")
    first, manager = await desk.visitor("first"), await desk.visitor("manager")
    days = {"from": "2026-05-06", "to": "2026-05-08"}
    for last in ("x", "9999-12-31"):
        odd = await first.post(
            "/reviews/deputies", login="first", deputy="manager", **{**days, "to": last}
        )
        assert odd.status == 422
    unable = await first.post("/reviews/deputies", login="first", deputy="liaison", **days)
    assert (unable.status, "一院联络员" in unable.all(".faults")[0]) == (422, True)
    assert "一院联络员" not in unable.all("option")
    not_mine = await manager.post("/reviews/deputies", login="first", deputy="manager", **days)
    assert not_mine.status == 403
    named = await first.post("/reviews/deputies", login="first", deputy="manager", **days)
    assert named.status == 303
    assert "reviews/p1" in (await manager.get("/reviews")).text
    page = await manager.get("/reviews/p1")
    assert "初审老王" in page.words
    assert (await say(manager, page)).status == 303
    listed = await first.get("/reviews/deputies")
    assert "委领导" in listed.words
    assert (await manager.post("/reviews/deputies/1/end")).status == 404
    assert (await first.post("/reviews/deputies/1/end")).status == 303


async def test_a_liaison_sees_no_review(desk: Desk) -> None:
    liaison = await desk.visitor("liaison")
    assert (await liaison.get("/reviews")).status == 403
    assert (await liaison.get("/reviews/p1")).status == 403
    assert (await liaison.get("/reviews/deputies")).tree.css("option") == []
    assert (await (await desk.visitor("first")).get("/reviews/none")).status == 404
