"""Sheets as Excel, WPS, LibreOffice and text editors save them, read into the calendar's tree."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from bot.schedule.csvfile import read_csv
from bot.schedule.grid import Cells
from bot.schedule.reader import read
from bot.schedule.rows import Findings
from bot.schedule.sheets import Sheets
from bot.schedule.xlsx import read_xlsx
from tests.bot.schedule.folders import PLATFORMS, ROSTER

DATA = Path(__file__).parents[2] / "data" / "sheets"
HEADS = ["编号", "发布时间", "标题", "账号", "短文"]
POST = ["0506-hand", "2026-05-06 10:00", "手卫生", "u01-weibo", "洗手。"]


def tree_of(raw: bytes, suffix: str = "xlsx") -> tuple[Any, Findings]:
    """What the file says, without places."""
    grids, problems = (read_xlsx if suffix == "xlsx" else read_csv)(raw, f"a.{suffix}")
    found = Findings(problems=problems)
    if not grids:
        return None, found
    tree = Sheets(file=f"a.{suffix}", zone="Asia/Shanghai", findings=found).read(grids)
    return tree.plain() if tree is not None else None, found


def posts_of(raw: bytes, suffix: str = "xlsx") -> list[dict[str, Any]]:
    tree, found = tree_of(raw, suffix)
    assert found.problems == []
    return list(tree["posts"])


def book(rows: list[list[Any]], *, merges: tuple[str, ...] = ()) -> bytes:
    """A workbook with these rows."""
    stream = io.BytesIO()
    workbook = xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_formulas": False})
    sheet = workbook.add_worksheet("五月")
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, row)
    for merge in merges:
        top, left = int(merge[1]) - 1, ord(merge[0]) - ord("A")
        sheet.merge_range(merge, rows[top][left])
    workbook.close()
    return stream.getvalue()


def test_a_workbook_as_excel_saves_it() -> None:
    tree, found = tree_of((DATA / "excel.xlsx").read_bytes())
    assert found.problems == []
    assert tree["timezone"] == "Asia/Shanghai"
    # A title, a line “第一周”, a day merged over two rows, Chinese formats, rich and inline text.
    assert tree["posts"] == [
        {
            "id": "0506-hand-hygiene",
            "at": "2026-05-06 10:00",
            "title": "手卫生，从七步洗手法开始",
            "accounts": ["u01-weibo", "u01-wechat"],
            "text": "洗手二十秒。\n掌心、手背",
        },
        {
            "id": "507",
            "at": "2026-05-06 15:30",
            "title": "手卫生（二）",
            "accounts": ["u01-weibo"],
            "text": "内联文字",
        },
        {
            "id": "0508",
            "at": "2026-05-08 18:00",
            "title": "手卫生，从七步洗手法开始",
            "accounts": ["u01-weibo"],
            "text": "洗手二十秒。\n掌心、手背",
        },
    ]


def test_a_workbook_as_wps_saves_it() -> None:
    tree, found = tree_of((DATA / "wps.xlsx").read_bytes())
    # Its days count from 1904; what the filter does not show is a post like any other.
    assert [(p.code, p.place.cell) for p in found.problems] == [("filtered-rows", "五月!A1")]
    assert (tree["timezone"], tree["defaults"]) == ("Asia/Urumqi", {"accounts": ["u01-weibo"]})
    assert [(post["id"], post["at"]) for post in tree["posts"]] == [
        ("0506-hand", "2026-05-06 10:00"),
        ("0507-fever", "2026-05-07 18:00"),
        ("0508-red", "2026-05-08 09:00"),
        ("0601-child", "2026-06-01 09:00"),
    ]
    assert tree["posts"][0]["push"] == "false"
    assert [node.cell for node in found.posts] == ["五月!A2", "五月!A3", "五月!A4", "六月!A2"]


def test_the_template_filled_in_and_saved_by_libreoffice(tmp_path: Path) -> None:
    (tmp_path / "2026-05.xlsx").write_bytes((DATA / "libreoffice.xlsx").read_bytes())
    (tmp_path / "roster.yaml").write_text(ROSTER, "utf-8")
    reading = read(tmp_path, PLATFORMS)
    assert reading.problems == ()
    first, second = reading.posts
    assert (first.id, first.topic, first.text) == (
        *("0506-hand-hygiene", "science", "洗手二十秒。\n掌心、手背、指缝。"),
    )
    assert first.key is not None
    assert first.key.exempt == {"u02": "与该院无关"}
    assert (f"{second.due_at:%m-%d %H:%M}", second.title, second.text) == (
        *("05-07 07:30", "=不是公式", "5-6"),
    )
    assert (second.ai_generated, second.push) == (True, False)


def test_a_merged_column_stands_in_each_row_and_lines_between_are_none() -> None:
    rows = [
        ["五月排期表", "", "", "", ""],
        ["日期", "时间", "标题", "编号", "栏目"],
        ["第一周", "", "", "", ""],
        ["2026-05-06", "10:00", "甲", "a", "周三科普"],
        ["", "11:00", "乙", "b", ""],
        ["", "", "", "", ""],
        ["示例", "", "丙", "", ""],
        ["# 备忘", "", "", "", ""],
    ]
    posts = posts_of(book(rows, merges=("A1:E1", "A3:E3", "A4:A5", "E4:E5")))
    assert [(post["id"], post["at"], post["column"]) for post in posts] == [
        ("a", "2026-05-06 10:00", "周三科普"),
        ("b", "2026-05-06 11:00", "周三科普"),
    ]


def test_every_account_has_a_cell_or_shares_one() -> None:
    heads = ["id", "at", "title", "账号", "账号2", "账 号 3*"]
    row = [
        "p",
        "2026-05-06 10:00",
        "题",
        "u01-weibo 健康澜汀（微博）",
        "",
        "u01-wechat、u02-wechat",
    ]
    raw = book([heads, row])
    assert posts_of(raw)[0]["accounts"] == ["u01-weibo", "u01-wechat", "u02-wechat"]
    _tree, found = tree_of(raw)
    items = found.posts[0].get("accounts")
    assert items is not None
    assert [item.cell for item in items.items()] == ["D2", "F2", "F2"]


def test_what_a_post_says_elsewhere_has_columns_of_its_own() -> None:
    heads = [
        *HEADS,
        "微博·短文",
        "公众号・选项",
        "第2条·标题",
        "第三篇：标题",
        "variants.douyin.title",
    ]
    row = [*POST, "另说", "theme=gov；comments：off", "其二", "其三", "抖音题"]
    [post] = posts_of(book([heads, row]))
    assert post["variants"] == {
        "weibo": {"text": "另说"},
        "wechat": {"options": {"theme": "gov", "comments": "off"}},
        "douyin": {"title": "抖音题"},
    }
    assert post["more"] == [{"title": "其二"}, {"title": "其三"}]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("mark", [",", "\t", ";"])
def test_csv_in_every_encoding_and_with_every_separator(encoding: str, mark: str) -> None:
    text = "\r\n".join(mark.join(row) for row in (HEADS, POST)) + "\r\n"
    [post] = posts_of(text.encode(encoding), "csv")
    assert (post["id"], post["title"], post["accounts"]) == ("0506-hand", "手卫生", ["u01-weibo"])


def test_csv_that_names_its_separator_and_quotes() -> None:
    rows = ["sep=|", "|".join(HEADS), '"p"|2026/5/6 10：00|"题|""一"""|u01-weibo|"两\n行"']
    tree, found = tree_of("\r\n".join(rows).encode(), "csv")
    [post] = tree["posts"]
    assert (post["at"], post["title"], post["text"]) == ("2026-05-06 10:00", '题|"一"', "两\n行")
    assert found.posts[0].cell == "A3"  # as Excel counts the rows


def test_settings_stand_above_the_headings_too() -> None:
    rows = [["时区", "UTC"], ["默认账号", "u01-weibo、u01-wechat"], ["默认窗口", "12小时"], HEADS]
    tree, found = tree_of("\n".join(",".join(row) for row in rows).encode(), "csv")
    assert (found.problems, tree["posts"]) == ([], [])
    assert tree["timezone"] == "UTC"
    assert tree["defaults"] == {"accounts": ["u01-weibo", "u01-wechat"], "window": "12h"}


def test_a_hidden_row_is_neither_planned_nor_gone(tmp_path: Path) -> None:
    broken = DATA.parent / "broken" / "sheet-hidden-row"
    reading = read(broken, PLATFORMS)
    assert [post.id for post in reading.posts] == ["0506-hand"]
    assert reading.broken == {"2026-05.xlsx"}


def test_a_row_below_an_unknown_heading_is_not_planned(tmp_path: Path) -> None:
    (tmp_path / "roster.yaml").write_text(ROSTER, "utf-8")
    rows = [[*HEADS, "审合人"], [*POST, "张三"], ["0507-b", *POST[1:], ""]]
    (tmp_path / "a.csv").write_text("\n".join(",".join(row) for row in rows), "utf-8")
    reading = read(tmp_path, PLATFORMS)
    assert [(p.code, p.place.cell) for p in reading.problems] == [("unknown-heading", "F1")]
    assert [post.id for post in reading.posts] == ["0507-b"]


@pytest.mark.parametrize("suffix", ["xlsx", "csv", "yaml"])
def test_a_file_of_100_mb_is_refused_at_once(tmp_path: Path, suffix: str) -> None:
    (tmp_path / "roster.yaml").write_text(ROSTER, "utf-8")
    with (tmp_path / f"a.{suffix}").open("wb") as file:
        file.truncate(100_000_000)  # takes no room on the disk
    assert [p.code for p in read(tmp_path, PLATFORMS).problems] == ["too-large"]


def test_cells_formatted_to_the_end_of_the_sheet_hold_nothing() -> None:
    raw = edited(
        book([HEADS, POST]),
        lambda xml: xml.replace(
            b"</sheetData>", b'<row r="1048576"><c r="XFD1048576" s="0"/></row></sheetData>'
        ),
    )
    assert [post["id"] for post in posts_of(raw)] == ["0506-hand"]


def edited(raw: bytes, edit: Any) -> bytes:
    """The workbook with its sheet's part changed."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(stream, "w") as new:
        for info in old.infolist():
            content = old.read(info)
            new.writestr(info.filename, edit(content) if "sheet1" in info.filename else content)
    return stream.getvalue()


@pytest.mark.parametrize(
    "tail",
    [
        b'<row r="1048576"><c r="A1048576"><v>1</v></c></row>',
        b'<row r="3"><c r="A1048576"><v>1</v></c></row>',
        b"<row r='1048576'><c r='A1048576'><v>1</v></c></row>",
        b'<row\n r="900000"><c><v>1</v></c></row>',
        b'<row r="3"><c r="XFD3"><v>1</v></c></row>',
    ],
)
def test_a_value_far_away_is_not_made_room_for(tail: bytes) -> None:
    raw = edited(
        book([HEADS, POST]), lambda xml: xml.replace(b"</sheetData>", tail + b"</sheetData>")
    )
    _tree, found = tree_of(raw)
    assert [problem.code for problem in found.problems] in (["too-large"], ["workbook-damaged"])


def test_two_parts_of_one_name_are_no_workbook() -> None:
    stream = io.BytesIO(book([HEADS, POST]))
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("xl/Workbook.xml", b"<workbook/>")
    assert [p.code for p in tree_of(stream.getvalue())[1].problems] == ["workbook-damaged"]


def test_what_stands_in_a_cell_is_found_by_its_name() -> None:
    grids, _problems = read_xlsx((DATA / "wps.xlsx").read_bytes(), "a.xlsx")
    cells = Cells(grids=tuple(grids))
    assert cells["五月!A2"] == "0506-hand"
    assert cells["六月!C2"] == "手卫生"
    assert cells["五月!AB99"] == ""
    for name in ("七月!A1", "A1", "五月!", "五月!7"):
        assert name not in cells
    assert "五月!F1" in set(cells)
    assert len(cells) == len(list(cells))
