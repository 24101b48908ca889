"""The sheet 栏目 of a workbook says what `columns` of a YAML file says."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path

import xlsxwriter

from bot.domain.rule import OWN_PAGE
from bot.schedule.codes import RULES
from bot.schedule.reader import Reading, read
from tests.bot.schedule.folders import PLATFORMS, make_folder

# fmt: off
HEADINGS: list[object] = [
    "栏目名称", "规则", "时间", "开始", "结束", "除外", "加期", "节假日", "账号", "窗口",
    "标题模板", "短文模板", "作者", "审核人", "选题",
]
ROW: list[object] = [
    "周三科普", "每周三", time(10), date(2026, 5, 1), "2026年12月31日", date(2026, 5, 20),
    "2026-05-09、2026-05-16", "顺延", "u01-wechat、u01-weibo T+30m", "12小时",
    "周三科普｜{title}", "{text} #周三科普#", "区疾控中心", "张医生", "科普",
]
# fmt: on
YAML = """timezone: Asia/Shanghai
columns:
  周三科普:
    rule: 每周三
    at: 10:00
    from: 2026-05-01
    until: 2026-12-31
    except: [2026-05-20]
    extra: [2026-05-09, 2026-05-16]
    holidays: after
    accounts: [u01-wechat, {u01-weibo: T+30m}]
    window: 12h
    template: {title: "周三科普｜{title}", text: "{text} #周三科普#"}
    defaults: {author: 区疾控中心, reviewer: 张医生, topic: science}
"""
POSTS = """timezone: Asia/Shanghai
posts:
  - {id: one, column: 周三科普, slot: 2026-05-13, title: 洗手, text: 洗手二十秒。}
"""


def workbook(folder: Path, *rows: list[object]) -> None:
    with xlsxwriter.Workbook(folder / "栏目.xlsx") as book:
        sheet = book.add_worksheet("栏目")
        days = book.add_format({"num_format": "yyyy-mm-dd"})
        clock = book.add_format({"num_format": "hh:mm"})
        for row, values in enumerate([[*HEADINGS], *rows]):
            for column, value in enumerate(values):
                if isinstance(value, date | time):
                    form = clock if isinstance(value, time) else days
                    sheet.write_datetime(row, column, value, form)
                else:
                    sheet.write(row, column, value)


def form(reading: Reading) -> list[tuple[str, str | None]]:
    wrong = [one for one in reading.problems if RULES[one.code].group not in OWN_PAGE]
    return [(one.code, one.place.cell) for one in wrong]


def test_a_workbook_defines_columns_as_yaml_does(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, calendar=POSTS)
    (folder / "columns.yaml").write_text(YAML + "posts: []\n", "utf-8")
    [wanted] = read(folder, PLATFORMS).posts
    ahead = read(folder, PLATFORMS).slots.coming(wanted.due_at, timedelta(days=200))
    (folder / "columns.yaml").unlink()
    workbook(folder, ROW)
    found = read(folder, PLATFORMS)
    assert [code for code, _cell in form(found) if code != "slot-empty"] == []
    assert found.posts == (wanted,)
    assert found.slots.coming(wanted.due_at, timedelta(days=200)) == ahead
    assert wanted.due_at == datetime(2026, 5, 13, 2, tzinfo=wanted.due_at.tzinfo)


def test_mistakes_of_the_sheet_are_told_with_their_cells(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, calendar=POSTS.replace("周三科普", "另一个"))
    folder.joinpath("2026-05.yaml").write_text(
        POSTS.replace("slot: 2026-05-13", "at: 2026-05-13 10:00"), "utf-8"
    )
    workbook(folder, [*ROW[:1], "每周八", *ROW[2:7], "延后", *ROW[8:10], "{titel}", *ROW[11:]])
    assert form(read(folder, PLATFORMS)) == [("bad-rule", "B2"), ("unknown-value", "H2")]
    workbook(folder, [*ROW[:10], "{titel}", *ROW[11:]])
    assert form(read(folder, PLATFORMS)) == [("unknown-placeholder", "K2")]
    workbook(folder, ROW, ROW)
    assert ("duplicate-column", "A3") in form(read(folder, PLATFORMS))
