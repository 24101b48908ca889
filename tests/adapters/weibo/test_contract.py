"""Weibo against the inherited suite, as a text and with a picture."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.errors import Rejected
from tests.adapters.contract import PublishingContract
from tests.adapters.stage import Stage
from tests.adapters.weibo.stage import WeiboStage


class TestText(PublishingContract):
    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Stage]:
        stage = await WeiboStage(tmp_path).start()
        yield stage
        await stage.close()

    async def test_prepare_without_a_platform_is_unavailable(self, stage: Stage) -> None:
        """Weibo has nothing to prepare on the platform, so its absence shows at commit only."""
        await stage.unplug()
        assert (await stage.prepared()).ready

    async def test_refused_content_is_rejected(self, stage: Stage) -> None:
        """Weibo refuses at once; a later removal shows nowhere an ordinary app could look."""
        done = stage.granted(await stage.prepared())
        await stage.fault("code", code=20021, path=stage.commit_path)
        with pytest.raises(Rejected) as raised:
            await stage.commit(done)
        assert raised.value.code == "20021"
        assert raised.value.advice
        assert await stage.public_posts() == 0


class TestPicture(TestText):
    """With a picture the call is multipart instead of a form."""

    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Stage]:
        stage = WeiboStage(tmp_path)
        picture = stage.folder.picture("media/中文名.png")
        stage.variant = replace(stage.variant, images=(picture,))
        yield await stage.start()
        await stage.close()
