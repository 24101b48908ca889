"""`bot plan --health-days`: a year's topics, none of which can go out by accident."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.domain import days
from tests.bot.cli.office import Office
from tests.bot.engine.world import status

NOTICE = "全国食品安全宣传周"
LAST_YEAR = (
    status("0531-tobacco", "2026-05-31 09:30", title="世界无烟日：戒烟的第一个月"),
    status("0512-nurses", "2026-05-11 09:30", title="护士节人物：她的表"),
    status("0808-moves", "2026-08-08 15:00", title="动起来", topic="health-day"),
    status("0809-moves", "2026-08-09 15:00", title="第二天也动起来", topic="health-day"),
    status("0619-food", "2026-06-19 10:00", title="全国食品安全宣传周启动"),
)


def drafted(office: Office, *more: str) -> tuple[str, list[dict[str, Any]]]:
    ran = office.bot("plan", "--health-days", "2027", *more)
    assert (ran.code, ran.err) == (0, "")
    return ran.out, yaml.safe_load(ran.out)["drafts"]


@pytest.fixture
def settled(office: Office) -> Office:
    """An office with posts of last year in its ledger and its calendar."""
    office.write(*LAST_YEAR)
    assert office.bot("plan", "--apply").code == 0
    return office


def test_a_slot_for_every_day_and_what_was_said_last_year(settled: Office) -> None:
    text, drafts = drafted(settled)
    assert len(drafts) == 110
    assert len({one["id"] for one in drafts}) == 110
    tobacco = next(one for one in drafts if one["id"] == "20270531-world-no-tobacco-day")
    assert tobacco == {
        "id": "20270531-world-no-tobacco-day",
        "at": "2027-05-31 09:30",  # when most posts of last year were
        "title": "世界无烟日（选题）",
        "column": "卫生健康主题日",
        "topic": "health-day",
    }
    entry = text[text.index("20270531-world") :].partition("\n\n")[0]
    assert "World No Tobacco Day" in entry
    assert "# " in entry
    assert "2026-05-31 世界无烟日：戒烟的第一个月 (0531-tobacco)" in entry
    waiting = text[text.index(f"# {NOTICE}") :].partition("\n\n")[0]
    assert "- id" not in waiting
    assert "health-days.csv" in waiting


def test_as_data(settled: Office) -> None:
    document = settled.ask("plan", "--health-days", "2027")
    assert document["year"] == 2027
    by_name = {one["name_zh"]: one for one in document["drafts"]}
    assert len(by_name) == 113
    earlier = {
        name: [post["post"] for post in one["last_year"]]
        for name, one in by_name.items()
        if one["last_year"]
    }
    assert earlier == {
        "世界无烟日": ["0531-tobacco"],
        "国际护士节": ["0512-nurses"],
        "全民健身日": ["0808-moves"],
        NOTICE: ["0619-food"],
    }
    waits, month = by_name[NOTICE], by_name["爱国卫生月"]
    assert (waits["id"], waits["at"], waits["notice_months"]) == (None, None, [6, 6])
    assert (month["first"], month["last"]) == ("2027-04-01", "2027-04-30")
    assert month["at"] == "2027-04-01T09:30:00+08:00"


def test_drafts_are_not_read_until_they_are_moved(settled: Office) -> None:
    out = Path("schedules/2027-health-days.yaml")
    before = settled.ask("check")
    assert settled.bot("plan", "--health-days", "2027", "--out", out).out == ""
    assert settled.ask("check") == before
    text = out.read_text(encoding="utf-8")
    # Even with the key renamed nothing goes out: no entry has what a post needs.
    out.write_text(text.replace("posts: []\ndrafts:", "posts:"), encoding="utf-8")
    ran = settled.bot("check", "--format", "json")
    assert ran.code == 1
    wrong = {problem["post"] for problem in ran.document["problems"]} - {None}
    assert len(wrong) == 110
    assert settled.ask("plan")["publications"] == len(LAST_YEAR)


def test_a_file_is_never_written_over(settled: Office) -> None:
    out = Path("schedules/roster.yaml")
    before = out.read_bytes()
    ran = settled.bot("plan", "--health-days", "2027", "--out", out)
    assert (ran.code, out.read_bytes()) == (2, before)


def test_corrections_of_the_office_and_what_is_planned_already(office: Office) -> None:
    office.write(status("20270614-national-food-safety-publicity-week", "2027-06-14 09:00"))
    (office.schedules / "health-days.csv").write_text(
        f"name_zh,rule\n{NOTICE},2027-06-14..2027-06-20\n建党节,off\n"
        "“澜汀: 健康”周 #1,08-02..08-08\n世界无烟日,?\n",
        encoding="utf-8",
    )
    ran = office.bot("plan", "--health-days", "2027")
    assert ran.code == 0
    assert "health-days.csv:5" in ran.err
    drafts = yaml.safe_load(ran.out)["drafts"]
    assert len(drafts) == 110  # one more by notice, one of their own; one off, one planned
    assert [one["at"] for one in drafts if "澜汀" in one["title"]] == ["2027-08-02 10:00"]
    assert NOTICE in ran.out
    assert NOTICE not in str(drafts)
    found = {
        one["name_zh"]: one["planned"]
        for one in office.ask("plan", "--health-days", "2027")["drafts"]
    }
    assert [name for name, planned in found.items() if planned] == [NOTICE]


@pytest.mark.parametrize("year", ["1989", "2101", "-1", "next"])
def test_years_that_are_not_known(office: Office, year: str) -> None:
    office.write(status("s1"))
    ran = office.bot("plan", "--health-days", year)
    assert (ran.code, ran.out) == (2, "")


@pytest.mark.parametrize("year", [days.FIRST_YEAR, days.LAST_YEAR])
def test_the_first_and_the_last_year(office: Office, year: int) -> None:
    office.write(status("s1"))
    ids = {one["id"] for one in office.ask("plan", "--health-days", str(year))["drafts"]}
    assert len(ids) == 111  # those by notice have none
