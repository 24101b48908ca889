"""What is due and untried, open, spent: right, and at the cost of what is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text, update
from sqlalchemy.dialects import sqlite

from bot.domain import transitions
from bot.domain.publication import Hold, State
from bot.domain.quota import Budget, Period, key_of
from bot.domain.step import Step
from bot.ledger import journal, watch
from bot.ledger.journal import Move
from bot.ledger.store import Ledger
from bot.ledger.tables import credentials, publications, usage
from tests.bot.ledger.stand import NOW, add, ledger

LEASE = timedelta(seconds=120)
SPENT = Budget(action="publish", limit=100, period=Period.DAY)


async def since(opened: Ledger, now: datetime) -> datetime | None:
    async with opened.read() as conn:
        return await watch.untried_since(conn, now, lease=LEASE)


async def step(opened: Ledger, publication: int, made: Step, now: datetime) -> None:
    async with opened.write() as conn:
        [applied] = await journal.apply(conn, [Move(publication=publication, step=made)], now)
    assert applied.ok


async def put(opened: Ledger, publication: int, **columns: Any) -> None:
    async with opened.write() as conn:
        one = update(publications).where(publications.c.id == publication)
        await conn.execute(one.values(**columns))


async def test_nothing_waits_before_its_time(tmp_path: Path) -> None:
    async with ledger(tmp_path) as opened:
        await add(opened, 2)
        assert await since(opened, NOW - timedelta(seconds=1)) is None
        assert await since(opened, NOW + timedelta(seconds=90)) == NOW


async def test_going_to_the_queue_and_back_is_no_try(tmp_path: Path) -> None:
    """Workers are gone and the scheduler lives: the lease runs out again and again."""
    async with ledger(tmp_path) as opened:
        [pub] = await add(opened, 1)
        now = NOW
        for _round in range(3):
            await step(opened, pub, transitions.claim(lease_until=now + LEASE), now)
            assert await since(opened, now) == NOW
            now += LEASE
            await step(opened, pub, transitions.give_back(now=now, why="lease_ran_out"), now)
            assert await since(opened, now) == NOW


async def test_what_a_worker_holds_is_being_tried(tmp_path: Path) -> None:
    async with ledger(tmp_path) as opened:
        [pub] = await add(opened, 1)
        await step(opened, pub, transitions.claim(lease_until=NOW + LEASE), NOW)
        await put(opened, pub, lease="a worker")
        assert await since(opened, NOW + timedelta(seconds=100)) is None


async def test_who_keeps_the_line_of_an_account_does_not_wait(tmp_path: Path) -> None:
    """A long upload on the account: the next post keeps its place behind it."""
    async with ledger(tmp_path) as opened:
        first, _second = await add(opened, 2)
        await step(opened, first, transitions.claim(lease_until=NOW + LEASE), NOW)
        assert await since(opened, NOW) == NOW
        await put(opened, first, lease="a worker")
        assert await since(opened, NOW + timedelta(seconds=100)) is None


async def test_waiting_counts_from_what_made_it_ready(tmp_path: Path) -> None:
    async with ledger(tmp_path) as opened:
        [pub] = await add(opened, 1)
        thawed = NOW + timedelta(hours=2)
        claim = transitions.claim(lease_until=NOW + LEASE)
        await step(opened, pub, claim, NOW)
        await step(opened, pub, transitions.hold(Hold.FROZEN, look_at=thawed), NOW)
        assert await since(opened, NOW + timedelta(hours=1)) is None
        await step(opened, pub, transitions.release(due_at=NOW, go_at=thawed), thawed)
        assert await since(opened, thawed + timedelta(minutes=1)) == thawed


async def test_a_spent_quota_is_no_waiting_until_it_is_whole_again(tmp_path: Path) -> None:
    async with ledger(tmp_path) as opened:
        [pub] = await add(opened, 1)
        until = NOW + timedelta(hours=5)
        await step(opened, pub, transitions.claim(lease_until=NOW + LEASE), NOW)
        wait = transitions.wait(until=until, reason="quota", attempts=0, commits=0, error={})
        await step(opened, pub, wait, NOW)
        assert await since(opened, until - timedelta(seconds=1)) is None
        await step(opened, pub, transitions.claim(lease_until=until + LEASE), until)
        assert await since(opened, until + timedelta(seconds=30)) == until


async def test_open_states_are_counted_and_closed_ones_are_not(tmp_path: Path) -> None:
    async with ledger(tmp_path) as opened:
        pubs = await add(opened, 4)
        await put(opened, pubs[0], state="handed_off", next_at=None)
        await put(opened, pubs[1], state="failed", next_at=None)
        await put(opened, pubs[2], state="cancelled", next_at=None)
        async with opened.read() as conn:
            counts = await watch.open_states(conn)
    assert {state: count for state, count in counts.items() if count} == {
        "planned": 1,
        "handed_off": 1,
    }
    assert counts["unknown"] == 0  # an alert on it needs a value
    assert State.FAILED.value not in counts


async def test_only_the_running_period_is_read(tmp_path: Path) -> None:
    async with ledger(tmp_path) as opened:
        now_key = key_of("u01-weibo", SPENT, NOW)
        old_key = key_of("u01-weibo", SPENT, NOW - timedelta(days=1))
        names = ("account", "action", "period", "start")
        async with opened.write() as conn:
            for key, used in ((now_key, 3), (old_key, 9)):
                values = dict(zip(names, key, strict=True))
                await conn.execute(insert(usage).values(**values, used=used))
        async with opened.read() as conn:
            assert await watch.spent(conn, ["u01-weibo"], [SPENT], NOW) == {now_key: 3}
            assert await watch.spent(conn, [], [SPENT], NOW) == {}


async def test_ends_of_authorisations(tmp_path: Path) -> None:
    ends = datetime(2026, 6, 1, tzinfo=UTC)
    async with ledger(tmp_path) as opened:
        async with opened.write() as conn:
            for account, at in (("u01-weibo", ends), ("u01-second", None)):
                await conn.execute(
                    insert(credentials).values(
                        account=account, sealed=b"x", expires_at=at, updated_at=NOW
                    )
                )
        async with opened.read() as conn:
            assert await watch.expiries(conn) == [("u01-weibo", "weibo", ends)]


@pytest.mark.parametrize(
    ("statement", "wanted"),
    [
        (
            watch.untried(NOW, lease=LEASE),
            ("ix_publications_next_at (next_at<?)", "ix_publications_account_state (account=?"),
        ),
        (watch.open_counts(), ("ix_publications_account_state (account=? AND state=?)",)),
        (
            watch.spent_now(["u01-weibo"], [SPENT], NOW),
            ("(account=? AND action=? AND period=? AND start=?)",),
        ),
    ],
)
async def test_costs_what_is_due_not_what_was_recorded(
    tmp_path: Path, statement: Any, wanted: tuple[str, ...]
) -> None:
    compiled = statement.compile(
        dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True, "render_postcompile": True}
    )
    async with ledger(tmp_path) as opened, opened.read() as conn:
        rows = await conn.execute(text(f"EXPLAIN QUERY PLAN {compiled}".replace(":", "\\:")))
        plan = " | ".join(str(row.detail) for row in rows)
    for index in wanted:
        assert index in plan
    assert "SCAN publications" not in plan
    assert "SCAN events" not in plan
    assert "SCAN usage" not in plan


def test_every_state_is_open_or_ended() -> None:
    ended = {State.PUBLISHED, State.CANCELLED, State.FAILED, State.MISSED}
    assert ended | watch.OPEN == set(State)
