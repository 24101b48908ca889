"""The hand-off against the part of the inherited suite that holds without a platform."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.registry import adapter_for
from bot.errors import Rejected
from tests.adapters.contract import AdapterContract, listed
from tests.adapters.handoff.stage import HandoffStage
from tests.adapters.stage import Stage


class TestHandoff(AdapterContract):
    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Stage]:
        stage = await HandoffStage(tmp_path).start()
        yield stage
        await stage.close()

    async def test_a_machine_never_publishes(self, stage: Stage) -> None:
        done = stage.granted(await stage.prepared())
        with pytest.raises(Rejected) as raised:
            await stage.commit(done)
        assert raised.value.advice
        assert await stage.look(done) is None

    async def test_nothing_can_be_read(self, stage: Stage) -> None:
        assert await listed(stage) == []
        assert await stage.adapter.stat([]) == []
        assert not stage.adapter.capabilities.publishes


@pytest.mark.parametrize("platform", ["channels", "xuexi", "toutiao"])
def test_platforms_without_an_interface_are_served_by_hand(platform: str) -> None:
    assert adapter_for(platform).name == "handoff"


@pytest.mark.parametrize("platform", ["wechat", "weibo", "douyin", "kuaishou"])
def test_any_account_may_be_served_by_hand(platform: str) -> None:
    assert adapter_for(platform, "handoff").name == "handoff"
