"""Secrets between workers: one refresh at a time, nothing lost, nothing kept too long."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Engine, event

from bot.errors import AuthFailed, Unavailable
from bot.ledger import credentials
from bot.ledger.credentials import Vault
from bot.ledger.store import Ledger
from bot.wiring.credentials import AccountCredentials, Terms
from tests.bot.ledger.stand import NOW, ROSTER, ledger

ACCOUNT = ROSTER.accounts["u01-weibo"]
IN_VARIABLE = replace(ACCOUNT, credential="env:U01_SECRET")
OLD, NEW = {"token": "old"}, {"token": "new"}


class Hands:
    """A clock that goes where the test wants it, back as well."""

    def __init__(self) -> None:
        self.moment = NOW

    def now(self) -> datetime:
        return self.moment

    def steady_s(self) -> float:
        return 0.0


class Bench:
    """A ledger, a clock, and as many workers' credentials as a test wants."""

    def __init__(self, opened: Ledger) -> None:
        self.ledger = opened
        self.clock = Hands()
        self.vault = Vault(Fernet.generate_key().decode())

    def worker(self, account: Any = ACCOUNT, *, lease_s: int = 120) -> AccountCredentials:
        """The credentials as one more process would hold them."""
        return AccountCredentials(
            account,
            ledger=self.ledger,
            vault=self.vault,
            clock=self.clock,
            terms=Terms(lease_s=lease_s, remember_s=30),
        )

    async def enter(self, fields: Mapping[str, str]) -> None:
        """A person stores a credential."""
        self.forward(1)
        async with self.ledger.write() as conn:
            sealed, now = self.vault.seal(fields), self.clock.now()
            await credentials.store(conn, ACCOUNT.id, sealed, expires_at=None, now=now)

    def forward(self, seconds: float) -> None:
        self.clock.moment += timedelta(seconds=seconds)

    async def die_refreshing(self) -> None:
        """A worker takes the right to refresh and is killed."""
        now = self.clock.now()
        until = now + timedelta(seconds=120)
        async with self.ledger.write() as conn:
            assert await credentials.lease(conn, ACCOUNT.id, by="dead", now=now, until=until)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with ledger(tmp_path) as opened:
        made = Bench(opened)
        await made.enter(OLD)
        yield made


@contextmanager
def statements(table: str) -> Iterator[list[str]]:
    """Every statement that touches the table, as the driver gets it."""
    seen: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if table in statement:
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@contextmanager
def failing(words: str) -> Iterator[None]:
    """The driver fails each statement with these words, as it does when the disk is full."""

    def fail(_conn: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if words in statement:
            raise sqlite3.OperationalError("database or disk is full")

    event.listen(Engine, "before_cursor_execute", fail)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", fail)


async def refresh(one: AccountCredentials, fields: Mapping[str, str]) -> None:
    """What an adapter does: look again under the lease, and store what the platform gave."""
    async with one.exclusively() as now:
        if now != fields:
            await one.store(fields, expires_at=None)


# ── memory ────────────────────────────────────────────────────────────────────────────────────


async def test_loading_again_asks_the_ledger_once(bench: Bench) -> None:
    one = bench.worker()
    with statements("credentials") as seen:
        for _ in range(100):
            assert await one.load() == OLD
    assert len(seen) == 1


async def test_what_another_worker_stored_is_seen_in_time(bench: Bench) -> None:
    one, other = bench.worker(), bench.worker()
    await one.load()
    await refresh(other, NEW)
    assert await one.load() == OLD
    bench.forward(30)
    assert await one.load() == NEW


async def test_a_clock_set_back_keeps_nothing(bench: Bench) -> None:
    one = bench.worker()
    await one.load()
    await refresh(bench.worker(), NEW)
    bench.forward(-86400)
    assert await one.load() == NEW


async def test_what_one_stored_oneself_is_seen_at_once(bench: Bench) -> None:
    one = bench.worker()
    await one.load()
    await refresh(one, NEW)
    with statements("credentials") as seen:
        assert await one.load() == NEW
    assert seen == []


async def test_the_exclusive_section_never_works_from_memory(bench: Bench) -> None:
    one = bench.worker()
    await one.load()
    await refresh(bench.worker(), NEW)
    async with one.exclusively() as fields:
        assert fields == NEW
        assert await one.load() == NEW


async def test_a_failed_authorisation_ends_what_is_remembered(bench: Bench) -> None:
    one = bench.worker()
    await one.load()
    entered = one.entered
    await refresh(bench.worker(), NEW)
    assert not await one.replaced(entered)  # refreshed, but no person has done anything
    assert await one.load() == NEW
    await bench.enter({"token": "a person's"})
    assert await one.replaced(entered)
    assert await one.load() == {"token": "a person's"}


# ── one at a time ─────────────────────────────────────────────────────────────────────────────


async def test_the_loser_waits_and_uses_what_the_winner_got(bench: Bench) -> None:
    """Eight workers want to refresh at the same moment; one asks the platform."""
    asked = 0

    async def need(one: AccountCredentials) -> Mapping[str, str]:
        nonlocal asked
        async with one.exclusively() as fields:
            if fields == OLD:
                asked += 1
                await asyncio.sleep(0)  # the platform answers
                await one.store(NEW, expires_at=None)
        return await one.load()

    workers = [bench.worker() for _ in range(4)]
    got = await asyncio.gather(*(need(one) for one in workers * 2))
    assert asked == 1
    assert got == [NEW] * 8


async def test_a_worker_that_died_holds_up_nobody_for_longer_than_its_lease(bench: Bench) -> None:
    living = bench.worker()
    await bench.die_refreshing()
    waiting = asyncio.create_task(refresh(living, NEW))
    with statements("credentials") as seen:
        while len(seen) < 3:  # it looks again and again …
            await asyncio.sleep(0)
    assert not any("UPDATE" in one for one in seen)  # … without taking the ledger's write lock
    assert not waiting.done()
    bench.forward(119)
    bench.forward(1)
    await waiting
    assert await living.load() == NEW


async def test_waiting_has_an_end(bench: Bench) -> None:
    """The clock stands still here, so the lease never runs out: the wait ends by itself."""
    living = bench.worker(lease_s=0)
    await bench.die_refreshing()
    with pytest.raises(Unavailable):
        await refresh(living, NEW)


async def test_an_answer_that_comes_after_the_lease_is_kept(bench: Bench) -> None:
    """It may be the only token that still holds."""
    slow, other = bench.worker(), bench.worker()
    async with slow.exclusively():
        bench.forward(121)
        async with other.exclusively() as fields:
            assert fields == OLD
            await slow.store(NEW, expires_at=None)
            assert await other.load() == NEW
            with pytest.raises(Unavailable):
                await other.store({"token": "made from the old one"}, expires_at=None)
    assert await bench.worker().load() == NEW


async def test_what_a_person_enters_during_a_refresh_stays(bench: Bench) -> None:
    one = bench.worker()
    given = {"token": "a person's"}
    async with one.exclusively():
        await bench.enter(given)
        with pytest.raises(Unavailable):
            await one.store(NEW, expires_at=None)
    assert await one.load() == given
    await refresh(one, NEW)  # the lease of before is no obstacle


async def test_an_error_within_gives_the_right_back(bench: Bench) -> None:
    one = bench.worker()
    with pytest.raises(ZeroDivisionError):
        async with one.exclusively():
            raise ZeroDivisionError
    await refresh(bench.worker(lease_s=0), NEW)


async def test_what_the_ledger_could_not_take_is_stored_later(bench: Bench) -> None:
    """A full disk while a token is rotated: the old one is dead, so the new one is kept."""
    one = bench.worker()
    with failing("UPDATE credentials SET sealed"), pytest.raises(Unavailable):
        await refresh(one, NEW)
    assert await one.load() == OLD  # what is not durable is not used
    async with one.exclusively() as fields:
        assert fields == NEW
    assert await bench.worker().load() == NEW


async def test_a_failure_is_told_before_the_right_is_given_back(bench: Bench) -> None:
    """A locked ledger would be waited for a second time; others wait for the lease at most."""
    one, other = bench.worker(), bench.worker()
    sealing = "UPDATE credentials SET sealed"
    with statements("UPDATE credentials") as seen, failing(sealing), pytest.raises(Unavailable):
        await refresh(one, NEW)
    assert [statement.startswith(sealing) for statement in seen] == [False, True]
    bench.forward(120)
    await refresh(other, NEW)
    assert await bench.worker().load() == NEW


async def test_what_came_late_gives_way_to_a_person(bench: Bench) -> None:
    one = bench.worker()
    with failing("UPDATE credentials SET sealed"), pytest.raises(Unavailable):
        await refresh(one, NEW)
    await bench.enter({"token": "a person's"})
    async with one.exclusively() as fields:
        assert fields == {"token": "a person's"}


async def test_a_ledger_that_fails_is_no_reason_to_pause(bench: Bench) -> None:
    one = bench.worker()
    with failing("FROM credentials"), pytest.raises(Unavailable):
        await one.load()
    assert await one.load() == OLD


async def test_storing_is_for_the_holder_only(bench: Bench) -> None:
    with pytest.raises(RuntimeError):
        await bench.worker().store(NEW, expires_at=None)


async def test_without_a_credential_there_is_nothing_to_refresh(bench: Bench) -> None:
    one = bench.worker(ROSTER.accounts["u01-second"])
    for _ in range(2):
        with pytest.raises(AuthFailed, match="set-credential"):
            await refresh(one, NEW)


# ── secrets in variables ──────────────────────────────────────────────────────────────────────


async def test_a_token_made_from_a_variable_survives_a_restart(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rotated refresh token is the only one that holds; the variable still has the first."""
    monkeypatch.setenv("U01_SECRET", json.dumps(OLD))
    await refresh(bench.worker(IN_VARIABLE), NEW)
    assert await bench.worker(IN_VARIABLE).load() == NEW
    monkeypatch.setenv("U01_SECRET", json.dumps(OLD, indent=4))  # the same secret
    assert await bench.worker(IN_VARIABLE).load() == NEW


async def test_a_changed_variable_wins(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("U01_SECRET", json.dumps(OLD))
    await refresh(bench.worker(IN_VARIABLE), NEW)
    other = {"token": "authorised again"}
    monkeypatch.setenv("U01_SECRET", json.dumps(other))
    assert await bench.worker(IN_VARIABLE).load() == other


async def test_the_variables_secret_is_not_the_ledgers(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An account moved from one to the other never works with what was there before."""
    monkeypatch.setenv("U01_SECRET", json.dumps({"token": "variable"}))
    one = bench.worker(IN_VARIABLE)
    assert await one.load() == {"token": "variable"}
    await refresh(one, NEW)
    with pytest.raises(AuthFailed, match="set-credential"):
        await bench.worker().load()


async def test_another_key_leaves_the_variable(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("U01_SECRET", json.dumps(OLD))
    await refresh(bench.worker(IN_VARIABLE), NEW)
    bench.vault = Vault(Fernet.generate_key().decode())
    assert await bench.worker(IN_VARIABLE).load() == OLD


@pytest.mark.parametrize("text", [None, "{", "[1]", '"text"'])
async def test_a_bad_variable_is_named(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    monkeypatch.delenv("U01_SECRET", raising=False)
    if text is not None:
        monkeypatch.setenv("U01_SECRET", text)
    with pytest.raises(AuthFailed, match="U01_SECRET"):
        await bench.worker(IN_VARIABLE).load()
