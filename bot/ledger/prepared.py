"""Statements for many rows at a time, compiled once and handed to the driver as they are.

SQLAlchemy prepares each row's parameters anew for each execution, which costs ten times what the
database needs to store them (docs/adr/0013-one-hop-and-prepared-rows.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Insert, Update
from sqlalchemy.engine import Dialect

from bot.ledger.tables import Moment

Row = Mapping[str, Any]
_Plan = tuple[str, tuple[tuple[str, Callable[[Any], Any] | None], ...]]


class Prepared:
    """An INSERT or UPDATE whose parameters are named in `names`; every row must have them all."""

    def __init__(self, statement: Insert | Update, names: Sequence[str]) -> None:
        self._statement = statement
        self._names = list(names)
        self._plans: dict[str, _Plan] = {}

    def run(self, conn: Connection, rows: Sequence[Row]) -> None:
        """Executes it for each row, in their order."""
        if not rows:
            return
        plan = self._plans.get(conn.dialect.name)
        if plan is None:
            plan = self._plans[conn.dialect.name] = self._plan(conn.dialect)
        sql, parameters = plan
        conn.exec_driver_sql(
            sql,
            [
                tuple(row[name] if bind is None else bind(row[name]) for name, bind in parameters)
                for row in rows
            ],
        )

    def _plan(self, dialect: Dialect) -> _Plan:
        compiled = self._statement.compile(dialect=dialect, column_keys=self._names)
        types = {name: bind.type for name, bind in compiled.binds.items()}
        order: Sequence[str] = compiled.positiontup or ()
        return str(compiled), tuple((name, _binder(types[name], dialect)) for name in order)


def _binder(type_: Any, dialect: Dialect) -> Callable[[Any], Any] | None:
    bind: Callable[[Any], Any] | None = type_.dialect_impl(dialect).bind_processor(dialect)
    if bind is not None and isinstance(type_, Moment):
        return lru_cache(512)(bind)  # the rows of one group share their moments
    return bind
