"""The two ways the bot runs: SQLite with its own tasks, PostgreSQL with arq on Redis."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.services import Postgres, Redis


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A ledger and a queue."""

    ledger_url: str
    redis_url: str = ""


def local_pair(folder: Path) -> Pair:
    """Everything in one process and one file of `folder`."""
    return Pair(ledger_url=f"sqlite:///{folder / 'ledger.sqlite3'}")


@dataclass(frozen=True, kw_only=True)
class Servers:
    """One PostgreSQL and one Redis for all tests of a run."""

    postgres: Postgres
    redis: Redis

    def pair(self, database: str) -> Pair:
        """An empty database of this name, and an empty Redis."""
        self.redis.flush()
        return Pair(ledger_url=self.postgres.create(database), redis_url=self.redis.url)
