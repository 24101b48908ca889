"""A worker that needs a token: a program of its own, started by test_processes.py through forks.py.

It opens the bot on the ledger it is told, says "ready", waits for a line on stdin, and then makes
sure of a living token of the account and prints what the ledger holds. With `kill` it dies by
SIGKILL as soon as what the platform answered is durable, before the token is used or handed on.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp

from adapters import registry
from bot import logs
from bot.app import App, open_app
from bot.clock import VirtualClock
from bot.contract import Renews, Tools
from bot.domain.roster import Account
from bot.ledger import credentials, roster
from bot.settings import Files, LedgerPart, Office, QueuePart, Settings
from bot.wiring.credentials import AccountCredentials, Terms
from bot.wiring.media import MediaFolder


class _Dying(AccountCredentials):
    """The process ends where `store` would return."""

    async def store(self, fields: Mapping[str, str], *, expires_at: datetime | None) -> None:
        await super().store(fields, expires_at=expires_at)
        os.kill(os.getpid(), signal.SIGKILL)


def settings(job: Mapping[str, Any]) -> Settings:
    """The ledger, the key and the platforms of the test."""
    folder = Path(job["folder"])
    return Settings(
        office=Office(schedules=folder / "schedules"),
        ledger=LedgerPart(url=job["ledger_url"]),
        queue=QueuePart(redis_url=job["redis_url"]),
        files=Files(handoff=folder / "handoff", key=folder / "secret.key"),
        platforms={
            name: {"base_url": f"{job['base_url']}/{name}", "timeout_s": 20.0, "read_wait_s": 0.0}
            for name in ("douyin", "wechat", "weibo")
        },
    )


def _dying(app: App, account: Account, session: aiohttp.ClientSession) -> Renews:
    core = app.core
    dying = _Dying(account, ledger=core.ledger, vault=app.vault, clock=core.clock, terms=Terms())
    tools = Tools(
        session=session,
        clock=core.clock,
        media=MediaFolder(app.settings.office.schedules),
        credentials=dying,
        out_dir=app.settings.files.handoff,
    )
    adapter = registry.make(account, tools, app.settings.platforms[account.platform])
    assert isinstance(adapter, Renews)
    return adapter


async def _work(job: Mapping[str, Any]) -> None:
    logs.configure("error")
    clock = VirtualClock(datetime.fromisoformat(job["now"]))
    async with open_app(settings(job), clock=clock) as app, aiohttp.ClientSession() as session:
        async with app.core.ledger.read() as conn:
            account = (await roster.load(conn)).accounts[job["account"]]
        adapter = app.core.platforms.adapter(account)
        assert isinstance(adapter, Renews)
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        await (_dying(app, account, session) if job["kill"] else adapter).renew()
        async with app.core.ledger.read() as conn:
            kept = await credentials.load(conn, account.id)
        assert kept is not None
        assert kept.sealed is not None
        print(json.dumps(app.vault.open(kept.sealed)), flush=True)


def main() -> None:
    """Does what the module says."""
    asyncio.run(_work(json.loads(sys.argv[1])))
