"""An account served by hand for every test of this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.adapters.handoff.stage import HandoffStage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[HandoffStage]:
    """A 视频号 account."""
    stage = await HandoffStage(tmp_path).start()
    yield stage
    await stage.close()
