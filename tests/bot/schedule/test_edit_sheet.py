"""An entry of a workbook or a CSV file is changed, and no other cell of it."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.schedule.edit_sheet import alike
from bot.schedule.entries import Files, NotSaved
from bot.schedule.folder import Folder
from bot.schedule.proposing import propose
from bot.schedule.sources import read_source
from bot.schedule.wishes import Wish
from tests.bot.schedule.changing import CHANGES

ZONE = "Asia/Shanghai"
CSV = (
    "五月排期表,,\n时区,Asia/Shanghai\n"
    "备注,编号,日期,时间,标题,账号,账号2,短文,怎么都行（备注）\n"
    '一,a,2026-05-06,10:00,"甲，""一""",u01-wechat 健康澜汀（微信）,u01-weibo,"两\n行",x\n'
    "# 不算,x,,,\n\n"
    "二,b,2026年5月7日,下午2点,乙\n"
    '"三","c","2026-05-08","10:00","丙",u01-wechat、u01-weibo,,短,'
)
HEADS = ["序号", "编号", "发布时间", "标题", "账号", "账号2", "栏目", "短文", "选题", "备注"]


def _workbook() -> bytes:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    head = book.add_format({"bold": True, "bg_color": "#DDEBF7"})
    when = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    for number, name in enumerate(("第1周", "第2周")):
        sheet = book.add_worksheet(name)
        sheet.write_row(0, 0, HEADS, head)
        for row, post in enumerate(("ab", "cd")[number], start=1):
            sheet.write_number(row, 0, row)
            sheet.write_string(row, 1, post)
            sheet.write_datetime(row, 2, datetime(2026, 5, 6 + 7 * number + row, 10), when)  # noqa: DTZ001
            sheet.write_string(row, 3, f"题{post}", head)
            sheet.write_string(row, 4, "u01-wechat 健康澜汀（微信）")
            sheet.write_string(row, 8, "科普")
            sheet.write_formula(row, 9, '=TEXT(C2,"aaa")', None, "三")
        sheet.merge_range(1, 6, 2, 6, "周三科普")
        sheet.data_validation("I2:I9", {"validate": "list", "source": ["科普", "通知"]})
        sheet.write_comment("D2", "请审核")
    book.close()
    return stream.getvalue()


XLSX = _workbook()
RAW = {"2026-05.csv": CSV.encode("utf-8-sig"), "2026-05.xlsx": XLSX}


def _plain(root: Path, file: str, raw: bytes) -> Any:
    source = read_source(Folder(root=root, instead={file: raw}), file, ZONE)
    assert source.root is not None
    return source.root.plain()


def _files(root: Path, file: str, raw: bytes | None = None) -> Files:
    (root / file).write_bytes(RAW[file] if raw is None else raw)
    return Files(root=root, zone=ZONE)


def _cells(raw: bytes) -> dict[tuple[int, int], str]:
    """The cells of a CSV file as they are written, by another reader."""
    rows = csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""))
    return {(r, c): cell for r, row in enumerate(rows) for c, cell in enumerate(row)}


def _sheets(raw: bytes) -> dict[tuple[str, int, int], tuple[Any, str]]:
    """The cells of a workbook with their formats, by another reader."""
    book = openpyxl.load_workbook(io.BytesIO(raw))
    return {
        (sheet.title, cell.row, cell.column): (cell.value, cell.number_format + str(cell.font.b))
        for sheet in book.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    }


@settings(max_examples=30, deadline=None)
@given(
    file=st.sampled_from(sorted(RAW)), post=st.sampled_from("abc"),
    changes=CHANGES.filter(lambda one: "column" not in one),
)  # fmt: skip
def test_any_change_is_that_change_and_no_other(
    tmp_path_factory: pytest.TempPathFactory, file: str, post: str, changes: dict[str, Any]
) -> None:
    root = tmp_path_factory.getbasetemp()
    files = _files(root, file)
    before, index = _plain(root, file, RAW[file]), "abc".index(post)
    try:
        made = propose(files, Wish(post=post, changes=changes)).files.get(file, RAW[file])
    except NotSaved as refused:  # only what no cell can say
        if refused.field not in changes:
            raise
        return
    finally:
        (root / file).unlink()
    wanted = {**before["posts"][index], **changes}
    before["posts"][index] = {key: value for key, value in wanted.items() if value is not None}
    assert alike(_plain(root, file, made), before)
    if file.endswith(".csv"):
        old, new = _cells(RAW[file]), _cells(made)
        line = next(row for (row, column), cell in old.items() if (column, cell) == (1, post))
        assert made.startswith(RAW[file][:40])
        rest = {at: cell for at, cell in new.items() if at[0] != line and at in old}
        assert rest == {at: cell for at, cell in old.items() if at[0] != line}


@settings(max_examples=15, deadline=None)
@given(file=st.sampled_from(sorted(RAW)), changes=CHANGES)
def test_any_new_row_is_added(
    tmp_path_factory: pytest.TempPathFactory, file: str, changes: dict[str, Any]
) -> None:
    root = tmp_path_factory.getbasetemp()
    files = _files(root, file)
    fields = {"id": "new", "title": "新", "at": "2026-05-06 12:00"}
    fields |= {key: value for key, value in changes.items() if value is not None and key != "at"}
    try:
        made = propose(files, Wish(post=None, changes=fields)).files[file]
    except NotSaved as refused:
        if refused.field not in fields:
            raise
        return
    finally:
        (root / file).unlink()
    old, new = _plain(root, file, RAW[file]), _plain(root, file, made)
    added = [post for post in new["posts"] if post["id"] == "new"]
    assert alike({"posts": added}, {"posts": [fields]})
    assert [post for post in new["posts"] if post not in added] == old["posts"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_csv_keeps_everything_but_the_cell(tmp_path: Path, encoding: str, line_end: str) -> None:
    text = CSV.replace("\n", line_end)
    files = _files(tmp_path, "2026-05.csv", text.encode(encoding))

    def made(wish: Wish) -> str:
        return propose(files, wish).files["2026-05.csv"].decode(encoding)

    assert made(Wish(post="c", changes={"title": "丁"})) == text.replace('"丙"', "丁")
    assert made(Wish(post="b", changes={"at": "2026-05-07 16:00"})) == text.replace(
        "2026年5月7日,下午2点", "2026-05-07,16:00"
    )
    assert made(Wish(post="b", changes={"text": "=短"})) == text.replace("点,乙", "点,乙,,,'=短")
    assert made(Wish(post="b", changes={"accounts": ["u01-wechat", "u02-weibo"]})) == text.replace(
        "点,乙", "点,乙,u01-wechat 健康澜汀（微信）,u02-weibo"
    )
    assert made(Wish(post="c", changes={"digest": "要"})) == text.replace(
        "行（备注）", "行（备注）,摘要"
    ).replace(",,短,", ",,短,,要")
    assert made(Wish(post="b", remove=True)) == text.replace(
        f"二,b,2026年5月7日,下午2点,乙{line_end}", ""
    )
    new = Wish(post=None, changes={"id": "n", "at": "2026-05-07 10:00", "title": "新"})
    assert made(new) == f"{text}{line_end},n,2026-05-07,10:00,新{line_end}"


def test_a_workbook_keeps_formats_and_every_other_cell(tmp_path: Path) -> None:
    files, file = _files(tmp_path, "2026-05.xlsx"), "2026-05.xlsx"
    old = _sheets(XLSX)
    wish = Wish(
        post="c", changes={"at": "2026-05-15 18:30", "title": "甲\n🩺 <&>", "topic": "notice"}
    )
    made = propose(files, wish).files[file]
    new = _sheets(made)
    moment = (datetime(2026, 5, 15, 18, 30), "yyyy-mm-dd hh:mmFalse")  # noqa: DTZ001
    assert {at for at in new if new[at] != old.get(at)} == {("第2周", 2, at) for at in (3, 4, 9)}
    assert new["第2周", 2, 3] == moment
    assert new["第2周", 2, 4] == ("甲\n🩺 <&>", "GeneralTrue")
    parts, others = (zipfile.ZipFile(io.BytesIO(raw)) for raw in (XLSX, made))
    changed = {name for name in parts.namelist() if parts.read(name) != others.read(name)}
    assert changed == {"xl/worksheets/sheet2.xml"}


def test_a_new_row_of_a_workbook_looks_like_the_others(tmp_path: Path) -> None:
    files, file = _files(tmp_path, "2026-05.xlsx"), "2026-05.xlsx"
    changes = {"at": "2026-05-09 09:05", "title": "新", "accounts": ["u01-wechat"], "digest": "要"}
    proposal = propose(files, Wish(post=None, changes=changes))
    assert proposal.file == file
    old, new = _sheets(XLSX), _sheets(proposal.files[file])
    added = {at: new[at] for at in new if at not in old}
    assert {at: value for at, value in new.items() if at in old} == old
    assert added == {
        ("第1周", 1, 11): ("摘要", "GeneralTrue"),
        ("第1周", 4, 2): (proposal.post, "GeneralFalse"),
        ("第1周", 4, 3): (datetime(2026, 5, 9, 9, 5), "yyyy-mm-dd hh:mmFalse"),  # noqa: DTZ001
        ("第1周", 4, 4): ("新", "GeneralTrue"),
        ("第1周", 4, 5): ("u01-wechat 健康澜汀（微信）", "GeneralFalse"),
        ("第1周", 4, 11): ("要", "GeneralFalse"),
    }


def test_a_row_taken_out_of_a_workbook_is_marked(tmp_path: Path) -> None:
    files, file = _files(tmp_path, "2026-05.xlsx"), "2026-05.xlsx"
    made = propose(files, Wish(post="d", remove=True)).files[file]
    assert [post["id"] for post in _plain(tmp_path, file, made)["posts"]] == ["a", "b", "c"]
    old, new = _sheets(XLSX), _sheets(made)
    assert {at: new[at][0] for at in new if new[at] != old[at]} == {("第2周", 3, 1): "# 2"}


@pytest.mark.parametrize(
    ("post", "changes"),
    [
        ("b", {"column": "别的"}),
        ("a", {"column": "别的"}),
        ("a", {"variants": {"weibo": {"x": "y"}}}),
    ],
)
def test_merged_cells_and_unknown_columns_are_left_to_people(
    tmp_path: Path, post: str, changes: dict[str, Any]
) -> None:
    """A cell merged over two rows speaks for both."""
    with pytest.raises(NotSaved):
        propose(_files(tmp_path, "2026-05.xlsx"), Wish(post=post, changes=changes))


@pytest.mark.parametrize("file", ["2026-05.xlsx", "2026-06.csv"])
@pytest.mark.parametrize(
    "changes",
    [
        *({"title": ["a"]}, {"text": {"a": "b"}}, {"accounts": "u01"}, {"ignore": ["x"]}),
        *({"variants": ["x"]}, {"variants": {"weibo": "x"}}, {"more": {"a": "b"}}, {"more": ["x"]}),
        *({"key": "x"}, {"key": {"nothing": "x"}}, {"images": [["x"]]}, {"at": "soon"}),
    ],
    ids=str,
)
def test_values_of_another_form_have_no_cell(
    tmp_path: Path, file: str, changes: dict[str, Any]
) -> None:
    files = _files(tmp_path, "2026-05.xlsx")
    fields = {"id": "n", "title": "新", "at": "2026-05-09 10:00", **changes}
    with pytest.raises(NotSaved) as caught:
        propose(files, Wish(post=None, changes=fields, file=file))
    assert caught.value.field in changes


def test_a_computed_cell_is_left_to_people(tmp_path: Path) -> None:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["编号", "日期", "时间", "标题"])
    sheet.write_row(1, 0, ["a", "2026-05-06"])
    sheet.write_datetime(1, 2, time(10), book.add_format({"num_format": "hh:mm"}))
    sheet.write_formula(1, 3, '="甲"', None, "甲")
    book.close()
    files = _files(tmp_path, "2026-05.xlsx", stream.getvalue())
    with pytest.raises(NotSaved):
        propose(files, Wish(post="a", changes={"title": "乙"}))
    made = propose(files, Wish(post="a", changes={"at": "2026-05-08 11:45"})).files["2026-05.xlsx"]
    found = _sheets(made)
    assert found["Sheet1", 2, 2][0] == "2026-05-08"
    assert found["Sheet1", 2, 3] == (time(11, 45), "hh:mmFalse")


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_new_month_is_a_file_of_the_offices_kind(tmp_path: Path, kind: str) -> None:
    files = _files(tmp_path, f"2026-05.{kind}")
    wish = Wish(post=None, changes={"id": "n", "title": "=甲", "at": "2026-06-01 08:00"})
    proposal = propose(files, wish)
    assert proposal.file == f"2026-06.{kind}"
    found = _plain(tmp_path, proposal.file, proposal.files[proposal.file])
    assert found["posts"] == [{"id": "n", "title": "=甲", "at": "2026-06-01 08:00"}]
