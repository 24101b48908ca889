"""Servers for the whole run, started when the first test asks for them."""

from collections.abc import Iterator
from inspect import signature
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


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`pair` in both ways for a test that names it or is marked; for others SQLite (pairs.py)."""
    if "pair" in metafunc.fixturenames:
        named = "pair" in signature(metafunc.function).parameters
        both = named or metafunc.definition.get_closest_marker("both_ways") is not None
        metafunc.parametrize("pair", ["sqlite", "postgres"][: 1 + both], indirect=True)


@pytest.fixture
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    """A way the bot runs, with nothing in it: SQLite + local, PostgreSQL + arq."""
    if request.param == "sqlite":
        yield local_pair(tmp_path)
        return
    servers: Servers = request.getfixturevalue("servers")
    database = f"test_{next(_numbers)}"
    yield servers.pair(database)
    servers.postgres.drop(database)
