"""Exports of the platforms' own consoles: what is read, what is left out, what is refused where."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from bot.engine.export_sheet import PRESETS, Sheet, SheetMapping, read_export

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 6, 1, tzinfo=UTC)
HEAD = "视频描述,视频ID,发布时间,完播率,播放量,喜欢,评论量,分享量"


def read(text: str, mapping: str = "channels", encoding: str = "utf-8") -> Sheet:
    return read_export(text.encode(encoding), "视频.csv", PRESETS[mapping], ZONE, NOW)


def faults(sheet: Sheet) -> list[tuple[str, str | None]]:
    return [(problem.code, problem.place.cell) for problem in sheet.problems]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_an_export_of_the_channels_console(encoding: str) -> None:
    line = '"流感季怎样防护？\n#健康",export/abc123,2026/05/07 10:00:31,21%,"1,234",1.2万,-,5'
    sheet = read(f"{HEAD}\n{line}\n合计,,,,1234,,,\n", encoding=encoding)
    assert sheet.problems == []
    (row,) = sheet.rows
    assert row.at == datetime(2026, 5, 7, 2, 0, 31, tzinfo=UTC)
    assert (row.id, row.text) == ("export/abc123", "流感季怎样防护？\n#健康")
    assert row.counters == {"reads": 1234, "likes": 12000, "shares": 5}


def test_a_workbook_with_a_title_above_and_an_odd_order() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["学习强国 供稿台账"])
    sheet.append([])
    sheet.append(["序号", "链接", "稿件名称", "刊发时间（北京）", "阅读量"])
    url = "https://article.xuexi.cn/articles/index.html?art_id=1"
    sheet.append([1, url, "家庭医生签约", datetime(2026, 5, 7, 10, 0), 321])  # noqa: DTZ001
    raw = io.BytesIO()
    book.save(raw)
    found = read_export(raw.getvalue(), "台账.xlsx", PRESETS["xuexi"], ZONE, NOW)
    assert found.problems == []
    (row,) = found.rows
    assert (row.title, row.url, row.counters) == ("家庭医生签约", url, {"reads": 321})
    assert row.at == datetime(2026, 5, 7, 2, 0, tzinfo=UTC)
    assert row.place.cell == "B4"


def test_what_the_public_cannot_see_is_left_out() -> None:
    sheet = read(
        "作品名称,发布时间,审核状态,播放量\n"
        "洗手,2026-05-07 10:00,审核通过,1\n"
        "草稿一,,草稿,\n"
        "未过,2026-05-08 10:00,审核不通过,\n"
        "以后,2026-07-01 10:00,审核通过,\n",
        "douyin",
    )
    assert ([row.text for row in sheet.rows], sheet.hidden, sheet.ahead) == (["洗手"], 2, 1)
    assert sheet.problems == []


def test_a_day_without_a_time_is_taken_for_noon_and_said() -> None:
    sheet = read("标题,发布日期\n洗手,2026年5月7日\n", "plain")
    (row,) = sheet.rows
    assert (row.at, row.day_only) == (datetime(2026, 5, 7, 4, tzinfo=UTC), True)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("洗手,1,5月7日 10:00,,1,,,", ("time-without-year", "C2")),
        ("洗手,1,昨天,,1,,,", ("bad-time", "C2")),
        ("洗手,1,,,1,,,", ("bad-time", "C2")),
        ("洗手,1,2026-05-07 10:00,,很多,,,", ("wrong-type", "E2")),
        ("洗手,1.2345E+19,2026-05-07 10:00,,1,,,", ("cell-is-number", "B2")),
        (",,2026-05-07 10:00,,1,,,", ("missing-key", "A2")),
    ],
)
def test_a_mistake_is_named_with_its_cell(line: str, fault: tuple[str, str]) -> None:
    sheet = read(f"{HEAD}\n{line}\n好的,2,2026-05-08 10:00,,1,,,\n")
    assert faults(sheet) == [fault]
    assert sheet.problems[0].place.file == "视频.csv"
    assert sheet.problems[0].hint


def test_another_table_is_no_export() -> None:
    assert faults(read("姓名,工号,电话\n张三,1,2\n")) == [("no-headings", "A1")]
    assert faults(read("不是表格\n")) == [("no-headings", "A1")]
    assert read_export(b"PK\x03\x04", "x.xlsx", PRESETS["plain"], ZONE, NOW).problems


def test_an_offices_own_mapping_reads_an_offices_own_sheet() -> None:
    own = SheetMapping(
        name="台账", words={"title": ("稿件",), "day": ("哪天",), "clock": ("几点",)}
    )
    sheet = read_export(
        "稿件,哪天,几点\n洗手,2026-05-07,下午3点\n".encode(), "a.csv", own, ZONE, NOW
    )
    assert sheet.problems == []
    assert [row.at.hour for row in sheet.rows] == [7]


def test_the_name_made_for_a_row_does_not_hang_on_its_punctuation() -> None:
    one, other = read(
        "标题,发布时间\n洗手！,2026-05-07 10:00\n洗手,2026-05-07 10:00\n", "plain"
    ).rows
    assert one.made_id == other.made_id
