"""The two ways the bot runs: SQLite with its own tasks, PostgreSQL with arq on Redis.

A scenario costs three times as much on PostgreSQL. What it can show there that SQLite does not is
the ledger's SQL (types, locks, what a claim, a grant or a lease meets when others write too) and
the delivery of messages through Redis; what the calendar says, what a platform answers and what
people decide is the same Python on both. So these run both ways:

- the tests of the ledger, of processes side by side, and whatever names the fixture `pair`;
- scenarios marked `both_ways`: all about claims, messages, doubt and upgrades, all that have once
  found a bug, and at least one for every SQL statement that a scenario executes.

The rest of the scenarios run on SQLite, and on both with BOT_EVERYTHING_BOTH_WAYS=1, which
`make soak` sets for all of them once. The at-most-once machine and the soak have both ways.
"""

from __future__ import annotations

import asyncio
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bot.ledger.store import open_ledger
from tests.services import Postgres, Redis


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A ledger and a queue."""

    ledger_url: str
    redis_url: str = ""


def make_tables(url: str) -> None:
    """Opens the ledger for the first time; also while an event loop runs here."""

    async def make() -> None:
        await (await open_ledger(url)).close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, make()).result()


@cache
def _tables() -> bytes:
    """A SQLite ledger that has the tables and nothing in them."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ledger.sqlite3"
        make_tables(f"sqlite:///{file}")
        return file.read_bytes()


def local_pair(folder: Path) -> Pair:
    """Everything in one process and one file of `folder`, which is made with its tables."""
    file = folder / "ledger.sqlite3"
    new_ledger(file)
    return Pair(ledger_url=f"sqlite:///{file}")


def new_ledger(file: Path) -> None:
    """Puts a ledger with its tables there unless there is one: a copy, no migration."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_tables())


_LEDGER = "ledger"  # has the tables and nothing in them


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
            make_tables(self.postgres.create(_LEDGER))
            self._tables = True
        url = self.postgres.create(database, _LEDGER)
        return Pair(ledger_url=url, redis_url=self.redis.url)
