"""The ledger's file: its tables, its checks, what it does when it cannot be opened."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine, insert, text, update
from sqlalchemy.exc import IntegrityError

from bot.domain.publication import MAX_COMMITS, State
from bot.errors import LedgerError
from bot.ledger.desk_tables import people
from bot.ledger.recall_tables import recalls
from bot.ledger.store import Ledger, open_ledger
from bot.ledger.tables import publications
from tests.bot.ledger.stand import NOW, add, get, ledger, post, row, url
from tests.pairs import Pair, Servers


def _differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    (metadata,) = {people.metadata, recalls.metadata}
    return list(compare_metadata(context, metadata))


async def test_all_migrations_together_make_the_tables_as_they_are_written(tmp_path: Path) -> None:
    """Columns, types, keys and indexes."""
    async with ledger(tmp_path):
        pass
    engine = create_engine(f"sqlite:///{tmp_path / 'ledger.sqlite3'}")
    with engine.connect() as conn:
        assert _differences(conn) == []
    engine.dispose()


async def test_the_checks_of_the_tables_are_in_the_file_too(tmp_path: Path) -> None:
    """A comparison of tables does not look at CHECKs, so they are read from the file."""
    async with ledger(tmp_path):
        pass
    with sqlite3.connect(tmp_path / "ledger.sqlite3") as plain:
        sql = plain.execute("SELECT sql FROM sqlite_master WHERE name='publications'").fetchone()[0]
    plain.close()
    checks = [one for one in publications.constraints if one.name and "ck_" in str(one.name)]
    assert len(checks) >= 3
    for check in checks:
        assert str(check.name) in sql


BROKEN: dict[str, dict[str, Any]] = {
    "published without proof": {"state": "published", "published_at": NOW},
    "published without a time": {"state": "published", "url": "https://weibo.com/1/a"},
    "more calls than permitted": {"commits": MAX_COMMITS + 1},
    "a state nobody knows": {"state": "sent"},
    "an account nobody knows": {"account": "u99-weibo"},
    "a content nobody knows": {"content_hash": "0" * 64},
    "a post nobody knows": {"post": "p99"},
}


@pytest.mark.parametrize("changes", BROKEN.values(), ids=BROKEN)
async def test_the_database_itself_refuses_what_must_not_be(
    pair: Pair, changes: dict[str, Any]
) -> None:
    """Whatever the code above it may do some day, both when it is entered and when it changes."""
    async with ledger(pair) as opened:
        await add(opened, 1)
        with pytest.raises(IntegrityError):
            async with opened.write() as conn:
                await conn.execute(update(publications).values(**changes))
        fresh = row(post("p0"), account="u01-second", key="other")
        with pytest.raises(IntegrityError):
            async with opened.write() as conn:
                await conn.execute(insert(publications).values(**{**fresh, **changes}))


async def test_a_post_has_one_publication_on_an_account(pair: Pair) -> None:
    """Also under another key; and a key belongs to one publication."""
    async with ledger(pair) as opened:
        await add(opened, 2)
        for again in (
            row(post("p0"), key="another"),
            row(post("p1"), account="u01-second", key=row(post("p0"))["key"]),
        ):
            with pytest.raises(IntegrityError):
                async with opened.write() as conn:
                    await conn.execute(insert(publications).values(**again))


async def test_what_was_committed_survives_a_power_failure(tmp_path: Path) -> None:
    """Write-ahead log and a flush at every commit, on every connection."""
    async with ledger(tmp_path) as opened:
        for _connection in range(3):
            async with opened.write() as conn:
                assert await conn.scalar(text("PRAGMA journal_mode")) == "wal"
                assert await conn.scalar(text("PRAGMA synchronous")) == 2  # FULL
                assert await conn.scalar(text("PRAGMA foreign_keys")) == 1
            async with opened.read() as conn:
                assert await conn.scalar(text("PRAGMA synchronous")) == 2


async def test_a_block_that_raises_leaves_nothing(pair: Pair) -> None:
    """All of a transaction or none of it."""
    async with ledger(pair) as opened:
        (pub,) = await add(opened, 1)
        with pytest.raises(RuntimeError):
            await _change_and_raise(opened)
        assert (await get(opened, pub)).state is State.PLANNED


async def _change_and_raise(opened: Ledger) -> None:
    async with opened.write() as conn:
        await conn.execute(update(publications).values(state=State.HELD.value))
        raise RuntimeError("power")


async def test_readers_do_not_wait_for_a_writer(pair: Pair) -> None:
    """They see the state before it."""
    async with ledger(pair) as opened:
        await add(opened, 1)
        async with opened.write() as writing:
            await writing.execute(update(publications).values(state=State.HELD.value))
            async with asyncio.timeout(5), opened.read() as conn:
                assert await conn.scalar(text("SELECT state FROM publications")) == "planned"


async def test_a_ledger_of_a_newer_version_is_not_touched(tmp_path: Path) -> None:
    """It says what to do, and the file stays as it is."""
    async with ledger(tmp_path):
        pass
    with sqlite3.connect(tmp_path / "ledger.sqlite3") as plain:
        plain.execute("UPDATE alembic_version SET version_num='9999'")
    plain.close()
    before = (tmp_path / "ledger.sqlite3").read_bytes()
    with pytest.raises(LedgerError, match="9999"):
        await open_ledger(url(tmp_path))
    assert (tmp_path / "ledger.sqlite3").read_bytes() == before


@pytest.mark.parametrize("address", ["", "nonsense", "mysql://x/y"])
async def test_an_address_that_cannot_be_opened_is_one_sentence(address: str) -> None:
    """No stack trace, no half-open file."""
    with pytest.raises(LedgerError):
        await open_ledger(address)


async def test_a_file_that_is_no_ledger_is_one_sentence(tmp_path: Path) -> None:
    """A picture, or a folder in its place."""
    (tmp_path / "ledger.sqlite3").write_bytes(b"\x89PNG\r\n" * 400)
    with pytest.raises(LedgerError, match=r"ledger\.sqlite3"):
        await open_ledger(url(tmp_path))
    (tmp_path / "folder" / "ledger.sqlite3").mkdir(parents=True)
    with pytest.raises(LedgerError):
        await open_ledger(url(tmp_path / "folder"))


async def test_two_processes_may_open_a_new_ledger_at_once(tmp_path: Path) -> None:
    """Only one makes the tables."""
    opened = await asyncio.gather(*(open_ledger(url(tmp_path)) for _ in range(8)))
    for one in opened:
        await one.close()
    async with ledger(tmp_path) as again:
        assert len(await add(again, 1)) == 1


async def test_many_may_open_a_new_database_at_once(servers: Servers) -> None:
    """Workers that start together: one makes the tables, the others find them."""
    address = servers.postgres.create("opened_at_once")
    opened = await asyncio.gather(*(open_ledger(address) for _worker in range(4)))
    for one in opened:
        await one.close()
    servers.postgres.drop("opened_at_once")
