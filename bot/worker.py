"""Workers on many machines: messages and chores through Redis, and alone while it is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from arq.connections import ArqRedis

from bot.app import App
from bot.engine import service
from bot.engine.dispatch import ACCOUNTS_A_BATCH
from bot.i18n import N_, _
from bot.logs import get_logger, said
from bot.queue.remote import GONE, Chore, RemoteWorker, finish

log = get_logger(__name__)
_TICKS_S = 5  # one worker at a time does the scheduling, for so long
_ASK_AGAIN_S = 5
_REDIS_GONE = N_(
    "The queue (Redis) does not answer. This process goes on alone and no post is lost. Start "
    "Redis, or correct queue.redis_url."
)


async def work(app: App, chores: Sequence[Chore], stop: asyncio.Event) -> None:
    """Does this process's share of all work until `stop`, then finishes what is under way.

    Without Redis in the settings everything is done here. With it, and while Redis cannot be
    reached, this process goes on by itself: claims in the ledger keep workers apart.
    Raises LedgerError when the ledger is of another version by now.
    """
    try:
        if app.redis is None:
            await _alone(app, chores, stop)
        else:
            await _with_redis(app, app.redis, chores, stop)
    finally:
        app.publisher.stopping = True  # also when something else than `stop` ends this process
        await app.local.join()


async def _with_redis(
    app: App, redis: ArqRedis, chores: Sequence[Chore], stop: asyncio.Event
) -> None:
    left: list[RemoteWorker] = []  # one that lost Redis goes on meanwhile with its slow work
    try:
        while not stop.is_set():
            try:
                await _together(app, redis, chores, stop, left)
            except GONE as error:
                log.error("queue.redis_gone", error=said(error), advice=_(_REDIS_GONE))
                await _without(app, redis, stop)
                log.warning("queue.redis_back", advice=_("The queue (Redis) answers again."))
    finally:
        app.publisher.stopping = True
        for worker in left:
            await worker.join()


async def _together(
    app: App,
    redis: ArqRedis,
    chores: Sequence[Chore],
    stop: asyncio.Event,
    left: list[RemoteWorker],
) -> None:
    leaving = asyncio.Event()  # set by `stop`, and by a failure that ends this process
    failure: list[BaseException] = []

    async def schedule() -> None:
        try:
            await service.keep_ticking(app.core, app.queue, leaving, _TICKS_S, _ticked(app))
        except Exception as error:
            failure.append(error)
            app.publisher.stopping = True
            leaving.set()

    worker = RemoteWorker(
        redis,
        app.handlers,
        [Chore(name="schedule", do=schedule, every_s=_TICKS_S), *chores],
        lease_s=app.core.options.lease_s,
        # One more than it can work on: the next is here when one is done.
        messages=app.core.options.concurrency // ACCOUNTS_A_BATCH + 1,
        poll_s=app.settings.queue.poll_s,
    )
    follow = asyncio.create_task(_copy(stop, leaving))
    left.append(worker)
    try:
        await worker.run(leaving)
    finally:
        leaving.set()
        follow.cancel()
    if failure:
        raise failure[0]


def _ticked(app: App) -> service.Ticked:
    return partial(app.metrics.succeeded, "tick")


async def _copy(stop: asyncio.Event, leaving: asyncio.Event) -> None:
    await stop.wait()
    leaving.set()


async def _alone(app: App, chores: Sequence[Chore], stop: asyncio.Event) -> None:
    """Everything in this process, until `stop`."""
    regular = [asyncio.create_task(_regularly(chore, stop)) for chore in chores]
    try:
        await service.keep_ticking(app.core, app.local, stop, ticked=_ticked(app))
    finally:
        # Also when the ledger is of another version by now: what has not begun is given back.
        app.publisher.stopping = True
        stop.set()
        await app.local.join()
        await finish(regular)


async def _regularly(chore: Chore, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await chore.do()
        except Exception:  # it is tried again; publishing goes on meanwhile
            log.exception("chore.failed", chore=chore.name)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), timeout=chore.every_s)


async def _without(app: App, redis: ArqRedis, stop: asyncio.Event) -> None:
    """Publishes in this process until Redis answers again. Chores can wait."""
    leaving = asyncio.Event()

    async def back() -> None:
        while not stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), timeout=_ASK_AGAIN_S)
            with suppress(*GONE):
                await redis.ping()
                break
        leaving.set()

    asking = asyncio.create_task(back())
    try:
        # What is slow here is waited for at the end: it must not keep this process from Redis.
        await service.keep_ticking(app.core, app.local, leaving, ticked=_ticked(app))
    finally:
        asking.cancel()
