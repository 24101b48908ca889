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
    remembered.changed("session")
    other = asyncio.create_task(remembered.get("page", make, session="session"))
    await asyncio.sleep(0)
    visitor.cancel()
    other.cancel()
    await remembered.end()
    assert ended.is_set()
    await asyncio.wait({visitor, other})


async def test_who_sent_a_form_sees_what_came_of_it_and_others_wait_for_nothing() -> None:
    remembered, made = Remembered(WallClock()), list[int]()

    async def make() -> int:
        made.append(len(made))
        return made[-1]

    assert (await remembered.get("page", make, session="one")).value == 0
    assert (await remembered.get("page", make, session="two")).value == 0
    remembered.changed("one")
    assert (await remembered.get("page", make, session="two")).value == 0
    assert (await remembered.get("page", make, session="one")).value == 1
    assert (await remembered.get("page", make, session="one")).value == 1
    assert (await remembered.get("page", make, session="two")).value == 1
