"""What quotas the ledger has counted, also when several processes count at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from functools import partial

import pytest

from bot.domain.quota import Budget, Period, key_of
from bot.ledger.budgets import counted, open_purse
from bot.ledger.store import Ledger, open_ledger
from tests.bot.ledger.stand import NOW
from tests.pairs import Pair

pytestmark = pytest.mark.both_ways

HOURLY = Budget(action="publish", limit=3, period=Period.HOUR)
DAILY = Budget(action="publish", limit=4, period=Period.DAY)
READING = Budget(action="read", limit=2, period=Period.DAY)
MIDNIGHT = datetime.fromisoformat("2026-05-07 00:00+08:00")


@pytest.fixture
async def processes(pair: Pair) -> AsyncIterator[list[Ledger]]:
    """One ledger, opened four times as by so many processes."""
    async with AsyncExitStack() as stack:
        opened = []
        for _number in range(4):
            opened.append(await open_ledger(pair.ledger_url))
            stack.push_async_callback(opened[-1].close)
        yield opened


async def spend(
    ledger: Ledger, *budgets: Budget, account: str = "a", now: datetime = NOW
) -> datetime | None:
    async with ledger.write() as conn:
        purse = await conn.run(
            partial(open_purse, accounts={account}, budgets=set(budgets), now=now)
        )
        until = purse.spend(account, budgets)
        await conn.run(purse.save)
    return until


async def used(ledger: Ledger, budget: Budget, account: str = "a") -> int:
    async with ledger.read() as conn:
        return (await counted(conn, NOW)).get(key_of(account, budget, NOW), 0)


async def test_the_first_of_a_period_are_counted_once_however_many_ask(
    processes: list[Ledger],
) -> None:
    """Nobody has a row to lock yet, and still not one more than the limit gets through."""
    asked = [spend(ledger, HOURLY, DAILY) for ledger in processes * 3]
    answers = await asyncio.gather(*asked)
    assert sorted(answer is None for answer in answers) == [False] * 9 + [True] * 3
    assert {answer for answer in answers if answer} == {NOW + timedelta(hours=1)}
    assert await used(processes[0], HOURLY) == 3
    assert await used(processes[0], DAILY) == 3


async def test_accounts_in_another_order_do_not_lock_each_other_out(
    processes: list[Ledger],
) -> None:
    async def both(ledger: Ledger, accounts: list[str]) -> None:
        async with ledger.write() as conn:
            purse = await conn.run(partial(open_purse, accounts=accounts, budgets={DAILY}, now=NOW))
            for account in accounts:
                purse.spend(account, [DAILY])
            await conn.run(purse.save)

    names = [["a", "b"], ["b", "a"]] * 2
    await asyncio.gather(*(both(*one) for one in zip(processes, names, strict=True)))
    assert await used(processes[0], DAILY, "a") == 4
    assert await used(processes[0], DAILY, "b") == 4


async def test_what_must_not_be_refused_is_counted_beyond_the_limit(
    processes: list[Ledger],
) -> None:
    """Then nothing is left for what may be."""
    ledger = processes[0]
    async with ledger.write() as conn:
        purse = await conn.run(partial(open_purse, accounts={"a"}, budgets={READING}, now=NOW))
        for _look in range(3):
            purse.count("a", [READING])
        await conn.run(purse.save)
    assert await used(ledger, READING) == 3
    assert await spend(ledger, READING) == MIDNIGHT


@pytest.mark.parametrize(("until", "left"), [(MIDNIGHT, 0), (NOW + timedelta(hours=1), 2)])
async def test_the_platforms_word_empties_only_what_is_whole_again_by_then(
    processes: list[Ledger], until: datetime, left: int
) -> None:
    """An hour's wait says nothing about the rest of the day."""
    ledger = processes[0]
    async with ledger.write() as conn:
        purse = await conn.run(partial(open_purse, accounts={"a"}, budgets={READING}, now=NOW))
        purse.drain("a", [READING], until)
        await conn.run(purse.save)
    assert await used(ledger, READING) == READING.limit - left


async def test_other_periods_are_not_counted_in(processes: list[Ledger]) -> None:
    ledger = processes[0]
    assert await spend(ledger, READING, now=NOW - timedelta(days=1)) is None
    assert await used(ledger, READING) == 0
