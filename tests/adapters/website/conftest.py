"""A running WordPress for every test of this folder that asks for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.adapters.website.stage import WordPressStage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[WordPressStage]:
    """A site we may publish on."""
    stage = await WordPressStage(tmp_path).start()
    yield stage
    await stage.close()
