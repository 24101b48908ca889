"""The two ways the bot runs: SQLite with its own tasks, PostgreSQL with arq on Redis."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.services import Postgres, Redis

_ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A ledger and a queue."""

    ledger_url: str
    redis_url: str = ""


def local_pair(folder: Path) -> Pair:
    """Everything in one process and one file of `folder`."""
    return Pair(ledger_url=f"sqlite:///{folder / 'ledger.sqlite3'}")


_LEDGER = "ledger"  # has the tables and nothing in them
_MAKE_TABLES = """
import asyncio, sys
from bot.ledger.store import open_ledger

async def make():
    await (await open_ledger(sys.argv[1])).close()

asyncio.run(make())
"""


@dataclass(kw_only=True)
class Servers:
    """One PostgreSQL and one Redis for all tests of a run."""

    postgres: Postgres
    redis: Redis
    _tables: bool = False

    def pair(self, database: str) -> Pair:
        """A new ledger in a database of this name, and an empty Redis."""
        self.redis.flush()
        if not self._tables:  # made once; copying is ten times as fast as making them each time
            url = self.postgres.create(_LEDGER)
            subprocess.run([sys.executable, "-c", _MAKE_TABLES, url], check=True, cwd=_ROOT)
            self._tables = True
        url = self.postgres.create(database, _LEDGER)
        return Pair(ledger_url=url, redis_url=self.redis.url)
