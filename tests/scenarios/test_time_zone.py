"""Times are the office's, wherever the machine stands."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.publication import State
from tests.bot.engine.world import TEN, article, open_world, status

ZONES = ["Asia/Shanghai", "UTC", "America/New_York", "Europe/London", "Pacific/Kiritimati"]


@pytest.fixture(params=ZONES)
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The machine's own zone while the test runs."""
    name: str = request.param
    monkeypatch.setenv("TZ", name)
    time.tzset()
    yield name
    monkeypatch.undo()
    time.tzset()


async def test_the_machines_zone_moves_no_post_and_no_quota(zone: str, tmp_path: Path) -> None:
    """Ten in Beijing is ten in Beijing; a day's quota ends at midnight in Beijing."""
    async with open_world(tmp_path) as world:
        await world.plan(
            article("p1", push=True),
            article("p2", "2026-05-06 23:30", push=True),
            status("p3", "2026-05-07 00:05"),
        )
        await world.run()
        assert (await world.pub("p1@u01-wechat")).committed_at == TEN
        pushed = await world.pub("p2@u01-wechat")
        midnight = datetime(2026, 5, 6, 16, 0, tzinfo=UTC)
        assert (pushed.state, pushed.committed_at) == (State.PUBLISHED, midnight), zone
        early = await world.pub("p3@u01-weibo")
        assert early.committed_at == midnight + timedelta(minutes=5)
        assert early.published_at == early.committed_at
