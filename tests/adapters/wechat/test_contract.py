"""WeChat against the inherited suite, as 发布 and as 群发."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.post import Method
from tests.adapters.contract import PublishingContract
from tests.adapters.stage import Stage
from tests.adapters.wechat.stage import WechatStage


class TestPublish(PublishingContract):
    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Stage]:
        stage = await WechatStage(tmp_path).start()
        yield stage
        await stage.close()


class TestPush(PublishingContract):
    """Mass sends are in no list before the statistics of the next morning."""

    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Stage]:
        stage = WechatStage(tmp_path)
        stage.variant = replace(stage.variant, method=Method.PUSH)
        stage.commit_path = "mass/sendall"
        stage.listed_after = timedelta(days=1)
        yield await stage.start()
        await stage.close()
