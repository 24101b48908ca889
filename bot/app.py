"""The composition root: the only place that wires ledger, adapters, queue and clock together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from adapters import registry
from bot.clock import Clock, WallClock
from bot.domain.message import Work
from bot.engine.ports import Core, Options
from bot.engine.publish import Publisher
from bot.engine.reconcile import Reconciler
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger.credentials import Vault, open_vault
from bot.ledger.journal import Journal
from bot.ledger.store import open_ledger
from bot.queue.local import LocalQueue
from bot.schedule.reader import Reading, read
from bot.settings import Settings
from bot.wiring.platforms import Adapters

_HTTP_TOTAL_S = 60


@dataclass(frozen=True, kw_only=True)
class App:
    """The running program."""

    settings: Settings
    core: Core
    queue: LocalQueue
    publisher: Publisher
    vault: Vault

    def read(self) -> Reading:
        """The calendar as it stands in the files now."""
        return read(self.settings.office.schedules, platforms=registry.platforms())


@asynccontextmanager
async def open_app(settings: Settings, *, clock: Clock | None = None) -> AsyncIterator[App]:
    """The program, ready to work; everything is closed again at the end of the block."""
    if settings.queue.redis_url:
        raise UsageError(
            _("queue.redis_url is set, but this version works with the local queue only.")
        )
    clock = clock or WallClock()
    vault = open_vault(
        settings.secret_key.get_secret_value() if settings.secret_key else None,
        settings.files.key,
    )
    ledger = await open_ledger(settings.ledger.url)
    journal = Journal(ledger)
    # The office's proxy variables are not used: platforms are reached directly or not at all.
    timeout = aiohttp.ClientTimeout(total=_HTTP_TOTAL_S)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session:
            platforms = Adapters(settings, session=session, ledger=ledger, vault=vault, clock=clock)
            core = Core(
                ledger=ledger,
                journal=journal,
                platforms=platforms,
                clock=clock,
                options=Options(
                    lease_s=settings.engine.lease_s,
                    batch=settings.engine.batch,
                    concurrency=settings.engine.concurrency,
                ),
            )
            publisher = Publisher(core)
            queue = LocalQueue({Work.PUBLISH: publisher, Work.LOOK: Reconciler(core)})
            yield App(settings=settings, core=core, queue=queue, publisher=publisher, vault=vault)
    finally:
        await journal.settle()
        await ledger.close()
