"""A running Kuaishou account for every test of this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.adapters.kuaishou.stage import KuaishouStage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[KuaishouStage]:
    """An account that allowed everything."""
    stage = await KuaishouStage(tmp_path).start()
    yield stage
    await stage.close()
