"""What surrounds the bot breaks while it works: a clear word, nothing twice, and it goes on."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp

from bot.demo.outside import Outside
from tests.bot.cli.office import Office, start
from tests.bot.cli.stage import SOON_S, enter_credentials, minute, public
from tests.bot.engine.world import status

SHARE = "statuses/share"
WAIT_S = 60.0


class Bot:
    """A `bot run` or `bot worker` of its own process, with what it says."""

    def __init__(self, office: Office, env: Mapping[str, str], *args: str) -> None:
        self.process: subprocess.Popen[str] = start(office.folder, *args, env=env)
        self.said: list[str] = []
        self._listeners = [
            threading.Thread(target=self._listen, args=(stream,), daemon=True)
            for stream in (self.process.stdout, self.process.stderr)
        ]
        for listener in self._listeners:
            listener.start()

    def _listen(self, stream: Any) -> None:
        for line in stream:
            self.said.append(line)

    @property
    def told(self) -> str:
        return "".join(self.said)

    def hears(self, *words: str) -> None:
        """Returns once it has said all the words."""
        until(lambda: all(word in self.told for word in words), self.told)

    def ended(self) -> int:
        """Its exit code, once it has ended by itself."""
        code = self.process.wait(timeout=WAIT_S)
        for listener in self._listeners:
            listener.join(timeout=SOON_S)
        return code

    def stop(self) -> int:
        self.process.terminate()
        return self.ended()


def until(true: Callable[[], bool], why: object = "") -> None:
    """Returns as soon as it is true; fails after a minute."""
    end = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < end, why
        time.sleep(0.05)


@contextmanager
def running(office: Office, env: Mapping[str, str], *args: str) -> Iterator[Bot]:
    """It must neither crash nor show a stack trace meanwhile, and end well when asked."""
    bot = Bot(office, env, *(args or ("run",)))
    try:
        bot.hears("正在运行")
        yield bot
        assert bot.process.poll() is None, bot.told
        assert bot.stop() == 0, bot.told
    finally:
        bot.process.kill()
    assert_readable(bot.told)


def assert_readable(told: str) -> None:
    """No stack trace, and every line of the log is one line."""
    for sign in ("Traceback", 'File "', "[SQL:", "╭", "Task exception was never retrieved"):
        assert sign not in told, told


def ask(url: str, method: str, path: str, body: Any = None) -> Any:
    """One question to the simulator's control."""

    async def call() -> Any:
        async with aiohttp.ClientSession() as session:
            return await Outside(session, url).call(method, path, body)

    return asyncio.run(call())


def shares(url: str) -> int:
    by_path: dict[str, int] = ask(url, "GET", "requests")["by_path"]
    return sum(count for path, count in by_path.items() if SHARE in path)


def states(office: Office) -> list[str]:
    return [row["state"] for row in office.ask("publications", "list")["publications"]]


def plan_another(office: Office, name: str) -> None:
    """One more post, due at once."""
    office.write(status("s1", minute(-1), window="2h"), status(name, minute(-1), window="2h"))
    assert office.bot("plan", "--apply").code == 0


def _ledger(office: Office) -> Path:
    return office.folder / "var" / "ledger.sqlite3"


# ── a full disk ───────────────────────────────────────────────────────────────────────────────


def fill_disk(pid: int, room: int = 0) -> None:
    """From now on no file of the process can grow beyond so many bytes."""
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))


def empty_disk(pid: int) -> None:
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)


def test_a_full_disk_before_the_call_sends_nothing_until_there_is_room(
    ready: Office, simulator: str, env: Mapping[str, str]
) -> None:
    enter_credentials(ready)
    with running(ready, env) as bot:
        until(lambda: states(ready) == ["published"])
        fill_disk(bot.process.pid)
        plan_another(ready, "s2")
        bot.hears("engine.tick_failed", "磁盘已满或损坏")
        assert shares(simulator) == 1
        empty_disk(bot.process.pid)
        bot.hears("台账恢复可用")
        until(lambda: states(ready) == ["published"] * 2)
    assert shares(simulator) == 2


def test_a_disk_that_fills_during_the_call_leads_to_a_look_not_to_a_second_post(
    ready: Office, simulator: str, env: Mapping[str, str]
) -> None:
    """The answer cannot be recorded. The row stays `sending` until its lease is over."""
    enter_credentials(ready)
    slow = {"platform": "weibo", "kind": "latency", "path": SHARE, "seconds": 3.0}
    ask(simulator, "POST", "faults", slow)
    with running(ready, env | {"BOT_ENGINE__LEASE_S": "8"}) as bot:
        until(lambda: shares(simulator) == 1)
        fill_disk(bot.process.pid)
        bot.hears("publication.not_recorded", "s1")
        assert len(public(ready, simulator)) == 1
        assert states(ready) == ["sending"]
        empty_disk(bot.process.pid)
        until(lambda: states(ready) == ["published"], bot.told)
    assert shares(simulator) == 1
    history = ready.ask("publications", "show", "s1@u01-weibo")["events"]
    assert [event["name"].rpartition(".")[2] for event in history][-2:] == ["lost", "published"]


def test_a_command_on_a_full_disk_is_one_sentence(office: Office, env: Mapping[str, str]) -> None:
    office.write(status("s1", "2099-05-06 10:00"))
    assert office.bot("plan", "--apply").code == 0
    office.write(status("s2", "2099-05-06 10:00"))
    tight = subprocess.run(
        ["bash", "-c", 'ulimit -f 0; exec "$@"', "bash", *_python("plan", "--apply")],
        cwd=office.folder,
        env={**env, "PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert tight.returncode == 2
    assert "磁盘已满或损坏" in tight.stderr
    assert_readable(tight.stderr)
    assert office.bot("plan", "--apply").code == 0  # there is room again


def _python(*args: str) -> list[str]:

    return [sys.executable, "-m", "bot", *args]


# ── a locked file ─────────────────────────────────────────────────────────────────────────────


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Another program holds the write lock."""
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def test_a_locked_ledger_is_waited_for_said_and_used_again(
    ready: Office, simulator: str, env: Mapping[str, str]
) -> None:
    """For longer than the bot waits for it. Reading goes on; changing is refused in one sentence."""
    enter_credentials(ready)
    with running(ready, env) as bot:
        until(lambda: states(ready) == ["published"])
        plan_another(ready, "s2")
        until(lambda: states(ready) == ["published"] * 2)
        with locked(_ledger(ready)):
            began = time.monotonic()
            assert states(ready) == ["published"] * 2  # readers do not wait
            assert time.monotonic() - began < SOON_S
            ran = ready.bot("publications", "freeze", "--reason", "演练")
            assert time.monotonic() - began > 25
            assert (ran.code, len(ran.err.splitlines())) == (2, 1)
            assert "另一个程序一直锁着它" in ran.err
        ran = ready.bot("publications", "freeze", "--reason", "演练")
        assert ran.code == 0
        assert ready.bot("publications", "unfreeze").code == 0
    assert shares(simulator) == 2


def test_a_bot_goes_on_when_the_lock_is_gone(
    ready: Office, simulator: str, env: Mapping[str, str]
) -> None:
    """A post comes due while the file is locked for 40 seconds: late, once."""
    enter_credentials(ready)
    plain = sqlite3.connect(_ledger(ready), isolation_level=None)
    plain.execute("UPDATE publications SET next_at = '2099-01-01 00:00:00.000000'")
    with running(ready, env) as bot:
        plain.execute("BEGIN IMMEDIATE")
        plain.execute("UPDATE publications SET next_at = due_at")
        plain.execute("COMMIT")
        with locked(_ledger(ready)):
            bot.hears("engine.tick_failed", "database is locked", "另一个程序一直锁着它")
            assert shares(simulator) <= 1
        until(lambda: states(ready) == ["published"])
    plain.close()
    assert shares(simulator) == 1
