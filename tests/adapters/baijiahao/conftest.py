"""A running 百家号 for every test of this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.adapters.baijiahao.stage import BaijiahaoStage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[BaijiahaoStage]:
    """An account that may use the interface."""
    stage = await BaijiahaoStage(tmp_path).start()
    yield stage
    await stage.close()
