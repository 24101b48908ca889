"""The composition root: the only place that wires ledger, adapters, queue and clock together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import ClientMiddlewareType
from arq.connections import ArqRedis

from adapters import registry
from bot.clock import Clock, WallClock
from bot.domain.message import Message, Work
from bot.engine.dispatch import tick
from bot.engine.ports import Core, Handler, Options, Queue
from bot.engine.publish import Publisher
from bot.engine.reconcile import Reconciler
from bot.engine.reminding import Reminders
from bot.engine.standing import Standing
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger.credentials import Vault, open_vault
from bot.ledger.journal import Journal
from bot.ledger.store import open_ledger
from bot.metrics import Metrics
from bot.notify.office import reminders
from bot.queue.local import LocalQueue
from bot.queue.remote import RemoteQueue, connect
from bot.schedule.reader import Reading, read
from bot.settings import Settings
from bot.wiring.platforms import Adapters
from bot.wiring.rulebook import check_options

_HTTP_TOTAL_S = 60


@dataclass(frozen=True, kw_only=True)
class App:
    """The running program."""

    settings: Settings
    core: Core
    handlers: Mapping[Work, Handler]
    local: LocalQueue  # works in this process
    queue: Queue  # where claimed work goes: Redis when there is one, else `local`
    redis: ArqRedis | None
    publisher: Publisher
    vault: Vault
    metrics: Metrics
    reminders: Reminders
    standing: Standing = field(default_factory=Standing)  # of the calendar, where it is watched

    def read(
        self, *, instead: Mapping[str, bytes] | None = None, only: str | None = None
    ) -> Reading:
        """The calendar as it stands in the files now, or with some of them otherwise."""
        office = self.settings.office
        return read(
            office.schedules,
            platforms=registry.platforms(),
            modes=registry.modes,
            zone=office.timezone,
            options=check_options(self.settings),
            instead=instead,
            only=only,
        )


@asynccontextmanager
async def open_app(
    settings: Settings,
    *,
    clock: Clock | None = None,
    middlewares: Sequence[ClientMiddlewareType] = (),
) -> AsyncIterator[App]:
    """The program, ready to work; everything is closed again at the end of the block.

    `middlewares` see every call to a platform before it is made.
    """
    clock = clock or WallClock()
    vault = open_vault(
        settings.secret_key.get_secret_value() if settings.secret_key else None,
        settings.files.key,
    )
    redis = _redis(settings)
    ledger = await open_ledger(settings.ledger.url)
    metrics = Metrics(queue="arq" if redis else "local")
    journal = Journal(ledger, heard=metrics.heard)
    # The office's proxy variables are not used: platforms are reached directly or not at all.
    timeout = aiohttp.ClientTimeout(total=_HTTP_TOTAL_S)
    try:
        async with aiohttp.ClientSession(timeout=timeout, middlewares=middlewares) as session:
            platforms = Adapters(
                settings, session=session, ledger=ledger, vault=vault, clock=clock, redis=redis
            )
            core = Core(
                ledger=ledger,
                journal=journal,
                platforms=platforms,
                clock=clock,
                options=_options(settings),
                started_at=clock.now(),
            )
            publisher = Publisher(core)
            handlers: dict[Work, Handler] = {Work.LOOK: Reconciler(core)}
            local = LocalQueue(handlers)
            queue = RemoteQueue(redis, local, lease_s=core.options.lease_s) if redis else local
            handlers[Work.PUBLISH] = _Publishing(core, publisher, queue)
            yield App(
                settings=settings,
                core=core,
                handlers=handlers,
                local=local,
                queue=queue,
                redis=redis,
                publisher=publisher,
                vault=vault,
                metrics=metrics,
                reminders=reminders(
                    settings, session=session, ledger=ledger, vault=vault, clock=clock
                ),
            )
    finally:
        await journal.settle()
        await ledger.close()
        if redis is not None:
            await redis.aclose(close_connection_pool=True)


class _Publishing:
    """Publishes a batch, then claims what its accounts had waiting behind it."""

    def __init__(self, core: Core, publisher: Publisher, queue: Queue) -> None:
        self._core = core
        self._publisher = publisher
        self._queue = queue

    async def __call__(self, message: Message) -> None:
        await self._publisher(message)
        if not self._publisher.stopping:
            await tick(self._core, self._queue)


def _options(settings: Settings) -> Options:
    engine = settings.engine
    return Options(
        lease_s=engine.lease_s,
        batch=engine.batch,
        concurrency=engine.concurrency,
        per_platform=engine.per_platform,
        reprints_per_hour=settings.reprinting.per_hour,
        review=settings.review.policy,
    )


def _redis(settings: Settings) -> ArqRedis | None:
    if not settings.queue.redis_url:
        return None
    try:
        return connect(settings.queue.redis_url)
    except ValueError as error:
        # The address itself is not repeated: it may hold a password.
        raise UsageError(
            _("queue.redis_url is not a valid address; write redis://host:6379/0")
        ) from error
