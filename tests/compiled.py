"""Statements are compiled once in a run and not once for each ledger that a test opens.

The product opens one ledger in its life; the tests open thousands, each with an engine whose
cache is empty. All engines of a kind compile a statement to the same text, so they share it here.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.util import LRUCache

_ENOUGH = 2000  # statements; more than the product has


class _Shared(LRUCache[Any, Any]):
    """What SQLAlchemy keeps; a key begins with the dialect, of which each engine has its own."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(_of_its_kind(key), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(_of_its_kind(key), value)


def _of_its_kind(key: Any) -> Any:
    dialect, *rest = key
    return (dialect.name, dialect.driver, dialect._json_serializer, *rest)


_shared = _Shared(_ENOUGH)


def _share(connection: Connection) -> None:
    connection.execution_options(compiled_cache=_shared)


def share() -> None:
    """From now on all engines of this process compile together."""
    event.listen(Engine, "engine_connect", _share)
