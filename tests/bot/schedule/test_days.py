"""health-days.csv and holidays.csv: the office corrects the lists, and mistakes are told."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain import days as listed
from bot.domain.holidays import DayKind, DayType
from bot.domain.problem import Severity
from bot.schedule.days import Days, read_days
from bot.schedule.folder import Folder
from bot.schedule.reader import read

HEAD = "name_zh,name_en,rule,organiser,source\n"


def read_with(folder: Path, health: str | bytes = "", holidays: str | bytes = "") -> Days:
    for name, text in (("health-days.csv", health), ("holidays.csv", holidays)):
        if text:
            raw = text.encode() if isinstance(text, str) else text
            (folder / name).write_bytes(raw)
    return read_days(Folder(root=folder))


def told(days: Days) -> list[tuple[str, str]]:
    assert {problem.severity for problem in days.problems} <= {Severity.WARNING}
    return [(problem.code, str(problem.place)) for problem in days.problems]


def dates(days: Days, name: str, year: int) -> list[str]:
    found = [one for one in days.occurrences(year) if one.day.name_zh == name]
    return [f"{one.first}..{one.last}" for one in found]


def test_without_files_the_list_holds(tmp_path: Path) -> None:
    days = read_with(tmp_path)
    assert (days.health, days.problems) == (listed.load(), ())


def test_a_notice_is_entered_for_its_year(tmp_path: Path) -> None:
    days = read_with(
        tmp_path,
        HEAD + "全国食品安全宣传周,,2027-06-14..2027-06-20,,食安办〔2027〕3号\n"
        "全国食品安全宣传周,,2028/6/12..2028/6/18,,\n",
    )
    assert told(days) == []
    name = "全国食品安全宣传周"
    assert dates(days, name, 2027) == ["2027-06-14..2027-06-20"]
    assert dates(days, name, 2028) == ["2028-06-12..2028-06-18"]
    assert dates(days, name, 2029) == ["None..None"]
    [day] = [day for day in days.health if day.name_zh == name]
    assert (day.source, day.name_en) == ("食安办〔2027〕3号", "National Food Safety Publicity Week")


def test_days_are_moved_switched_off_and_added(tmp_path: Path) -> None:
    days = read_with(
        tmp_path,
        "name_zh,rule,organiser\n世界心脏日,09 last sunday,\n建党节,off,\n老年节,10-09,\n"
        "澜汀健康周,08 week 2 sun-sat,区卫健委\n区运动会,2027-09-18,\n",
    )
    assert told(days) == []
    assert dates(days, "世界心脏日", 2027) == ["2027-09-26..2027-09-26"]
    assert dates(days, "建党节", 2027) == []
    assert dates(days, "重阳节（老年节）", 2027) == ["2027-10-09..2027-10-09"]  # by its other name
    assert dates(days, "澜汀健康周", 2027) == ["2027-08-08..2027-08-14"]
    assert dates(days, "区运动会", 2027) == ["2027-09-18..2027-09-18"]
    assert dates(days, "区运动会", 2028) == []
    assert len(days.health) == 113 - 1 + 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_whatever_saved_it(tmp_path: Path, encoding: str, end: str) -> None:
    text = f'{HEAD}\n"中国医师节",,8/20,"区卫健委, 区医院",\n,,,,\n'.replace("\n", end)
    days = read_with(tmp_path, text.encode(encoding))
    assert told(days) == []
    assert dates(days, "中国医师节", 2027) == ["2027-08-20..2027-08-20"]


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("name_zh,organiser\n世界无烟日,区\n", "table-heading", "health-days.csv:1"),
        ("", "table-heading", "health-days.csv:1"),
        (HEAD + "\n世界无烟日,,六月一日,,\n", "bad-day-rule", "health-days.csv:3"),
        (HEAD + "世界无烟日,,06-31,,\n", "bad-day-rule", "health-days.csv:2"),
        (HEAD + "世界无烟日,,,,\n", "empty-value", "health-days.csv:2"),
        (HEAD + ",,06-01,,\n", "empty-value", "health-days.csv:2"),
        (HEAD + "世界无烟日,,06-01,,,又一个\n", "table-row", "health-days.csv:2"),
        (HEAD + "甲,,06-01,,\n乙,,06-01,,\n甲,,off,,\n", "day-twice", "health-days.csv:4"),
        ("name_zh,rule,colour\n甲,06-01,红\n", "unknown-key", "health-days.csv:1"),
        (HEAD + '甲,,"06-01,,\n', "bad-day-rule", "health-days.csv:2"),
        (HEAD + '甲,,"' + "0" * 200_000, "table-row", "health-days.csv:2"),
        (b"\x00\x01\x02", "not-utf8", "health-days.csv:1"),
        (b"\xff\xff\xff", "not-utf8", "health-days.csv:1"),
        (b"a" * 4_000_001, "too-large", "health-days.csv:1"),
    ],
)
def test_mistakes_have_a_place_and_leave_the_list(
    tmp_path: Path, text: str | bytes, code: str, place: str
) -> None:
    (tmp_path / "health-days.csv").touch()
    days = read_with(tmp_path, text)
    assert told(days) == [(code, place)]
    assert dates(days, "世界无烟日", 2027) == ["2027-05-31..2027-05-31"]


def test_holidays_are_corrected(tmp_path: Path) -> None:
    days = read_with(
        tmp_path,
        holidays="date,kind,name\n2027-02-05,holiday,春节\n2027/2/13,workday,春节\n"
        "2027-05-04,workday,\n",
    )
    assert told(days) == []
    assert days.kind_of(date(2027, 2, 5)) == DayKind(type=DayType.HOLIDAY, name="春节")
    assert days.kind_of(date(2027, 2, 13)) == DayKind(type=DayType.MAKE_UP, name="春节")
    assert days.kind_of(date(2027, 5, 4)) == DayKind(type=DayType.WORKDAY)
    assert days.kind_of(date(2026, 10, 10)).type is DayType.MAKE_UP


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("2027-02-30,holiday,", "bad-date"),
        ("明天,holiday,", "bad-date"),
        ("2027-02-05,free,", "unknown-value"),
        ("2027-02-05,,", "empty-value"),
        ("2027-01-01,workday,", "day-twice"),
    ],
)
def test_bad_rows_of_holidays(tmp_path: Path, row: str, code: str) -> None:
    days = read_with(tmp_path, holidays=f"date,kind,name\n2027-01-01,holiday,元旦\n{row}\n")
    assert told(days) == [(code, "holidays.csv:3")]
    assert list(days.corrections) == [date(2027, 1, 1)]


def test_the_folder_is_read_with_them(tmp_path: Path) -> None:
    """They are no calendars; their mistakes are told with the rest, and a change is noticed."""
    before = read(tmp_path)
    read_with(tmp_path, HEAD + "建党节,,off,,\n甲,,?,,\n")
    after = read(tmp_path)
    assert after.files == ()
    assert {problem.code for problem in after.problems} - {
        problem.code for problem in before.problems
    } == {"bad-day-rule"}
    assert dates(after.days, "建党节", 2027) == []
    assert before.fingerprint != after.fingerprint


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=60), st.text(max_size=40), st.booleans())
def test_no_file_raises(raw: bytes, text: str, headed: bool) -> None:
    with TemporaryDirectory() as name:
        head = HEAD.encode() if headed else b""
        days = read_with(Path(name), head + raw, f"date,kind\n{text},holiday\n".encode())
    assert days.occurrences(2027)
