"""`bot run`, `bot simulator`, `bot collect`: processes of their own, real HTTP, real time."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from bot.app import App
from bot.demo import outside
from bot.demo.outside import Outside
from bot.domain import transitions
from bot.domain.roster import Account
from bot.engine import people
from bot.ledger.journal import Move
from tests.bot.cli.office import Office, start
from tests.bot.engine.world import article, status

SHANGHAI = ZoneInfo("Asia/Shanghai")
SOON_S = 10  # more than a process needs to end, much less than any wait of the bot


@pytest.fixture
def env() -> dict[str, str]:
    """The machine's variables without any of ours."""
    return {name: value for name, value in os.environ.items() if not name.startswith("BOT_")}


@pytest.fixture
def simulator(office: Office, env: Mapping[str, str]) -> Iterator[str]:
    """`bot simulator` on a free port; it says where it is, and ends well on Ctrl-C."""
    process = start(office.folder, "simulator", "--port", "0", env=env)
    assert process.stdout is not None
    found = re.search(r"http://127\.0\.0\.1:[1-9]\d*", process.stdout.readline())
    assert found is not None, process.communicate(timeout=SOON_S)
    yield found.group()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=SOON_S)
    assert (process.returncode, out.strip(), err) == (0, "", "")


@pytest.fixture
def ready(office: Office, simulator: str) -> Office:
    """A Weibo post that has been due for a minute; the account is open, its credential entered."""
    office.write(status("s1", _minute(-1), window="2h"))
    (office.folder / "settings.toml").write_text(
        "".join(
            f'[platforms.{name}]\nbase_url = "{simulator}/{name}"\n'
            for name in sorted(outside.SIMULATED)
        ),
        encoding="utf-8",
    )
    assert office.bot("plan", "--apply").code == 0
    office.work(_open_accounts(simulator))
    return office


def _minute(offset: int) -> str:
    return f"{datetime.now(SHANGHAI) + timedelta(minutes=offset):%Y-%m-%d %H:%M}"


def _open_accounts(url: str) -> Callable[[App], Awaitable[None]]:
    async def work(app: App) -> None:
        async with aiohttp.ClientSession() as session:
            await Outside(session, url).register(app.read().roster)

    return work


def _enter_credentials(office: Office) -> None:
    for name in ("u01-wechat", "u01-weibo", "u02-wechat", "u02-weibo", "u03-wechat", "u03-weibo"):
        account = Account(id=name, unit=name[:3], platform=name[4:], name=name, verified_name=name)
        ran = office.bot(
            "accounts", "set-credential", name, stdin=json.dumps(outside.credential(account))
        )
        assert (ran.code, ran.err) == (0, "")


def _public(office: Office, url: str) -> list[dict[str, Any]]:
    posts: list[dict[str, Any]] = []

    async def look(_app: App) -> None:
        async with aiohttp.ClientSession() as session:
            posts.extend(await Outside(session, url).public_posts())

    office.work(look)
    return posts


def _only(office: Office) -> dict[str, Any]:
    [row] = office.ask("publications", "list")["publications"]
    return dict(row)


def test_once_publishes_what_is_due_and_ends(
    ready: Office, simulator: str, env: Mapping[str, str]
) -> None:
    _enter_credentials(ready)
    process = start(ready.folder, "run", "--once", env=env)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in out + err) == (0, False)
    assert "读取 1 篇稿件；错误 0 处" in out
    row = _only(ready)
    assert (row["state"], row["owed_by"]) == ("published", "")
    [post] = _public(ready, simulator)
    assert (post["account"], post["url"], post["via"]) == ("u01-weibo", row["url"], "api")
    # Once more: nothing is due, and nothing goes out a second time.
    process = start(ready.folder, "run", "--once", env=env)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert len(_public(ready, simulator)) == 1


def test_once_without_a_credential_holds_it_for_the_administrator(ready: Office) -> None:
    ran = ready.bot("run", "--once")
    assert ran.code == 0
    row = _only(ready)
    assert (row["state"], row["owed_by"]) == ("held", "account_administrator")
    assert "bot accounts set-credential u01-weibo" in row["error"]
    assert row["error"].count("set-credential") == 1
    [account] = [
        one for one in ready.ask("accounts", "list")["accounts"] if one["id"] == "u01-weibo"
    ]
    assert "set-credential" in account["paused"]
    _enter_credentials(ready)
    assert ready.bot("run", "--once").code == 0
    assert _only(ready)["state"] == "published"


def test_once_is_bad_news_when_a_window_has_passed(office: Office) -> None:
    office.write(status("s1", "2020-05-06 10:00", window="2h"))
    assert office.bot("run", "--once").code == 1
    row = _only(office)
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
    _enter_credentials(ready)
    due = datetime.now(UTC) + timedelta(seconds=4)
    ready.work(_put_off("s1@u01-weibo", due))
    process = start(ready.folder, "run", env=env)
    assert process.stderr is not None
    for line in process.stderr:
        if "正在运行" in line:
            break
    while not (posts := _public(ready, simulator)):
        assert process.poll() is None
        assert datetime.now(UTC) < due + timedelta(seconds=20)
    assert len(posts) == 1
    asked = time.monotonic()
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=SOON_S)
    assert time.monotonic() - asked < SOON_S
    assert (process.returncode, "Traceback" in out + err) == (0, False)
    assert "正在停止" in err
    row = _only(ready)
    assert row["state"] == "published"
    late = datetime.fromisoformat(row["published_at"]) - due
    assert timedelta(seconds=-1) <= late < timedelta(seconds=10)  # the platform says whole seconds


def test_run_with_nothing_to_do_stops_on_ctrl_c(office: Office, env: Mapping[str, str]) -> None:
    office.write(status("s1", "2099-05-06 10:00"))
    process = start(office.folder, "run", env=env)
    assert process.stderr is not None
    for line in process.stderr:
        if "正在运行" in line:
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=SOON_S)
    assert (process.returncode, "Traceback" in out + err) == (0, False)


def test_collect_reads_back_and_names_what_it_cannot_read(ready: Office, simulator: str) -> None:
    _enter_credentials(ready)
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
    _enter_credentials(ready)
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
    process = start(office.folder, "plan", "--apply", "--format", "json", env=loud)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert json.loads(out)["applied"] is True
    assert "plan.applied" in err
