"""One connection to the ledger, whichever database is behind it.

PostgreSQL is spoken to by asyncpg. SQLite runs in a thread of its own, one hop for a statement:
aiosqlite makes four (cursor, execute, fetch, close), which cost three times the statement itself
(docs/adr/0011-sqlite-in-one-hop.md).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any, Protocol, TypeVar, cast

from sqlalchemy import Connection as SyncConnection
from sqlalchemy import Engine, Executable, Row
from sqlalchemy.exc import MultipleResultsFound, NoResultFound
from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")
Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None


class Result(Protocol):
    """What a statement came to."""

    @property
    def rowcount(self) -> int: ...

    @property
    def inserted_primary_key(self) -> Any: ...

    def __iter__(self) -> Iterator[Row[Any]]: ...

    def all(self) -> Sequence[Row[Any]]: ...

    def one(self) -> Row[Any]: ...

    def one_or_none(self) -> Row[Any] | None: ...

    def scalar(self) -> Any: ...

    def scalars(self) -> Any: ...


class Connection(Protocol):
    """Runs statements; the transaction around them is the ledger's business."""

    async def execute(self, statement: Executable, parameters: Parameters = None) -> Result: ...

    async def scalar(self, statement: Executable, parameters: Parameters = None) -> Any: ...

    async def run(self, work: Callable[[SyncConnection], T]) -> T:
        """What `work` returns; all its statements cost one hop."""
        ...


class _Fetched:
    """A whole result, taken out of the thread that ran the statement."""

    def __init__(self, rows: Sequence[Row[Any]], rowcount: int, primary_key: Any) -> None:
        self._rows = rows
        self.rowcount = rowcount
        self.inserted_primary_key = primary_key

    def __iter__(self) -> Iterator[Row[Any]]:
        return iter(self._rows)

    def all(self) -> Sequence[Row[Any]]:
        return self._rows

    def one(self) -> Row[Any]:
        row = self.one_or_none()
        if row is None:
            raise NoResultFound("no row was found when one was required")
        return row

    def one_or_none(self) -> Row[Any] | None:
        if len(self._rows) > 1:
            raise MultipleResultsFound("several rows were found when one was required")
        return self._rows[0] if self._rows else None

    def scalar(self) -> Any:
        return self._rows[0][0] if self._rows else None

    def scalars(self) -> list[Any]:
        return [row[0] for row in self._rows]


class ThreadConnection:
    """A transaction on SQLite; begins with its first statement and ends with `end`."""

    def __init__(self, engine: Engine, thread: Executor, options: Mapping[str, object]) -> None:
        self._engine = engine
        self._thread = thread
        self._options = options
        self._connection: SyncConnection | None = None

    async def execute(self, statement: Executable, parameters: Parameters = None) -> Result:
        """Runs the statement and fetches all it gives."""
        return await self._hop(lambda: self._execute(statement, parameters))

    async def scalar(self, statement: Executable, parameters: Parameters = None) -> Any:
        """The first column of the first row, or None."""
        return (await self.execute(statement, parameters)).scalar()

    async def run(self, work: Callable[[SyncConnection], T]) -> T:
        """What `work` returns; all its statements cost one hop."""
        return await self._hop(lambda: work(self._open()))

    async def end(self, *, commit: bool) -> None:
        """Ends the transaction: durable, or as if it had never begun."""
        await asyncio.shield(self._hop(lambda: self._end(commit)))

    async def _hop(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _execute(self, statement: Executable, parameters: Parameters) -> _Fetched:
        result = self._open().execute(statement, parameters)
        rows = result.all() if result.returns_rows else ()
        single = result.is_insert and not isinstance(parameters, Sequence)
        primary_key = result.inserted_primary_key if single and not rows else None
        return _Fetched(rows, result.rowcount, primary_key)

    def _open(self) -> SyncConnection:
        if self._connection is None:
            self._connection = self._engine.connect().execution_options(**self._options)
        return self._connection

    def _end(self, commit: bool) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            if commit:
                connection.commit()
            else:
                connection.rollback()
        finally:
            connection.close()


class GreenletConnection:
    """A transaction on PostgreSQL."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def execute(self, statement: Executable, parameters: Parameters = None) -> Result:
        """Runs the statement and fetches all it gives."""
        return cast(Result, await self._connection.execute(statement, parameters))

    async def scalar(self, statement: Executable, parameters: Parameters = None) -> Any:
        """The first column of the first row, or None."""
        return (await self.execute(statement, parameters)).scalar()

    async def run(self, work: Callable[[SyncConnection], T]) -> T:
        """What `work` returns."""
        return await self._connection.run_sync(work)


def one_writer(conn: Connection) -> bool:
    """True where a write transaction excludes all others (SQLite)."""
    return isinstance(conn, ThreadConnection)
