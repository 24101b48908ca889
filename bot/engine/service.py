"""Keeps going: tick after tick, as long as something is due; then sleeps until the next is."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Protocol

from bot.domain.message import Message
from bot.engine.dispatch import tick
from bot.engine.ports import Core, Queue
from bot.errors import LedgerError
from bot.i18n import N_, _
from bot.ledger import publications
from bot.ledger.trouble import in_words, unusable
from bot.logs import get_logger, said

log = get_logger(__name__)
_INSIDE = N_("An error inside the program. It is tried again; no post is lost.")
_NAP = timedelta(seconds=5)  # longest sleep: another process may have changed the ledger


Ticked = Callable[[datetime], object]  # told when a tick went well


def _nothing(_at: datetime) -> None:
    pass


class WorkingQueue(Protocol):
    """A queue that works in this process."""

    async def put(self, message: Message) -> None: ...

    async def join(self) -> None: ...


async def run_due(core: Core, queue: WorkingQueue) -> int:
    """Works off all that is due now; returns how many rounds that took."""
    rounds = 0
    while not (await tick(core, queue)).idle:
        rounds += 1
        await queue.join()
    return rounds


async def next_due(core: Core) -> datetime | None:
    """When the next publication wants to be looked at."""
    async with core.ledger.read() as conn:
        return await publications.next_due(conn)


async def keep_ticking(
    core: Core,
    queue: Queue,
    stop: asyncio.Event,
    for_s: float = math.inf,
    ticked: Ticked = _nothing,
) -> None:
    """Claims what comes due, at its time, until `stop` is set or `for_s` seconds have passed.

    A tick does not wait for the last one's work: what is slow on one account delays no other.
    Raises LedgerError when the ledger is of another version by now.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + for_s
    failing = False
    while not stop.is_set() and loop.time() < end:
        try:
            found = await tick(core, queue)
            now = core.clock.now()
            ticked(now)
            if failing:
                failing = False
                log.warning("engine.tick_again", advice=_("The ledger can be used again."))
            if not found.idle:
                continue
            wake = min(await next_due(core) or now + _NAP, now + _NAP)
            pause_s = max((wake - core.clock.now()).total_seconds(), 0.01)
        except LedgerError:
            raise
        except Exception as error:
            # A locked or vanished ledger comes back; the posts in it are not lost meanwhile.
            failing = True
            log.error(
                "engine.tick_failed",
                error=said(error),
                error_kind=type(error).__name__,
                advice=in_words(error) if unusable(error) else _(_INSIDE),
                exc_info=not unusable(error),
            )
            pause_s = _NAP.total_seconds()
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), timeout=min(pause_s, max(end - loop.time(), 0)))
