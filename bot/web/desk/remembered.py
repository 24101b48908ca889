"""Answers that cost too much to be made anew for every visitor, kept for some seconds.

A page says as of when its figures are. Whoever changes something sees the change at once: to them
no answer counts any more that was begun before their form was taken. Others go on with theirs.
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
_SESSIONS = 10_000
FRESH = timedelta(seconds=10)
STALE = timedelta(minutes=2)  # shown while a newer one is being made


@dataclass(frozen=True, kw_only=True)
class Answer(Generic[T]):
    """A value, and as of when it is."""

    value: T
    at: datetime
    after: int  # how many forms had been taken when it was begun


class Remembered:
    """One answer for all who ask the same at the same time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._answers: dict[Hashable, Answer[Any]] = {}
        self._making: dict[Hashable, asyncio.Task[Answer[Any]]] = {}
        self._tasks: set[asyncio.Task[Answer[Any]]] = set()  # also of what does not count any more
        self._begun: dict[Hashable, int] = {}  # of what is being made: its `after`
        self._forms = 0
        self._last: dict[str, int] = {}  # session -> the last form it sent

    async def get(
        self,
        key: Hashable,
        make: Callable[[], Awaitable[T]],
        *,
        fresh: timedelta = FRESH,
        stale: timedelta = STALE,
        session: str = "",
    ) -> Answer[T]:
        """What `make` gives, at most `stale` old; once older than `fresh` it is made anew.

        The key names everything the answer depends on but the ledger, also whose eyes it is for.
        `session` is who asks: what they have changed is in the answer.
        """
        known, since = self._answers.get(key), self._last.get(session, 0)
        if known is not None and known.after < since:
            known = None
        if self._begun.get(key, since) < since:
            self._making.pop(key, None)  # whoever waits for it still gets it
        age = self._clock.now() - known.at if known else stale
        if known is not None and timedelta(0) <= age < fresh:
            return cast("Answer[T]", known)
        making = self._making.get(key) or self._make(key, make)
        if known is not None and timedelta(0) <= age < stale:
            return cast("Answer[T]", known)
        return cast("Answer[T]", await asyncio.shield(making))

    def _make(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> asyncio.Task[Answer[Any]]:
        at, after = self._clock.now(), self._forms

        async def work() -> Answer[Any]:
            return Answer(value=await make(), at=at, after=after)

        task = asyncio.create_task(work())
        self._making[key] = task
        self._begun[key] = after
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._made(key, done))
        return task

    def _made(self, key: Hashable, task: asyncio.Task[Answer[Any]]) -> None:
        self._tasks.discard(task)
        failed = task.cancelled() or task.exception() is not None  # whoever waits for it is told
        if self._making.get(key) is not task:  # something was changed meanwhile
            return
        del self._making[key], self._begun[key]
        if failed:
            return
        if len(self._answers) >= _KEPT:
            self._answers.pop(next(iter(self._answers)))
        self._answers[key] = task.result()

    def changed(self, session: str) -> None:
        """This session has sent a form: no answer begun before counts for it."""
        self._forms += 1
        if len(self._last) >= _SESSIONS:
            self._last.pop(next(iter(self._last)))
        self._last[session] = self._forms

    async def end(self) -> None:
        """Ends what is being made."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
