"""Workers at the price of a fork: a program that has imported everything and waits for orders.

Each line on stdin is a job ({"args", "env", "log", "cwd"}); the child it forks runs the command
`bot` through the same function as the installed program. What it says on stdout: the child's
process id, and later, with its exit code, that it has ended.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import sys
from importlib import import_module
from typing import Any

from bot import cli

# Loaded by the product only when needed; every child would have to load them again.
_PRELOADED = (
    *(f"adapters.{name}.adapter" for name in ("douyin", "handoff", "wechat", "weibo")),
    *("alembic.autogenerate", "alembic.ddl", "asyncpg", "sqlalchemy.dialects.postgresql.asyncpg"),
)


def _child(job: dict[str, Any]) -> None:
    log = os.open(job["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for number in (1, 2):
        os.dup2(log, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(job["cwd"])
    os.environ.update(job["env"])
    sys.argv = ["bot", *job["args"]]
    code = 1
    try:
        cli.main()
    except SystemExit as ended:
        code = int(ended.code or 0)
    finally:
        sys.stderr.flush()
        os._exit(code)


def _fork(job: dict[str, Any], wake: socket.socket) -> None:
    pid = os.fork()
    if pid == 0:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        wake.close()
        _child(job)
    _say(started=pid)


def _reap() -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        _say(ended=pid, code=os.waitstatus_to_exitcode(status))


def _say(**facts: int) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Forks for each job until stdin ends."""
    for name in _PRELOADED:
        import_module(name)
    heard, wake = socket.socketpair()
    heard.setblocking(False)
    wake.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    signal.set_wakeup_fd(wake.fileno())
    with selectors.DefaultSelector() as ears:
        ears.register(sys.stdin, selectors.EVENT_READ)
        ears.register(heard, selectors.EVENT_READ)
        while True:
            ready = [key.fileobj for key, _events in ears.select()]
            if heard in ready:
                heard.recv(4096)
                _reap()
            if sys.stdin in ready:
                line = sys.stdin.readline()  # one order at a time: each waits for its answer
                if not line:
                    return
                _fork(json.loads(line), wake)


if __name__ == "__main__":
    main()
