"""`bot doctor`: every planted fault is found and named, nothing crashes, nothing is changed."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from bot.ledger.store import open_ledger
from bot.queue.remote import HEALTH_KEY
from bot.simulator import serve
from bot.stage.outside import SIMULATED
from tests.bot.cli.office import Office, Ran
from tests.bot.engine.world import roster, status
from tests.services import free_port, postgres_server, redis_server

ROOT = Path(__file__).parents[3]
_NOBODY = 65534


class Simulator:
    """A simulator in a thread of its own, so that a command in this one can ask it."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()
        self._runner, self.port = self._run(serve("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.port}"

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout=10)

    def close(self) -> None:
        """Gone, with its port."""
        self._run(self._runner.cleanup())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """A call of its control interface, by a client that shares nothing with the bot."""
        text = json.dumps(body or {})
        head = f"{method} /_sim/{path} HTTP/1.0\r\nHost: x\r\nContent-Length: {len(text)}"
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as line:
            line.sendall(f"{head}\r\n\r\n{text}".encode())
            answer = b"".join(iter(lambda: line.recv(65536), b""))
        return json.loads(answer.partition(b"\r\n\r\n")[2])


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    running = Simulator()
    yield running
    running.close()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the office in order is kept once it has been made, to be copied from then on."""
    return tmp_path_factory.mktemp("kept") / "office"


@pytest.fixture
def ready(office: Office, simulator: Simulator, kept: Path) -> Office:
    """An office in order: a post for tomorrow, all accounts authorised, everybody can be told."""
    if not kept.exists():
        make_ready(office)
        shutil.copytree(office.folder, kept)
    shutil.copytree(kept, office.folder, dirs_exist_ok=True)
    (office.folder / "settings.toml").write_text(
        '[notify]\nmanagers = ["mailto:a@lanting.example"]\nsmtp_host = "mail.lanting.example"\n'
        + "".join(
            f'[platforms.{name}]\nbase_url = "{simulator.url}/{name}"\n'
            for name in sorted(SIMULATED)
        ),
        encoding="utf-8",
    )
    return office


def make_ready(office: Office) -> None:
    """By the commands an officer would use; none of them asks a platform."""
    at = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%d %H:%M")
    members = roster()
    for unit in members["units"]:
        unit["contacts"] = [f"mailto:{unit['id']}@lanting.example"]
    office.write(status("s1", at), members=members)
    assert office.bot("plan", "--apply").code == 0
    for account in office.ask("accounts", "list")["accounts"]:
        if account["platform"] in SIMULATED:
            authorise(office, account["id"], datetime.now(UTC) + timedelta(days=300))


def authorise(office: Office, account: str, until: datetime) -> None:
    fields = {"app_id": "a", "app_secret": "b", "access_token": "t", "open_id": "o"}
    fields |= {"client_key": "k", "client_secret": "s", "refresh_token": "r"}
    fields |= {"expires_at": until.isoformat(), "refresh_expires_at": until.isoformat()}
    ran = office.bot("accounts", "set-credential", account, stdin=json.dumps(fields))
    assert ran.code == 0, ran.err


def found(ran: Ran) -> dict[str, dict[str, Any]]:
    """Code → finding, of those that are not ok; each says what to do."""
    bad = [one for one in ran.document["findings"] if one["level"] != "ok"]
    assert all(one["message"] and one["advice"] for one in bad)
    assert "Traceback" not in ran.out + ran.err
    return {one["code"]: one for one in bad}


def look(office: Office) -> tuple[int, dict[str, dict[str, Any]]]:
    ran = office.bot("doctor", "--format", "json")
    return ran.code, found(ran)


def as_process(office: Office, *args: str, limit: str = "", nobody: bool = False) -> Ran:
    """The command as a process of its own, perhaps with a shell limit or as another user."""
    command = [sys.executable, "-m", "bot", *args]
    if nobody and os.geteuid() == 0:
        reading = "+dac_read_search"  # the libraries may lie where only root can enter
        command = [
            *("setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"),
            *(f"--inh-caps={reading}", f"--ambient-caps={reading}", "--", *command),
        ]
    if limit:
        command = ["bash", "-c", f'{limit}; exec "$@"', "bash", *command]
    env = {name: value for name, value in os.environ.items() if not name.startswith("BOT_")}
    ended = subprocess.run(
        command,
        cwd=office.folder,
        env={**env, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    return Ran(code=ended.returncode, out=ended.stdout, err=ended.stderr)


def fingerprints(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def sql(office: Office, *statements: str) -> None:
    with closing(sqlite3.connect(office.folder / "var" / "ledger.sqlite3")) as conn, conn:
        for statement in statements:
            conn.execute(statement)


# ── all well ──────────────────────────────────────────────────────────────────────────────────


def test_an_office_in_order(ready: Office) -> None:
    ran = ready.bot("doctor", "--format", "json")
    assert (ran.code, found(ran)) == (0, {})
    checks = {one["check"] for one in ran.document["findings"]}
    assert checks >= {
        *("settings", "schedules", "key", "disk_handoff", "disk_ledger", "ledger", "integrity"),
        *("ledger_write", "wal", "freeze", "accounts", "credentials", "vault", "work", "queue"),
        *("platform_wechat", "platform_weibo", "platform_douyin", "clock"),
    }


def test_for_people(ready: Office) -> None:
    ran = ready.bot("doctor")
    assert ran.code == 0
    assert "✓" in ran.out
    assert "✗" not in ran.out


def test_it_changes_nothing(ready: Office, simulator: Simulator) -> None:
    before = fingerprints(ready.folder)
    assert ready.bot("doctor").code == 0
    assert fingerprints(ready.folder) == before
    # The platforms' front doors only: no interface that counts calls.
    asked = simulator.ask("GET", "requests")["by_path"]
    assert asked == {f"/{name}/": 1 for name in SIMULATED}


def test_a_new_folder_has_notes_and_no_faults(office: Office) -> None:
    office.write(status("s1"))
    code, notes = look(office)
    assert (code, set(notes)) == (0, {"no_key_yet", "no_ledger_yet", "none_known"})
    assert not (office.folder / "var").exists()


# ── settings and files ────────────────────────────────────────────────────────────────────────


def test_wrong_settings_are_exit_2_and_still_a_document(office: Office) -> None:
    (office.folder / "settings.toml").write_text("[web]\nlisten = 'nowhere'\n", encoding="utf-8")
    code, bad = look(office)
    assert (code, set(bad)) == (2, {"settings_wrong"})
    assert "web.listen" in bad["settings_wrong"]["message"]


@pytest.mark.parametrize("line", ["tiemout_s = 3", 'timeout_s = "soon"', "quotas = {nonsense = 3}"])
def test_wrong_settings_of_a_platform(ready: Office, line: str) -> None:
    file = ready.folder / "settings.toml"
    text = file.read_text(encoding="utf-8").replace(
        "[platforms.weibo]", f"[platforms.weibo]\n{line}"
    )
    file.write_text(text, encoding="utf-8")
    code, bad = look(ready)
    assert code == 1
    assert "weibo" in bad["platform_settings"]["advice"]


def test_no_calendar_folder(ready: Office) -> None:
    shutil.rmtree(ready.schedules)
    code, bad = look(ready)
    assert (code, set(bad)) == (1, {"folder_unreadable"})


def test_mistakes_in_the_calendar(ready: Office) -> None:
    (ready.schedules / "2026-05.yaml").write_text("posts: 3\n", encoding="utf-8")
    code, bad = look(ready)
    assert (code, set(bad)) == (1, {"calendar_errors"})
    day = datetime.now(UTC) + timedelta(hours=8)
    message = bad["calendar_errors"]["message"]
    assert "2026-05.yaml 2" in message
    assert f"{day:%m-%d} " in message


def test_a_key_others_can_read(ready: Office) -> None:
    (ready.folder / "var" / "secret.key").chmod(0o644)
    code, bad = look(ready)
    assert (code, set(bad)) == (1, {"key_readable_by_others"})
    assert "chmod 600" in bad["key_readable_by_others"]["advice"]


def test_another_key_than_the_credentials_were_sealed_with(ready: Office) -> None:
    (ready.folder / "var" / "secret.key").write_bytes(Fernet.generate_key())
    code, bad = look(ready)
    assert (code, set(bad)) == (1, {"wrong_key"})


def test_a_key_file_that_holds_none(ready: Office) -> None:
    (ready.folder / "var" / "secret.key").write_text("nonsense", encoding="ascii")
    assert set(look(ready)[1]) == {"no_key", "wrong_key"}


def test_a_folder_that_cannot_be_written(ready: Office) -> None:
    var = ready.folder / "var"
    if os.geteuid() == 0:
        os.chown(var / "secret.key", _NOBODY, _NOBODY)
    var.chmod(0o555)
    try:
        ran = as_process(ready, "doctor", "--format", "json", nobody=True)
    finally:
        var.chmod(0o755)
    bad = found(ran)
    assert ran.code == 1
    assert "not_writable" in bad
    assert "ledger_not_writable" in bad
    assert {"folder_unreadable", "ledger_unreadable", "check_failed"} & bad.keys() == set()


def test_a_disk_that_takes_no_more(ready: Office) -> None:
    """No file may grow beyond 8 KiB, as on a disk that is full."""
    ran = as_process(ready, "doctor", "--format", "json", limit="ulimit -f 8")
    bad = found(ran)
    assert ran.code == 1
    assert "not_writable" in bad


def test_a_disk_that_is_nearly_full(ready: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_DOCTOR__DISK_FREE_MB", "1000000000")
    assert set(look(ready)[1]) == {"disk_nearly_full"}


# ── the ledger ────────────────────────────────────────────────────────────────────────────────


def test_a_ledger_of_a_newer_version(ready: Office) -> None:
    sql(ready, "UPDATE alembic_version SET version_num = '9999'")
    code, bad = look(ready)
    assert (code, set(bad)) == (1, {"ledger_newer"})
    assert "9999" in bad["ledger_newer"]["message"]


def test_an_empty_ledger(ready: Office) -> None:
    file = ready.folder / "var" / "ledger.sqlite3"
    file.unlink()
    file.touch()
    code, notes = look(ready)
    assert (code, set(notes)) == (0, {"ledger_empty"})
    assert file.stat().st_size == 0


def test_a_file_that_is_no_ledger_lets_the_other_checks_run(ready: Office) -> None:
    (ready.folder / "var" / "ledger.sqlite3").write_text("nonsense\n" * 1000, encoding="utf-8")
    ran = ready.bot("doctor", "--format", "json")
    assert set(found(ran)) == {"ledger_unreadable"}
    assert {one["check"] for one in ran.document["findings"]} >= {"queue", "platform_weibo", "key"}


def test_a_damaged_ledger(ready: Office) -> None:
    file = ready.folder / "var" / "ledger.sqlite3"
    data = bytearray(file.read_bytes())
    data[4096 * 3 : 4096 * 40] = b"\xff" * (4096 * 37)
    file.write_bytes(data)
    code, bad = look(ready)
    assert code == 1
    assert {"ledger_damaged", "ledger_unreadable", "check_failed"} & bad.keys()


def test_a_ledger_somebody_keeps_locked(ready: Office) -> None:
    with closing(sqlite3.connect(ready.folder / "var" / "ledger.sqlite3")) as conn:
        conn.execute("BEGIN IMMEDIATE")
        code, bad = look(ready)
    assert (code, set(bad)) == (1, {"ledger_not_writable"})


def test_a_log_that_has_grown(ready: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_DOCTOR__WAL_MB", "1")
    file = ready.folder / "var" / "ledger.sqlite3"
    with closing(sqlite3.connect(file)) as reader, closing(sqlite3.connect(file)) as writer:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM posts").fetchall()
        with writer:
            writer.execute("CREATE TABLE large AS SELECT randomblob(1500000)")
        assert set(look(ready)[1]) == {"wal_large"}


def test_a_wrong_address(ready: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_LEDGER__URL", "nonsense")
    code, bad = look(ready)
    assert (code, set(bad)) == (1, {"ledger_unreadable"})


# ── what the ledger says ──────────────────────────────────────────────────────────────────────


def test_a_freeze(ready: Office) -> None:
    assert ready.bot("publications", "freeze", "默哀").code == 0
    code, bad = look(ready)
    assert (code, set(bad)) == (1, {"freeze_on"})


def test_a_paused_account(ready: Office) -> None:
    sql(ready, "UPDATE accounts SET paused = '授权失效' WHERE id = 'u02-weibo'")
    code, bad = look(ready)
    assert (code, set(bad)) == (1, {"account_paused"})
    assert "u02-weibo" in bad["account_paused"]["message"]
    assert "resume u02-weibo" in bad["account_paused"]["advice"]


def test_due_posts_that_nobody_tries(ready: Office) -> None:
    past = (datetime.now(UTC) - timedelta(minutes=5)).strftime("%Y-%m-%d %H:%M:%S.000000")
    sql(
        ready,
        f"UPDATE publications SET due_at = '{past}', next_at = '{past}'",
        f"UPDATE events SET at = '{past}'",
    )
    code, bad = look(ready)
    assert (code, set(bad)) == (1, {"work_overdue"})


@pytest.mark.parametrize(
    ("days", "code", "level"),
    [(-1, "authorisation_run_out", "error"), (9, "authorisation_soon", "warning")],
)
def test_an_authorisation_that_ends(ready: Office, days: int, code: str, level: str) -> None:
    authorise(ready, "u03-weibo", datetime.now(UTC) + timedelta(days=days))
    ended, bad = look(ready)
    assert (ended, set(bad)) == (1, {code})
    assert (bad[code]["level"], "u03-weibo" in bad[code]["message"]) == (level, True)


def test_an_account_without_a_credential(ready: Office) -> None:
    sql(ready, "DELETE FROM credentials WHERE account = 'u01-weibo'")
    code, bad = look(ready)
    assert (code, set(bad)) == (1, {"authorisation_missing"})


# ── outside ───────────────────────────────────────────────────────────────────────────────────


def test_a_platform_whose_clock_differs(ready: Office, simulator: Simulator) -> None:
    ahead = datetime.now(UTC) + timedelta(minutes=3)
    simulator.ask("POST", "clock", {"now": ahead.isoformat()})
    code, bad = look(ready)
    assert (code, set(bad)) == (1, {"clock_skew"})
    assert "1" in bad["clock_skew"]["message"]


def test_a_dead_platform(ready: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    dead = f"http://127.0.0.1:{free_port()}/weibo"
    monkeypatch.setenv("BOT_PLATFORMS__WEIBO__BASE_URL", dead)
    code, bad = look(ready)
    assert (code, set(bad)) == (1, {"platform_unreachable"})
    assert dead in bad["platform_unreachable"]["message"]


@contextmanager
def redis(patch: pytest.MonkeyPatch, **config: str) -> Iterator[Any]:
    with redis_server() as server:
        patch.setenv("BOT_QUEUE__REDIS_URL", server.url)
        with socket.create_connection(("127.0.0.1", server.port)) as line:
            for name, value in config.items():
                line.sendall(f"CONFIG SET {name.replace('_', '-')} {value}\r\n".encode())
                assert line.recv(100) == b"+OK\r\n"
        yield server


def test_redis_without_a_worker(ready: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    with redis(monkeypatch):
        assert set(look(ready)[1]) == {"no_worker"}


def test_redis_with_a_worker(ready: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    with redis(monkeypatch) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as line:
            line.sendall(f"SET {HEALTH_KEY} j_complete=3\r\n".encode())
            assert line.recv(100) == b"+OK\r\n"
        ran = ready.bot("doctor", "--format", "json")
    assert (ran.code, found(ran)) == (0, {})
    [worker] = [one for one in ran.document["findings"] if one["check"] == "workers"]
    assert "j_complete=3" in worker["message"]


def test_redis_that_throws_messages_away(ready: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    with redis(monkeypatch, maxmemory_policy="allkeys-lru"):
        assert set(look(ready)[1]) == {"no_worker", "queue_evicts"}


def test_redis_that_is_gone(ready: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_QUEUE__REDIS_URL", f"redis://127.0.0.1:{free_port()}/0")
    assert set(look(ready)[1]) == {"queue_unreachable"}


def test_postgresql(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.write(status("s1"))
    with postgres_server() as server:
        url = server.create("office")
        monkeypatch.setenv("BOT_LEDGER__URL", url)
        assert "ledger_empty" in look(office)[1]

        async def make() -> None:
            await (await open_ledger(url)).close()

        asyncio.run(make())
        ran = office.bot("doctor", "--format", "json")
        assert set(found(ran)) == {"no_key_yet", "none_known"}
        assert {one["check"] for one in ran.document["findings"]} >= {"database_clock", "work"}
        server.sql("ALTER DATABASE office SET default_transaction_read_only = on")
        assert "ledger_not_writable" in look(office)[1]
    code, bad = look(office)
    assert code == 1
    assert "ledger_unreadable" in bad
    assert "bot@" not in json.dumps(bad), "the address may hold a password"
