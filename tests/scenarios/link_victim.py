"""A bot that the power fails while a link is used; started by test_links.py.

It reads jobs as JSON lines, forks for each, and answers with the exit code (-9: killed). Steps are
what the ledger is told: after each statement, before and after each commit.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
import traceback
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any

from sqlalchemy.engine.default import DefaultDialect

from bot import logs
from bot.app import open_app
from bot.clock import VirtualClock
from bot.domain.tasks import Answer, Said
from bot.engine import handles
from tests.scenarios import victim

_EXECUTE = DefaultDialect.do_execute.__code__
_COMMIT = DefaultDialect.do_commit.__code__


class Hook:
    """Counts steps, and kills the process at the chosen one."""

    def __init__(self, kill: int) -> None:
        self.steps = 0
        self._kill = kill

    def __call__(self, frame: FrameType, event: str, function: Any) -> None:
        told = event == "return" and frame.f_code is _EXECUTE
        if told or (event in {"call", "return"} and frame.f_code is _COMMIT):
            self.steps += 1
            if self.steps == self._kill:
                os.kill(os.getpid(), signal.SIGKILL)


async def _use(job: dict[str, Any], hook: Hook) -> None:
    clock = VirtualClock(datetime.fromisoformat(job["now"]))
    settings = victim.settings(Path(job["folder"]), "http://127.0.0.1:9")
    async with open_app(settings, clock=clock) as app:
        threading.setprofile(hook)  # the ledger's own threads begin with their first work
        answer = Answer(said=Said.AGREED)
        await handles.use(app.core, job["token"], answer, sign=app.vault.sign, address="192.0.2.7")


def _child(job: dict[str, Any]) -> None:
    try:
        asyncio.run(_use(job, Hook(job["kill"])))
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def main() -> None:
    """Forks for each job on stdin: the imports are paid for once."""
    logs.configure("error")
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _child(json.loads(line))
        _pid, status = os.waitpid(child, 0)
        print(json.dumps({"exit": os.waitstatus_to_exitcode(status)}), flush=True)


if __name__ == "__main__":
    main()
