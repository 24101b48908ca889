"""An account of the third-party platform against the inherited suite; refresh tokens rotate."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.adapters.contract import PublishingContract
from tests.adapters.stage import Stage
from tests.adapters.wechat.office import Office


class Attentive(Office):
    """Its server hears each ticket, also when time is moved on by a day at once."""

    async def forward(self, span: timedelta) -> None:
        await super().forward(span)
        await self.ticket()


class TestMember(PublishingContract):
    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Stage]:
        stage = await Attentive(tmp_path).start()
        await stage.component(rotate=True)
        stage.member(await stage.connected())
        yield stage
        await stage.close()
