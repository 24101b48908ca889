"""The calendar: what it shows for whom, and posts that are moved in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.publication import State
from bot.ledger import audit
from tests.bot.engine.world import TEN, World, article, key_item, open_world, roster, status
from tests.bot.web.visitors import Desk, Page, open_desk

JSON = {"Accept": "application/json"}
ALL_OF_MAY = ["2026-05-06", "2026-05-12", "2026-05-20"]
FILTERS = {
    "platform=wechat": ["2026-05-12", "2026-05-20"],
    "column=周三科普": ["2026-05-20"],
    "unit=u02": ["2026-05-12"],
    "unit=u03": [],
    "view=<script>&from=gestern&state=x&unit=": ALL_OF_MAY,
    "from=9999-12-31": ALL_OF_MAY,
}
BAD_MOVES = [  # post, day, time
    ("p2", "2026-05-05", ""),
    ("p2", "2036-05-05", ""),
    ("p2", "morgen", ""),
    ("p2", "2026-05-30", "25:00"),
    ("p2", "", ""),
    ("p9", "2026-05-30", ""),
    ("", "2026-05-30", ""),
]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path, roster(u02_wechat={"reprint": "auto"})) as opened:
        await opened.plan(
            status("p1", title="六日微博"),
            article("p2", at="2026-05-20 15:00", title="护眼文章", column="周三科普"),
            key_item("k1", at="2026-05-12 09:00", title="重点稿件甲"),
            status("p3", at="2026-06-03 10:00", title="六月微博"),
        )
        yield opened


@pytest.fixture
async def desk(world: World) -> AsyncIterator[Desk]:
    async with open_desk(world) as opened:
        yield opened


def shown(page: Page) -> dict[str, list[str]]:
    """Day → what its cell tells."""
    assert page.status == 200
    return {
        str(cell.attributes["data-day"]): [
            " ".join(link.text().split()) for link in cell.css(".chip a")
        ]
        for cell in page.tree.css("[data-day]")
        if cell.css(".chip")
    }


async def test_a_month_with_its_holidays_and_health_days(desk: Desk) -> None:
    officer = await desk.visitor("officer")
    page = await officer.get("/calendar")
    found = shown(page)
    assert list(found) == ALL_OF_MAY
    assert found["2026-05-20"] == ["15:00 护眼文章"]
    assert page.tree.css("[data-day]")[0].attributes["data-day"] == "2026-04-27"
    assert len(page.tree.css(".cal tbody tr")) == 5
    assert "国际护士节" in page.all(".margin")[3]
    (labour,) = page.tree.css("[data-day='2026-05-01']")
    assert "劳动节" in labour.text()
    (worked,) = page.tree.css("[data-day='2026-05-09']")
    assert "off" not in str(worked.attributes["class"])
    june = await officer.get("/calendar?from=2026-06-15")
    assert list(shown(june)) == ["2026-06-03"]


async def test_a_week_and_a_list(desk: Desk) -> None:
    officer = await desk.visitor("officer")
    week = await officer.get("/calendar?view=week&from=2026-05-14")
    assert list(shown(week)) == ["2026-05-12"]
    listed = await officer.get("/calendar?view=list")
    assert listed.all("tbody th a") == ["六日微博", "重点稿件甲", "护眼文章", "六月微博"]
    none = await officer.get("/calendar?view=list&state=trouble&until=2026-05-06")
    assert (none.status, none.all("tbody th a")) == (200, [])


async def test_filters(desk: Desk) -> None:
    officer = await desk.visitor("officer")
    for query, days in FILTERS.items():
        page = await officer.get(f"/calendar?{query}")
        assert list(shown(page)) == days, query
        assert "<script>&" not in page.text


async def test_a_liaison_sees_posts_of_the_own_unit_and_moves_nothing(desk: Desk) -> None:
    liaison = await desk.visitor("liaison")
    page = await liaison.get("/calendar?unit=u01")
    assert list(shown(page)) == ["2026-05-12"]
    assert page.all(".chip .sub") == ["微信"]
    assert page.tree.css("[draggable=true], [name=unit]") == []
    listed = await liaison.get("/calendar?view=list")
    assert listed.all("tbody td.num") == ["1"]


async def test_a_post_that_is_not_out_is_moved(world: World, desk: Desk) -> None:
    """By drawing it or by a form: into the calendar file, the plan and the log."""
    officer = await desk.visitor("officer")
    page = await officer.get("/calendar")
    (chip,) = page.tree.css("[data-post=p2]")
    fields = {"post": "p2", "day": "2026-05-21", "seen": str(chip.attributes["data-seen"])}
    data = {"csrf": officer.csrf, **fields}
    answer = await officer.ask("POST", "/calendar/move", data=data, headers=JSON)
    assert answer.status == 200, answer.text
    assert (await world.pub("p2@u01-wechat")).due_at == datetime(2026, 5, 21, 7, 0, tzinfo=UTC)
    text = (world.schedules / "2026-05.yaml").read_text(encoding="utf-8")
    assert "2026-05-21 15:00" in text
    again = await officer.ask("POST", "/calendar/move", data=data, headers=JSON)
    assert again.status == 422  # the page it was drawn on is old
    form = await officer.post("/calendar/move", post="p2", day="2026-05-22", at="09:30")
    assert form.headers["Location"] == "../posts/p2?done=saved"
    assert (await world.pub("p2@u01-wechat")).due_at == datetime(2026, 5, 22, 1, 30, tzinfo=UTC)
    async with world.app.core.ledger.read() as conn:
        newest, first = await audit.entries(conn, subject="p2")
    assert (first.action, first.by, first.facts["from"]) == (
        "post.moved",
        "officer",
        "2026-05-20 15:00",
    )
    assert newest.facts["to"] == "2026-05-22 09:30"


async def test_what_cannot_be_moved_stays(world: World, desk: Desk) -> None:
    before = (world.schedules / "2026-05.yaml").read_bytes()
    officer = await desk.visitor("officer")
    for post, day, at in BAD_MOVES:
        page = await officer.post("/calendar/move", post=post, day=day, at=at)
        assert page.status == 422, (post, day, at)
    beside = await officer.post(
        "/calendar/move", post="p1", day="2026-01-01", at="10:00", back="post"
    )
    (field,) = beside.tree.css("#day[aria-invalid]")
    assert (beside.status, field.attributes["value"]) == (422, "2026-01-01")
    assert beside.all(f"details[open] #{field.attributes['aria-describedby']}")
    assert (world.schedules / "2026-05.yaml").read_bytes() == before


async def test_what_is_out_is_not_moved(world: World, desk: Desk) -> None:
    await world.run(until=TEN + timedelta(minutes=5))
    assert await world.state("p1@u01-weibo") is State.PUBLISHED
    officer = await desk.visitor("officer")
    assert (await officer.get("/calendar")).tree.css("[data-post=p1]") == []
    page = await officer.post("/calendar/move", post="p1", day="2026-05-30")
    assert page.status == 422
