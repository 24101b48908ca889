"""`bot contacts`: stored sealed, tried for real, and nothing secret on the screen."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack, closing

import pytest

from tests.bot.cli.office import Office, Ran
from tests.bot.engine.world import roster, status
from tests.notify.robots import KEY, Robots, serve_robots


@pytest.fixture
def robots() -> Iterator[Robots]:
    """Robots in a thread of their own, so that a command in this one can reach them."""
    loop, stack = asyncio.new_event_loop(), AsyncExitStack()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(work: object) -> Robots:
        return asyncio.run_coroutine_threadsafe(work, loop).result(timeout=10)  # type: ignore[arg-type]

    yield run(stack.enter_async_context(serve_robots()))
    run(stack.aclose())
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def ready(office: Office, robots: Robots, monkeypatch: pytest.MonkeyPatch) -> Office:
    members = roster()
    members["units"][2]["contacts"] = ["mailto:liaison@lixi.example", "env:NOT_SET"]
    office.write(status("s1"), members=members)
    monkeypatch.setenv("BOT_NOTIFY__WECOM_URL", robots.url)
    assert office.bot("plan", "--apply").code == 0
    return office


def _safe(ran: Ran) -> Ran:
    assert KEY not in ran.out + ran.err
    return ran


def test_an_address_is_stored_sealed_and_works(ready: Office, robots: Robots) -> None:
    assert _safe(ready.bot("contacts", "set", "u02", stdin=f"{robots.wecom}\n")).code == 0
    assert KEY.encode() not in (ready.folder / "var" / "ledger.sqlite3").read_bytes()
    ran = _safe(ready.bot("contacts", "test", "u02"))
    assert (ran.code, ran.out[0]) == (0, "✓")
    (text,) = robots.texts
    assert "u02" in text


def test_a_refusal_is_said_with_what_to_do(ready: Office, robots: Robots) -> None:
    ready.bot("contacts", "set", "@managers", stdin=robots.wecom.replace(KEY, "wrong-key"))
    ran = ready.bot("contacts", "test", "@managers")
    assert (ran.code, ran.out[0]) == (1, "✗")
    assert "93000" in ran.out
    assert "bot contacts set" in " ".join(ran.out.split())
    assert "wrong-key" not in ran.out


def test_the_list_says_who_is_told_where(ready: Office, robots: Robots) -> None:
    ready.bot("contacts", "set", "u02", stdin=robots.wecom)
    found = _safe(ready.bot("contacts", "list", "--format", "json")).document
    assert [(one["party"], one["reference"]) for one in found["contacts"]] == [
        ("u02", "ledger"),
        ("u03", "mailto:liaison@lixi.example"),
        ("u03", "env:NOT_SET"),
    ]
    assert [bool(one["trouble"]) for one in found["contacts"]] == [False, True, True]
    assert found["nobody"] == ["@managers", "@officer", "@administrator", "@reviewers", "u01"]
    ran = _safe(ready.bot("contacts", "list"))
    assert ran.code == 0
    assert "u01" in ran.err
    assert ready.bot("contacts", "remove", "u02").code == 0
    assert ready.ask("contacts", "list")["nobody"][-2:] == ["u01", "u02"]


_REFUSED = [
    (("set", "u99"), "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k"),
    (("set", "u02"), ""),
    (("set", "u02"), "https://qyapi.weixin.qq.com/cgi-bin/webhook/send"),
    (("set", "u02"), "http://[::1"),
    (("set", "u02"), "wecombot://key-1"),
    (("set", "@nobody"), "mailto:a@b.example"),
    (("test", "u01"), ""),
]


def test_what_cannot_be_done_is_said(ready: Office) -> None:
    for args, stdin in _REFUSED:
        ran = ready.bot("contacts", *args, stdin=stdin)
        assert (ran.code, ran.out) == (2, ""), args
        assert ran.err.startswith("✗")
        assert "key-1" not in ran.err


def test_the_doctor_says_whom_nobody_tells_and_what_never_arrived(ready: Office) -> None:
    with closing(sqlite3.connect(ready.folder / "var" / "ledger.sqlite3")) as ledger:
        for stage, state, tries in (("asked", "unclear", 0), ("late", "waiting", 3)):
            ledger.execute(
                "INSERT INTO notices (what, party, stage, address, state, made_at, until, next_at, "
                "tries, told_at, answer) VALUES ('accept-1', 'u02', ?, 'ledger', ?, "
                "datetime('now'), datetime('now', '+1 day'), datetime('now'), ?, datetime('now'), "
                "'93000 invalid')",
                (stage, state, tries),
            )
        ledger.commit()
    found = {one["code"]: one["message"] for one in ready.ask("doctor")["findings"]}
    assert "93000" in found["notices_not_arrived"]
    assert "93000" in found["notices_refused"]
    wanted = {"unit_without_contact", "managers_without_contact", "contact_variable_unset"}
    assert wanted | {"no_mail_server"} <= found.keys()
