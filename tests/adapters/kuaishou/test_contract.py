"""Kuaishou against the inherited suite, in one request and in fragments."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.adapters.contract import PublishingContract
from tests.adapters.kuaishou.stage import MB, KuaishouStage
from tests.adapters.stage import Stage


class TestWhole(PublishingContract):
    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Stage]:
        stage = await KuaishouStage(tmp_path).start()
        yield stage
        await stage.close()


class TestFragments(PublishingContract):
    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Stage]:
        stage = KuaishouStage(tmp_path)
        stage.variant = replace(stage.variant, video=stage.video(3 * MB))
        await stage.start()
        stage.adapter = stage.another_adapter(
            whole_bytes=MB, fragment_bytes=MB, compare_checksum=True
        )
        yield stage
        await stage.close()
