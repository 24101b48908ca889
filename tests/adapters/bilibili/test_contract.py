"""bilibili against the inherited suite, in one request and in parts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.adapters.bilibili.stage import MB, BilibiliStage
from tests.adapters.contract import PublishingContract
from tests.adapters.stage import Stage


class TestSmall(PublishingContract):
    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Stage]:
        stage = await BilibiliStage(tmp_path).start()
        yield stage
        await stage.close()


class TestParts(PublishingContract):
    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Stage]:
        stage = BilibiliStage(tmp_path)
        stage.variant = replace(stage.variant, video=stage.video(3 * MB))
        await stage.start()
        stage.adapter = stage.another_adapter(small_bytes=MB, part_bytes=MB)
        yield stage
        await stage.close()
