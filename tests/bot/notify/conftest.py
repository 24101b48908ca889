"""Robots on loopback, and how to reach them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest

from bot.clock import WallClock
from bot.notify.addresses import OFFICIAL, parse_robot
from bot.notify.robots import RobotTarget
from tests.notify.robots import Robots, serve_robots


@pytest.fixture
async def robots() -> AsyncIterator[Robots]:
    async with serve_robots() as running:
        yield running


Reach = Callable[..., RobotTarget]


@pytest.fixture
async def reach(robots: Robots) -> AsyncIterator[Reach]:
    """The target at a pasted address, with the platforms on loopback."""
    async with aiohttp.ClientSession() as session:

        def target(address: str, base_url: str = "", timeout_s: float = 5.0) -> RobotTarget:
            robot = parse_robot(address, dict(OFFICIAL))
            assert robot is not None
            return RobotTarget(
                robot=robot,
                base_url=base_url or robots.url,
                session=session,
                clock=WallClock(),
                timeout_s=timeout_s,
                mark="1",
            )

        yield target
