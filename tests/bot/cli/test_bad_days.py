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
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.stage.outside import Outside
from tests.bot.cli.office import Office, start
from tests.bot.cli.stage import SOON_S, enter_credentials, minute, open_accounts, public
from tests.bot.engine.world import status
from tests.services import Postgres, Redis, free_port, postgres_server, redis_server

SHARE = "statuses/share"
WAIT_S = 50.0  # all that wait for a locked ledger say so after half a minute


class Bot:
    """A `bot run` or `bot worker` of its own process, with what it says."""

    def __init__(self, office: Office, env: Mapping[str, str], *args: str) -> None:
        self.process = start(office.folder, *args, env=env)
        self.said: list[str] = []
        self._listeners = [
            threading.Thread(target=self._listen, args=(stream,), daemon=True)
            for stream in (self.process.stdout, self.process.stderr)
        ]
        for listener in self._listeners:
            listener.start()

    def _listen(self, stream: Any) -> None:
        with stream:
            for line in stream:
                self.said.append(line)

    @property
    def told(self) -> str:
        return "".join(self.said)

    def hears(self, *words: str) -> None:
        """Returns once it has said all the words."""
        until(lambda: all(word in self.told for word in words), lambda: self.told)

    def ended(self) -> int:
        """Its exit code, once it has ended by itself."""
        code = self.process.wait(timeout=WAIT_S)
        for listener in self._listeners:
            listener.join(timeout=SOON_S)
        return code

    def stop(self) -> int:
        self.process.terminate()
        return self.ended()


def until(true: Callable[[], bool], why: Callable[[], object] = str) -> None:
    """Returns as soon as it is true; fails after a minute."""
    end = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < end, why()
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
        bot.ended()
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


def found(office: Office) -> list[str]:
    """The state of every publication; asked of the file, where it is asked again and again."""
    with closing(sqlite3.connect(_ledger(office))) as plain:
        return [state for (state,) in plain.execute("SELECT state FROM publications")]


def states(office: Office) -> list[str]:
    """The same, as the command tells it."""
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
        until(lambda: found(ready) == ["published"])
        fill_disk(bot.process.pid)
        plan_another(ready, "s2")
        bot.hears("engine.tick_failed", "磁盘已满或损坏")
        assert shares(simulator) == 1
        empty_disk(bot.process.pid)
        bot.hears("台账恢复可用")
        until(lambda: found(ready) == ["published"] * 2)
    assert shares(simulator) == 2


def test_a_disk_that_fills_during_the_call_leads_to_a_look_not_to_a_second_post(
    ready: Office, simulator: str, env: Mapping[str, str]
) -> None:
    """The answer cannot be recorded. The row stays `sending` until its lease is over."""
    enter_credentials(ready)
    slow = {"platform": "weibo", "kind": "latency", "path": SHARE, "seconds": 3.0}
    ask(simulator, "POST", "faults", slow)
    with running(ready, {**env, "BOT_ENGINE__LEASE_S": "8"}) as bot:
        until(lambda: ask(simulator, "GET", "faults")["faults"][0]["fired"])
        fill_disk(bot.process.pid)
        bot.hears("publication.not_recorded", "s1")
        assert len(public(ready, simulator)) == 1
        assert states(ready) == ["sending"]
        empty_disk(bot.process.pid)
        until(lambda: found(ready) == ["published"], lambda: bot.told)
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
    """For longer than anybody waits. Reading goes on; changing is refused in a sentence.

    What comes due meanwhile goes out once the lock is gone: late, once.
    """
    enter_credentials(ready)
    plain = sqlite3.connect(_ledger(ready), isolation_level=None)
    plain.execute("UPDATE publications SET next_at = '2099-01-01 00:00:00.000000'")
    with running(ready, env) as bot:
        plain.execute("UPDATE publications SET next_at = due_at")
        with locked(_ledger(ready)):
            began = time.monotonic()
            states(ready)
            assert time.monotonic() - began < SOON_S  # readers do not wait
            ran = ready.bot("publications", "freeze", "演练")
            assert time.monotonic() - began > 25
            assert (ran.code, len(ran.err.splitlines())) == (2, 1)
            assert "另一个程序一直锁着它" in ran.err
            bot.hears("database is locked")
            assert shares(simulator) <= 1
        until(lambda: found(ready) == ["published"])
        assert ready.bot("publications", "freeze", "演练").code == 0
        assert ready.bot("publications", "unfreeze").code == 0
    plain.close()
    assert shares(simulator) == 1


# ── another version ───────────────────────────────────────────────────────────────────────────


def test_a_bot_stops_when_a_newer_version_has_upgraded_its_ledger(
    ready: Office, simulator: str, env: Mapping[str, str]
) -> None:
    """What comes due from then on is left to the newer one."""
    enter_credentials(ready)
    bot = Bot(ready, env, "run")
    until(lambda: found(ready) == ["published"])
    plain = sqlite3.connect(_ledger(ready))
    with plain:
        plain.execute("UPDATE alembic_version SET version_num = '9999'")
        plain.execute("UPDATE publications SET state = 'planned', next_at = due_at, url = ''")
    plain.close()
    assert bot.ended() == 2
    assert "另一个版本的程序升级（修订号 9999）" in bot.told
    assert_readable(bot.told)
    assert shares(simulator) == 1
    for command in (["run"], ["publications", "list"], ["plan"]):
        ran = ready.bot(*command)
        assert (ran.code, len(ran.err.splitlines())) == (2, 1)
        assert "9999" in ran.err


# ── two bots on one file ──────────────────────────────────────────────────────────────────────


def test_a_second_bot_on_the_same_file_is_refused_and_the_lock_dies_with_the_first(
    ready: Office, simulator: str, env: Mapping[str, str]
) -> None:
    """Killed without a chance to clean up. Short commands work beside it."""
    enter_credentials(ready)
    first = Bot(ready, env, "run")
    first.hears("正在运行")
    for more in ([], ["--once"]):
        ran = ready.bot("run", *more)
        assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
        assert "已有一个 `bot run` 在使用这份台账" in ran.err
        assert "ledger.sqlite3.run.lock" in ran.err
    assert ready.bot("collect", "u01-weibo").code == 0
    # Killed in the middle of a call it would be settled too, but only after its lease.
    until(lambda: found(ready) == ["published"])
    first.process.kill()
    first.ended()
    ready.write(*(status(name, minute(-1), window="2h") for name in ("s1", "s2")))
    with running(ready, env):
        until(lambda: found(ready) == ["published"] * 2)
    assert shares(simulator) == 2


def test_two_bots_that_get_through_all_the_same_publish_once(
    ready: Office, simulator: str, env: Mapping[str, str]
) -> None:
    """Where nothing can be locked, such as on a network drive: here the lock is a folder."""
    enter_credentials(ready)
    names = [f"s{number}" for number in range(1, 13)]
    ready.write(*(status(name, minute(-1), window="2h") for name in names))
    Path(f"{_ledger(ready)}.run.lock").mkdir()
    quiet = {**env, "BOT_WEB__LISTEN": ""}
    with running(ready, quiet) as one, running(ready, quiet) as two:
        until(lambda: found(ready) == ["published"] * 12, lambda: one.told + two.told)
    for told in (one.told, two.told):
        assert "ledger.not_locked" in told
    assert shares(simulator) == 12


# ── servers that come and go ──────────────────────────────────────────────────────────────────


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    with postgres_server() as server:
        yield server


@pytest.fixture
def redis() -> Iterator[Redis]:
    with redis_server() as server:
        yield server


@pytest.mark.parametrize(
    "command",
    [["run"], ["plan"], ["collect"], ["publications", "list"], ["accounts", "list"], ["counts"]],
    ids=" ".join,
)
def test_no_postgresql_is_one_sentence(
    office: Office, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    office.write(status("s1", "2099-05-06 10:00"))
    address = f"postgresql+asyncpg://bot:geheim@127.0.0.1:{free_port()}/bot"
    monkeypatch.setenv("BOT_LEDGER__URL", address)
    ran = office.bot(*command)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
    assert "请检查数据库是否在运行" in ran.err
    assert "geheim" not in ran.err
    assert office.bot("check").code == 0  # the calendar can be checked without a ledger


def test_postgresql_may_go_and_come_back(
    office: Office, simulator: str, env: Mapping[str, str], postgres: Postgres
) -> None:
    """`bot run` says it, sends nothing meanwhile, and goes on without anybody's help."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOT_LEDGER__URL", postgres.create("bot"))
        patch.setenv("BOT_PLATFORMS__WEIBO__BASE_URL", f"{simulator}/weibo")
        patch.setenv("BOT_PLATFORMS__WECHAT__BASE_URL", f"{simulator}/wechat")
        office.write(status("s1", minute(-1), window="2h"))
        assert office.bot("plan", "--apply").code == 0
        office.work(open_accounts(simulator))
        enter_credentials(office)
        more = {
            "BOT_LEDGER__URL": postgres.url("bot"),
            "BOT_PLATFORMS__WEIBO__BASE_URL": f"{simulator}/weibo",
            "BOT_PLATFORMS__WECHAT__BASE_URL": f"{simulator}/wechat",
        }
        with running(office, {**env, **more}) as bot:
            until(lambda: states(office) == ["published"], lambda: bot.told)
            plan_another(office, "s2")
            until(lambda: states(office) == ["published"] * 2, lambda: bot.told)
            postgres.stop()
            bot.hears("engine.tick_failed", "请检查数据库是否在运行")
            ran = office.bot("publications", "list")
            assert (ran.code, len(ran.err.splitlines())) == (2, 1)
            postgres.start()
            bot.hears("台账恢复可用")
            plan_another(office, "s3")
            until(lambda: len(states(office)) == 3, lambda: bot.told)
            until(lambda: states(office) == ["published"] * 3, lambda: bot.told)
        assert shares(simulator) == 3


def test_redis_may_be_gone_from_the_start_and_come_back(
    ready: Office, simulator: str, env: Mapping[str, str], redis: Redis
) -> None:
    """`bot run` publishes by itself meanwhile."""
    enter_credentials(ready)
    redis.kill()
    with running(ready, {**env, "BOT_QUEUE__REDIS_URL": redis.url}) as bot:
        bot.hears("queue.redis_gone", "本进程独自继续工作")
        until(lambda: found(ready) == ["published"], lambda: bot.told)
        redis.start()
        bot.hears("queue.redis_back")
        plan_another(ready, "s2")
        until(lambda: found(ready) == ["published"] * 2, lambda: bot.told)
        redis.kill()
        plan_another(ready, "s3")
        until(lambda: found(ready) == ["published"] * 3, lambda: bot.told)
    assert shares(simulator) == 3
