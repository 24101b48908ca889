"""Nothing that needs a review goes out without: three levels, bound to the version they saw."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from bot.domain.publication import Role, State, owed_by
from bot.domain.review import Level
from bot.engine import reviewing
from bot.engine.reviewing import Case, CaseState
from bot.ledger.desk_tables import people as members
from bot.settings import ReviewPart
from tests.bot.engine.world import (
    START,
    TEN,
    Data,
    World,
    open_world,
    roster,
    status,
)
from tests.pairs import Pair

HOUR = timedelta(hours=1)
THREE = ReviewPart(levels=[Level.FIRST, Level.SECOND, Level.FINAL])
NAME = "p1@u01-weibo"
PEOPLE: dict[str, tuple[list[str], list[str]]] = {
    "chu": (["reviewer"], ["first"]),
    "fu": (["reviewer"], ["second"]),
    "zhong": (["reviewer"], ["final"]),
    "all": (["reviewer", "officer"], ["first", "second", "final"]),
    "officer": (["officer"], ["final"]),
    "helper": (["officer"], []),
}


async def enrol(world: World) -> None:
    """The people of the office who take part."""
    async with world.app.core.ledger.write() as conn:
        for login, (roles, levels) in PEOPLE.items():
            values: Data = {"login": login, "name": login, "roles": roles, "levels": levels}
            await conn.execute(insert(members).values(**values, made_at=START))


@pytest.fixture
async def world(tmp_path: Path, pair: Pair) -> AsyncIterator[World]:
    """The district, with three levels of review for everything."""
    changes = {"u02_weibo": {"reprint": "auto"}, "u03_weibo": {"reprint": "manual"}}
    async with open_world(tmp_path, roster(**changes), pair=pair) as opened:
        opened.review = THREE
        await opened.start()
        await enrol(opened)
        yield opened


async def case(world: World, post: str = "p1") -> Case:
    found = await reviewing.case(world.app.core, post)
    assert found is not None
    return found


async def approve(world: World, level: str, by: str, post: str = "p1") -> Case:
    seen = (await case(world, post)).content_hash
    return await reviewing.approve(world.app.core, post, seen, Level(level), by=by)


async def approve_all(world: World, post: str = "p1") -> Case:
    for level, by in (("first", "chu"), ("second", "fu")):
        await approve(world, level, by, post)
    return await approve(world, "final", "zhong", post)


async def refuse(world: World, level: str, by: str, post: str = "p1") -> Case:
    seen = (await case(world, post)).content_hash
    return await reviewing.refuse(
        world.app.core, post, seen, Level(level), by=by, note="剂量写错了"
    )


async def held(world: World, name: str = NAME) -> bool:
    pub = await world.pub(name)
    return (pub.state, pub.reason) == (State.HELD, "review_missing")


@pytest.mark.both_ways
async def test_approved_in_three_steps_it_goes_at_its_time(world: World) -> None:
    """Held from the moment it is planned, by the reviewers; the last word lets it go."""
    await world.plan(status())
    pub = await world.pub(NAME)
    assert await held(world)
    assert owed_by(pub.state, pub.reason, pub.next_at) is Role.REVIEWER
    first = await case(world)
    assert (first.state, first.next_level, first.publications) == (
        CaseState.WAITING,
        Level.FIRST,
        1,
    )
    assert (await approve(world, "first", "chu")).next_level is Level.SECOND
    assert (await approve(world, "second", "fu")).next_level is Level.FINAL
    await world.run(until=START + timedelta(minutes=5))
    assert await held(world)
    assert (await approve(world, "final", "zhong")).state is CaseState.APPROVED
    await world.run(until=START + timedelta(minutes=10))
    assert await world.state(NAME) is State.PLANNED
    await world.run(until=TEN)
    assert await world.state(NAME) is State.PUBLISHED
    assert await reviewing.case(world.app.core, "p1") is None
