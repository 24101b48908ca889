"""Broker of plain taskiq with Redis: `taskiq worker bench.rivals.plain_taskiq:broker`."""

from __future__ import annotations

from dataclasses import dataclass

import aiohttp
from taskiq import TaskiqEvents, TaskiqState
from taskiq_redis import ListQueueBroker

from bench.rivals.job import Teller, redis_url, share

broker = ListQueueBroker(redis_url())


@dataclass
class _Shared:
    session: aiohttp.ClientSession | None = None
    teller: Teller | None = None


_shared = _Shared()


@broker.on_event(TaskiqEvents.WORKER_STARTUP)  # type: ignore[untyped-decorator]
async def startup(_state: TaskiqState) -> None:
    """Opens what all jobs share."""
    _shared.session, _shared.teller = aiohttp.ClientSession(), Teller()


@broker.on_event(TaskiqEvents.WORKER_SHUTDOWN)  # type: ignore[untyped-decorator]
async def shutdown(_state: TaskiqState) -> None:
    """Closes it again."""
    if _shared.session is not None:
        await _shared.session.close()


@broker.task(task_name="publish")  # type: ignore[untyped-decorator]
async def publish(account: int, post: int) -> None:
    """One post."""
    assert _shared.session is not None
    assert _shared.teller is not None
    await share(_shared.session, _shared.teller, account, post)
