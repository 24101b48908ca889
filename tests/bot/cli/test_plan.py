"""`bot plan`: how the calendar differs, and which quotas it will exceed."""

from __future__ import annotations

from pathlib import Path

from tests.bot.cli.office import Office
from tests.bot.engine.world import article, status

KEYS = [
    "publications",
    "applied",
    "changes",
    "problems",
    "quotas",
    "slots",
    "kept",
    "collisions",
    "left",
    "unreviewed",
]
WAITS = article("p2", "2099-05-06 12:00", push=True, window="2d")
FIRST = article("p1", "2099-05-06 10:00", push=True)
LOST = article("p3", "2099-05-06 13:00", push=True, window="3h")


def test_a_calendar_that_fits(office: Office) -> None:
    office.write(FIRST, status("s1", "2099-05-06 10:00"))
    ran = office.bot("plan", "--format", "json")
    assert (ran.code, list(ran.document), ran.document["quotas"]) == (0, KEYS, [])


def test_what_has_to_wait_is_told_and_is_no_bad_news(office: Office) -> None:
    office.write(FIRST, WAITS)
    ran = office.bot("plan", "--apply", "--format", "json")
    assert ran.code == 0
    assert ran.document["quotas"] == [
        {
            "account": "u01-wechat",
            "action": "push",
            "period": "day",
            "from": "2099-05-06T00:00:00+08:00",
            "to": "2099-05-07T00:00:00+08:00",
            "limit": 1,
            "used": 0,
            "planned": 2,
            "carried": 0,
            "posts": [
                {
                    "post": "p2",
                    "due_at": "2099-05-06T12:00:00+08:00",
                    "goes_at": "2099-05-07T00:00:00+08:00",
                    "missed": False,
                }
            ],
        }
    ]
    # Taken over it is the same calendar still, with nothing left to change.
    again = office.bot("plan", "--format", "json")
    assert (again.document["changes"], again.document["quotas"]) == ([], ran.document["quotas"])
    shown = office.bot("plan").out
    assert "p2" in shown
    assert "05-07 00:00" in shown


def test_what_will_be_missed_is_bad_news(office: Office) -> None:
    office.write(FIRST, LOST)
    ran = office.bot("plan", "--format", "json")
    assert ran.code == 1
    [quota] = ran.document["quotas"]
    assert [(one["post"], one["goes_at"], one["missed"]) for one in quota["posts"]] == [
        ("p3", None, True)
    ]
    text = office.bot("plan")
    assert text.code == 1
    assert "05-06 16:00" in text.out  # when its window ends


def test_times_are_the_offices_and_days_the_platforms(office: Office) -> None:
    """A day of Beijing begins at five in the afternoon of London."""
    Path("settings.toml").write_text("[office]\ntimezone = 'Europe/London'\n", encoding="utf-8")
    office.write(FIRST, WAITS)
    [quota] = office.ask("plan")["quotas"]
    assert quota["from"] == "2099-05-05T17:00:00+01:00"


def test_the_settings_decide(office: Office) -> None:
    Path("settings.toml").write_text("[platforms.wechat.quotas]\npush_day = 2\n", encoding="utf-8")
    office.write(FIRST, WAITS)
    assert office.ask("plan")["quotas"] == []


def test_check_warns_without_a_ledger(office: Office) -> None:
    office.write(FIRST, LOST)
    ran = office.bot("check", "--format", "json")
    assert ran.code == 0
    [problem] = [one for one in ran.document["problems"] if one["code"] == "quota-exceeded"]
    assert (problem["code"], problem["severity"], problem["post"]) == (
        "quota-exceeded",
        "warning",
        "p3",
    )
    assert problem["file"] == "2026-05.yaml"
    assert problem["line"]
    assert "u01-wechat" in problem["message"]


def test_day_by_day_and_per_account_with_what_is_left(office: Office) -> None:
    office.write(FIRST, article("p4", "2099-05-06 10:20"), status("s1", "2099-05-07 10:00"))
    document = office.ask("plan", "--apply")
    assert document["collisions"] == [
        {
            "account": "u01-wechat",
            "posts": ["p1", "p4"],
            "due_at": ["2099-05-06T10:00:00+08:00", "2099-05-06T10:20:00+08:00"],
        }
    ]
    pushes = [(one["limit"], one["left"]) for one in document["left"] if one["action"] == "push"]
    assert pushes == [(1, 0)]
    office.write(FIRST, article("p4", "2099-05-06 12:00"), status("s1", "2099-05-07 10:00"))
    [moved] = office.ask("plan")["changes"]
    assert (moved["kind"], moved["was_at"], moved["due_at"]) == (
        "moved",
        "2099-05-06T10:20:00+08:00",
        "2099-05-06T12:00:00+08:00",
    )
    assert "05-06 10:20 → 12:00" in office.bot("plan").out


def test_an_edit_with_an_error_is_told_and_not_taken_over(office: Office) -> None:
    office.write(status("s1", "2099-05-07 10:00"))
    assert office.bot("plan", "--apply").code == 0
    office.write(status("s1", "2099-05-07 10:00", text="治愈率98%"))
    ran = office.bot("plan", "--apply", "--format", "json")
    assert (ran.code, ran.document["kept"], ran.document["changes"]) == (1, ["s1"], [])
    assert "s1" in office.bot("plan").out
