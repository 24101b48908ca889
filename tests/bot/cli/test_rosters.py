"""`bot export roster`: an office goes over to a roster in Excel."""

from __future__ import annotations

from pathlib import Path

from tests.bot.cli.office import Office
from tests.bot.engine.world import status


def test_an_office_goes_over_to_excel(office: Office) -> None:
    office.write(status("s1", "2099-05-06 10:00"))
    assert office.bot("plan", "--apply").code == 0
    before = office.ask("accounts", "list")
    ran = office.bot("export", "roster")
    assert (ran.code, ran.out) == (0, "")
    Path("roster.xlsx").rename(office.schedules / "roster.xlsx")
    both = office.ask("check")
    assert [problem["code"] for problem in both["problems"]] == ["two-rosters"]
    (office.schedules / "roster.yaml").unlink()
    assert office.ask("plan", "--apply")["changes"] == []
    assert office.ask("accounts", "list") == before
    text = office.bot("export", "roster", "--format", "yaml")
    (office.schedules / "roster.xlsx").unlink()
    (office.schedules / "roster.yaml").write_text(text.out, encoding="utf-8")
    assert office.ask("plan", "--apply")["changes"] == []


def test_a_template_and_a_roster_that_cannot_be_read(office: Office) -> None:
    assert office.bot("export", "roster", "--template").code == 0
    assert Path("roster-template.xlsx").exists()
    assert "示例：u02-wechat" in office.bot("export", "roster", "--template", "--format", "csv").out
    office.write(status("s1", "2099-05-06 10:00"))
    (office.schedules / "roster.yaml").write_text("units: [\n", encoding="utf-8")
    ran = office.bot("export", "roster")
    assert ran.code == 2
    assert "roster.yaml" in ran.told
