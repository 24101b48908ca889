"""Makes the broken sheets of tests/data/broken/ again: `python tests/data/make_broken_sheets.py`.

Each folder has one planted mistake, told in expected.yaml.
"""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import xlsxwriter

BROKEN = Path(__file__).parent / "broken"
ROSTER = BROKEN / "no-calendar" / "roster.yaml"
HEADS = ["编号", "发布时间", "标题", "账号", "短文"]
WHEN = datetime(2026, 5, 6, 10, 0)  # noqa: DTZ001
ROW = ["0506-hand", WHEN, "手卫生", "u01-weibo 健康澜汀（微博）", "洗手二十秒。"]
NEXT = ["0507-fever", datetime(2026, 5, 7, 10, 0), "发热门诊", "u01-weibo", "东门。"]  # noqa: DTZ001
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)

Then = Callable[[xlsxwriter.Workbook, Any], None]


def book(rows: list[list[Any]], then: Then | None = None, name: str = "") -> bytes:
    """A workbook with these rows; `then` is done with the workbook and its sheet."""
    stream = io.BytesIO()
    workbook = xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_formulas": False})
    workbook.set_properties({"created": WHEN})
    moment = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    day = workbook.add_format({"num_format": "yyyy/m/d"})
    clock = workbook.add_format({"num_format": "h:mm"})
    sheet = workbook.add_worksheet(name or "五月")
    for number, row in enumerate(rows):
        for index, value in enumerate(row):
            form = None
            if isinstance(value, datetime):
                form = moment
            elif isinstance(value, date | time):
                form = day if isinstance(value, date) else clock
            if isinstance(value, str):
                sheet.write_string(number, index, value)
            elif value is not None:
                sheet.write(number, index, value, form)
    if then is not None:
        then(workbook, sheet)
    workbook.close()
    return stream.getvalue()


def posts(*rows: list[Any], heads: list[str] = HEADS, then: Then | None = None) -> bytes:
    """A workbook with the headings and these rows."""
    return book([heads, *rows], then)


def changed(index: int, value: Any) -> bytes:
    """A workbook whose one post has another value in this column."""
    return posts([*ROW[:index], value, *ROW[index + 1 :]])


def more(heading: str, value: Any) -> bytes:
    """A workbook with a further column."""
    return posts([*ROW, value], heads=[*HEADS, heading])


def edited(raw: bytes, part: str, edit: Callable[[bytes], bytes]) -> bytes:
    """The workbook with one part changed."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(raw)) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for info in old.infolist():
            content = old.read(info)
            new.writestr(
                zipfile.ZipInfo(info.filename),
                edit(content) if info.filename == part else content,
                zipfile.ZIP_DEFLATED,
            )
    return stream.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


def bomb(raw: bytes) -> bytes:
    """The workbook with a part that unpacks to 70 MB."""
    stream = io.BytesIO(raw)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr(
            zipfile.ZipInfo("xl/worksheets/sheet2.xml"), bytes(70_000_000), zipfile.ZIP_DEFLATED
        )
    return stream.getvalue()


def csv_of(*rows: list[str], encoding: str = "utf-8") -> bytes:
    """A CSV file as a text editor would save it."""
    return "".join(",".join(row) + "\r\n" for row in rows).encode(encoding)


LINE = ["0506-hand", "2026-05-06 10:00", "手卫生", "u01-weibo", "洗手二十秒。"]


def workbooks() -> Iterator[tuple[str, bytes]]:
    """Folder and workbook of each case."""
    good = posts(ROW)
    yield (
        "sheet-merged-title",
        posts(
            ROW,
            [*NEXT[:2], None, *NEXT[3:]],
            then=lambda _book, sheet: sheet.merge_range("C2:C3", "手卫生"),
        ),
    )
    yield (
        "sheet-merged-across",
        posts(
            ["0506-hand", WHEN, "手卫生", "u01-weibo", None],
            then=lambda _book, sheet: sheet.merge_range("C2:E2", "手卫生"),
        ),
    )
    yield "sheet-time-no-year", changed(1, "5月6日 上午10点")
    yield "sheet-time-month-first", changed(1, "5/6/2026 10:00")
    yield "sheet-time-short-year", changed(1, "26-5-6 10:00")
    yield "sheet-time-no-such-day", changed(1, "2026年2月30日 10时")
    yield "sheet-time-25", changed(1, "20260506 25：00")
    yield "sheet-time-seconds", changed(1, datetime(2026, 5, 6, 10, 0, 30))  # noqa: DTZ001
    yield "sheet-time-word", changed(1, "待定")
    yield "sheet-weekday-wrong", changed(1, "2026-05-06（周二）10:00")
    yield "sheet-day-only", changed(1, date(2026, 5, 6))
    yield "sheet-clock-only", changed(1, time(10, 0))
    yield "sheet-two-times", posts([*ROW, date(2026, 5, 7)], heads=[*HEADS, "日期"])
    yield (
        "sheet-formula",
        edited(
            good, SHEET, lambda xml: re.sub(rb'<c r="C2".*?</c>', b'<c r="C2"><f>A2</f></c>', xml)
        ),
    )
    yield (
        "sheet-error",
        edited(
            good,
            SHEET,
            lambda xml: re.sub(rb'<c r="E2".*?</c>', b'<c r="E2" t="e"><v>#N/A</v></c>', xml),
        ),
    )
    yield (
        "sheet-hidden-row",
        posts(ROW, NEXT, then=lambda _book, sheet: sheet.set_row(2, None, None, {"hidden": True})),
    )
    yield "sheet-hidden-sheet", posts(ROW, then=hidden_sheet)
    yield "sheet-filtered", posts(ROW, NEXT, then=filtered)
    yield "sheet-unknown-heading", more("审合人", "张三")
    yield "sheet-duplicate-heading", more("题目", "手卫生")
    yield "sheet-heading-missing", book([["编号", "发布时间", "账号"], [*ROW[:2], "u01-weibo"]])
    yield "sheet-no-headings", book([ROW])
    yield "sheet-ignored", posts(ROW, then=scribbles)
    yield "sheet-id-missing", changed(0, None)
    yield "sheet-id-date", changed(0, date(2026, 5, 6))
    yield "sheet-id-full-width", changed(0, "０５０６－洗手")
    yield "sheet-title-missing", changed(2, None)
    yield "sheet-title-percent", changed(2, 0.98)
    yield "sheet-stray-value", posts([*ROW, "记得改"])
    yield "sheet-flag", more("群发", "要")
    yield "sheet-pairs", more("免转单位", "u02")
    yield "sheet-window", more("发布窗口", "半天")
    yield "sheet-deadline", more("重点稿件转载时限", "尽快")
    yield "sheet-unknown-account", changed(3, "u01-weibo、u09-weibo")
    yield "sheet-unknown-platform", more("weixin·摘要", "洗手")
    yield (
        "sheet-more-title-missing",
        posts([*ROW[:3], "u01-wechat", ROW[4], "posts/moments.md"], heads=[*HEADS, "第2条·正文"]),
    )
    yield "sheet-path-outside", more("图片", "../../roster.yaml")
    yield "sheet-control-character", changed(4, "洗手\x07二十秒。")
    yield "sheet-encrypted", OLE + "EncryptedPackage".encode("utf-16-le") + bytes(64)
    yield "sheet-old", OLE + "Workbook".encode("utf-16-le") + bytes(64)
    yield "sheet-web-page", "<html><table><tr><td>编号</td></tr></table></html>".encode()
    yield "sheet-cut-off", good[: len(good) // 2]
    yield "sheet-empty", b""
    yield (
        "sheet-macros",
        edited(
            good,
            "[Content_Types].xml",
            lambda xml: xml.replace(
                b"vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
                b"vnd.ms-excel.sheet.macroEnabled.main+xml",
            ),
        ),
    )
    yield "sheet-bomb", bomb(good)
    yield (
        "sheet-to-the-end",
        edited(
            good,
            SHEET,
            lambda xml: xml.replace(
                b"</sheetData>",
                b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>',
            ),
        ),
    )
    yield (
        "sheet-entities",
        edited(
            good,
            "xl/sharedStrings.xml",
            lambda xml: xml.replace(
                b"<sst", b'<!DOCTYPE sst [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><sst', 1
            ),
        ),
    )


def hidden_sheet(workbook: xlsxwriter.Workbook, _sheet: Any) -> None:
    """A second sheet with a post, hidden."""
    june = workbook.add_worksheet("六月")
    june.write_row(0, 0, HEADS[:3])
    june.write_row(1, 0, ["0601-child", "2026-06-01 10:00", "儿童节"])
    june.hide()


def filtered(_workbook: xlsxwriter.Workbook, sheet: Any) -> None:
    """A filter that shows the first post only."""
    sheet.autofilter("A1:E3")
    sheet.filter_column("A", "x == 0506-hand")
    sheet.set_row(2, None, None, {"hidden": True})


def scribbles(workbook: xlsxwriter.Workbook, _sheet: Any) -> None:
    """A second sheet that is nearly a calendar."""
    workbook.add_worksheet("备选").write_row(0, 0, ["标题", "谁写"])


def texts() -> Iterator[tuple[str, bytes]]:
    """Folder and CSV file of each case."""
    good = csv_of(HEADS, LINE)
    yield "csv-open-quote", csv_of(HEADS, LINE, [*LINE[:2], '"手卫生', *LINE[3:]])
    yield "csv-big5", csv_of(["編號", "發布時間", "標題"], [*LINE[:2], "衛生"], encoding="big5")
    yield "csv-one-bad-byte", good[:-4] + b"\xff" + good[-4:]
    yield "csv-comma-in-text", csv_of(HEADS, [*LINE[:4], "洗手,二十秒。"])
    yield "csv-nul", csv_of(HEADS, [*LINE[:4], "洗手\0二十秒。"])
    yield "csv-no-headings", csv_of(LINE)
    yield "csv-gbk-heading", csv_of([*HEADS, "审合人"], [*LINE, "张三"], encoding="gbk")
    yield "csv-gbk-no-time", csv_of(HEADS, [LINE[0], "2026/5/6", *LINE[2:]], encoding="gbk")
    yield "csv-timezone", csv_of(["时区", "Asia/Lanting"], HEADS, LINE)


def main() -> None:
    """Writes every folder anew."""
    for suffix, cases in (("xlsx", workbooks()), ("csv", texts())):
        for name, raw in cases:
            folder = BROKEN / name
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            shutil.copy(ROSTER, folder)
            (folder / f"2026-05.{suffix}").write_bytes(raw)
            if name == "sheet-more-title-missing":
                (folder / "posts").mkdir()
                (folder / "posts" / "moments.md").write_text("五个时刻\n", encoding="utf-8")
    outside = BROKEN / "csv-link-outside"
    shutil.rmtree(outside, ignore_errors=True)
    outside.mkdir()
    shutil.copy(ROSTER, outside)
    (outside / "2026-05.csv").symlink_to("../csv-timezone/2026-05.csv")


if __name__ == "__main__":
    main()
