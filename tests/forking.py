"""A program that has loaded the bot and forks a process for each command; see forks.py.

An order comes as one message: {"program", "args", "env", "folder"} with four open files, which
become the command's stdin, stdout and stderr, and a pipe that is told its process id and its exit
code.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import os
import signal
import socket
import sys
from collections.abc import Sequence
from tempfile import TemporaryDirectory
from typing import Any

from bot.i18n import _
from bot.ledger.store import open_ledger
from tests import compiled

# The command, and what it loads only when needed; each would have to load it again.
_PRELOADED = (
    "bot.cli",
    *(f"adapters.{name}.adapter" for name in ("douyin", "handoff", "website", "wechat", "weibo")),
    *("alembic.autogenerate", "alembic.ddl", "asyncpg", "sqlalchemy.dialects.postgresql.asyncpg"),
)
_ORDER_BYTES = 1 << 18


def _become(order: dict[str, Any], files: Sequence[int]) -> None:
    """The child: everything a new process would have found, then the command itself."""
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(
        2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False
    )
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["env"])
    given = order["env"].get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:0] = [folder for folder in given if folder not in sys.path]
    importlib.invalidate_caches()
    sys.argv = ["bot", *order["args"]]
    importlib.import_module(order["program"]).main()


def _keep(order: dict[str, Any], files: Sequence[int], report: int) -> None:
    """Starts the command, tells its process id, waits for its end, and tells how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        os.close(report)
        _become(order, files)
        return
    for file in files:
        os.close(file)
    os.write(report, f"{child}\n".encode())
    _pid, status = os.waitpid(child, 0)
    os.write(report, f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


async def _load_once() -> None:
    """Has in memory what every command would otherwise read: words and migrations."""
    _("")
    with TemporaryDirectory() as folder:
        await (await open_ledger(f"sqlite:///{folder}/ledger.sqlite3")).close()


def main() -> None:
    """Forks for each order until nobody can send any more."""
    orders = socket.socket(fileno=int(sys.argv[1]))
    for name in _PRELOADED:
        importlib.import_module(name)
    compiled.share()
    asyncio.run(_load_once())
    gc.collect()
    gc.freeze()  # otherwise each child would copy all of it when it first looks for garbage
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        order, files, _flags, _from = socket.recv_fds(orders, _ORDER_BYTES, 4)
        if not order:
            return
        if os.fork() == 0:
            orders.close()
            _keep(json.loads(order), files[:3], files[3])
            return
        for file in files:
            os.close(file)


if __name__ == "__main__":
    main()
