"""Douyin against the inherited suite, in one request and in parts, with every odd envelope."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.adapters.contract import AdapterContract, PublishingContract
from tests.adapters.douyin.stage import MB, DouyinStage
from tests.adapters.stage import Stage


@pytest.mark.parametrize("mode", ["handoff_h5", "handoff_package"])
class TestByHand(AdapterContract):
    @pytest.fixture
    async def stage(self, tmp_path: Path, mode: str) -> AsyncIterator[Stage]:
        stage = await DouyinStage(tmp_path).start()
        stage.in_mode(mode, share_media_url="https://media.lanting.example")
        yield stage
        await stage.close()


class TestSingle(PublishingContract):
    """The list of works is needed where the suite looks without a review to ask after."""

    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Stage]:
        stage = await DouyinStage(tmp_path, lists=True).start()
        yield stage
        await stage.close()


class TestParts(PublishingContract):
    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Stage]:
        stage = DouyinStage(tmp_path, lists=True)
        stage.variant = replace(stage.variant, video=stage.video(6 * MB))
        await stage.start()
        parts = stage.another_adapter(single_bytes=MB, part_bytes=5 * MB)
        stage.adapter = parts  # type: ignore[assignment]
        yield stage
        await stage.close()


class TestPictures(PublishingContract):
    """图文: no video, several pictures."""

    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Stage]:
        stage = DouyinStage(tmp_path, lists=True)
        images = tuple(stage.folder.picture(f"media/{n}.png") for n in "123")
        stage.variant = replace(stage.variant, video=None, cover=None, images=images)
        stage.commit_path = "create_image_text"
        yield await stage.start()
        await stage.close()


class TestOddEnvelopes(PublishingContract):
    """Numbers as text, no data.error_code on success, and the log id under its other name."""

    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Stage]:
        stage = await DouyinStage(tmp_path, lists=True).start()
        await stage.setting(
            douyin_string_numbers=True, douyin_missing_code=True, douyin_log_id=True
        )
        yield stage
        await stage.close()
