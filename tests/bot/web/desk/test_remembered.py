"""Of what is being made for visitors nothing is left running, whatever was changed meanwhile."""

from __future__ import annotations

import asyncio

from bot.clock import WallClock
from bot.web.desk.remembered import Remembered


async def test_what_was_forgotten_while_it_was_made_ends_as_well() -> None:
    remembered, ended = Remembered(WallClock()), asyncio.Event()
    begun = asyncio.Event()

    async def make() -> int:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return 1

    visitor = asyncio.create_task(remembered.get("page", make))
    await begun.wait()
    remembered.forget()
    visitor.cancel()
    await remembered.end()
    assert ended.is_set()
    await asyncio.wait({visitor})
