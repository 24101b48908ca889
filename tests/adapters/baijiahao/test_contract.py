"""百家号 against the inherited suite."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.registry import adapter_for
from tests.adapters.baijiahao.stage import BaijiahaoStage
from tests.adapters.contract import PublishingContract
from tests.adapters.stage import Stage


class TestArticle(PublishingContract):
    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Stage]:
        stage = await BaijiahaoStage(tmp_path).start()
        yield stage
        await stage.close()

    async def test_prepare_without_a_platform_is_unavailable(self, stage: Stage) -> None:
        """There is nothing to prepare on the platform, so its absence shows at commit only."""
        await stage.unplug()
        assert (await stage.prepared()).ready


def test_without_the_mode_a_person_publishes() -> None:
    assert not adapter_for("baijiahao").capabilities.publishes
    assert adapter_for("baijiahao", "api").capabilities.publishes
