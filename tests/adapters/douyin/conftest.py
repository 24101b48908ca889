"""A running Douyin account for every test of this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.adapters.douyin.stage import DouyinStage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[DouyinStage]:
    """As most organisations have it: the list of works is withdrawn."""
    stage = await DouyinStage(tmp_path).start()
    yield stage
    await stage.close()


@pytest.fixture
async def lister(tmp_path: Path) -> AsyncIterator[DouyinStage]:
    """An app that still owns the list of works."""
    stage = await DouyinStage(tmp_path, lists=True).start()
    yield stage
    await stage.close()
