"""The queue of one process: asyncio tasks, nothing kept anywhere but in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from bot.domain.message import Message, Work
from bot.logs import get_logger

log = get_logger(__name__)
Handler = Callable[[Message], Awaitable[None]]


class LocalQueue:
    """Runs each message's handler as a task; losing them loses no post, the ledger has them."""

    def __init__(self, handlers: Mapping[Work, Handler]) -> None:
        self._handlers = handlers
        self._tasks: set[asyncio.Task[None]] = set()

    async def put(self, message: Message) -> None:
        """Starts working on the message; returns at once."""
        task = asyncio.create_task(self._run(message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, message: Message) -> None:
        try:
            await self._handlers[message.work](message)
        except Exception:
            # The ledger still has the rows; their leases run out and they come up again.
            log.exception("queue.message_failed", work=message.work.value)

    @property
    def busy(self) -> bool:
        return bool(self._tasks)

    async def join(self) -> None:
        """Returns when everything put so far has been worked off."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def abort(self) -> None:
        """Drops everything at once, as a power failure would."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
