"""The small district every scenario starts from."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bot.engine.world import World, open_world
from tests.pairs import Pair


@pytest.fixture
async def world(tmp_path: Path, pair: Pair) -> AsyncIterator[World]:
    """Three units without reprint policies; both laws are checked after the test."""
    async with open_world(tmp_path, pair=pair) as opened:
        yield opened
