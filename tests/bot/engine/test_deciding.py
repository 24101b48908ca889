"""A person's word about a doubtful match: it stands, it has consequences, it can be revised."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from bot.contract import Item
from bot.domain.coverage import CellState
from bot.domain.matching import Decision, Level, Verdict
from bot.domain.publication import State
from bot.engine import carried, comparing, deciding, people, tasks
from bot.engine.answers import coverage
from bot.errors import UsageError
from bot.ledger import items, verdicts
from bot.ledger.roster import load as roster_of
from bot.ledger.tables import items as items_table
from bot.ledger.tables import verdicts as verdicts_table
from tests.bot.engine.world import TEN, World, key_item, open_world, roster
from tests.pairs import Pair

WAITS = "k1@u02-wechat"  # u02 has not agreed yet
HAS_PACKAGE = "k1@u03-wechat"
MEMBERS = roster(u02_wechat={"reprint": "confirm"}, u03_wechat={"reprint": "manual"})


@asynccontextmanager
async def released(folder: Path, pair: Pair | None = None) -> AsyncIterator[World]:
    """A key item is out; one unit waits, one has a package."""
    async with open_world(folder, MEMBERS, pair) as world:
        await world.plan(key_item())
        await world.run(until=TEN + timedelta(hours=1))
        yield world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with released(tmp_path) as opened:
        yield opened


def verdict(account: str, decision: Decision = "doubtful", level: Level | None = "D") -> Verdict:
    """What the rules say of an article of this account."""
    return Verdict(
        post="k1",
        account=account,
        level=level,
        decision=decision,
        rule="cut",
        scores={"c": 0.6},
        passages=("流感季来了及时接种疫苗",),
    )


async def seen(world: World, account: str, said: Verdict | None = None) -> int:
    """An article found on the account, half an hour after the release; its match's number."""
    now = world.clock.now()
    shown = Item(
        platform_id=f"m-{account}",
        url=f"https://mp.weixin.qq.com/s/{account}",
        title="流感季防护",
        text="流感季来了，及时接种疫苗。",
        published_at=TEN + timedelta(minutes=30),
    )
    async with world.app.core.ledger.write() as conn:
        await items.upsert(conn, account, [shown], now)
        query = select(items_table.c.id).where(items_table.c.account == account)
        (item,) = (await conn.execute(query)).scalars()
        await verdicts.record(conn, item, said or verdict(account), "", now)
        return int(await conn.scalar(select(func.max(verdicts_table.c.id))))


async def read_again(world: World, number: int, said: Verdict) -> bool:
    """The account is read once more, and the rules say this; True when it was taken in."""
    now = world.clock.now()
    (match, *_rest) = await deciding.history(world.app.core, number)
    async with world.app.core.ledger.write() as conn:
        new = await verdicts.record(conn, match.item, said, "", now)
        if said.decision == "reprinted":
            await carried.take_over(conn, await items.get(conn, match.item), "k1", now)
    return new


async def cell(world: World, account: str) -> CellState:
    ((item,), _members) = await coverage(world.app.core)
    return next(one.state for one in item.accounts if one.account == account)


async def test_a_confirmed_match_ends_what_was_planned_and_stays(world: World) -> None:
    number = await seen(world, "u02-wechat")
    assert await cell(world, "u02-wechat") is CellState.OPEN
    assert [one.number for one in await deciding.matches(world.app.core)] == [number]
    done = await deciding.confirm(world.app.core, number, by="陈")
    assert (done.match.decision, done.match.decided_by, done.match.level) == (
        "reprinted",
        "陈",
        "D",
    )
    assert done.was_cancelled
    assert await world.state(WAITS) is State.CANCELLED
    assert await cell(world, "u02-wechat") is CellState.ON_TIME
    for said in (verdict("u02-wechat"), verdict("u02-wechat", "no", None)):
        assert not await read_again(world, number, said)
    assert await deciding.matches(world.app.core) == []
    (still,) = await deciding.matches(world.app.core, post="k1", decided=True)
    assert still == done.match
    assert await cell(world, "u02-wechat") is CellState.ON_TIME


async def test_a_refused_match_stays_whatever_is_read_later(world: World) -> None:
    number = await seen(world, "u02-wechat")
    await deciding.refuse(world.app.core, number, by="陈", reason="同题不同文")
    assert not await read_again(world, number, verdict("u02-wechat", "reprinted", "C"))
    assert await world.state(WAITS) is State.HELD
    (match,) = await deciding.matches(world.app.core, decided=True)
    assert (match.decision, match.reason) == ("no", "同题不同文")
    assert await cell(world, "u02-wechat") is not CellState.ON_TIME


async def test_a_decision_can_be_revised_and_its_history_is_kept(world: World) -> None:
    number = await seen(world, "u03-wechat")
    link = "https://mp.weixin.qq.com/s/u03-wechat"
    await deciding.confirm(world.app.core, number, by="陈")
    pub = await world.pub(HAS_PACKAGE)
    assert (pub.state, pub.url) == (State.PUBLISHED, link)
    await deciding.refuse(world.app.core, number, by="林", reason="看错了")
    pub = await world.pub(HAS_PACKAGE)
    assert (pub.state, pub.url, pub.published_at) == (State.HANDED_OFF, "", None)
    async with world.app.core.ledger.read() as conn:
        (row,) = [one for one in await items.between(conn, None, None) if one.url == link]
        open_ones = await tasks.open_tasks(conn, units=["u03"])
    assert (row.kind, row.publication) == ("original", None)
    assert [one.again for one in open_ones if one.ref == pub.id] == [1]  # so it is told anew
    assert await cell(world, "u03-wechat") is not CellState.ON_TIME
    await deciding.confirm(world.app.core, number, by="陈")
    assert await world.state(HAS_PACKAGE) is State.PUBLISHED
    history = await deciding.history(world.app.core, number)
    assert [(one.decision, one.decided_by, one.superseded) for one in history] == [
        ("doubtful", "", True),
        ("reprinted", "陈", True),
        ("no", "林", True),
        ("reprinted", "陈", False),
    ]
    events = (await world.events(HAS_PACKAGE))[-3:]
    assert events == ["confirmed", "unconfirmed", "confirmed"]


async def test_what_cannot_be_decided(world: World) -> None:
    core = world.app.core
    number = await seen(world, "u02-wechat")
    clear = await seen(world, "u03-wechat", verdict("u03-wechat", "reprinted", "C"))
    before = await world.history(WAITS)
    for wrong in (
        deciding.confirm(core, clear, by="陈"),  # it counts already
        deciding.refuse(core, number, by="陈", reason=" "),
        deciding.confirm(core, 999, by="陈"),
        deciding.confirm(core, 10**30, by="陈"),
        deciding.matches(core, post="nothing"),
    ):
        with pytest.raises(UsageError):
            await wrong
    assert await world.history(WAITS) == before
    await deciding.refuse(core, number, by="陈", reason="不是")
    with pytest.raises(UsageError, match="陈"):
        await deciding.refuse(core, number, by="林", reason="不是")
    async with core.ledger.write() as conn:
        await conn.execute(text("UPDATE items SET deleted_at = published_at"))
    with pytest.raises(UsageError):
        await deciding.confirm(core, number, by="林")
    assert [one.decision for one in await deciding.history(core, number)] == ["doubtful", "no"]


async def test_a_sure_verdict_of_the_rules_can_be_refused_too(world: World) -> None:
    """Else it cancels the unit's reprint at each reading, and nobody can help it."""
    said = verdict("u02-wechat", "reprinted", "C")
    number = await seen(world, "u02-wechat", said)
    await read_again(world, number, said)
    assert await world.state(WAITS) is State.CANCELLED
    listed = await deciding.matches(world.app.core, post="k1", decided=True)
    assert [one.number for one in listed] == [number]
    done = await deciding.refuse(world.app.core, number, by="陈", reason="同题不同文")
    assert done.was_cancelled
    assert await cell(world, "u02-wechat") is not CellState.ON_TIME
    await people.retry(world.app.core, await world.pub(WAITS), by="陈")
    assert not await read_again(world, number, said)
    assert await world.state(WAITS) is not State.CANCELLED
    none = await seen(world, "u03-wechat", verdict("u03-wechat", "no", None))
    assert (await deciding.confirm(world.app.core, none, by="陈")).match.decision == "reprinted"
    assert await world.state(HAS_PACKAGE) is State.PUBLISHED


async def rules_say(world: World, account: str, *said: Verdict) -> None:
    """The account's one item is compared anew."""
    now = world.clock.now()
    async with world.app.core.ledger.write() as conn:
        query = select(items_table.c.id).where(items_table.c.account == account)
        members = await roster_of(conn)
        known = await comparing.known(conn, members, since=TEN, until=now)
        for one in said:
            row = await items.get(conn, int(await conn.scalar(query)))
            await comparing.record(conn, [(row, one)], known, now)


@pytest.mark.parametrize("later", ["no", "doubtful"])
async def test_what_the_rules_alone_confirmed_ends_with_their_verdict(
    world: World, later: Decision
) -> None:
    await seen(world, "u03-wechat")
    await rules_say(world, "u03-wechat", verdict("u03-wechat", "reprinted", "C"))
    assert await world.state(HAS_PACKAGE) is State.PUBLISHED
    assert await cell(world, "u03-wechat") is CellState.ON_TIME
    await rules_say(world, "u03-wechat", verdict("u03-wechat", later))
    assert (await world.events(HAS_PACKAGE))[-1] == "unconfirmed"
    assert await world.state(HAS_PACKAGE) is State.HANDED_OFF
    assert await cell(world, "u03-wechat") is not CellState.ON_TIME


async def test_a_person_s_word_outlives_the_rules_verdict(world: World) -> None:
    await seen(world, "u03-wechat")
    pub, link = await world.pub(HAS_PACKAGE), "https://mp.weixin.qq.com/s/u03-wechat"
    await people.confirm(world.app.core, pub, url=link, at=None, by="陈")
    await rules_say(world, "u03-wechat", verdict("u03-wechat", "reprinted", "C"))
    await rules_say(world, "u03-wechat", verdict("u03-wechat", "no", None))
    assert await world.state(HAS_PACKAGE) is State.PUBLISHED


async def test_one_item_that_carries_two_key_items_loses_but_one(tmp_path: Path) -> None:
    async with open_world(tmp_path, MEMBERS) as world:
        await world.plan(key_item(), key_item("k2"))
        await world.run(until=TEN + timedelta(hours=1))
        first = await seen(world, "u03-wechat")
        both = verdict("u03-wechat", "reprinted", "C")
        await rules_say(world, "u03-wechat", both, replace(both, post="k2"))
        assert await world.state("k2@u03-wechat") is State.PUBLISHED
        await deciding.refuse(world.app.core, first, by="陈", reason="不是")
        assert await world.state(HAS_PACKAGE) is State.HANDED_OFF
        async with world.app.core.ledger.read() as conn:
            row = await items.get(conn, (await deciding.history(world.app.core, first))[0].item)
        assert (row.kind, row.publication) == ("reprint", (await world.pub("k2@u03-wechat")).id)
        await rules_say(world, "u03-wechat", replace(both, post="k2", decision="no"))
        assert await world.state("k2@u03-wechat") is State.HANDED_OFF


async def test_between_two_confirmations_it_was_not_public(world: World) -> None:
    number = await seen(world, "u03-wechat")
    await deciding.confirm(world.app.core, number, by="陈")
    await world.at(TEN + timedelta(hours=2))
    await deciding.refuse(world.app.core, number, by="林", reason="看错了")
    between = TEN + timedelta(hours=2, minutes=30)
    await world.at(between)
    then, _members = await coverage(world.app.core)
    await world.at(TEN + timedelta(hours=3))
    await deciding.confirm(world.app.core, number, by="陈")
    assert (await coverage(world.app.core, at=between))[0] == then


async def test_two_persons_and_a_reading_at_once(tmp_path: Path, pair: Pair) -> None:
    """Whoever comes first, one verdict is in force, and a person's is never lost."""
    async with released(tmp_path, pair) as world, AsyncExitStack() as stack:
        number = await seen(world, "u02-wechat")
        other = await world.second_bot(stack)
        found = await asyncio.gather(
            deciding.confirm(world.app.core, number, by="陈"),
            deciding.refuse(other.core, number, by="林", reason="不是"),
            read_again(world, number, verdict("u02-wechat", "doubtful", "C")),
            return_exceptions=True,
        )
        assert {type(one) for one in found if isinstance(one, Exception)} <= {UsageError}
        history = await deciding.history(world.app.core, number)
        assert [one.superseded for one in history].count(False) == 1
        # The reading may have been first for both: then both were told to look again.
        refused = all(isinstance(one, UsageError) for one in found[:2])
        assert history[-1].decided_by in ({""} if refused else {"陈", "林"})
        state = await world.state(WAITS)
        decided = [one.decision for one in history if one.decided_by]
        assert (state is State.CANCELLED) == ("reprinted" in decided)
