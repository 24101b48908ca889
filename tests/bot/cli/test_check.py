"""`bot check`: every planted mistake with its place, as JSON and for people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.cells import cell_len

from tests.bot.cli.office import Office, Ran
from tests.bot.engine.world import article, status

BROKEN = Path(__file__).parents[2] / "data" / "broken"
EXPECTED: dict[str, dict[str, Any]] = yaml.safe_load((BROKEN / "expected.yaml").read_text("utf-8"))
KEYS = ["code", "severity", "file", "line", "cell", "column", "post", "message", "hint"]
# Of the sheets a few will do; reading them all is tested where they are read.
SHEETS = {"sheet-formula", "sheet-hidden-sheet", "sheet-filtered", "sheet-bomb", "csv-gbk-heading"}
NAMES = [name for name in EXPECTED if not name.startswith(("sheet-", "csv-")) or name in SHEETS]


@pytest.mark.parametrize("name", NAMES)
def test_a_planted_mistake_is_told_with_its_place(office: Office, name: str) -> None:
    ran = office.bot("check", BROKEN / name, "--format", "json")
    wanted = EXPECTED[name]
    assert list(ran.document) == ["posts", "problems", "ignored", "ignores"]
    problems = ran.document["problems"]
    assert all(list(problem) == KEYS for problem in problems)
    assert wanted in [{key: problem[key] for key in wanted} for problem in problems]
    assert ran.code == int(any(problem["severity"] == "error" for problem in problems))
    assert ran.err == ""


@pytest.mark.parametrize("name", NAMES)
def test_people_read_the_place_first_and_never_a_trace(office: Office, name: str) -> None:
    ran = office.bot("check", BROKEN / name)
    wanted = EXPECTED[name]
    where = "cell" if wanted.get("cell") else "line"
    places = [str(wanted[key]) for key in ("file", where) if wanted[key]]
    word = {"error": "错误", "warning": "提醒", "info": "提示"}[str(wanted["severity"])]
    head = f"{':'.join(places)}: {word}" if wanted["file"] else word
    assert f"{head} {wanted['code']}" in ran.out
    assert "→ " in ran.out
    assert "Traceback" not in ran.out + ran.err
    assert ran.err == ""


def test_a_sound_calendar_is_exit_0(office: Office) -> None:
    office.write(article(), status("s1"))
    ran = office.bot("check", "--format", "json")
    assert (ran.code, ran.document) == (
        0,
        {"posts": 2, "problems": [], "ignored": 0, "ignores": []},
    )
    assert "读取 2 篇稿件；错误 0 处，提醒 0 处。" in office.bot("check").out


def test_a_folder_that_is_not_there(office: Office) -> None:
    ran = office.bot("check", "no/such/folder", "--format", "json")
    assert ran.code == 1
    assert ran.document["problems"][0]["code"] == "folder-missing"


def test_masked_numbers_are_not_shown_by_the_line_either(office: Office) -> None:
    for name in ("id-number", "mobile-number"):
        place, line = EXPECTED[name]["file"], EXPECTED[name]["line"]
        text = (BROKEN / name / place).read_text("utf-8").splitlines()[line - 1]
        assert sum(sign.isdigit() for sign in text) >= 11
        assert text.strip() not in office.bot("check", BROKEN / name).out


def test_a_long_line_stays_one_line(office: Office) -> None:
    office.write(status("s1", text="洗手。" * 200 + "治愈率98%"))
    shown = [line for line in office.bot("check").out.splitlines() if " | " in line]
    assert any("…" in line and line.endswith("治愈率98%") for line in shown)
    assert all(cell_len(line) <= 160 for line in shown)


def test_the_answer_is_the_same_whatever_the_ledger_is(office: Office) -> None:
    """check needs neither ledger nor key."""
    office.write(status("s1"))
    assert _listing(office, office.bot("check")) == ["schedules"]


def _listing(office: Office, ran: Ran) -> list[str]:
    assert ran.code == 0
    return sorted(path.name for path in office.folder.iterdir())


def test_links_are_asked_on_request_only(office: Office) -> None:
    """The private address is refused before anything is sent; the other's name nobody knows."""
    text = "见http://127.0.0.1:9/a，http://nowhere.invalid/"
    one = status(text=text, ignore={"link-private": "内网地址，只给同事"})
    office.write(one, status("p2", "2026-05-06 12:00", text="见http://10.1.1.1/b。"))
    quiet = office.bot("check", "--format", "json").document["problems"]
    assert not [each for each in quiet if each["code"].startswith(("link", "dead"))]
    assert "ignore-unused" not in {each["code"] for each in quiet}
    ran = office.bot("check", "--links", "--format", "json")
    told = [each for each in ran.document["problems"] if "link" in each["code"]]
    assert [(each["code"], each["post"]) for each in told] == [
        ("links-unchecked", None), ("link-private", "p2"),
    ]  # fmt: skip
    assert [each["code"] for each in ran.document["ignores"]] == ["link-private"]
