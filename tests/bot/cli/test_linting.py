"""`bot check` as a linter: switching off with a reason, the list of rules, SARIF, exit codes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.cli.sarif import document
from bot.domain.problem import Place, Problem
from bot.schedule.codes import RULES
from tests.bot.cli.office import Office
from tests.bot.engine.world import article, status

ROOT = Path(__file__).parents[3]
MOBILE = "请拨13800001234咨询"


def codes(office: Office, *args: str) -> list[str]:
    return [one["code"] for one in office.ask("check", *args)["problems"]]


def test_a_rule_is_switched_off_with_a_reason(office: Office) -> None:
    office.write(status("s1", text=MOBILE, ignore={"mobile-number": "门诊总机，已核"}))
    answer = office.ask("check")
    assert answer["problems"] == []
    assert answer["ignored"] == 1
    assert answer["ignores"] == [
        {"code": "mobile-number", "post": "s1", "reason": "门诊总机，已核", "by": "post"}
    ]


def test_an_error_that_may_be_switched_off_holds_nothing_then(office: Office) -> None:
    claim = "文献综述提到治愈率98%"
    office.write(status("s1", text=claim, ignore={"efficacy-claim": "引用指南，医务科已核"}))
    assert office.bot("check").code == 0
    assert [one["kind"] for one in office.ask("plan")["changes"]] == ["new"]
    office.write(status("s1", text=claim))
    assert [one["kind"] for one in office.ask("plan")["changes"]] == ["blocked"]


@pytest.mark.parametrize(
    ("ignore", "expected"),
    [
        ({"mobile-nummer": "总机"}, ["rule-unknown", "mobile-number"]),
        ({"mobile-number": ""}, ["ignore-without-reason", "mobile-number"]),
        ({"id-number": "已核"}, ["rule-not-optional", "mobile-number"]),
        ({"quiet-hours": "值班"}, ["ignore-unused", "mobile-number"]),
        ({"dead-link": "内网"}, ["mobile-number"]),  # nobody looked for it
        ({"weibo-link-missing": "无"}, ["ignore-unused", "mobile-number"]),
    ],
)
def test_a_wish_that_cannot_be_granted(
    office: Office, ignore: dict[str, str], expected: list[str]
) -> None:
    office.write(status("s1", text=MOBILE, ignore=ignore))
    assert sorted(codes(office)) == sorted(expected)


def test_what_a_platform_refuses_cannot_be_ignored(office: Office) -> None:
    long: dict[str, Any] = {"text": "洗手" * 200, "ignore": {"weibo-text-too-long": "就要这么长"}}
    office.write(status("s1", **long))
    assert sorted(codes(office)) == ["rule-not-optional", "weibo-text-too-long"]


def test_ignoring_is_no_part_of_the_content(office: Office) -> None:
    office.write(status("s1", text=MOBILE))
    office.bot("plan", "--apply")
    office.write(status("s1", text=MOBILE, ignore={"mobile-number": "总机"}))
    assert office.ask("plan")["changes"] == []


def test_doctor_and_preview_know_what_is_switched_off(office: Office) -> None:
    ignore = {"efficacy-claim": "引用指南，医务科已核", "weibo-ai-label": "海报上已写明"}
    office.write(status("s1", text="文献提到治愈率98%", ai_generated=True, ignore=ignore))
    found = {one["code"] for one in office.ask("doctor")["findings"]}
    assert "calendar_errors" not in found
    assert office.bot("preview", "s1").code == 0


def test_the_office_switches_a_rule_off(office: Office) -> None:
    office.write(status("s1", text=MOBILE))
    Path("settings.toml").write_text('[check.off]\nmobile-number = "总机"\n', encoding="utf-8")
    answer = office.ask("check")
    assert (answer["problems"], answer["ignored"]) == ([], 1)
    assert answer["ignores"][0]["by"] == "settings"


REVIEWED = """[review]
levels = ["first"]
# "通知公告" = []
[review.columns]
'周三科谱' = ["first", "final"]
fluweek = ["final"]
"每周问答" = []
"""


def test_a_column_to_be_reviewed_that_there_is_none_of(office: Office) -> None:
    """Its posts would need other levels than the office means, and nothing would tell."""
    office.write(status("s1", column="周三科普"), status("s2", column="每周问答"))
    Path("settings.toml").write_text(REVIEWED, encoding="utf-8")
    ran = office.bot("check", "--format", "json")
    near, far = (one for one in ran.document["problems"] if "review" in one["code"])
    assert (ran.code, near["code"], near["severity"]) == (0, "unknown-review-column", "warning")
    assert (near["file"], near["line"], far["line"]) == ("../settings.toml", 5, 6)
    assert ("周三科谱" in near["message"], "周三科普" in near["hint"]) == (True, True)
    assert ("fluweek" in far["message"], "周三科普" in far["hint"]) == (True, False)
    assert "'周三科谱' =" in office.bot("check").out
    found = [one for one in office.ask("doctor")["findings"] if "review" in one["code"]]
    assert [one["message"] for one in found] == [near["message"], far["message"]]
    # A file that cannot be read may hold the column.
    (office.schedules / "2026-06.yaml").write_text("posts: [", encoding="utf-8")
    assert "unknown-review-column" not in codes(office)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ('off = {id-number = "已核"}', "id-number"),
        ('off = {mobile-nummer = "总机"}', "mobile-nummer"),
        ('off = {mobile-number = " "}', "mobile-number"),
        ('quiet = "22-7"', "check.quiet"),
        ("slot_minutes = -1", "check.slot_minutes"),
    ],
)
def test_wrong_settings_are_exit_2(office: Office, settings: str, named: str) -> None:
    office.write(status("s1"))
    Path("settings.toml").write_text(f"[check]\n{settings}\n", encoding="utf-8")
    ran = office.bot("check")
    assert ran.code == 2
    assert named in ran.told


def test_severity_leaves_out_and_strict_counts(office: Office) -> None:
    office.write(status("s1", text=MOBILE))
    assert office.bot("check").code == 0
    assert office.bot("check", "--strict").code == 1
    assert codes(office, "--severity", "error") == []
    assert office.bot("check", "--strict", "--severity", "error").code == 1


def test_all_rules_are_listed_and_one_is_explained(office: Office) -> None:
    rules = office.ask("check", "--rules")["rules"]
    assert {one["code"] for one in rules} > set(RULES)
    assert "weibo-text-too-long" in {one["code"] for one in rules}
    told = office.bot("check", "--rules").out
    assert all(one["code"] in told for one in rules)
    one = office.bot("check", "absolute-term", "--rules")
    assert one.code == 0
    assert "广告法第九条" in one.out
    assert "docs/rules/absolute-term.md" in one.out
    wrong = office.bot("check", "--rules", "absolut-term")
    assert wrong.code == 2
    assert "absolute-term" in wrong.told


def test_sarif_has_places_rules_and_reasons(office: Office) -> None:
    office.write(
        status("s1", text="治愈率98%"),
        article(text=MOBILE, ignore={"mobile-number": "总机"}),
    )
    ran = office.bot("check", "--format", "sarif")
    assert ran.code == 1
    [run] = _sound(ran.document)["runs"]
    claim, mobile = run["results"]
    assert (claim["ruleId"], claim["level"]) == ("efficacy-claim", "error")
    place = claim["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "2026-05.yaml"
    region = place["region"]
    assert region["endColumn"] - region["startColumn"] == len("治愈率98%")
    assert mobile["suppressions"] == [{"kind": "inSource", "justification": "总机"}]
    [rule, _other] = run["tool"]["driver"]["rules"]
    assert rule["helpUri"].endswith("docs/rules/efficacy-claim.md")


def test_a_cell_is_a_logical_location() -> None:
    place = Place(file="五月.xlsx", line=7, cell="五月!B7")
    made = _sound(document([Problem(code="bad-time", message="…", place=place)], [], RULES))
    [location] = made["runs"][0]["results"][0]["locations"]
    assert location["logicalLocations"][0]["fullyQualifiedName"] == "五月!B7"
    assert location["physicalLocation"]["artifactLocation"]["uri"].isascii()


def test_the_fingerprint_outlives_a_line_above() -> None:
    first, moved = (
        Problem(code="id-number", message="…", post="s1", place=Place(file="a.yaml", line=line))
        for line in (3, 9)
    )
    results = document([first, moved], [], RULES)["runs"][0]["results"]
    assert results[0]["partialFingerprints"] == results[1]["partialFingerprints"]


def _sound(made: dict[str, Any]) -> dict[str, Any]:
    """The document, after what SARIF 2.1.0 requires of its parts."""
    assert made["version"] == "2.1.0"
    assert made["$schema"].endswith("sarif-2.1.0.json")
    for run in made["runs"]:
        rules = run["tool"]["driver"]["rules"]
        assert run["tool"]["driver"]["name"]
        assert len({rule["id"] for rule in rules}) == len(rules)
        for rule in rules:
            assert rule["shortDescription"]["text"]
            assert rule["fullDescription"]["text"]
            assert rule["helpUri"].startswith("file:///")
            assert rule["defaultConfiguration"]["level"] in {"error", "warning", "note"}
        for result in run["results"]:
            assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
            assert result["level"] in {"error", "warning", "note"}
            assert result["message"]["text"]
            assert result["partialFingerprints"]
            for location in result.get("locations", ()):
                region = location["physicalLocation"].get("region", {"startLine": 1})
                assert region["startLine"] >= 1
                assert region.get("startColumn", 1) >= 1
            for suppression in result.get("suppressions", ()):
                assert suppression["kind"] in {"inSource", "external"}
                assert suppression["justification"]
    return made


def test_the_sample_months_findings(office: Office) -> None:
    """All that `bot check` says of it; whoever adds a rule looks at what it says here."""
    found = office.ask("check", ROOT / "schedules")["problems"]
    assert {(one["post"], one["code"], one["severity"]) for one in found} == {
        ("0514-clinic-claim", "efficacy-claim", "error"),
        ("0518-reprint-upper", "reprint-without-source", "error"),
        ("0521-volunteer-news", "id-number", "error"),
        ("0526-recovery-story", "consent-missing", "error"),
        ("k5-heat-warning", "quota-exceeded", "warning"),
        ("k6-no-tobacco", "same-slot", "warning"),
        ("0504-young-doctors", "holiday-post", "info"),
        (None, "health-day-uncovered", "info"),
    }
    assert len(found) == 8


def test_an_account_that_would_fall_silent(office: Office) -> None:
    office.write(
        status("s1"),
        status("s2", at="2026-05-21 10:00", title="爱牙", text="爱牙从小做起，每天两次刷牙。"),
    )
    assert "account-uncovered" in codes(office)
    Path("settings.toml").write_text("[gaps]\nfail_days = 15\n", encoding="utf-8")
    assert "account-uncovered" not in codes(office)
