"""`bot accounts`: who may publish, until when, and what a person must do."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from bot.app import App
from bot.ledger import credentials, roster
from tests.bot.cli.office import Office
from tests.bot.engine.world import roster as members
from tests.bot.engine.world import status

DAY = timedelta(days=1)
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def planned(office: Office, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An office with a post in thirty days; messages in English."""
    monkeypatch.setenv("BOT_LANGUAGE", "en")
    later = (NOW + 30 * DAY).strftime("%Y-%m-%d 10:00")
    office.write(status("p1", later), members=members(u02_weibo={"credential": "env:U02_SECRET"}))
    assert office.bot("plan", "--apply").code == 0
    return office


def weibo(end: datetime) -> str:
    """What the officer enters for a Weibo account."""
    return json.dumps({"access_token": "t", "uid": "1", "rip": "1.1.1.1", "expires_at": str(end)})


def entry(office: Office, account: str) -> dict[str, object]:
    """The account as programs see it."""
    listed = office.ask("accounts", "list")["accounts"]
    found: dict[str, object] = next(one for one in listed if one["id"] == account)
    return found


def test_an_account_has_its_fixed_shape(planned: Office) -> None:
    assert list(entry(planned, "u01-weibo")) == [
        *("id", "unit", "platform", "name", "status", "paused"),
        *("read_until", "read_error", "authorisation", "filing", "verified_until", "lacks"),
    ]
    nothing = {"state": "missing", "until": None, "reason": "", "posts_after": 0}
    assert entry(planned, "u01-weibo")["authorisation"] == nothing
    assert entry(planned, "u01-website")["authorisation"] is None  # a person publishes there


def test_an_end_is_told_as_soon_as_it_is_entered(planned: Office) -> None:
    end = NOW + 20 * DAY
    ran = planned.bot("accounts", "set-credential", "u01-weibo", stdin=weibo(end))
    assert ran.code == 0
    known = entry(planned, "u01-weibo")["authorisation"]
    assert isinstance(known, dict)
    assert (known["state"], known["posts_after"]) == ("soon", 1)
    assert datetime.fromisoformat(known["until"]) == end
    ran = planned.bot("accounts", "list")
    assert "ends soon" in ran.out
    for said in (ran.told, planned.bot("plan").told):
        assert "u01-weibo: authorise it again by 20" in said
        assert "1 planned publications come later" in said


def test_a_refresh_tokens_end_counts_not_the_access_tokens(planned: Office) -> None:
    fields = {"access_token": "a", "refresh_token": "r", "expires_at": str(NOW + DAY)}
    for more, state in (
        ({"refresh_expires_at": str(NOW + 100 * DAY)}, "fine"),
        ({}, "fine"),  # not known yet: it is asked for within the hour
        ({"refresh_expires_at": str(NOW - DAY)}, "run_out"),
    ):
        text = json.dumps({**fields, **more})
        assert planned.bot("accounts", "set-credential", "u01-douyin", stdin=text).code == 0
        known = entry(planned, "u01-douyin")["authorisation"]
        assert isinstance(known, dict)
        assert known["state"] == state


@pytest.mark.parametrize("end", ["bald", "2026-05-06T10:00:00", "", "9999999999999"])
def test_an_unusable_end_is_no_end(planned: Office, end: str) -> None:
    text = json.dumps({"access_token": "t", "uid": "1", "rip": "1.1.1.1", "expires_at": end})
    assert planned.bot("accounts", "set-credential", "u01-weibo", stdin=text).code == 0
    known = entry(planned, "u01-weibo")["authorisation"]
    assert isinstance(known, dict)
    assert (known["state"], known["until"]) == ("fine", None)


def test_a_paused_account_says_why_and_what_to_do(planned: Office) -> None:
    async def refuse(app: App) -> None:
        async with app.core.ledger.write() as conn:
            await roster.pause(conn, "u01-weibo", "Weibo: token revoked (code 21316).")

    planned.bot("accounts", "set-credential", "u01-weibo", stdin=weibo(NOW + 100 * DAY))
    planned.work(refuse)
    ran = planned.bot("accounts", "list")
    assert "refused" in ran.out
    assert "21316" in ran.told
    assert "bot accounts set-credential u01-weibo" in ran.told
    planned.bot("accounts", "set-credential", "u01-weibo", stdin=weibo(NOW + 100 * DAY))
    assert "21316" not in planned.bot("accounts", "list").told


def test_a_variables_account_is_not_given_another_credential(planned: Office) -> None:
    """It would be stored and never used."""
    ran = planned.bot("accounts", "set-credential", "u02-weibo", stdin=weibo(NOW + DAY))
    assert ran.code == 2
    assert "U02_SECRET" in ran.told

    async def nothing_kept(app: App) -> None:
        async with app.core.ledger.read() as conn:
            assert await credentials.load(conn, "u02-weibo") is None

    planned.work(nothing_kept)


@pytest.mark.parametrize("text", ["", "[]", "{", "7"])
def test_what_is_no_credential_is_refused(planned: Office, text: str) -> None:
    ran = planned.bot("accounts", "set-credential", "u01-weibo", stdin=text)
    assert ran.code == 2
    assert "Traceback" not in ran.err


def test_an_account_nobody_knows_is_named(planned: Office) -> None:
    for command in (("set-credential", "u99-weibo"), ("resume", "u99-weibo")):
        ran = planned.bot("accounts", *command, stdin="{}")
        assert ran.code == 2
        assert "u99-weibo" in ran.told
