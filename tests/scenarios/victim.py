"""A bot that the power fails: a program of its own, started by test_power_failure.py.

It reads jobs as JSON lines, forks for each, and answers with the exit code (-9: killed). The
child works its ledger off and, when it is to `count` its steps, kills itself at number `kill`; 0
lets it live. Steps are counted from outside the product by a profile hook: before and after every
commit of the ledger, before and after bytes leave for a platform, and after bytes come back.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
import os
import signal
import socket
import sys
import threading
import traceback
import urllib.request
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any

from sqlalchemy.engine.default import DefaultDialect

from adapters import registry
from bot import logs
from bot.app import App, open_app
from bot.clock import VirtualClock
from bot.domain.publication import State
from bot.engine import people, service
from bot.i18n import _
from bot.ledger import publications
from bot.ledger.store import open_ledger
from bot.settings import Files, LedgerPart, Office, Settings
from tests import compiled

# What SQLAlchemy calls for every commit, whatever driver is below it; it returns once it is done.
_COMMIT = DefaultDialect.do_commit.__code__
# Loaded by the product only when needed; every child would have to load them again.
_PRELOADED = (
    *(f"adapters.{name}.adapter" for name in ("douyin", "handoff", "wechat", "weibo")),
    "alembic.autogenerate",
    "alembic.ddl",
)
STEPS = "steps.json"  # what the steps of a run that lived were
_FAR = timedelta(days=2)


@dataclass
class Hook:
    """Counts steps once it is armed, and kills the process at the chosen one."""

    kill: int
    armed: bool = False
    steps: list[str] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def __call__(self, frame: FrameType, event: str, function: Any) -> None:
        # Asked for every call of the program, so the cheapest question comes first.
        if event in {"c_call", "c_return"}:
            name = function.__name__
            # Before an answer is read nothing has changed since the request left.
            asked = name == "send" or (name == "recv" and event == "c_return")
            if asked and self.armed and _to_a_platform(function):
                self._step("before" if event == "c_call" else "after", name)
        elif frame.f_code is _COMMIT and event in {"call", "return"} and self.armed:
            self._step("before" if event == "call" else "after", "ledger commit")

    def _step(self, when: str, what: str) -> None:
        number = next(self._numbers)
        self.steps.append(f"{number} {when} {what}")
        if number == self.kill:
            os.kill(os.getpid(), signal.SIGKILL)


def _to_a_platform(function: Any) -> bool:
    owner = getattr(function, "__self__", None)
    # asyncio wakes itself through a pair of local sockets; those are nobody's answer.
    return isinstance(owner, socket.socket) and owner.family is socket.AF_INET


def settings(folder: Path, base_url: str) -> Settings:
    """Settings with everything in `folder` and the platforms at `base_url`."""
    return Settings(
        office=Office(schedules=folder / "schedules"),
        ledger=LedgerPart(url=f"sqlite:///{folder / 'ledger.sqlite3'}"),
        files=Files(handoff=folder / "handoff", key=folder / "secret.key"),
        platforms={
            name: {"base_url": f"{base_url}/{name}", "timeout_s": 5.0, "read_wait_s": 0.0}
            for name in ("douyin", "wechat", "weibo")
        },
    )


def control(base_url: str, path: str, body: object = None) -> Any:
    """A call of the simulator's control API; blocking, and therefore no step."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{base_url}/_sim/{path}", data=data)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


async def _live(folder: Path, base_url: str, hook: Hook) -> None:
    """Works everything off, moving time on from one due moment to the next."""
    clock = VirtualClock(datetime.fromisoformat(control(base_url, "clock")["now"]))
    end = clock.now() + _FAR
    async with open_app(settings(folder, base_url), clock=clock) as app:
        hook.armed = True
        sys.setprofile(threading.getprofile())
        while True:
            await service.run_due(app.core, app.local)
            due = await service.next_due(app.core)
            if (due is None or due > end) and not await _person(app, base_url):
                break
            if due is not None and clock.now() < due <= end:
                clock.set(due)
                control(base_url, "clock", {"now": clock.now().isoformat()})
        hook.armed = False
    (folder / STEPS).write_text(json.dumps(hook.steps), encoding="utf-8")


async def _person(app: App, base_url: str) -> bool:
    """The officer looks at the account where the bot cannot; True when they decided something."""
    async with app.core.ledger.read() as conn:
        unsure = await publications.in_states(conn, [State.UNKNOWN])
    public = {post["account"]: post["url"] for post in control(base_url, "posts?public=1")["posts"]}
    for pub in unsure:
        if pub.account in public:
            url = public[pub.account]
            await people.confirm(app.core, pub, url=url, at=None, by="officer")
        else:
            await people.retry(app.core, pub, by="officer", not_published=True)
    return bool(unsure)


def _child(job: dict[str, Any]) -> None:
    hook = Hook(kill=job["kill"])
    if job["count"]:
        threading.setprofile(hook)  # the ledger's threads; this one's follows once it is armed
    try:
        asyncio.run(_live(Path(job["folder"]), job["base_url"], hook))
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


async def _load_once() -> None:
    """Has in memory what every child would otherwise read: entry points, words, migrations."""
    registry.platforms()
    _("")
    with TemporaryDirectory() as folder:
        await (await open_ledger(f"sqlite:///{folder}/ledger.sqlite3")).close()


def main() -> None:
    """Forks for each job on stdin: the imports are paid for once."""
    logs.configure("error")
    for name in _PRELOADED:
        import_module(name)
    compiled.share()
    asyncio.run(_load_once())
    gc.collect()
    gc.freeze()  # otherwise each child would copy all of it when it first looks for garbage
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _child(json.loads(line))
        _pid, status = os.waitpid(child, 0)
        print(json.dumps({"exit": os.waitstatus_to_exitcode(status)}), flush=True)


if __name__ == "__main__":
    main()
