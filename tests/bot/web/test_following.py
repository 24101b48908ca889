"""What is saved at the desk is planned at once, and what others save meanwhile is left whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.domain.publication import State
from tests.bot.engine.world import World, open_world, status
from tests.bot.web.visitors import open_desk

JUNE = "2026-06.yaml"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as opened:
        opened.write_calendar(status("p2", at="2026-06-20 10:00"), file=JUNE)
        await opened.plan(status("p1", at="2026-05-20 10:00"))
        yield opened


async def test_a_calendar_that_is_away_for_an_instant_loses_no_post(world: World) -> None:
    june = world.schedules / JUNE
    whole = june.read_bytes()
    async with open_desk(world) as desk:
        officer = await desk.visitor("officer")
        june.unlink()
        page = await officer.post("/calendar/move", post="p1", day="2026-05-21")
        assert page.status == 303
        assert await world.state("p2@u01-weibo") is State.PLANNED
        # Half of it is there, and the rest is on its way.
        june.write_bytes(whole[: whole.index(b"posts:") + len("posts:\n")])
        asyncio.get_running_loop().call_later(0.2, june.write_bytes, whole)
        page = await officer.post("/calendar/move", post="p1", day="2026-05-22")
        assert page.status == 303
        assert await world.events("p2@u01-weibo") == ["planned"]
        assert (await world.pub("p1@u01-weibo")).due_at == datetime(2026, 5, 22, 2, 0, tzinfo=UTC)
