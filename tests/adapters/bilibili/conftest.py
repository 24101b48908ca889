"""A running bilibili account for every test of this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.adapters.bilibili.stage import BilibiliStage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[BilibiliStage]:
    """An account that allowed everything."""
    stage = await BilibiliStage(tmp_path).start()
    yield stage
    await stage.close()
