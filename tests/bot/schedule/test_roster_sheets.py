"""A roster in Excel or CSV says the same as in YAML, and names the cell of each mistake."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.problem import NOWHERE, Severity
from bot.domain.roster import Account, AccountStatus, ReprintPolicy, Roster, Unit
from bot.schedule.codes import RULES
from bot.schedule.exports import Unsayable
from bot.schedule.folder import Folder
from bot.schedule.reader import read
from bot.schedule.roster import RosterReading, find_roster, read_roster
from bot.schedule.roster_book import to_xlsx
from bot.schedule.roster_export import example, to_csv, to_yaml
from bot.schedule.roster_headings import FIELDS, Table
from bot.schedule.shapes import AccountShape, UnitShape
from tests.bot.schedule.folders import PLATFORMS, make_folder

SCHEDULES = Path(__file__).parents[3] / "schedules"
CREATED = datetime(2026, 5, 1)  # noqa: DTZ001
UNITS = ["编号", "全称", "转载方式", "启用日期", "撤销日期", "并入单位", "联络方式"]
ACCOUNTS = ["编号", "单位", "平台", "账号名称", "认证名称", "备案号", "关闭日期", "状态"]
U02 = ["u02", "澜汀区第一人民医院", "", "", "", "", ""]
WEIBO = ["u02-weibo", "u02", "微博", "澜汀一院", "澜汀区第一人民医院", "澜网备2019-008", "", "正常"]
WRITERS: Mapping[str, Callable[[Roster], bytes]] = {
    "roster.yaml": to_yaml,
    "roster.csv": to_csv,
    "roster.xlsx": lambda roster: to_xlsx(roster, created=CREATED, template=False),
}


def placeless(roster: Roster) -> tuple[str, list[Unit], list[Account]]:
    """All a roster says, in its order."""
    return (
        roster.name,
        [replace(unit, place=NOWHERE) for unit in roster.units.values()],
        [replace(account, place=NOWHERE) for account in roster.accounts.values()],
    )


def back(folder: Path, file: str, roster: Roster) -> Roster:
    (folder / file).write_bytes(WRITERS[file](roster))
    found, problems = read_roster(folder / file)
    assert [problem for problem in problems if problem.code != "account-name-twice"] == []
    return found


@pytest.mark.parametrize("file", WRITERS)
def test_the_sample_is_read_back_the_same(tmp_path: Path, file: str) -> None:
    sample, problems = read_roster(SCHEDULES / "roster.yaml")
    assert (len(sample.units), len(sample.accounts), problems) == (24, 60, [])
    assert placeless(back(tmp_path, file, sample)) == placeless(sample)


WORD = st.text("甲乙丙ab1 ；=：、'#（）-+@\"", min_size=1, max_size=6).map(str.strip).filter(bool)
NAME = st.text("区医院甲乙ab", min_size=1, max_size=6)
DAY = st.none() | st.dates(date(2001, 1, 1), date(2050, 1, 1))
IDS = st.lists(
    st.from_regex(r"[a-z][0-9]{1,3}", fullmatch=True), min_size=2, max_size=2, unique=True
)
POLICY = st.sampled_from(ReprintPolicy)
IN = st.dictionaries(st.text("周三科普通知", min_size=1, max_size=4), POLICY, max_size=2)


@st.composite
def rosters(draw: st.DrawFn) -> Roster:
    """Two units, one merged into the other, and two accounts of every kind."""
    one, other = draw(IDS)
    usual = draw(st.none() | POLICY)
    units = [
        Unit(
            id=one,
            name=draw(NAME),
            short=draw(NAME),
            regime=draw(st.sampled_from(["gov", "sector_institution"])),
            intro=draw(st.just("") | WORD),
            liaison=draw(st.just("") | WORD),
            contacts=tuple(draw(st.lists(st.sampled_from(["ledger", "env:A_1", "mailto:a@b.cn"])))),
            reprint=usual,
            reprint_in=draw(IN),
            opened=draw(DAY),
            changed=draw(DAY),
        ),
        Unit(id=other, name=draw(NAME), short="某", closed=date(2026, 7, 1), merged_into=one),
    ]
    accounts = [
        Account(
            id=f"{one}-{number}",
            unit=one,
            platform=draw(st.sampled_from(["wechat", "weibo", "somewhere"])),
            name=draw(NAME),
            verified_name=draw(NAME),
            kind=draw(st.sampled_from(["", "subscription", "service"])),
            status=draw(st.sampled_from(AccountStatus)),
            filing=draw(st.just("") | WORD),
            flagship=draw(st.booleans()) and number == 0,
            reprint=draw(POLICY),
            reprint_in=draw(IN),
            mode=draw(st.sampled_from(["", "handoff", "draft"])),
            push=draw(st.booleans()),
            credential=draw(st.sampled_from(["ledger", "env:TOKEN"])),
            opened=draw(DAY),
            changed=draw(DAY),
            filed=draw(DAY),
            verified_until=draw(DAY),
            whitelisted=draw(st.none() | st.booleans()),
            options=draw(st.dictionaries(st.sampled_from(["tid", "theme"]), WORD, max_size=2)),
        )
        for number in range(2)
    ]
    return Roster(
        name=draw(st.just("") | NAME),
        units={unit.id: unit for unit in units},
        accounts={account.id: account for account in accounts},
    )


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(roster=rosters())
def test_any_roster_is_read_back_the_same(tmp_path: Path, roster: Roster) -> None:
    for file in WRITERS:
        try:
            found = back(tmp_path, file, roster)
        except Unsayable:
            continue  # said, and never written as something else
        assert placeless(found) == placeless(roster)


def test_every_key_has_its_heading() -> None:
    assert {one.key for one in FIELDS[Table.UNITS]} == set(UnitShape.model_fields) - {"accounts"}
    assert {one.key for one in FIELDS[Table.ACCOUNTS]} == {*AccountShape.model_fields, "unit"}


def test_a_template_shows_how_and_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "roster.xlsx").write_bytes(to_xlsx(Roster(), created=CREATED, template=True))
    assert read_roster(tmp_path / "roster.xlsx") == (Roster(), [])
    (tmp_path / "roster.yaml").write_bytes(to_yaml(example("")))
    found, problems = read_roster(tmp_path / "roster.yaml")
    assert (list(found.accounts), problems) == (["u02-wechat"], [])


def table(*rows: list[str]) -> bytes:
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows(rows)
    return stream.getvalue().encode()


def told(folder: Path, raw: bytes, file: str = "roster.csv") -> tuple[RosterReading, list[str]]:
    """What is found, and the codes with their cells."""
    (folder / file).write_bytes(raw)
    found = find_roster(Folder(root=folder), PLATFORMS)
    assert {problem.code for problem in found.problems} <= set(RULES)
    return found, [f"{problem.code} {problem.place.cell}" for problem in found.problems]


def sheet(units: list[list[str]], accounts: list[list[str]]) -> bytes:
    """Both tables, one below the other; the first unit stands in row 2."""
    return table(UNITS, *units, [], ACCOUNTS, *accounts)


def changed(row: list[str], heading: str, value: str, heads: list[str] = ACCOUNTS) -> list[str]:
    return [value if head == heading else cell for head, cell in zip(heads, row, strict=True)]


@pytest.mark.parametrize(
    ("units", "accounts", "expected"),
    [
        ([U02], [changed(WEIBO, "单位", "u03")], "account-without-unit B5"),
        ([U02], [changed(WEIBO, "单位", "")], "account-without-unit B5"),
        ([U02], [WEIBO, WEIBO], "duplicate-account A6"),
        ([U02, U02], [WEIBO], "duplicate-unit A3"),
        ([U02], [changed(WEIBO, "平台", "微薄")], "unknown-platform C5"),
        ([U02], [changed(WEIBO, "状态", "还行")], "unknown-value H5"),
        ([U02], [changed(WEIBO, "关闭日期", "去年")], "bad-time G5"),
        ([U02], [changed(WEIBO, "认证名称", "")], "empty-value E5"),
        ([U02], [[*WEIBO, "多出来的"]], "value-without-heading I5"),
        ([changed(U02, "并入单位", "u09", UNITS)], [WEIBO], "unknown-merger F2"),
        ([changed(U02, "并入单位", "u02", UNITS)], [WEIBO], "unknown-merger F2"),
        (
            [changed(U02, "并入单位", "u03", UNITS), ["u03", "某院", *[""] * 5]],
            [WEIBO],
            "merged-without-day F2",
        ),
        (
            [["u02", "某院", "", "2026-05-02", "2026-05-01", "", ""]],
            [WEIBO],
            "closed-before-opened E2",
        ),
        ([changed(U02, "转载方式", "随缘", UNITS)], [WEIBO], "unknown-value C2"),
        ([changed(U02, "转载方式", "自动；通知=不参加；通知=自动", UNITS)], [WEIBO], "bad-pair C2"),
        ([changed(U02, "联络方式", "群里喊一声", UNITS)], [WEIBO], "bad-contact G2"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_mistake_names_its_cell(
    tmp_path: Path, units: list[list[str]], accounts: list[list[str]], expected: str
) -> None:
    found, problems = told(tmp_path, sheet(units, accounts))
    assert problems == [expected]
    assert not found.whole


def test_a_robots_address_is_refused_and_not_repeated(tmp_path: Path) -> None:
    address = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6"
    found, problems = told(tmp_path, sheet([changed(U02, "联络方式", address, UNITS)], [WEIBO]))
    assert problems == ["contact-secret G2"]
    assert "env:" in found.problems[0].hint
    assert "693a91f6" not in str(found.problems)


def test_two_accounts_of_one_name(tmp_path: Path) -> None:
    second = changed(changed(WEIBO, "编号", "u02-second"), "备案号", "澜网备2020-001")
    elsewhere = changed(second, "平台", "微信")
    found, problems = told(tmp_path, sheet([U02], [WEIBO, elsewhere]))
    assert (problems, found.whole) == ([], True)
    found, problems = told(tmp_path, sheet([U02], [WEIBO, second]))
    assert problems == ["account-name-twice D6"]
    assert found.problems[0].severity is Severity.WARNING
    assert found.whole
    ended = changed(second, "状态", "已注销")
    assert told(tmp_path, sheet([U02], [WEIBO, ended]))[1] == []


def test_a_heading_that_is_missing_or_unknown(tmp_path: Path) -> None:
    heads = [head if head != "认证名称" else "认证名" for head in ACCOUNTS]
    raw = table(UNITS, U02, [], heads, WEIBO)
    assert told(tmp_path, raw)[1] == ["unknown-heading E4", "heading-missing A4"]
    assert told(tmp_path, table(["编号", "标题"], ["a", "b"]))[1] == ["no-headings A1"]


def test_two_rosters_at_once(tmp_path: Path) -> None:
    make_folder(tmp_path)
    (tmp_path / "roster.csv").write_bytes(sheet([U02], [WEIBO]))
    reading = read(tmp_path, PLATFORMS)
    assert [problem.code for problem in reading.problems] == ["two-rosters"]
    assert reading.roster_file in reading.broken  # so nothing is taken over
    before = reading.fingerprint
    (tmp_path / "roster.csv").unlink()
    reading = read(tmp_path, PLATFORMS)
    assert (reading.problems, reading.broken) == ((), frozenset())
    assert reading.fingerprint != before


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
@pytest.mark.parametrize("mark", [",", "\t", ";"], ids=["comma", "tab", "semicolon"])
def test_csv_as_programs_save_it(tmp_path: Path, encoding: str, mark: str) -> None:
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=mark).writerows([UNITS, U02, [], ACCOUNTS, WEIBO])
    found, problems = told(tmp_path, stream.getvalue().encode(encoding))
    assert problems == []
    assert found.roster.accounts["u02-weibo"].verified_name == "澜汀区第一人民医院"


def book(sheets: Mapping[str, list[list[Any]]], merge: str = "") -> bytes:
    stream = io.BytesIO()
    made = xlsxwriter.Workbook(stream, {"in_memory": True, "default_date_format": "yyyy/m/d"})
    for title, rows in sheets.items():
        page = made.add_worksheet(title)
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)
        if merge and title == "账号":
            page.merge_range(merge, rows[1][1])
    made.close()
    return stream.getvalue()


def test_a_workbook_as_people_fill_it_in(tmp_path: Path) -> None:
    """Real dates, a unit by its name or merged over its accounts, a sheet for each platform."""
    heads = [*ACCOUNTS, "备案日期", "转载方式", "白名单", "备注"]
    mine = [*changed(WEIBO, "单位", "澜汀区第一人民医院"), date(2019, 6, 3)]
    second = changed(changed(WEIBO, "编号", "u02-w2"), "账号名称", "澜汀一院健康号")
    third = changed(changed(WEIBO, "编号", "u02-wechat"), "平台", "公众号")
    raw = book(
        {
            "单位": [
                ["矩阵名称", "澜汀矩阵"],
                UNITS,
                changed(U02, "转载方式", "确认；通知=自动", UNITS),
            ],
            "账号": [
                heads,
                [*mine, "自动；通知=不参加", "是", "随手记"],
                changed(second, "单位", ""),
            ],
            "微信": [ACCOUNTS, third],
            "电话": [["科室", "分机"], ["宣传科", 8001]],
        },
        merge="B2:B3",
    )
    found, problems = told(tmp_path, raw, "roster.xlsx")
    assert problems == []
    assert (found.whole, found.roster.name, len(found.roster.accounts)) == (True, "澜汀矩阵", 3)
    first, other, wechat = found.roster.accounts.values()
    assert (first.filed, first.whitelisted, first.unit) == (date(2019, 6, 3), True, "u02")
    assert (first.policy("周三科普"), first.policy("通知")) == (
        ReprintPolicy.AUTO,
        ReprintPolicy.NONE,
    )
    # What an account does not say comes from its unit.
    assert (other.policy(""), other.policy("通知")) == (ReprintPolicy.CONFIRM, ReprintPolicy.AUTO)
    assert (wechat.platform, wechat.unit) == ("wechat", "u02")


def test_an_id_twice_across_sheets(tmp_path: Path) -> None:
    raw = book({"单位": [UNITS, U02], "微博": [ACCOUNTS, WEIBO], "其他": [ACCOUNTS, WEIBO]})
    found, problems = told(tmp_path, raw, "roster.xlsx")
    assert problems == ["duplicate-account 其他!A2"]
    assert "微博!A2" in found.problems[0].message
    assert not found.whole
