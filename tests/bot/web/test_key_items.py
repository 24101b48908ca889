"""/key-items at the desk: the grid, one key item, the evidence, and what an officer does."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import openpyxl
import pytest
import pytest_asyncio
from sqlalchemy import select

from bot.contract import Item
from bot.domain.matching import Verdict
from bot.domain.publication import State
from bot.engine.reminding import URGED
from bot.ledger import audit, items, verdicts
from bot.ledger.tables import items as items_table
from tests.bot.engine.world import TEN, World, key_item, open_world, roster
from tests.bot.web.visitors import Desk, open_desk

TITLE = "流感<b>防护</b>"
HERE = "/key-items/k1"
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """A key item is out; u02 must decide, and an article of u03 may be a reprint."""
    members = roster(u02_wechat={"reprint": "confirm"}, u03_wechat={"reprint": "manual"})
    for account in ("u02-weibo", "u02-website", "u03-weibo"):
        members["units"] = [
            {**unit, "accounts": [one for one in unit["accounts"] if one["id"] != account]}
            for unit in members["units"]
        ]
    async with open_world(tmp_path_factory.mktemp("items"), members) as world:
        await world.plan(key_item(title=TITLE))
        await world.run(until=TEN + timedelta(hours=1))
        await seen(world, "u03-wechat")
        async with open_desk(world) as opened:
            yield opened


async def seen(world: World, account: str) -> None:
    """An article found on the account, which a person must judge."""
    now = world.clock.now()
    shown = Item(
        platform_id=f"m-{account}",
        url=f"https://mp.weixin.qq.com/s/{account}",
        title="防护<script>",
        text="转发：流感季来了！及時接種疫苗，勤洗手。<i>本院</i>门诊照常。",
        published_at=TEN + timedelta(minutes=30),
    )
    said = Verdict(
        post="k1", account=account, level="D", decision="doubtful", rule="cut", scores={"c": 0.6}
    )
    async with world.app.core.ledger.write() as conn:
        await items.upsert(conn, account, [shown], now)
        query = select(items_table.c.id).where(items_table.c.account == account)
        (item,) = (await conn.execute(query)).scalars()
        await verdicts.record(conn, item, said, "", now)


async def test_the_grid_says_in_words_how_each_unit_stands(desk: Desk) -> None:
    officer, liaison = await desk.visitor("officer"), await desk.visitor("liaison")
    page = await officer.get("/key-items?month=2026-05")
    assert page.status == 200
    assert page.all(".marks tbody th") == ["u01", "u02", "u03"]
    legend = page.all(".legend .mark")
    cells = page.all(".marks tbody td")
    assert len(set(legend)) == 9
    assert set(cells) <= set(legend)
    on_time, open_ = legend[0], legend[3]
    assert cells == [on_time, open_, legend[7]]  # what was found is doubtful, not missing
    assert page.all(".rates tbody td")[-1] == "33.3%"
    assert page.all(".marks thead a .title") == [TITLE]
    mine = await liaison.get("/key-items?month=2026-05")
    assert mine.all(".marks tbody th") == ["u02"]
    assert mine.all(".rates tfoot td")[1] == "1"  # required: its own unit
    assert "u03" not in mine.text
    early = await officer.get("/key-items?month=2026-05&as_of=2026-05-06T09:30")
    assert set(early.all(".marks tbody td")) == {open_}
    assert (await officer.get("/key-items?month=2026-06")).all("table") == []


async def test_the_page_can_be_taken_along_as_files(desk: Desk) -> None:
    officer = await desk.visitor("officer")
    page = await officer.get("/key-items?month=2026-05")
    links = [
        str(node.attributes["href"]) for node in page.tree.css(".actions a[href*='key-items.']")
    ]
    xlsx, csv_ = [await officer.get("/" + link.removeprefix("./")) for link in links]
    rates, grid = openpyxl.load_workbook(io.BytesIO(xlsx.body)).worksheets
    for sheet in (rates, grid):  # whose numbers, of which time, and as known when
        first = str(sheet["A1"].value)
        assert all(part in first for part in ("澜汀区卫生健康委员会", "2026-05-06 11:00"))
    planned = [(TEN + timedelta(hours=8, days=day)).replace(tzinfo=None) for day in (0, 1)]
    row = [cell.value for cell in rates[rates.max_row - 1]]
    assert row[:4] == ["K1", TITLE, *planned]
    shown = page.all(".rates tbody td")[3:]  # required, exempt, on time, late, missing, …
    order = (0, 2, 3, 6, 4, 5, 1)
    assert [str(value) for value in row[4:11]] == [shown[place] for place in order]
    assert [f"{value:.1%}" for value in row[11:]] == shown[7:] == ["33.3%", "33.3%"]
    told = [[cell.value for cell in row] for row in grid.iter_rows(min_row=2)]
    assert told[0] == ["单位", f"K1 {TITLE}"]
    assert [row[0] for row in told[1:]] == ["u01", "u02", "u03"]
    states = [str(row[1]) for row in told[1:]]
    assert states[:2] == ["按时", "未到时限"]
    assert re.match("未到时限.+", states[2])  # counts as open, and is doubtful
    assert csv_.body.startswith(codecs.BOM_UTF8)
    rows = list(csv.reader(io.StringIO(csv_.body.decode("utf-8-sig"))))
    assert [row[4] for row in rows[2:]] == states
    unit, account, _state, when, link, evidence = rows[2][2:]
    assert (unit, account[:5], when) == ("u01", "健康u01", "2026-05-06 10:00")
    assert (link[:4], bool(evidence)) == ("http", True)
    assert rows[4][6] == "https://mp.weixin.qq.com/s/u03-wechat"  # what waits for a decision
    then = await officer.get("/key-items?month=2026-05&as_of=2026-05-06T11:00")
    assert then.all(".marks tbody td") == page.all(".marks tbody td")


async def test_files_of_another_time_hold_what_was_known_and_wrong_ones_are_refused(
    desk: Desk,
) -> None:
    officer = await desk.visitor("officer")
    early = await officer.get("/key-items.csv?month=2026-05&as_of=2026-05-06T09:30")
    rows = list(csv.reader(io.StringIO(early.body.decode("utf-8-sig"))))
    assert "2026-05-06 09:30" in rows[0][0]
    assert {row[4] for row in rows[2:]} == {"未到时限"}
    none = await officer.get("/key-items.xlsx?month=2026-06")
    rates, _grid = openpyxl.load_workbook(io.BytesIO(none.body)).worksheets
    assert [cell.value for cell in rates[rates.max_row]][-2:] == ["—", "—"]
    for wrong in ("month=x", "as_of=2031-01-01T00:00"):
        assert (await officer.get(f"/key-items.csv?{wrong}")).status == 422
    assert (await officer.get("/key-items.pdf")).status == 404


async def test_a_liaison_takes_along_the_own_unit_only(desk: Desk) -> None:
    liaison = await desk.visitor("liaison")
    book = await liaison.get("/key-items.xlsx?month=2026-05")
    rates, grid = openpyxl.load_workbook(io.BytesIO(book.body)).worksheets
    assert [cell.value for cell in rates[rates.max_row]][4] == 1  # required
    plain = (await liaison.get("/key-items.csv?month=2026-05")).body.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(plain)))
    assert [row[2] for row in rows[3:]] == ["u02"]
    cells = [
        str(cell.value) for sheet in (rates, grid) for row in sheet.iter_rows() for cell in row
    ]
    assert "u02" in cells
    for hidden in ("u01", "u03"):
        assert hidden not in plain
        assert hidden not in cells


@pytest.mark.parametrize(
    "query",
    ["month=<b>", "month=9999-99", "as_of=昨天", "as_of=2031-01-01T00:00", "as_of=" + "9" * 2000],
)
async def test_wrong_questions_are_answered_in_words(desk: Desk, query: str) -> None:
    page = await (await desk.visitor("officer")).get(f"/key-items?{query}")
    assert page.status == 422
    (field,) = page.tree.css("[aria-invalid]")
    assert page.all(f"#{field.attributes['aria-describedby']}") != [""]


async def test_a_liaison_sees_the_own_unit_of_an_item_only(desk: Desk) -> None:
    liaison = await desk.visitor("liaison")
    page = await liaison.get(HERE)
    assert page.status == 200
    assert "u02" in page.words
    for hidden in ("u03", "健康u01", "figure"):
        assert hidden not in page.words
    assert page.tree.css("figure, form[method=post]") == []
    assert (await liaison.get(f"{HERE}/matches/1")).status == 403
    for strange in ("x", "0", "9" * 40, "-1"):
        assert (await liaison.get(f"{HERE}/matches/{strange}")).status == 404
    assert (await liaison.get("/key-items/nothing")).status == 404


async def test_a_doubtful_match_is_compared_and_decided_once(desk: Desk) -> None:
    officer, manager = await desk.visitor("officer"), await desk.visitor("manager")
    item = await officer.get(HERE)
    month = await officer.get("/key-items?month=2026-05")
    for link in month.tree.css(".marks tbody a, .figures a"):
        assert link.attributes["href"] == f"..{HERE}#decide".replace("../", "./", 1)
    assert len(month.tree.css(".marks tbody a, .figures a")) == 2
    path = f"{HERE}/matches/1"
    assert f"..{path}" in {node.attributes["href"] for node in item.tree.css("a.button")}
    page = await officer.get(path)
    original, article = page.tree.css(".beside .text")
    assert [node.text() for node in original.css("mark")] == ["流感季来了，及时接种疫苗，勤洗手"]
    assert [node.text() for node in article.css("mark")] == ["流感季来了！及時接種疫苗，勤洗手"]
    assert "<i>" not in page.text
    assert "防护<script>" in page.words
    assert (await manager.get(path)).tree.css("main form") == []
    for fields in ({}, {"said": "refuse"}, {"said": "refuse", "reason": "长" * 501}):
        wrong = await officer.post(path, **fields)
        assert wrong.status == 422
        assert wrong.value("reason") == fields.get("reason", "")
    assert (await officer.post("/key-items/other/matches/1", said="confirm")).status == 404
    done = await officer.follow(await officer.post(path, said="confirm"))
    assert "健康u03" in done.words
    assert await desk.world.state("k1@u03-wechat") in {State.CANCELLED, State.PUBLISHED}
    late = await officer.post(path, said="confirm")
    assert (late.status, "officer" in late.words) == (409, True)
    async with desk.app.core.ledger.read() as conn:
        (entry,) = await audit.entries(conn, actions=["match.confirmed"])
    assert (entry.subject, entry.facts["account"]) == ("k1", "u03-wechat")


async def test_a_reminder_is_a_text_with_a_link_to_send_oneself(desk: Desk) -> None:
    officer = await desk.visitor("officer")
    asks = (await officer.get(HERE)).tree.css("form[action$=remind] [name=unit]")
    assert [node.attributes["value"] for node in asks] == ["u02"]
    page = await officer.post(f"{HERE}/remind", unit="u02")
    (text,) = page.all("textarea")
    assert TITLE in text
    link = text[text.index("/t/") :]
    assert (await (await desk.stranger()).get(link)).status == 200
    assert (await officer.post(f"{HERE}/remind", unit="u01")).tree.css("textarea") == []
    assert (await officer.post(f"{HERE}/remind")).tree.css("textarea") == []


async def test_who_has_a_contact_is_reminded_by_the_bot(desk: Desk) -> None:
    """It needs nobody to copy anything; bot/engine/reminding.py sends it."""
    officer, contacts = await desk.visitor("officer"), desk.app.reminders.contacts
    await contacts.store("u02", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k")
    try:
        page = await officer.post(f"{HERE}/remind", unit="u02")
    finally:
        await contacts.remove("u02")
    assert page.tree.css("textarea") == []
    assert "u02" in " ".join(page.all(".said"))
    async with desk.app.core.ledger.read() as conn:
        entry, *_earlier = await audit.entries(conn, actions=[URGED])
    assert (entry.by, entry.subject, entry.facts["units"]) == ("officer", "k1", ["u02"])


async def test_a_unit_is_exempted_with_a_reason_and_required_again(desk: Desk) -> None:
    officer = await desk.visitor("officer")
    for unit, reason, bad in (("", "停诊", "unit"), ("u02", "", "reason"), ("u02", "a" * 501, "")):
        wrong = await officer.post(f"{HERE}/exempt", unit=unit, reason=reason)
        assert wrong.status == 422
        assert wrong.value("reason") == reason
        assert not bad or wrong.all(f"#{bad}-fault") != []
    assert (await officer.post(f"{HERE}/exempt", unit="u99", reason="x")).status == 409
    item = await officer.get(HERE)
    choices = item.tree.css("#exempt-form option")
    assert "u01" not in [node.attributes["value"] for node in choices]  # has carried it
    (waits,) = [row for row in item.all("#accounts tbody tr") if row.startswith("u02")]
    assert "未到时限" in waits
    assert waits.endswith("单位尚未确认转载")
    done = await officer.post(f"{HERE}/exempt", unit="u02", reason="<停诊>一周")
    item = await officer.follow(done)
    assert "<停诊>一周" in item.words
    (row,) = [row for row in item.all("#accounts tbody tr") if row.startswith("u02")]
    assert row.endswith("免转")
    told = [one for one in item.all(".rows li") if "<停诊>一周" in one]
    assert [one.endswith("宣传干事小李") for one in told] == [False, True]
    assert "officer" not in " ".join(told)
    assert await desk.world.state("k1@u02-wechat") is State.CANCELLED
    assert (await officer.follow(await officer.post(f"{HERE}/require", unit="u02"))).status == 200
    assert await desk.world.state("k1@u02-wechat") is not State.CANCELLED
    assert (await officer.post(f"{HERE}/require", unit="u02")).status == 409
    async with desk.app.core.ledger.read() as conn:
        found = await audit.entries(conn, actions=["item.exempted", "item.required"])
    assert [(one.action, one.facts["unit"]) for one in found] == [
        ("item.required", "u02"),
        ("item.exempted", "u02"),
    ]
