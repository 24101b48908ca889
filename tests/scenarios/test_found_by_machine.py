"""What the machine and the races of tests/property once found, each as small as it can be."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.bot.ledger.stand import add, get, ledger


async def test_more_readers_than_connections_wait_their_turn(tmp_path: Path) -> None:
    """Each held one of fifteen connections and waited for a thread; the threads waited for one."""
    async with ledger(tmp_path) as opened:
        (pub,) = await add(opened, 1)
        async with asyncio.timeout(10):
            found = await asyncio.gather(*(get(opened, pub) for _reader in range(64)))
    assert {one.id for one in found} == {pub}
