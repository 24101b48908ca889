"""Roster and platforms side by side: nothing is taken over silently, and every decision stays."""

from __future__ import annotations

import pytest

from bot.engine import syncing
from bot.engine.syncing import Synced
from bot.errors import UsageError
from bot.ledger import profiles
from bot.ledger.profiles import Decision, Noted
from tests.bot.engine.world import World, roster, status

NAME = "健康u02"  # as the platform has it


async def sync(world: World) -> Synced:
    return await syncing.sync(world.app.core, world.app.read().roster)


async def take(world: World, *numbers: int) -> list[str]:
    reading = world.app.read()
    core = world.app.core
    _file, done = await syncing.take(
        core, reading.folder, reading.roster, numbers or None, by="钱老师"
    )
    return [f"{one.subject} {one.field}" for one in done]


def names(found: Synced) -> list[Noted]:
    """The simulator has not verified everybody as the roster has it; that is beside the point."""
    return [one for one in found.open if one.field == "name"]


def said(found: Synced) -> list[tuple[str, str, str, str]]:
    return [(one.subject, one.field, one.ours, one.theirs) for one in names(found)]


async def test_a_difference_is_taken_over_or_refused_once(world: World) -> None:
    world.write_roster(roster(u02_weibo={"name": "旧名"}, u03_weibo={"name": "另一个"}))
    await world.plan(status())
    found = await sync(world)
    mine = ("u02-weibo", "name", "旧名", NAME)
    assert mine in said(found)
    numbers = {one.subject: one.id for one in names(found)}
    assert {one.subject: one.id for one in names(await sync(world))} == numbers  # they keep them
    with pytest.raises(UsageError):
        await take(world, 10_000)
    core = world.app.core
    await syncing.refuse(core, [numbers["u03-weibo"]], by="钱老师", reason="下月改名")
    assert await take(world, numbers["u02-weibo"]) == ["u02-weibo name"]
    assert world.app.read().roster.accounts["u02-weibo"].name == NAME
    found = await sync(world)
    assert {"u02-weibo", "u03-weibo"}.isdisjoint(one.subject for one in names(found))
    assert [(one.subject, one.reason, one.by) for one in found.refused] == [
        ("u03-weibo", "下月改名", "钱老师")
    ]
    # Our side changes: what was refused is said again.
    world.write_roster(roster(u03_weibo={"name": "第三个"}))
    found = await sync(world)
    assert ("u03-weibo", "name", "第三个", "健康u03") in said(found)
    assert found.refused == []
    async with core.ledger.read() as conn:
        (taken,) = await profiles.find(conn, Decision.TAKEN)
        (over,) = await profiles.find(conn, Decision.SETTLED)
        kept = await profiles.said(conn)
    assert (taken.subject, taken.by, taken.decided_at) == ("u02-weibo", "钱老师", world.clock.now())
    assert over.subject == "u03-weibo"
    assert kept["u02-weibo"][0]["name"] == NAME
