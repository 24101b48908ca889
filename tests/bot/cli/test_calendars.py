"""`bot export xlsx`, `csv` and `yaml`: nothing is lost, and nothing is written over."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.schedule.headings import post_columns
from bot.schedule.reader import read
from bot.schedule.workbook import HELP
from tests.bot.cli.office import Office
from tests.bot.engine.world import article, status

SAMPLE = Path(__file__).parents[3] / "schedules"
PLACES = ("file", "line", "cell", "column", "message", "hint")


@pytest.fixture
def sample(office: Office) -> Office:
    """The office with the sample month."""
    shutil.copytree(SAMPLE, office.schedules)
    return office


def asked(office: Office, *args: str) -> Any:
    """A command's answer without the places, which differ."""
    document = office.ask(*args)
    problems = [
        {key: value for key, value in problem.items() if key not in PLACES}
        for problem in document["problems"]
    ]
    return {**document, "problems": sorted(problems, key=str)}


def answers(office: Office) -> dict[str, Any]:
    """What every command that reads the calendar says of it."""
    wide = ("--from", "2026-05-14", "--to", "2026-05-15")  # two days, among them a planted error
    preview = office.ask("preview", "0514-clinic-claim")
    assert office.bot("export", "yaml", "--month", "all", "--out", "same.yaml", "--force").code == 0
    return {
        "check": asked(office, "check"),
        "plan": asked(office, "plan"),
        "rehearse": office.ask("rehearse", *wide),
        "preview": [
            {key: value for key, value in frame.items() if key != "problems"}
            for frame in preview["frames"]
        ],
        "export": yaml.safe_load((office.folder / "same.yaml").read_text("utf-8")),
    }


def test_every_command_says_the_same_of_every_kind_of_file(sample: Office) -> None:
    wanted = answers(sample)
    assert wanted["plan"]["publications"] > 0
    assert wanted["rehearse"]
    for kind in ("xlsx", "csv", "yaml"):
        [old] = sample.schedules.glob("2026-05.*")
        ran = sample.bot("export", kind, "--month", "all", "--out", f"new.{kind}")
        assert (ran.code, ran.out) == (0, "")
        old.unlink()
        shutil.move(sample.folder / f"new.{kind}", sample.schedules / f"2026-05.{kind}")
        assert answers(sample) == wanted


def test_an_empty_workbook_is_a_calendar_without_posts(office: Office) -> None:
    office.write(article())
    ran = office.bot("export", "xlsx", "--template", "--month", "2027-01")
    assert ran.code == 0
    (office.schedules / "2026-05.yaml").unlink()
    shutil.move(office.folder / "calendar-template.xlsx", office.schedules / "2027-01.xlsx")
    reading = read(office.schedules)
    assert (reading.posts, reading.problems, reading.broken) == ((), (), frozenset())


def test_months_have_a_sheet_each_and_a_month_is_only_its_posts(office: Office) -> None:
    office.write(article("a1"), status("s1", "2026-06-01 09:00"))
    assert office.bot("export", "xlsx", "--month", "all").code == 0
    assert office.bot("export", "csv", "--month", "2026-06", "--out", "june.csv").code == 0
    (office.schedules / "2026-05.yaml").unlink()
    shutil.move(office.folder / "all.xlsx", office.schedules / "all.xlsx")
    reading = read(office.schedules)
    assert [post.id for post in reading.posts] == ["a1", "s1"]
    assert [post.place.cell for post in reading.posts] == ["2026年5月!A2", "2026年6月!A2"]
    assert "a1" not in (office.folder / "june.csv").read_text("utf-8-sig")


def test_a_file_that_is_there_stays_as_it_is(office: Office) -> None:
    office.write(article())
    there = office.folder / "2026-05.xlsx"
    there.write_text("mine")
    ran = office.bot("export", "xlsx", "--month", "2026-05")
    assert (ran.code, there.read_text()) == (2, "mine")
    assert "2026-05.xlsx" in ran.told
    assert office.bot("export", "xlsx", "--month", "2026-05", "--force").code == 0
    assert there.read_bytes().startswith(b"PK")


@pytest.mark.parametrize("month", ["2026-13", "May", "2026-5"])
def test_what_is_no_month_is_refused(office: Office, month: str) -> None:
    office.write(article())
    ran = office.bot("export", "yaml", "--month", month)
    assert ran.code == 2
    assert month in ran.told


def test_a_calendar_that_cannot_be_read_in_full_is_not_exported(office: Office) -> None:
    office.write(article(), {**status("s1"), "at": "soon"})
    ran = office.bot("export", "xlsx", "--month", "2026-05")
    assert ran.code == 2
    assert "2026-05.yaml" in ran.told
    assert not list(office.folder.glob("*.xlsx"))


def test_a_text_too_long_for_a_cell_is_told(office: Office) -> None:
    office.write({**status("s1"), "source": "长" * 40_000})
    ran = office.bot("export", "xlsx", "--month", "2026-05")
    assert ran.code == 2
    assert "来源" in ran.told


def test_every_heading_is_explained() -> None:
    assert {column.name for column in post_columns()} == set(HELP)
