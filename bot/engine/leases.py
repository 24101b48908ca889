"""Working a batch off under one lease: accounts side by side, each account's posts in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from bot.domain.publication import Publication
from bot.engine.ports import Core
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


async def by_account(
    gate: asyncio.Semaphore,
    pubs: Sequence[Publication],
    work: Callable[[Publication], Awaitable[None]],
) -> None:
    """Does `work` for each; one account's come after each other, `gate` bounds the accounts."""
    lines: dict[str, list[Publication]] = {}
    for pub in pubs:
        lines.setdefault(pub.account, []).append(pub)

    async def one(line: Sequence[Publication]) -> None:
        async with gate:
            for pub in line:
                await work(pub)

    async with asyncio.TaskGroup() as group:
        for line in lines.values():
            group.create_task(one(line))
