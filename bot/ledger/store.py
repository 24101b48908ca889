"""Opens the ledger: one durable file (SQLite) or one PostgreSQL database."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Engine, create_engine, event, func, select, text
from sqlalchemy import Connection as SyncConnection
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.errors import LedgerError
from bot.i18n import _
from bot.ledger import trouble
from bot.ledger.connection import Connection, GreenletConnection, ThreadConnection
from bot.logs import said

MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_TIMEOUT_S = 30
_IN_LINE_S, _ONE_TRY_MS = 1, 100  # what of it counts as spent in line; what is left after it
_READ_ONLY, _ASKED_AT = "bot_read_only", "bot_asked_at"  # options of a connection
_UPGRADING = 7_204_116_302  # any number; PostgreSQL keeps one lock per number
_CONNECT_S = 10
_COMMAND_S = 60
_READERS = 8  # at once; the others wait for their turn
T = TypeVar("T")
_REVISION = text("SELECT version_num FROM alembic_version")


class Ledger(ABC):
    """The truth about every publication. Readers never wait for writers."""

    @abstractmethod
    def read(self) -> AbstractAsyncContextManager[Connection]:
        """A connection that sees one consistent state and changes nothing."""

    @abstractmethod
    def write(self) -> AbstractAsyncContextManager[Connection]:
        """A transaction: durable once the block has ended, void if it raises."""

    @abstractmethod
    async def transact(self, work: Callable[[SyncConnection], T]) -> T:
        """What `work` returned, once its writes are durable; void if it raises. One hop."""

    @abstractmethod
    async def close(self) -> None:
        """Ends all connections."""


async def finished(work: asyncio.Future[T]) -> T:
    """What `work` comes to. A cancellation is passed on only after it has ended."""
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait({work})
        raise


async def check_version(conn: Connection) -> None:
    """Raises LedgerError when a newer version of the program has upgraded the ledger meanwhile."""
    _refuse_other(await conn.scalar(_REVISION))


def check_version_now(conn: SyncConnection) -> None:
    """The same within a transaction that runs in one hop."""
    _refuse_other(conn.scalar(_REVISION))


def _refuse_other(revision: str | None) -> None:
    if revision != _head():
        raise LedgerError(
            _(
                "The ledger has been upgraded by another version of the program (revision "
                "{revision}). Stop this process and install that version."
            ).format(revision=revision)
        )


@cache
def _head() -> str | None:
    config = AlembicConfig()
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config).get_current_head()


class SqliteLedger(Ledger):
    """One file: a thread writes, others read."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writer = ThreadPoolExecutor(1, "ledger-write")
        self._readers = ThreadPoolExecutor(2, "ledger-read")
        self._writing = asyncio.Lock()
        # Fewer than the pool has connections: who waits for one keeps a thread from whoever could
        # give one back.
        self._reading = asyncio.Semaphore(_READERS)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        """A connection that sees one consistent state and changes nothing."""
        async with self._reading:
            conn = ThreadConnection(self._engine, self._readers, {_READ_ONLY: True})
            try:
                yield conn
            finally:
                await conn.end(commit=False)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Connection]:
        """A transaction: durable once the block has ended, void if it raises."""
        options = {_ASKED_AT: time.monotonic()}
        async with self._writing:
            conn = ThreadConnection(self._engine, self._writer, options)
            try:
                yield conn
            except BaseException:
                await conn.end(commit=False)
                raise
            await conn.end(commit=True)

    async def transact(self, work: Callable[[SyncConnection], T]) -> T:
        """What `work` returned, once its writes are durable; void if it raises. One hop."""
        asked_at = time.monotonic()
        async with self._writing:
            # A caller that is cancelled must not let go of the lock before the thread is done.
            return await finished(
                asyncio.get_running_loop().run_in_executor(
                    self._writer, self._transact, work, asked_at
                )
            )

    def _transact(self, work: Callable[[SyncConnection], T], asked_at: float) -> T:
        with self._engine.connect() as conn:
            conn.execution_options(**{_ASKED_AT: asked_at})
            with conn.begin():
                return work(conn)

    async def close(self) -> None:
        """Ends all connections and threads."""
        for threads in (self._writer, self._readers):
            await asyncio.to_thread(threads.shutdown)
        self._engine.dispose()


class PostgresLedger(Ledger):
    """A database other processes may work on at the same time."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        """A connection that sees one consistent state and changes nothing."""
        async with self._engine.connect() as conn:
            yield GreenletConnection(conn)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Connection]:
        """A transaction: durable once the block has ended, void if it raises."""
        async with self._engine.begin() as conn:
            yield GreenletConnection(conn)

    async def transact(self, work: Callable[[SyncConnection], T]) -> T:
        """What `work` returned, once its writes are durable; void if it raises."""
        async with self._engine.begin() as conn:
            return await conn.run_sync(work)

    async def close(self) -> None:
        """Ends all connections."""
        await self._engine.dispose()


def _configure_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        # The driver must not open transactions by itself: `_begin` chooses the kind.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_S * 1000}")
        _write_ahead(cursor)
        cursor.execute("PRAGMA synchronous=FULL")  # a commit survives power failure
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(conn: SyncConnection) -> None:
        options = conn.get_execution_options()
        if options.get(_READ_ONLY):
            conn.exec_driver_sql("BEGIN")
        else:
            _begin_writing(conn, options.get(_ASKED_AT, time.monotonic()))


def _begin_writing(conn: SyncConnection, asked_at: float) -> None:
    """Takes the lock at once: what the transaction reads stays true until it commits.

    Who stood in line behind others that waited for the lock in vain waits no longer than they did,
    or with every one of them it would take half a minute more before anybody hears of it.
    """
    left_s = _BUSY_TIMEOUT_S - (time.monotonic() - asked_at)
    if left_s > _BUSY_TIMEOUT_S - _IN_LINE_S:
        conn.exec_driver_sql("BEGIN IMMEDIATE")
        return
    conn.exec_driver_sql(f"PRAGMA busy_timeout={max(int(left_s * 1000), _ONE_TRY_MS)}")
    try:
        conn.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        conn.exec_driver_sql(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_S * 1000}")


def _write_ahead(cursor: Any) -> None:
    """Sets the write-ahead log, which a new file gets but once.

    SQLite does not wait for another process that is just doing the same, whatever the timeout.
    """
    end = time.monotonic() + _BUSY_TIMEOUT_S
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.02)
        else:
            return


def _dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


async def open_ledger(url: str) -> Ledger:
    """The ledger at `url`, brought to this version's tables; made if it is a new SQLite file.

    Raises LedgerError with what to do when it cannot be opened or is of a newer version.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return await asyncio.to_thread(_open_sqlite, parsed)
        return await _open_postgres(parsed)
    except (ArgumentError, InvalidRequestError, ModuleNotFoundError) as error:
        # The address itself is not repeated: it may hold a password.
        raise LedgerError(
            _("The ledger's address is not valid; write sqlite:///path or postgresql+asyncpg://…")
        ) from error
    except (DBAPIError, sqlite3.Error, OSError) as error:
        raise LedgerError(
            _("The ledger {url} cannot be opened: {cause}. {advice}").format(
                url=parsed.render_as_string(hide_password=True),
                cause=said(error),
                advice=trouble.advice(error),
            )
        ) from error


def _open_sqlite(url: URL) -> Ledger:
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    # Without a limit: a thread that waits for a connection keeps others from giving theirs back.
    engine = create_engine(url.set(drivername="sqlite"), json_serializer=_dumps, max_overflow=-1)
    _configure_sqlite(engine)
    try:
        if not _up_to_date(engine):
            with engine.begin() as conn:
                _upgrade(conn)
    except BaseException:
        engine.dispose()
        raise
    return SqliteLedger(engine)


def _up_to_date(engine: Engine) -> bool:
    """True for a ledger of this version; asked without the write lock, so nobody waits."""
    with engine.connect().execution_options(**{_READ_ONLY: True}) as conn:
        return MigrationContext.configure(conn).get_current_revision() == _head()


async def _open_postgres(url: URL) -> Ledger:
    engine = create_async_engine(
        url,
        json_serializer=_dumps,
        pool_pre_ping=True,
        # A network that has gone silent is an error after this, not a wait without end.
        connect_args={"timeout": _CONNECT_S, "command_timeout": _COMMAND_S},
    )
    try:
        async with engine.begin() as conn:
            # Workers that start together on a new database: one makes the tables, the others wait.
            await conn.execute(select(func.pg_advisory_xact_lock(_UPGRADING)))
            await conn.run_sync(_upgrade)
    except BaseException:
        await engine.dispose()
        raise
    return PostgresLedger(engine)


def migration_config(connection: SyncConnection) -> AlembicConfig:
    """Alembic's settings for one open connection."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def _upgrade(connection: SyncConnection) -> None:
    current = MigrationContext.configure(connection).get_current_revision()
    if current == _head():
        return
    config = migration_config(connection)
    script = ScriptDirectory.from_config(config)
    if current is not None and current not in {r.revision for r in script.walk_revisions()}:
        raise LedgerError(
            _(
                "The ledger was written by a newer version (revision {revision}). "
                "Install that version, or restore an older copy of the ledger."
            ).format(revision=current)
        )
    command.upgrade(config, "head")
