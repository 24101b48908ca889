"""Plays a calendar: the real engine and adapters, real HTTP, a virtual clock."""

from __future__ import annotations

import heapq
import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Generic, TypeVar

import aiohttp

from bot.app import App, open_app
from bot.clock import VirtualClock
from bot.domain.roster import Roster
from bot.engine import service
from bot.engine.dispatch import tick
from bot.engine.service import WorkingQueue
from bot.ledger import credentials
from bot.stage import outside
from bot.stage.building import Stage, only_to
from bot.stage.outside import Outside

T = TypeVar("T")  # what happens outside at a moment


class Performance(ABC, Generic[T]):
    """One performance. `play` leaves `app` open for questions until `close`."""

    def __init__(self, stage: Stage, *, start: datetime, end: datetime) -> None:
        self.stage = stage
        self.end = end
        self.clock = VirtualClock(start)
        self.app: App
        self.queue: WorkingQueue
        self.outside: Outside
        self._stack = AsyncExitStack()
        self._running: AsyncExitStack | None = None
        self._order = itertools.count()
        self._ahead: list[tuple[datetime, int, T]] = []

    async def open(self) -> None:
        """Starts the bot on an empty ledger, and the platforms' time."""
        session = await self._stack.enter_async_context(aiohttp.ClientSession())
        self.outside = Outside(session, self.stage.base_url)
        await self.start()
        await self.outside.set_clock(self.clock.now(), back=True)

    async def close(self) -> None:
        """Ends the bot; the simulator stays."""
        await self.stop()
        await self._stack.aclose()

    async def start(self) -> None:
        """Starts the bot; it reaches the stage and nothing else."""
        self._running = AsyncExitStack()
        guard = only_to(self.stage.base_url)
        self.app = await self._running.enter_async_context(
            open_app(self.stage.settings, clock=self.clock, middlewares=(guard,))
        )
        self.queue = self.app.local

    async def stop(self) -> None:
        """Ends the bot."""
        if self._running is not None:
            await self._running.aclose()

    async def enter(self, roster: Roster) -> None:
        """Opens all accounts outside, and gives the bot their credentials."""
        await self.outside.register(roster)
        async with self.app.core.ledger.write() as conn:
            for account in outside.simulated(roster):
                await credentials.store(
                    conn,
                    account.id,
                    self.app.vault.seal(outside.credential(account)),
                    expires_at=None,
                    now=self.clock.now(),
                )

    def push(self, at: datetime, action: T) -> None:
        """Has `action` happen at its time."""
        heapq.heappush(self._ahead, (at, next(self._order), action))

    async def play(self, progress: Callable[[datetime], None]) -> None:
        """Runs from start to end, jumping from one due moment to the next."""
        while (now := await self._next()) <= self.end:
            await self._set_clock(now)
            while self._ahead and self._ahead[0][0] <= now:
                await self.act(heapq.heappop(self._ahead)[2])
            if await self.run_due():
                await self.worked()
            await self.news()
            progress(now)
        await self._set_clock(self.end)

    async def _set_clock(self, now: datetime) -> None:
        self.clock.set(now)
        await self.outside.set_clock(now)

    async def _next(self) -> datetime:
        far = self.end + timedelta(days=1)
        due = await service.next_due(self.app.core) or far
        ahead = self._ahead[0][0] if self._ahead else far
        return max(min(due, ahead), self.clock.now())

    async def run_due(self) -> bool:
        """Works off what is due; True when there was anything."""
        worked = False
        while not (await tick(self.app.core, self.queue)).idle:
            await self.join()
            worked = True
        return worked

    async def join(self) -> None:
        """Waits for the batch."""
        await self.queue.join()

    @abstractmethod
    async def act(self, action: T) -> None:
        """Does what happens outside now."""

    @abstractmethod
    async def worked(self) -> None:
        """Told when something due has been worked off."""

    async def news(self) -> None:
        """Told at every moment played."""
