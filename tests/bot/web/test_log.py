"""The log: everything people did, page by page, and as a file that opens in Excel."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import unquote

import openpyxl
import pytest

from bot.ledger import audit
from tests.bot.engine.world import START, open_world, status
from tests.bot.web.visitors import PEOPLE, Desk, open_desk

FORMULA = "=HYPERLINK(1)"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_world(tmp_path) as world, open_desk(world) as opened:
        async with world.app.core.ledger.write() as conn:
            for number in range(150):
                entry = audit.Entry(at=START, by="officer", action="login", subject=f"{number:03}")
                await audit.note(conn, entry)
            odd = audit.Entry(
                at=START, by="manager", action="post.saved", subject=FORMULA, facts={"<b>": 1}
            )
            await audit.note(conn, odd)
        yield opened


async def test_page_by_page_from_the_newest_on(desk: Desk) -> None:
    manager = await desk.visitor("manager")
    first = await manager.get("/log?by=officer")
    subjects = [row.split()[-1] for row in first.all("tbody tr")]
    assert subjects[0] == "149"
    assert len(subjects) == 100
    (older,) = [
        node.attributes["href"] for node in first.tree.css("a") if "before=" in str(node.html)
    ]
    second = await manager.get("/" + str(older).removeprefix("./"))
    assert [row.split()[-1] for row in second.all("tbody tr")][-1] == "000"
    assert "<b>" not in (await manager.get("/log?action=post.saved")).text.split("<main")[1]


@pytest.mark.parametrize(
    "query", ["before=x", "before=99999999999999999999", "from=gestern", "to=0001-01-01", "by=%00"]
)
async def test_odd_filters_do_no_harm(desk: Desk, query: str) -> None:
    assert (await (await desk.visitor("manager")).get(f"/log?{query}")).status == 200


async def test_as_a_file_no_text_becomes_a_formula(desk: Desk) -> None:
    manager = await desk.visitor("manager")
    sheet = await manager.get("/log.xlsx")
    assert unquote(sheet.headers["Content-Disposition"]).endswith(".xlsx")
    page = openpyxl.load_workbook(io.BytesIO(sheet.body)).active
    assert page is not None
    cells = [cell for row in page.iter_rows() for cell in row]
    assert [cell.data_type for cell in cells if cell.value == FORMULA] == ["s"]
    assert page.max_row > 150
    plain = await manager.get("/log.csv?by=manager&action=post.saved")
    assert plain.body.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(plain.body.decode("utf-8-sig"))))
    assert [row[3] for row in rows[1:]] == ["'" + FORMULA]
    assert (await manager.get("/log.exe")).status == 404


async def test_titles_names_and_words_instead_of_keys(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world, open_desk(world) as desk:
        await world.plan(status("p1", title="流感疫苗开打了"))
        async with world.app.core.ledger.write() as conn:
            for subject, action, facts in (
                ("p1", "post.saved", {"fields": ["title"], "content_hash": "c0ffee"}),
                ("p1@u01-weibo", "publication.retry", {}),
                ("p2", "post.saved", {}),
            ):
                entry = audit.Entry(
                    at=START, by="officer", action=action, subject=subject, facts=facts
                )
                await audit.note(conn, entry)
        await desk.visitor("officer")
        manager = await desk.visitor("manager")
        retried, saved = (await manager.get("/log?subject=流感疫苗")).all("tbody tr")
        assert "流感疫苗开打了" in retried
        assert "标题" in saved
        assert "c0ffee" not in saved
        sheet = await manager.get("/log.csv?subject=p1")
        rows = list(csv.reader(io.StringIO(sheet.body.decode("utf-8-sig"))))
        assert rows[1][1].startswith(PEOPLE["officer"].name)
        assert rows[1][3].startswith("流感疫苗开打了")
