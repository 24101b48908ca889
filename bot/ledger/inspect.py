"""Looks at a ledger as it is: nothing is made, migrated or written."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import cast
from urllib.parse import quote

from alembic.config import Config as AlembicConfig
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Executable, NullPool, create_engine, text
from sqlalchemy import Connection as SyncConnection
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, InvalidRequestError
from sqlalchemy.ext.asyncio import create_async_engine

from bot.errors import LedgerError
from bot.i18n import _
from bot.ledger.connection import Connection, Parameters, Result
from bot.ledger.store import MIGRATIONS

_WAIT_S = 5  # for a lock or a connection
_UNDEFINED_TABLE = "42P01"  # https://www.postgresql.org/docs/current/errcodes-appendix.html


class Standing(StrEnum):
    """How a ledger's tables stand to this version of the program."""

    EMPTY = "empty"  # no tables yet
    CURRENT = "current"
    OLDER = "older"  # brought up to date when it is next opened
    NEWER = "newer"  # another version wrote it


@cache
def _script() -> ScriptDirectory:
    config = AlembicConfig()
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config)


@cache
def head() -> str:
    """The revision this version of the program works with."""
    return _script().get_current_head() or ""


def standing(found: str | None) -> Standing:
    """What it means that a ledger has this revision."""
    if found is None:
        return Standing.EMPTY
    if found == head():
        return Standing.CURRENT
    known = {script.revision for script in _script().walk_revisions()}
    return Standing.OLDER if found in known else Standing.NEWER


async def revision(conn: Connection) -> str | None:
    """The revision of the ledger's tables; None when it has no tables."""
    try:
        found: str | None = await conn.scalar(text("SELECT version_num FROM alembic_version"))
    except DatabaseError as error:
        if _no_table(error):
            return None
        raise
    return found


def _no_table(error: DatabaseError) -> bool:
    if getattr(error.orig, "sqlstate", "") == _UNDEFINED_TABLE:
        return True
    return "no such table" in str(error.orig)


class _Direct:
    """A connection used at once, on the thread that asks: one who only looks needs no other."""

    def __init__(self, conn: SyncConnection) -> None:
        self._conn = conn

    async def execute(self, statement: Executable, parameters: Parameters = None) -> Result:
        return cast(Result, self._conn.execute(statement, parameters))

    async def scalar(self, statement: Executable, parameters: Parameters = None) -> object:
        return self._conn.execute(statement, parameters).scalar()


@dataclass(frozen=True, kw_only=True)
class Inspected:
    """A ledger that is being looked at. `file` is None for PostgreSQL."""

    conn: Connection
    file: Path | None

    async def integrity(self) -> list[str]:
        """What SQLite finds wrong in its file; PostgreSQL looks after its own."""
        if self.file is None:
            return []
        rows = await self.conn.execute(text("PRAGMA quick_check(20)"))
        return [str(row[0]) for row in rows if row[0] != "ok"]

    async def refused(self) -> str:
        """Why nothing can be written; "" when it can. A lock held by others is waited for."""
        if self.file is not None:
            return await asyncio.to_thread(_locked, self.file)
        query = text(
            "SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on'"
        )
        return _("the database only allows reading") if await self.conn.scalar(query) else ""

    def wal_bytes(self) -> int:
        """Size of the write-ahead log beside the file."""
        wal = None if self.file is None else Path(f"{self.file}-wal")
        return wal.stat().st_size if wal is not None and wal.exists() else 0

    async def clock(self) -> datetime | None:
        """The database's own time; None for a file, which has none."""
        if self.file is not None:
            return None
        moment: datetime = await self.conn.scalar(text("SELECT clock_timestamp()"))
        return moment


def sqlite_file(url: str) -> Path | None:
    """The file of a SQLite ledger; None for another database. Raises LedgerError."""
    parsed = _parsed(url)
    return Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except ArgumentError as error:
        # The address itself is not repeated: it may hold a password.
        raise LedgerError(
            _("The ledger's address is not valid; write sqlite:///path or postgresql+asyncpg://…")
        ) from error


@asynccontextmanager
async def inspect(url: str) -> AsyncIterator[Inspected]:
    """The ledger at `url`, to be read only.

    Raises LedgerError, SQLAlchemyError or OSError when it cannot be read; a SQLite file that is
    not there is not made.
    """
    file = sqlite_file(url)
    if file is None:
        async with _postgres(_parsed(url)) as conn:
            yield Inspected(conn=conn, file=None)
        return
    engine = create_engine("sqlite://", creator=lambda: _open(file), poolclass=NullPool)
    with engine.connect() as sync:
        yield Inspected(conn=cast(Connection, _Direct(sync)), file=file)


@asynccontextmanager
async def _postgres(url: URL) -> AsyncIterator[Connection]:
    try:
        engine = create_async_engine(url, connect_args={"timeout": _WAIT_S})
    except (ArgumentError, InvalidRequestError, ModuleNotFoundError) as error:
        raise LedgerError(
            _("The ledger's address is not valid; write sqlite:///path or postgresql+asyncpg://…")
        ) from error
    try:
        # A statement that fails must not void the next one, so each stands for itself.
        async with engine.connect() as opened:
            conn = await opened.execution_options(isolation_level="AUTOCOMMIT")
            yield cast(Connection, conn)
    finally:
        await engine.dispose()


def _open(file: Path) -> sqlite3.Connection:
    """Read-write, since one that may only read leaves a log behind; but nothing is written."""
    address = f"file:{quote(str(file.absolute()))}"
    try:
        conn = _connect(f"{address}?mode=rw")
    except sqlite3.OperationalError:
        if not file.exists() or Path(f"{file}-wal").exists():
            raise
        # Nothing may be written beside it, and all there is stands in the file.
        conn = _connect(f"{address}?immutable=1")
    return conn


def _connect(address: str) -> sqlite3.Connection:
    conn = sqlite3.connect(address, uri=True, timeout=_WAIT_S, isolation_level=None)
    try:
        conn.execute("PRAGMA query_only=ON")
        conn.execute("SELECT count(*) FROM sqlite_master")  # opens the file in earnest
    except sqlite3.Error:
        conn.close()
        raise
    return conn


def _locked(file: Path) -> str:
    conn = sqlite3.connect(
        f"file:{quote(str(file.absolute()))}?mode=rw",
        uri=True,
        timeout=_WAIT_S,
        isolation_level=None,
    )
    try:
        conn.execute("BEGIN IMMEDIATE")
        conn.execute("ROLLBACK")
    except sqlite3.Error as error:
        return str(error)
    finally:
        conn.close()
    return ""
