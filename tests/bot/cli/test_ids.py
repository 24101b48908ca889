"""`bot check --write-ids` and `bot plan --apply` give new entries their ids."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bot.cli.office import Office
from tests.bot.engine.world import status

CSV = "编号,发布时间,标题,账号,短文\n,2099-05-07 10:00,流感季,u01-weibo,及时接种。\n"


@pytest.fixture
def file(office: Office) -> Path:
    """A table with one new entry, beside a calendar with a post."""
    office.write(status("s1", "2099-05-06 10:00"))
    file = office.schedules / "2026-06.csv"
    file.write_text(CSV, encoding="gb18030")
    return file


def _id_in(file: Path) -> str:
    text = file.read_bytes().decode("gb18030")
    name = text.split("\n")[1].partition(",")[0]
    assert text.replace(name, "", 1) == CSV
    return name


def test_check_writes_ids_only_when_asked(office: Office, file: Path) -> None:
    ran = office.bot("check", "--format", "json")
    assert [problem["code"] for problem in ran.document["problems"]] == ["id-missing"]
    assert file.read_bytes() == CSV.encode("gb18030")
    ran = office.bot("check", "--write-ids", "--format", "json")
    assert (ran.code, ran.document["problems"]) == (0, [])
    assert file.name in ran.err
    assert _id_in(file).startswith("0507-")
    after = file.read_bytes()
    assert office.bot("check", "--write-ids").err == ""
    assert file.read_bytes() == after


def test_plan_writes_them_when_it_is_applied(office: Office, file: Path) -> None:
    assert office.bot("plan").code == 1
    assert file.read_bytes() == CSV.encode("gb18030")
    assert office.bot("plan", "--apply").code == 0
    posts = {row["post"] for row in office.ask("publications", "list")["publications"]}
    assert posts == {"s1", _id_in(file)}


def test_a_refusal_says_what_to_do(office: Office, file: Path) -> None:
    lock = file.with_name(f".~{file.name}")
    lock.write_text("")
    ran = office.bot("check", "--write-ids", "--format", "json")
    assert [problem["code"] for problem in ran.document["problems"]] == ["id-missing"]
    assert lock.name in ran.err
    assert file.read_bytes() == CSV.encode("gb18030")
