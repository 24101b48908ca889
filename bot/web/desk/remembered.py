"""Answers that cost too much to be made anew for every visitor, kept for some seconds.

A page says as of when its figures are. Whoever changes something sees the change at once: a form
that was sent makes everything be forgotten.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar, cast

from bot.clock import Clock

T = TypeVar("T")
_KEPT = 500  # answers at once
FRESH = timedelta(seconds=10)
STALE = timedelta(minutes=2)  # shown while a newer one is being made


@dataclass(frozen=True, kw_only=True)
class Answer(Generic[T]):
    """A value, and as of when it is."""

    value: T
    at: datetime


class Remembered:
    """One answer for all who ask the same at the same time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._answers: dict[Hashable, Answer[Any]] = {}
        self._making: dict[Hashable, asyncio.Task[Answer[Any]]] = {}
        self._tasks: set[asyncio.Task[Answer[Any]]] = set()  # also of what does not count any more

    async def get(
        self,
        key: Hashable,
        make: Callable[[], Awaitable[T]],
        *,
        fresh: timedelta = FRESH,
        stale: timedelta = STALE,
    ) -> Answer[T]:
        """What `make` gives, at most `stale` old; once older than `fresh` it is made anew.

        The key names everything the answer depends on but the ledger, also whose eyes it is for.
        """
        known = self._answers.get(key)
        age = self._clock.now() - known.at if known else stale
        if known is not None and timedelta(0) <= age < fresh:
            return cast("Answer[T]", known)
        making = self._making.get(key) or self._make(key, make)
        if known is not None and timedelta(0) <= age < stale:
            return cast("Answer[T]", known)
        return cast("Answer[T]", await asyncio.shield(making))

    def _make(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> asyncio.Task[Answer[Any]]:
        at = self._clock.now()

        async def work() -> Answer[Any]:
            return Answer(value=await make(), at=at)

        task = asyncio.create_task(work())
        self._making[key] = task
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._made(key, done))
        return task

    def _made(self, key: Hashable, task: asyncio.Task[Answer[Any]]) -> None:
        self._tasks.discard(task)
        failed = task.cancelled() or task.exception() is not None  # whoever waits for it is told
        if self._making.get(key) is not task:  # something was changed meanwhile
            return
        del self._making[key]
        if failed:
            return
        if len(self._answers) >= _KEPT:
            self._answers.pop(next(iter(self._answers)))
        self._answers[key] = task.result()

    def forget(self) -> None:
        """Something was changed: nothing made before counts any more."""
        self._answers.clear()
        self._making.clear()

    async def end(self) -> None:
        """Ends what is being made."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
