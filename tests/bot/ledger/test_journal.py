"""The journal: compare-and-set, groups, quotas, freezes; a race of withdrawals with grants."""

from __future__ import annotations

import asyncio
import random
import time

import pytest
from sqlalchemy import func, select, update

from bot.domain import transitions
from bot.domain.post import Method
from bot.domain.publication import Hold, State
from bot.domain.quota import Budget, Period
from bot.domain.step import PublishedAs, Step
from bot.ledger import controls, journal, publications, roster
from bot.ledger.journal import Applied, Journal, Move, Refusal
from bot.ledger.store import Ledger
from bot.ledger.tables import events, items
from bot.ledger.tables import publications as rows
from tests.bot.ledger.stand import LATER, NOW, add, get, ledger
from tests.pairs import Pair

LEASE, OTHER = "lease-of-mine", "lease-of-others"
ONE_A_DAY = Budget(action="publish", limit=1, period=Period.DAY)
# Ten thousand, with freezes, are in tests/property/test_withdrawal_race.py.
RACES, RACES_S, RACES_LEAST = 2_000, 20.0, 500


def grant(commits: int = 1, lease: str = LEASE) -> Step:
    """The permission to call commit once."""
    return transitions.grant(
        now=NOW, lease=lease, lease_until=LATER, commits=commits, method=Method.PUBLISH
    )


async def queued(opened: Ledger, count: int, lease: str = LEASE) -> list[int]:
    """Publications that a worker has taken under its lease."""
    ids = await add(opened, count)
    claim = transitions.claim(lease_until=LATER)
    async with opened.write() as conn:
        await journal.apply(conn, [Move(publication=pub, step=claim) for pub in ids], NOW)
        taken = await publications.take(conn, ids, {State.QUEUED}, lease=lease, until=LATER)
    assert len(taken) == count
    return ids


async def one(opened: Ledger, *moves: Move) -> list[Applied]:
    """Applies moves in a transaction of their own."""
    async with opened.write() as conn:
        return await journal.apply(conn, moves, NOW)


async def test_a_move_needs_the_state_it_starts_from(pair: Pair) -> None:
    """A second grant of the same row is stale."""
    async with ledger(pair) as opened:
        (pub,) = await queued(opened, 1)
        assert (await one(opened, Move(publication=pub, step=grant(), lease=LEASE)))[0].ok
        (again,) = await one(opened, Move(publication=pub, step=grant(2), lease=LEASE))
        assert again.refusal is Refusal.STALE
        assert (await get(opened, pub)).commits == 1


async def test_a_move_needs_the_lease_it_was_made_under(pair: Pair) -> None:
    """Another worker's, and none at all."""
    async with ledger(pair) as opened:
        (pub,) = await queued(opened, 1)
        for lease in (OTHER, None):
            (applied,) = await one(opened, Move(publication=pub, step=grant(), lease=lease))
            assert applied.refusal is Refusal.STALE
        assert (await get(opened, pub)).state is State.QUEUED


async def test_a_move_for_nobody_is_stale(pair: Pair) -> None:
    """A publication that is not there."""
    async with ledger(pair) as opened:
        (applied,) = await one(opened, Move(publication=4711, step=grant(), budgets=(ONE_A_DAY,)))
        assert applied.refusal is Refusal.STALE


async def test_moves_of_one_row_are_made_in_their_order(pair: Pair) -> None:
    """Each sees what the one before it did."""
    async with ledger(pair) as opened:
        (pub,) = await queued(opened, 1)
        lost = transitions.fail(reason="rejected", error={})
        cancelled = transitions.cancel(reason="withdrawn")
        applied = await one(
            opened,
            Move(publication=pub, step=grant(), lease=LEASE),
            Move(publication=pub, step=cancelled),
            Move(publication=pub, step=lost, lease=LEASE),
            Move(publication=pub, step=cancelled),
        )
        assert [move.ok for move in applied] == [True, False, True, True]
        assert (await get(opened, pub)).state is State.CANCELLED


async def test_a_hundred_callers_share_transactions(pair: Pair) -> None:
    """All succeed, each is told, and the ledger is flushed far less often than a hundred times."""
    async with ledger(pair) as opened:
        ids = await queued(opened, 100)
        shared = Journal(opened)
        applied = await asyncio.gather(
            *(
                shared.apply(Move(publication=pub, step=grant(), lease=LEASE), now=NOW)
                for pub in ids
            )
        )
        assert all(moves[0].ok for moves in applied)
        async with opened.read() as conn:
            assert len(await publications.in_states(conn, [State.SENDING])) == 100


BAD = {
    "breaks a check": Step(
        name="publication.bad",
        sources=frozenset(State),
        to=State.PUBLISHED,
        changes={"next_at": None},
    ),
    "names no column": Step(
        name="publication.bad", sources=frozenset(State), to=None, changes={"nothing": 1}
    ),
    "is no JSON": Step(
        name="publication.bad", sources=frozenset(State), to=None, facts={"at": object()}
    ),
    "has a naive time": Step(
        name="publication.bad",
        sources=frozenset(State),
        to=None,
        changes={"next_at": NOW.replace(tzinfo=None)},
    ),
    "publishes nothing": Step(
        name="publication.bad",
        sources=frozenset(State),
        to=None,
        published=PublishedAs(platform_id="x", url="", published_at=NOW.replace(tzinfo=None)),
    ),
    "has no facts at all": Step(
        name="publication.bad",
        sources=frozenset(State),
        to=None,
        facts=None,  # type: ignore[arg-type]
    ),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
async def test_one_bad_move_does_not_void_the_others(pair: Pair, bad: Step) -> None:
    """Its caller gets the error; the nine who shared the transaction get their moves."""
    async with ledger(pair) as opened:
        ids = await queued(opened, 10)
        shared = Journal(opened)
        calls = [
            shared.apply(Move(publication=pub, step=bad if n == 4 else grant()), now=NOW)
            for n, pub in enumerate(ids)
        ]
        async with asyncio.timeout(20):
            results = await asyncio.gather(*calls, return_exceptions=True)
            await asyncio.gather(shared.settle(), return_exceptions=True)
        assert [n for n, result in enumerate(results) if isinstance(result, BaseException)] == [4]
        states = [(await get(opened, pub)).state for pub in ids]
        assert states == [State.SENDING] * 4 + [State.QUEUED] + [State.SENDING] * 5


async def test_a_caller_that_is_cancelled_takes_nobody_with_it(pair: Pair) -> None:
    """And what it asked for is either made or not, never half."""
    async with ledger(pair) as opened:
        ids = await queued(opened, 10)
        shared = Journal(opened)
        tasks = [
            asyncio.create_task(shared.apply(Move(publication=pub, step=grant()), now=NOW))
            for pub in ids
        ]
        await asyncio.sleep(0)
        tasks[0].cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        await shared.settle()
        assert isinstance(results[0], asyncio.CancelledError)
        assert not any(isinstance(result, BaseException) for result in results[1:])
        assert (await get(opened, ids[0])).state is State.SENDING


async def test_during_a_freeze_nothing_is_granted(pair: Pair) -> None:
    """静默期 is looked at in the transaction that grants; other moves go on."""
    async with ledger(pair) as opened:
        (pub,) = await queued(opened, 1)
        move = Move(publication=pub, step=grant(), lease=LEASE, gated=True)
        async with opened.write() as conn:
            await controls.set_freeze(conn, True, reason="公祭日", by="officer", now=NOW)
        (refused,) = await one(opened, move)
        assert refused.refusal is Refusal.FROZEN
        assert (await get(opened, pub)).commits == 0
        async with opened.write() as conn:
            await controls.set_freeze(conn, False, reason="", by="officer", now=NOW)
        assert (await one(opened, move))[0].ok


async def test_before_its_embargo_ends_nothing_is_granted(pair: Pair) -> None:
    """禁发时限 is looked at in the same transaction, by the time of the grant."""
    async with ledger(pair) as opened:
        (pub,) = await queued(opened, 1)
        move = Move(publication=pub, step=grant(), lease=LEASE, gated=True)
        async with opened.write() as conn:
            await conn.execute(update(rows).values(not_before=LATER))
        (refused,) = await one(opened, move)
        assert (refused.refusal, refused.until) == (Refusal.EMBARGO, LATER)
        assert (await get(opened, pub)).commits == 0
        assert (await Journal(opened).apply(move, now=LATER))[0].ok


@pytest.mark.parametrize("together", [True, False], ids=["one-journal", "twenty-writers"])
async def test_of_twenty_who_want_the_last_of_a_quota_one_gets_it(
    pair: Pair, together: bool
) -> None:
    """In one process, and in as many as there are."""
    async with ledger(pair) as opened:
        ids = await queued(opened, 20)
        shared = Journal(opened)
        moves = [
            Move(publication=pub, step=grant(), lease=LEASE, budgets=(ONE_A_DAY,)) for pub in ids
        ]
        calls = [(shared if together else Journal(opened)).apply(move, now=NOW) for move in moves]
        results = [applied[0] for applied in await asyncio.gather(*calls)]
        assert sum(result.ok for result in results) == 1
        refused = [result for result in results if not result.ok]
        assert {result.refusal for result in refused} == {Refusal.SPENT}
        midnight = NOW.replace(hour=16)  # in Beijing
        assert {result.until for result in refused} == {midnight}


async def test_a_stale_move_spends_no_quota(pair: Pair) -> None:
    """Only what is really granted counts."""
    async with ledger(pair) as opened:
        first, second = await queued(opened, 2)
        stale = Move(publication=first, step=grant(), lease=OTHER, budgets=(ONE_A_DAY,))
        good = Move(publication=second, step=grant(), lease=LEASE, budgets=(ONE_A_DAY,))
        assert [applied.ok for applied in await one(opened, stale, good)] == [False, True]


async def test_of_several_quotas_all_are_spent_or_none(pair: Pair) -> None:
    """The hour's is whole although the day's was not."""
    hourly = Budget(action="publish", limit=1, period=Period.HOUR)
    async with ledger(pair) as opened:
        first, second, third = await queued(opened, 3)
        await one(opened, Move(publication=first, step=grant(), budgets=(ONE_A_DAY,)))
        (refused,) = await one(
            opened, Move(publication=second, step=grant(), budgets=(hourly, ONE_A_DAY))
        )
        assert refused.refusal is Refusal.SPENT
        assert (await one(opened, Move(publication=third, step=grant(), budgets=(hourly,))))[0].ok


async def test_what_became_public_is_an_item_in_the_same_transaction(pair: Pair) -> None:
    """And its event; a lost answer found twice is one item."""
    async with ledger(pair) as opened:
        (pub,) = await queued(opened, 1)
        receipt = PublishedAs(platform_id="77", url="https://weibo.com/1/x", published_at=NOW)
        publish = transitions.publish(receipt)
        await one(opened, Move(publication=pub, step=grant(), lease=LEASE))
        first, second = await one(
            opened, Move(publication=pub, step=publish), Move(publication=pub, step=publish)
        )
        assert (first.ok, second.ok) == (True, False)
        async with opened.read() as conn:
            assert await conn.scalar(select(func.count()).select_from(items)) == 1


async def test_the_events_tell_how_each_state_came_about(pair: Pair) -> None:
    """A random walk over all steps that need no lease: replaying its events gives the states."""
    chance = random.Random(20260506)
    receipt = PublishedAs(platform_id="", url="https://weibo.com/1/x", published_at=NOW)
    steps = [
        transitions.claim(lease_until=LATER),
        transitions.give_back(now=NOW, why="test"),
        grant(),
        transitions.pend({"id": "1"}, poll_at=LATER),
        transitions.ask_person(why="test", doubt_since=None),
        transitions.hold(Hold.PAUSED, look_at=LATER),
        transitions.release(due_at=NOW),
        transitions.miss(reason="test"),
        transitions.fail(reason="test", error={}),
        transitions.cancel(reason="removed"),
        transitions.hand_off(package="p"),
        transitions.publish(receipt),
        transitions.changed_after(content_hash="x"),
        *(transitions.retry(s, now=NOW, not_after=LATER, by="t") for s in State),
    ]
    async with ledger(pair) as opened:
        ids = await add(opened, 20)
        for _round in range(150):
            moves = [Move(publication=pub, step=chance.choice(steps)) for pub in ids]
            await one(opened, *moves)
        async with opened.read() as conn:
            for pub in ids:
                state = ""
                for event in await publications.history(conn, pub):
                    assert event["from_state"] == state
                    state = event["to_state"]
                found = await publications.get(conn, pub)
                assert found is not None
                assert found.state.value == state
            assert (await conn.scalar(select(func.count()).select_from(events)) or 0) > 200


async def test_nothing_is_ever_granted_after_it_was_withdrawn(pair: Pair) -> None:
    """Thousands of races of a worker's grant with a person's withdrawal, in every order.

    Whoever is told yes first wins, the other is told no; the events agree.
    """
    chance = random.Random(45028)
    withdraw = transitions.cancel(reason="withdrawn")
    async with ledger(pair) as opened:
        office, worker = Journal(opened), Journal(opened)
        ids = await queued(opened, RACES)
        begun, run = time.monotonic(), 0
        for start in range(0, RACES, 100):
            if time.monotonic() - begun > RACES_S:
                break
            batch = ids[start : start + 100]
            calls = [
                (worker, pub, Move(publication=pub, step=grant(), lease=LEASE)) for pub in batch
            ]
            calls += [(office, pub, Move(publication=pub, step=withdraw)) for pub in batch]
            chance.shuffle(calls)
            results = await asyncio.gather(*(j.apply(move, now=NOW) for j, _pub, move in calls))
            yes: dict[int, list[str]] = {pub: [] for pub in batch}
            for (_journal, pub, move), applied in zip(calls, results, strict=True):
                if applied[0].ok:
                    yes[pub].append(move.step.name)
            assert all(len(names) == 1 for names in yes.values())
            run += len(batch)
        assert run >= RACES_LEAST, run
        names = select(events.c.publication, events.c.name).order_by(events.c.id)
        withdrawn: set[int] = set()
        async with opened.read() as conn:
            for row in await conn.execute(names):
                if row.name == "publication.cancelled":
                    withdrawn.add(row.publication)
                assert row.name != "publication.granted" or row.publication not in withdrawn
        assert 0 < len(withdrawn) < run


async def test_a_withdrawal_within_the_same_group_wins_by_order(pair: Pair) -> None:
    """Even when one transaction carries both."""
    async with ledger(pair) as opened:
        first, second = await queued(opened, 2)
        withdraw = transitions.cancel(reason="withdrawn")
        applied = await one(
            opened,
            Move(publication=first, step=withdraw),
            Move(publication=first, step=grant(), lease=LEASE),
            Move(publication=second, step=grant(), lease=LEASE),
            Move(publication=second, step=withdraw),
        )
        assert [move.ok for move in applied] == [True, False, True, False]


async def test_no_grant_for_what_the_calendar_wants_otherwise_by_now(pair: Pair) -> None:
    """The wish was noted after the worker had looked whether it may go."""
    async with ledger(pair) as opened:
        (pub,) = await queued(opened, 1)
        wish = transitions.note_wish(content_hash="b", wanted={"content_hash": "b"})
        assert (await one(opened, Move(publication=pub, step=wish)))[0].ok
        (refused,) = await one(opened, Move(publication=pub, step=grant(), lease=LEASE))
        assert refused.refusal is Refusal.STALE
        found = await get(opened, pub)
        assert (found.state, found.commits) == (State.QUEUED, 0)


@pytest.mark.parametrize("paused", [True, False])
@pytest.mark.parametrize("by_admission", [True, False])
async def test_a_hold_for_a_pause_that_has_ended_is_looked_at_at_once(
    pair: Pair, paused: bool, by_admission: bool
) -> None:
    """Who resumed the account has woken what was held by then, and comes back no more.

    A hold after an error comes with its cause; looked at at once it would meet it for ever.
    """
    hold = transitions.hold(Hold.PAUSED, look_at=LATER)
    async with ledger(pair) as opened:
        (pub,) = await queued(opened, 1)
        async with opened.write() as conn:
            await roster.pause(conn, "u01-weibo", "no token" if paused else "")
        wish: dict[str, object] | None = {} if by_admission else None
        await one(opened, Move(publication=pub, step=hold, lease=LEASE, wish=wish))
        async with opened.read() as conn:
            held = await publications.get(conn, pub)
    assert held is not None
    assert held.state is State.HELD
    assert held.next_at == (NOW if by_admission and not paused else LATER)
