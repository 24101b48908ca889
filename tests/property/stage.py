"""One thread, one virtual time: loops that are stepped one iteration at a time, and can drop dead.

Every bot has an event loop of its own, and so have the platforms. Whatever a loop hands to a
thread is done on the spot, so that a run is the same each time it is played. Time moves only when
nobody has anything to do, to the next moment somebody waits for.
"""

from __future__ import annotations

import asyncio
import selectors
import socket
import sqlite3
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from contextlib import suppress
from functools import partial
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
_QUIET_ROUNDS = 2  # so many rounds in which no loop had anything to do are a standstill
_ROUNDS_MAX = 400_000  # of one `play`; more is a live lock
_NEVER = float("inf")


class Stuck(AssertionError):
    """Work goes round and round without an end."""


class Watch(selectors.DefaultSelector):
    """A selector that remembers how much came in at the last look."""

    seen = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(timeout)
        self.seen = len(found)
        return found


class Loop(asyncio.SelectorEventLoop):
    """An event loop that moves only by `step`; its time is the stage's."""

    def __init__(self, stage: Stage, name: str, *, waits: bool) -> None:
        self.stage = stage
        self.name = name
        self.waits = waits  # for the ledger, while another one is in the middle of a transaction
        self.dead = False
        self.paused = False
        self.doom: int | None = None  # iterations with work left to live
        self.life: asyncio.Task[None] | None = None  # nothing else would keep it alive
        self.connections: list[Any] = []  # to the ledger, as the driver knows them
        self.on_death: Callable[[], None] = lambda: None
        self._watch = Watch()
        super().__init__(self._watch)

    def time(self) -> float:
        return self.stage.now_s

    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """Does the work on the spot, one iteration later; never once the power has failed."""
        done = self.create_future()
        self.call_soon(self._work, done, partial(func, *args))
        return done

    def _work(self, done: asyncio.Future[Any], work: Callable[[], Any]) -> None:
        if self.dead:
            if not done.done():
                done.set_exception(OSError("the power has failed"))
            return
        if self.stage.ledger_taken(self):
            # In a process of its own it would wait for the lock here, and nobody else for it.
            self.call_soon(self._work, done, work)
            return
        if done.cancelled():
            return
        try:
            result = work()
        except BaseException as error:
            done.set_exception(error)
        else:
            done.set_result(result)

    def step(self) -> bool:
        """One iteration without waiting; True when there was anything to do."""
        ready: Any = vars(self)["_ready"]
        waiting = len(ready)
        self.stop()
        self.run_forever()
        return bool(waiting or self._watch.seen or len(ready))

    @property
    def writing(self) -> bool:
        """True while one of its connections is in the middle of a transaction."""
        return any(_in_transaction(conn) for conn in self.connections)

    def next_timer(self) -> float:
        """When its next timer is due."""
        timers: Any = vars(self)["_scheduled"]
        return min((timer.when() for timer in timers if not timer.cancelled()), default=_NEVER)

    def cut_power(self) -> None:
        """Nothing of it reaches anybody any more: connections end as those of a killed process."""
        self.dead = True
        for conn in self.connections:
            with suppress(Exception):
                conn.close()  # an open transaction is rolled back, whoever holds it
        own: Any = vars(self)["_ssock"]
        for number in list(self._watch.get_map()):
            if not isinstance(number, int) or number == own.fileno():
                continue
            with suppress(OSError), socket.socket(fileno=socket.dup(number)) as copy:
                copy.shutdown(socket.SHUT_RDWR)

    def bury(self) -> None:
        """Frees what the dead one held; its tasks end without being able to do anything."""
        self.set_exception_handler(lambda _loop, _context: None)
        for _round in range(50):
            tasks = asyncio.all_tasks(self)
            if not tasks:
                break
            for task in tasks:
                task.cancel()
            for _step in range(20):
                self.step()
        else:
            raise Stuck(f"{self.name} cannot be buried: {asyncio.all_tasks(self)}")
        for _step in range(5):
            self.step()
        self.run_until_complete(self.shutdown_asyncgens())
        self.close()


def _in_transaction(connection: Any) -> bool:
    try:
        return bool(getattr(connection, "in_transaction", False))
    except sqlite3.ProgrammingError:
        return False  # closed


class Timekeeper(Protocol):
    """Told when time has moved, before anybody goes on."""

    def __call__(self) -> None: ...


class Stage:
    """All loops and the time they share, in seconds since the play began."""

    def __init__(self, *, patience_s: float = 0.0) -> None:
        self.now_s = 0.0
        self.patience_s = patience_s  # how long to wait for a real server before time moves
        self.loops: list[Loop] = []
        self.current: Loop | None = None
        self.on_time: Timekeeper = lambda: None

    def open_loop(self, name: str, *, waits: bool = True) -> Loop:
        """A new loop that takes part."""
        loop = Loop(self, name, waits=waits)
        self.loops.append(loop)
        return loop

    def ledger_taken(self, by: Loop) -> bool:
        """True while another loop holds a transaction: real processes wait for each other too."""
        return by.waits and any(loop.writing for loop in self.loops if loop is not by)

    def kill(self, loop: Loop) -> None:
        """The power of this loop fails at this moment."""
        if loop.dead:
            return
        loop.cut_power()
        self.loops.remove(loop)
        self.run_as(loop, loop.bury)
        loop.on_death()

    def run_as(self, loop: Loop, act: Callable[[], Any]) -> Any:
        before, self.current = self.current, loop
        try:
            return act()
        finally:
            self.current = before

    def _round(self) -> bool:
        moved = False
        for loop in tuple(self.loops):
            if loop.dead or loop.paused:
                continue
            if loop.doom is not None and loop.doom <= 0:
                self.kill(loop)
                moved = True
                continue
            stepped = self.run_as(loop, loop.step)
            if stepped and loop.doom is not None:
                loop.doom -= 1
            moved = moved or stepped
        return moved

    def play(
        self,
        until: Callable[[], bool] = lambda: False,
        *,
        rounds: int | None = None,
        wait_s: float = 0.0,
    ) -> bool:
        """Steps everybody until `until`, for so many rounds, or until nothing moves any more.

        Time may move on by `wait_s` meanwhile. True when `until` came true.
        """
        end_s = self.now_s + wait_s
        quiet = 0
        for played in range(_ROUNDS_MAX):
            if until():
                return True
            if rounds is not None and played >= rounds:
                return False
            quiet = 0 if self._round() else quiet + 1
            if quiet <= _QUIET_ROUNDS:
                continue
            if self.patience_s and quiet <= _QUIET_ROUNDS + 20:
                time.sleep(self.patience_s / 20)
                continue
            quiet = 0
            if not self._jump(end_s):
                return until()
        raise Stuck(f"no end after {_ROUNDS_MAX} rounds")

    def _jump(self, end_s: float) -> bool:
        next_s = min((loop.next_timer() for loop in self.loops if not loop.paused), default=_NEVER)
        if next_s > end_s:
            return False
        self.move_to(max(next_s, self.now_s))
        return True

    def move_to(self, moment_s: float) -> None:
        """Lets time pass without anybody doing anything."""
        self.now_s = max(self.now_s, moment_s)
        self.on_time()

    def finish(self, loop: Loop, work: Coroutine[Any, Any, T]) -> T:
        """What `work` comes to on this loop, while everybody else stands still."""
        task = loop.create_task(work)
        for _step in range(_ROUNDS_MAX):
            if task.done():
                return task.result()
            self.run_as(loop, loop.step)
        raise Stuck(f"{work} does not end on {loop.name}")

    def close(self) -> None:
        """Ends everybody."""
        for loop in tuple(self.loops):
            self.kill(loop)
