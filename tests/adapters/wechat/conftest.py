"""A running WeChat account for every test of this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.adapters.wechat.office import Office
from tests.adapters.wechat.stage import WechatStage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[WechatStage]:
    """A 公众号 (subscription) whose article goes out as 发布."""
    stage = await WechatStage(tmp_path).start()
    yield stage
    await stage.close()


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[WechatStage]:
    """A 服务号 (service)."""
    stage = await WechatStage(tmp_path, kind="service").start()
    yield stage
    await stage.close()


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    """An office with a third-party platform that has a ticket, and one unit."""
    office = await Office(tmp_path).start()
    await office.component()
    yield office
    await office.close()
