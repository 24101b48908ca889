"""`bot run`, `bot simulator`, `bot collect`: processes of their own, real HTTP, real time."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from bot.app import App
from bot.domain import transitions
from bot.engine import people
from bot.ledger.journal import Move
from tests.bot.cli.office import Office, load_and_start, start
from tests.bot.cli.stage import SHANGHAI, SOON_S, enter_credentials, only, public
from tests.bot.engine.world import article, status


def test_once_publishes_what_is_due_and_ends(
    ready: Office, simulator: str, env: Mapping[str, str]
) -> None:
    enter_credentials(ready)
    process = load_and_start(ready.folder, "run", "--once", env=env)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in out + err) == (0, False)
    assert "读取 1 篇稿件；错误 0 处" in out
    row = only(ready)
    assert (row["state"], row["owed_by"]) == ("published", "")
    [post] = public(ready, simulator)
    assert (post["account"], post["url"], post["via"]) == ("u01-weibo", row["url"], "api")
    # Once more: nothing is due, and nothing goes out a second time.
    again = start(ready.folder, "run", "--once", env=env)
    again.communicate(timeout=60)
    assert again.returncode == 0
    assert len(public(ready, simulator)) == 1


def test_once_without_a_credential_holds_it_for_the_administrator(ready: Office) -> None:
    ran = ready.bot("run", "--once")
    assert ran.code == 0
    row = only(ready)
    assert (row["state"], row["owed_by"]) == ("held", "account_administrator")
    assert "bot accounts set-credential u01-weibo" in row["error"]
    assert row["error"].count("set-credential") == 1
    [account] = [
        one for one in ready.ask("accounts", "list")["accounts"] if one["id"] == "u01-weibo"
    ]
    assert "set-credential" in account["paused"]
    enter_credentials(ready)
    assert ready.bot("run", "--once").code == 0
    assert only(ready)["state"] == "published"


def test_once_is_bad_news_when_a_window_has_passed(office: Office) -> None:
    office.write(status("s1", "2020-05-06 10:00", window="2h"))
    assert office.bot("run", "--once").code == 1
    row = only(office)
    assert (row["state"], row["error"]) == ("missed", "已过发布时段")


def test_once_is_bad_news_when_the_calendar_has_errors(office: Office) -> None:
    office.write(article("p1", "2099-05-06 10:00", cover="media/none.jpg"))
    ran = office.bot("run", "--once")
    assert ran.code == 1
    assert "media/none.jpg" in ran.out


def _put_off(name: str, until: datetime) -> Callable[[App], Awaitable[None]]:
    """The publication waits until a moment, as after a platform's outage."""

    async def work(app: App) -> None:
        pub = await people.get(app.core, name)
        now = datetime.now(UTC)
        steps = (
            transitions.claim(lease_until=now + timedelta(minutes=2)),
            transitions.wait(until=until, reason="unavailable", attempts=1, commits=0, error={}),
        )
        moves = [Move(publication=pub.id, step=step) for step in steps]
        assert all(one.ok for one in await app.core.journal.apply(*moves, now=now))

    return work


def test_run_publishes_at_its_time_and_stops_within_seconds(
    ready: Office, simulator: str, env: Mapping[str, str]
) -> None:
    enter_credentials(ready)
    due = datetime.now(UTC) + timedelta(seconds=4)
    ready.work(_put_off("s1@u01-weibo", due))
    process = start(ready.folder, "run", env=env)
    for line in process.stderr:
        if "正在运行" in line:
            break
    while not (posts := public(ready, simulator)):
        assert process.poll() is None
        assert datetime.now(UTC) < due + timedelta(seconds=20)
    assert len(posts) == 1
    asked = time.monotonic()
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=SOON_S)
    assert time.monotonic() - asked < SOON_S
    assert (process.returncode, "Traceback" in out + err) == (0, False)
    assert "正在停止" in err
    row = only(ready)
    assert row["state"] == "published"
    late = datetime.fromisoformat(row["published_at"]) - due
    assert timedelta(seconds=-1) <= late < timedelta(seconds=10)  # the platform says whole seconds


def test_run_with_nothing_to_do_stops_on_ctrl_c(office: Office, env: Mapping[str, str]) -> None:
    office.write(status("s1", "2099-05-06 10:00"))
    process = start(office.folder, "run", env=env)
    for line in process.stderr:
        if "正在运行" in line:
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=SOON_S)
    assert (process.returncode, "Traceback" in out + err) == (0, False)


def test_collect_reads_back_and_names_what_it_cannot_read(ready: Office, simulator: str) -> None:
    enter_credentials(ready)
    assert ready.bot("run", "--once").code == 0
    ran = ready.bot("collect", "u01-weibo", "--format", "json")
    assert ran.code == 0
    assert list(ran.document) == ["accounts"]
    [one] = ran.document["accounts"]
    assert list(one) == ["account", "seen", "new", "matched", "error", "until"]
    assert (one["account"], one["seen"], one["error"], one["until"]) == ("u01-weibo", 1, "", None)


def test_collect_says_until_when_the_reading_budget_is_spent(
    ready: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No trouble and no bad news: the account is passed over until midnight in Beijing."""
    enter_credentials(ready)
    monkeypatch.setenv("BOT_PLATFORMS__WEIBO__QUOTAS__READ_DAY", "1")
    assert ready.bot("collect", "u01-weibo", "--format", "json").code == 0
    # Should midnight fall between, one of the two comes before or after it.
    asked = [ready.bot("collect", "u01-weibo", "--format", "json") for _time in range(2)]
    assert [ran.code for ran in asked] == [0, 0]
    [one] = next(ran for ran in asked if '"until": null' not in ran.out).document["accounts"]
    assert (one["seen"], one["error"]) == (0, "")
    until = datetime.fromisoformat(one["until"])
    assert f"{until:%H:%M}" == "00:00"
    assert until - datetime.now(SHANGHAI) <= timedelta(days=1)


def test_a_busy_port_is_one_sentence(
    office: Office, simulator: str, env: Mapping[str, str]
) -> None:
    port = simulator.rpartition(":")[2]
    ran = office.bot("simulator", "--port", port)
    assert ran.code == 2
    assert port in ran.err
    assert len(ran.err.splitlines()) == 1


def test_json_stays_alone_on_stdout_of_a_process(office: Office, env: Mapping[str, str]) -> None:
    office.write(status("s1", "2099-05-06 10:00"))
    loud = {**env, "BOT_LOG__LEVEL": "debug", "PYTHONIOENCODING": "ascii:strict"}
    process = load_and_start(office.folder, "plan", "--apply", "--format", "json", env=loud)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert json.loads(out)["applied"] is True
    assert "plan.applied" in err
