"""`bot export ics`: the calendar for other programs, whether taken over or not."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import openpyxl
import pytest
from ical.calendar_stream import IcsCalendarStream

from tests.bot.cli.office import Office
from tests.bot.engine.world import key_item, status

PERIOD = ("--from", "2099-05-01", "--to", "2099-05-31")


def uids(text: str) -> set[str]:
    """Posts and deadlines of a file; the lines end as they must."""
    assert text.count("\n") == text.count("\r\n")
    calendar = IcsCalendarStream.calendar_from_ics(text)
    found = {event.uid.partition("@")[0] for event in calendar.events}
    days = [event for event in calendar.events if event.uid.startswith("day-")]
    assert date(2099, 5, 31) in {event.dtstart for event in days}  # 世界无烟日
    return {uid for uid in found if not uid.startswith("day-")}


def test_before_and_after_it_is_taken_over(office: Office) -> None:
    office.write(
        status("s1", "2099-05-06 10:00"), key_item("k1", at="2099-05-07 10:00"), status("s0")
    )
    whole = {"post-s1", "post-k1", "deadline-k1"}
    first = office.bot("export", "ics", *PERIOD)
    assert (first.code, first.err) == (0, "")
    assert uids(first.out) == whole
    assert first.out.count("STATUS:TENTATIVE") == 2  # nobody has promised anything yet
    assert office.bot("plan", "--apply").code == 0
    second = office.bot("export", "ics", *PERIOD)
    assert uids(second.out) == whole
    assert "STATUS:TENTATIVE" not in second.out
    assert second.out == office.bot("export", "ics", *PERIOD).out
    mine = office.bot("export", "ics", *PERIOD, "--account", "u01-wechat")
    assert uids(mine.out) == {"post-k1", "deadline-k1"}


def test_a_file_is_never_written_over(office: Office) -> None:
    office.write(status("s1", "2099-05-06 10:00"))
    ran = office.bot("export", "ics", *PERIOD, "--out", "calendar.ics")
    assert (ran.code, ran.out) == (0, "")
    assert "calendar.ics" in ran.told
    written = Path("calendar.ics").read_bytes()
    assert uids(written.decode()) == {"post-s1"}
    again = office.bot("export", "ics", "--out", "calendar.ics")
    assert again.code == 2
    assert "calendar.ics" in again.told
    assert Path("calendar.ics").read_bytes() == written


def test_the_coverage_as_a_workbook_and_as_csv(office: Office) -> None:
    office.write(key_item("k1", at="2099-05-07 10:00", title="=1+1"))
    assert office.bot("plan", "--apply").code == 0
    ran = office.bot("export", "coverage", "--month", "2099-05")
    assert (ran.code, ran.out) == (0, "")
    rates, grid = openpyxl.load_workbook("coverage-2099-05.xlsx").worksheets
    title = rates.cell(rates.max_row - 1, 2)
    assert (title.value, title.data_type) == ("=1+1", "s")
    assert grid.max_row == 5  # the note, the headings, three units
    assert office.bot("export", "coverage", "--month", "2099-05").code == 2  # it is there already
    plain = office.bot("export", "coverage", "--month", "2099-05", "--format", "csv")
    assert plain.out.count(",'=1+1,") == 3
    assert "2099年5月" in plain.out.splitlines()[0]


def test_the_address_to_subscribe_to(office: Office) -> None:
    office.write(status("s1", "2099-05-06 10:00"))
    assert office.bot("plan", "--apply").code == 0
    here = office.bot("export", "ics", "--address").out
    assert here.startswith("http://127.0.0.1:8080/calendar.ics?key=")
    Path("settings.toml").write_text(
        "[web]\npublic_url = 'https://x.example.gov.cn/bot/'\n", encoding="utf-8"
    )
    mine = office.bot("export", "ics", "--address", "--account", "u02-wechat").out.strip()
    assert mine.startswith("https://x.example.gov.cn/bot/calendar.ics?account=u02-wechat&key=")
    assert mine.rpartition("=")[2] != here.strip().rpartition("=")[2]
    Path("settings.toml").write_text("[web]\nlisten = ''\n", encoding="utf-8")
    ran = office.bot("export", "ics", "--address")
    assert ran.code == 2
    assert "web.listen" in ran.told


@pytest.mark.parametrize(
    "args",
    [
        ["--from", "2026-13-01"],
        ["--from", "0001-01-01"],
        ["--to", "9999-12-31"],
        ["--from", "2026-05-02", "--to", "2026-05-01"],
        ["--account", "u99-wechat"],
        ["--address", "--account", "u99-wechat"],
        ["--out", "no-such-folder/x.ics"],
    ],
)
def test_wrong_use(office: Office, args: list[str]) -> None:
    office.write(status("s1"))
    ran = office.bot("export", "ics", *args)
    assert (ran.code, ran.out) == (2, "")
    assert ran.told.startswith("✗ ")
