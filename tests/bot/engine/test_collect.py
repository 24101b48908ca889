"""Reading the accounts side by side: the trouble of one is its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.engine.collect import collect
from tests.bot.engine.world import World, open_world, status

WEIBO = ["u01-weibo", "u02-weibo", "u03-weibo"]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as opened:
        yield opened


async def test_a_ledger_that_fails_some_accounts_keeps_no_other_from_being_read(
    world: World,
) -> None:
    """u02 before it is read, u03 when it is noted that it could not be."""
    await world.plan(status("p1"))
    await world.fault("u03-weibo", "code", code=10014, path="user_timeline", times=-1)
    async with world.app.core.ledger.write() as conn:
        for unit, column in (("u02", "tried_at"), ("u03", "read_error")):
            broken = (  # by an error of the kind that a full disk is
                f"CREATE TRIGGER {unit} BEFORE UPDATE OF {column} ON accounts "
                f"WHEN new.id = '{unit}-weibo' BEGIN SELECT abs(-9223372036854775808); END"
            )
            await conn.execute(text(broken))
    found = {one.account: bool(one.error) for one in await collect(world.app.core, WEIBO)}
    assert found == {"u01-weibo": False, "u02-weibo": True, "u03-weibo": True}
