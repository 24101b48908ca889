"""Opens the ledger: one durable file (SQLite) or one PostgreSQL database."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.errors import LedgerError
from bot.i18n import _

MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_TIMEOUT_S = 30


class Ledger:
    """The truth about every publication. Readers never wait for writers."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection that sees one consistent state and changes nothing."""
        async with self.engine.connect() as conn:
            await conn.execution_options(bot_read_only=True)
            yield conn

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction: durable once the block has ended, void if it raises."""
        async with self.engine.begin() as conn:
            yield conn

    async def close(self) -> None:
        """Ends all connections."""
        await self.engine.dispose()


def _configure_sqlite(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        # The driver must not open transactions by itself: `_begin` chooses the kind.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")  # a commit survives power failure
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_S * 1000}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(conn: Connection) -> None:
        # A write transaction takes the lock at once: what it reads stays true until it commits.
        read_only = conn.get_execution_options().get("bot_read_only")
        conn.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


async def open_ledger(url: str) -> Ledger:
    """The ledger at `url`, brought to this version's tables; made if it is a new SQLite file.

    Raises LedgerError with what to do when it cannot be opened or is of a newer version.
    """
    try:
        parsed = make_url(url)
        sqlite = parsed.get_backend_name() == "sqlite"
        engine = create_async_engine(url, json_serializer=_dumps, pool_pre_ping=not sqlite)
    except (ArgumentError, InvalidRequestError, ModuleNotFoundError) as error:
        # The address itself is not repeated: it may hold a password.
        raise LedgerError(
            _(
                "The ledger's address is not valid; write sqlite+aiosqlite:///path or "
                "postgresql+asyncpg://…"
            )
        ) from error
    if sqlite:
        _configure_sqlite(engine)
    try:
        if sqlite and parsed.database and parsed.database != ":memory:":
            _try_file(Path(parsed.database))
        async with engine.begin() as conn:
            await conn.run_sync(_upgrade)
    except (DBAPIError, sqlite3.Error, OSError) as error:
        await engine.dispose()
        shown = parsed.render_as_string(hide_password=True)
        raise LedgerError(
            _(
                "The ledger {url} cannot be opened: {cause}. Check the path, the rights and the "
                "free disk space."
            ).format(url=shown, cause=getattr(error, "orig", error))
        ) from error
    except LedgerError:
        await engine.dispose()
        raise
    return Ledger(engine)


def _try_file(path: Path) -> None:
    # aiosqlite leaves a thread behind when it cannot open a file, and that prints a stack trace
    # once the loop is gone; so the file is tried without it first.
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S)) as connection:
        connection.execute("PRAGMA schema_version")


def migration_config(connection: Connection) -> AlembicConfig:
    """Alembic's settings for one open connection."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def _upgrade(connection: Connection) -> None:
    config = migration_config(connection)
    script = ScriptDirectory.from_config(config)
    current = MigrationContext.configure(connection).get_current_revision()
    if current == script.get_current_head():
        return
    if current is not None and current not in {r.revision for r in script.walk_revisions()}:
        raise LedgerError(
            _(
                "The ledger was written by a newer version (revision {revision}). "
                "Install that version, or restore an older copy of the ledger."
            ).format(revision=current)
        )
    command.upgrade(config, "head")
