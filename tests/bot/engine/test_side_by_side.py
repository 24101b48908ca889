"""Nothing is left running behind what works side by side."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from bot.engine.side_by_side import side_by_side
from bot.errors import LedgerError


async def test_what_each_came_to_is_given_in_order() -> None:
    first_may_end = asyncio.Event()

    async def first() -> int:
        await first_may_end.wait()
        return 1

    async def second() -> int:
        first_may_end.set()
        return 2

    assert await side_by_side([first(), second()]) == [1, 2]


async def test_the_trouble_of_one_is_told_when_the_others_have_ended() -> None:
    ended = []

    async def fails() -> None:
        raise LedgerError("no room")

    async def works() -> None:
        for _turn in range(5):
            await asyncio.sleep(0)
        ended.append("works")

    with pytest.raises(LedgerError):
        await side_by_side([works(), fails(), works()])
    assert ended == ["works", "works"]


async def test_a_cancellation_is_passed_on_when_all_have_ended() -> None:
    begun, ended = asyncio.Semaphore(0), []

    async def tidies() -> None:
        begun.release()
        try:
            await asyncio.Event().wait()
        finally:
            for _turn in range(5):
                await asyncio.sleep(0)
            ended.append("tidy")

    task = asyncio.create_task(side_by_side([tidies(), tidies()]))
    for _each in range(2):
        await begun.acquire()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert task.cancelled()
    assert ended == ["tidy", "tidy"]
