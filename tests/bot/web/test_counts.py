"""Counts at the desk: the numbers, the list behind each, and the files."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import update

from bot.ledger.tables import accounts, items
from tests.bot.engine.world import TEN, article, open_world, status
from tests.bot.web.visitors import Desk, Page, open_desk


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_world(tmp_path) as world:
        await world.plan(
            article("p1", title="=1+1"),
            status("p2", accounts=["u01-weibo", "u02-weibo"]),
            status("p3", accounts=["u02-weibo"], at="2026-05-06 10:30"),
        )
        await world.run(until=TEN + timedelta(hours=1))
        async with open_desk(world) as opened:
            yield opened


def rows(page: Page) -> list[str]:
    return page.all("tbody tr")


async def test_every_number_leads_to_its_list(desk: Desk) -> None:
    manager = await desk.visitor("manager")
    page = await manager.get("/counts?period=2026-05&by=unit&by=platform")
    assert "微信公众号发布1篇" in page.words
    assert rows(page) == [
        "u01 微信 1 1 1 0 0 1 0",
        "u01 微博 1 1 1 0 0 1 0",
        "u02 微博 2 2 2 0 0 2 0",
    ]
    assert page.all("tfoot tr") == ["合计 4 4 4 0 0 4 0"]
    links = [node.attributes["href"] for node in page.tree.css("tbody a")]
    behind = await manager.get("/" + str(links[2]).removeprefix("./"))
    assert len(rows(behind)) == 2
    assert all("u02" in row for row in rows(behind))
    async with desk.app.core.ledger.write() as conn:
        gone = update(items).where(items.c.account == "u02-weibo", items.c.title == "勤洗手p3")
        await conn.execute(gone.values(deleted_at=desk.world.clock.now()))
    behind = await manager.get("/counts/items?period=2026&unit=u02")
    assert len([row for row in rows(behind) if "否：" in row]) == 1


@pytest.mark.parametrize(
    "by", ["account", "column", "month&by=platform", "quarter", "nonsense", "unit&by=unit"]
)
async def test_told_apart_by_anything(desk: Desk, by: str) -> None:
    page = await (await desk.visitor("manager")).get(f"/counts?period=2026&by={by}")
    assert page.status == 200
    assert page.all("tfoot tr")[0].endswith("4 4 4 0 0 4 0")
    for node in page.tree.css("tbody a"):
        behind = await (await desk.visitor("manager")).get(
            "/" + str(node.attributes["href"]).removeprefix("./")
        )
        assert len(rows(behind)) == int(node.text())


async def test_what_was_not_read_is_said_where_the_number_stands(desk: Desk) -> None:
    """Read since 2 May: what came out before nobody knows, and of a year before nothing."""
    start, now = TEN - timedelta(days=4), TEN + timedelta(hours=1)
    async with desk.app.core.ledger.write() as conn:
        await conn.execute(update(accounts).values(read_from=start, read_until=now, read_gaps=[]))
    manager = await desk.visitor("manager")
    page = await manager.get("/counts?period=2026-05&by=unit")
    assert "2026-05" in page.all(".lead")[0]
    page = await manager.get("/counts?period=2026&by=month&by=platform")
    assert "2026-01 至 2026-05" in page.all(".lead")[0]
    assert rows(page)[0].startswith("2026-01 – 不明")
    assert [row[:7] for row in rows(page)].count("2026-05") == 2
    across = await manager.get("/counts?period=2026&by=unit&by=month")
    assert rows(across) == [f"{unit} 不明 不明 不明 不明 2 2" for unit in ("u01", "u02")]
    assert across.all("tfoot tr") == ["合计 不明 不明 不明 不明 4 4"]
    (link, _other) = across.tree.css("tbody a")
    behind = await manager.get("/" + str(link.attributes["href"]).removeprefix("./"))
    assert len(rows(behind)) == 2
    assert not [row for row in rows(page) if row.startswith("2026-06")]  # still to come
    book = openpyxl.load_workbook(
        io.BytesIO((await manager.get("/counts.xlsx?period=2025&by=month")).body)
    )
    assert "2025-01 至 2025-12" in str(book.worksheets[0]["A1"].value)
    async with desk.app.core.ledger.write() as conn:
        whole = {"read_from": TEN - timedelta(days=400), "read_until": now}
        await conn.execute(update(accounts).values(**whole))
    page = await manager.get("/counts?period=2026&by=platform")
    assert "2026-01" not in page.all(".lead")[0]


@pytest.mark.parametrize("period", ["gestern", "2026-13", "99999", "<b>"])
async def test_what_is_no_period_is_said(desk: Desk, period: str) -> None:
    page = await (await desk.visitor("manager")).get(f"/counts?period={period}")
    assert page.status == 422
    assert "2026-05" in page.words


async def test_as_files(desk: Desk) -> None:
    manager = await desk.visitor("manager")
    book = openpyxl.load_workbook(io.BytesIO((await manager.get("/counts.xlsx?period=2026")).body))
    table, posts = book.worksheets
    assert "微信公众号发布1篇" in str(table["A1"].value)
    assert [cell.value for cell in table[table.max_row]][-7:] == [4, 4, 4, 0, 0, 4, 0]
    titles = [row[5] for row in posts.iter_rows()]
    assert [cell.data_type for cell in titles if cell.value == "=1+1"] == ["s"]
    plain = await manager.get("/counts/items.csv?period=2026&platform=weibo")
    found = list(csv.reader(io.StringIO(plain.body.decode("utf-8-sig"))))
    assert len(found) == 4


async def test_a_liaison_sees_the_own_unit_whatever_is_asked_for(desk: Desk) -> None:
    liaison = await desk.visitor("liaison")
    for path in ("/counts?unit=u01", "/counts/items?unit=u01", "/charts?unit=u01"):
        page = await liaison.get(path)
        assert page.status == 200
        assert "u01" not in page.words
    book = openpyxl.load_workbook(io.BytesIO((await liaison.get("/counts.xlsx?unit=u01")).body))
    cells = [str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row]
    assert "u02" in cells
    assert "u01" not in cells


async def test_the_charts_say_their_values(desk: Desk) -> None:
    page = await (await desk.visitor("manager")).get("/charts?year=2026&month=5")
    assert len(page.tree.css("figure")) == 5
    assert len(page.tree.css("figure table")) == 5
    assert page.tree.css("[style], script:not([src])") == []
