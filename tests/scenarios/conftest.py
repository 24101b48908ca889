"""The small district every scenario starts from."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bot.engine.world import World, open_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Three units without reprint policies; both laws are checked after the test."""
    async with open_world(tmp_path) as opened:
        yield opened
