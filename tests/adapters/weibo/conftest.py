"""A running Weibo account for every test of this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.adapters.weibo.stage import WeiboStage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[WeiboStage]:
    """A verified account that may post."""
    stage = await WeiboStage(tmp_path).start()
    yield stage
    await stage.close()
