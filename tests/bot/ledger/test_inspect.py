"""Looking at a ledger without touching it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from bot.errors import LedgerError
from bot.ledger import inspect
from bot.ledger.inspect import Standing
from bot.ledger.tables import accounts
from tests.bot.ledger.stand import ledger, url


def test_how_a_revision_stands() -> None:
    assert inspect.standing(None) is Standing.EMPTY
    assert inspect.standing(inspect.head()) is Standing.CURRENT
    assert inspect.standing("9999") is Standing.NEWER


async def test_reads_a_ledger_that_is_in_use(tmp_path: Path) -> None:
    async with ledger(tmp_path) as opened, inspect.inspect(url(tmp_path)) as seen:
        assert await inspect.revision(seen.conn) == inspect.head()
        rows = await seen.conn.execute(select(accounts.c.id).order_by(accounts.c.id))
        assert [row.id for row in rows] == ["u01-second", "u01-weibo"]
        assert (await seen.integrity(), await seen.refused()) == ([], "")
        assert seen.wal_bytes() > 0
        assert await seen.clock() is None
        async with opened.read() as conn:
            assert await inspect.revision(conn) == inspect.head()


async def test_leaves_nothing_behind_and_writes_nothing(tmp_path: Path) -> None:
    async with ledger(tmp_path):
        pass
    [file] = tmp_path.iterdir()
    before = file.read_bytes()
    async with inspect.inspect(url(tmp_path)) as seen:
        await seen.integrity()
        await seen.refused()
        with pytest.raises(DatabaseError):
            await seen.conn.execute(text("DELETE FROM accounts"))
    assert list(tmp_path.iterdir()) == [file]
    assert file.read_bytes() == before


async def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError):
        async with inspect.inspect(url(tmp_path)):
            pass
    assert list(tmp_path.iterdir()) == []


async def test_a_file_without_tables(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite3")) as conn:
        conn.execute("CREATE TABLE other (a)")
    async with inspect.inspect(url(tmp_path)) as seen:
        assert await inspect.revision(seen.conn) is None


@pytest.mark.parametrize("address", ["nonsense", "oracle+nothing://x/y", ""])
async def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(LedgerError, match="sqlite:///"):
        async with inspect.inspect(address):
            pass


def test_which_file() -> None:
    assert inspect.sqlite_file("sqlite:///var/a%b.sqlite3") == Path("var/a%b.sqlite3")
    assert inspect.sqlite_file("sqlite+aiosqlite:////srv/x") == Path("/srv/x")
    assert inspect.sqlite_file("postgresql+asyncpg://u@h/d") is None
