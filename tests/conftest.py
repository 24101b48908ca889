"""Servers for the whole run, started when the first test asks for them."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.pairs import Pair, Servers, local_pair
from tests.services import postgres_server, redis_server

_numbers = count(1)


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """A PostgreSQL and a Redis of our own."""
    with postgres_server() as postgres, redis_server() as redis:
        yield Servers(postgres=postgres, redis=redis)


@pytest.fixture(params=["sqlite", "postgres"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    """Each way the bot runs, with nothing in it: SQLite + local, PostgreSQL + arq."""
    if request.param == "sqlite":
        yield local_pair(tmp_path)
        return
    servers: Servers = request.getfixturevalue("servers")
    database = f"test_{next(_numbers)}"
    yield servers.pair(database)
    servers.postgres.drop(database)
