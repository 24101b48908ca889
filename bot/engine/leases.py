"""Working a batch off under one lease: accounts side by side, each account's posts in order."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from bot.domain.publication import Publication
from bot.engine.ports import Core, Options
from bot.ledger import publications
from bot.logs import get_logger

log = get_logger(__name__)


@asynccontextmanager
async def kept(core: Core, ids: Sequence[int], lease: str) -> AsyncIterator[None]:
    """Renews the lease while the block runs, so that slow work keeps it."""
    beat = asyncio.create_task(_renew(core, ids, lease))
    try:
        yield
    finally:
        beat.cancel()
        with suppress(asyncio.CancelledError):
            await beat


async def _renew(core: Core, ids: Sequence[int], lease: str) -> None:
    while True:
        await asyncio.sleep(core.options.lease_s / 3)
        until = core.clock.now() + timedelta(seconds=core.options.lease_s)
        try:
            async with core.ledger.write() as conn:
                await publications.renew(conn, ids, lease=lease, until=until)
        except (SQLAlchemyError, OSError):
            # Without renewal the lease runs out and the work is refused at its next step.
            log.warning("lease.not_renewed", lease=lease)


class Gate:
    """How many accounts are worked on at once: of all platforms, and of each."""

    def __init__(self, options: Options) -> None:
        self._all = asyncio.Semaphore(options.concurrency)
        self._each: dict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(options.per_platform)
        )

    @asynccontextmanager
    async def entered(self, platform: str) -> AsyncIterator[None]:
        """A place for one account of the platform."""
        # The platform's place first: waiting for it must not take one from other platforms.
        async with self._each[platform], self._all:
            yield


async def by_account(
    gate: Gate,
    pubs: Sequence[Publication],
    work: Callable[[Publication], Awaitable[None]],
) -> None:
    """Does `work` for each; one account's come after each other, `gate` bounds the accounts."""
    lines: dict[str, list[Publication]] = {}
    for pub in pubs:
        lines.setdefault(pub.account, []).append(pub)

    async def one(line: Sequence[Publication]) -> None:
        async with gate.entered(line[0].platform):
            for pub in line:
                await work(pub)

    async with asyncio.TaskGroup() as group:
        for line in lines.values():
            group.create_task(one(line))
