"""Servers for the whole run, started when the first test asks for them."""

import gc
import os
import tempfile
from collections.abc import Iterator
from inspect import signature
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import compiled
from tests import played as playing
from tests.pairs import Pair, Servers, local_pair
from tests.services import postgres_server, redis_server

_numbers = count(1)
_MEMORY = Path("/dev/shm")
_ENOUGH_BYTES = 4 << 30

# How long an example takes says how busy the machine is, not whether the program is right.
settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("here")


def pytest_configure() -> None:
    """Files lie in memory where there is room: a ledger waits for the disk at every commit.

    What survives a killed process survives there too; TMPDIR says another place.
    """
    compiled.share()
    if "TMPDIR" in os.environ or not (_MEMORY.is_dir() and os.access(_MEMORY, os.W_OK)):
        return
    facts = os.statvfs(_MEMORY)
    if facts.f_bavail * facts.f_frsize > _ENOUGH_BYTES and not facts.f_flag & os.ST_NOEXEC:
        os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)


def pytest_collection_finish() -> None:
    """The tests themselves stay to the end: nobody need look through them for garbage."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """A PostgreSQL and a Redis of our own."""
    with postgres_server() as postgres, redis_server() as redis:
        yield Servers(postgres=postgres, redis=redis)


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> playing.Month:
    """The sample month, played once for all workers."""
    mine = tmp_path_factory.getbasetemp()
    shared = mine.parent if "PYTEST_XDIST_WORKER" in os.environ else mine
    return playing.month_in(shared / "played-month")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`pair` in both ways for a test that names it or is marked; for others SQLite (pairs.py).

    With BOT_EVERYTHING_BOTH_WAYS in the environment: in both ways for all.
    """
    if "pair" in metafunc.fixturenames:
        named = "pair" in signature(metafunc.function).parameters
        marked = metafunc.definition.get_closest_marker("both_ways") is not None
        both = named or marked or "BOT_EVERYTHING_BOTH_WAYS" in os.environ
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
