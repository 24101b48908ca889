"""`bot worker` as real processes: stops, outages of Redis and PostgreSQL, and arq's own habits."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from asyncio.subprocess import PIPE
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from arq.constants import in_progress_key_prefix

from bot.domain.message import Message, Work
from bot.domain.publication import Publication, State
from bot.engine.dispatch import tick
from bot.ledger import publications
from bot.queue.local import LocalQueue
from bot.queue.remote import RemoteQueue, RemoteWorker, connect
from tests.bot.engine.world import Data, status
from tests.pairs import Servers
from tests.soak.chores import RUNS
from tests.soak.office import ZONE
from tests.soak.town import Manner, Town, open_town
from tests.soak.workers import COMPLAINED, Worker, clean_environment

ROOT = Path(__file__).parents[2]
SHARE = "statuses/share"
SOON_S = 20.0
_numbers = count(900_001)


@asynccontextmanager
async def town(
    folder: Path, servers: Servers, *, lease_s: int = 6, timeout_s: float = 5.0
) -> AsyncIterator[Town]:
    """A town of its own; the servers run again when it ends."""
    manner = Manner(lease_s=lease_s, timeout_s=timeout_s)
    async with open_town(folder, next(_numbers), manner, servers=servers) as opened:
        try:
            yield opened
            assert opened.fleet.traces() == []
        finally:
            for server in (servers.redis, servers.postgres):
                if not server.running:
                    await asyncio.to_thread(server.start)


async def plan(place: Town, *names: str, account: str = "u02-weibo") -> None:
    """Weibo posts of one account, due now."""
    at = f"{datetime.now(UTC).astimezone(ZONE):%Y-%m-%d %H:%M}"
    for name in names:
        place.office.posts[name] = status(name, at, accounts=[account])
    place.office.write()
    await place.plan()


async def until(holds: Callable[[], Awaitable[object]], what: str, limit_s: float = SOON_S) -> None:
    """Returns once it holds; real processes say nothing of themselves, so they are asked."""
    end = time.monotonic() + limit_s
    while not await holds():
        assert time.monotonic() < end, f"not within {limit_s} s: {what}"
        await asyncio.sleep(0.05)


async def pubs(place: Town) -> list[Publication]:
    async with place.app.core.ledger.read() as conn:
        return await publications.search(conn)


async def published(place: Town, number: int, limit_s: float = SOON_S) -> None:
    """Returns once so many are published."""

    async def enough() -> bool:
        return [pub.state for pub in await pubs(place)].count(State.PUBLISHED) == number

    await until(enough, f"{number} published", limit_s)


async def asked(place: Town, path: str) -> int:
    """How many calls with `path` the platforms got."""
    by_path: dict[str, int] = (await place.outside.call("GET", "requests"))["by_path"]
    return sum(number for known, number in by_path.items() if path in known)


async def slow(place: Town, seconds: float) -> None:
    """Every publishing call of Weibo takes so long."""
    fault: Data = {"platform": "weibo", "kind": "latency", "seconds": seconds, "times": -1}
    await place.outside.call("POST", "faults", {**fault, "path": SHARE})


async def running(place: Town, workers: int = 1) -> Worker:
    """The first worker, once all of them say that they run."""
    place.fleet.start(workers)
    for worker in place.fleet.workers:
        await said(worker, "正在运行")
    return place.fleet.workers[0]


async def said(worker: Worker, words: str) -> None:
    """Returns once the worker's log has these words."""

    async def there() -> bool:
        return worker.log.exists() and words in worker.log.read_text("utf-8")

    await until(there, f"the log says {words}")


async def stop(place: Town) -> dict[int, int]:
    """Ends the fleet in good order; how many ended with which code."""
    await place.fleet.stop(SOON_S)
    assert place.fleet.deaths.surprises == []
    return place.fleet.deaths.codes


# ── stopping ──────────────────────────────────────────────────────────────────────────────────


async def test_a_stop_finishes_the_running_commit_and_gives_the_rest_back(
    tmp_path: Path, servers: Servers
) -> None:
    """arq by default cancels what runs when it is told to stop, and runs it again later."""
    async with town(tmp_path, servers) as place:
        await slow(place, 2.0)
        await plan(place, "s1", "s2", "s3")
        await running(place)

        async def begun() -> bool:
            return await asked(place, SHARE) == 1

        await until(begun, "the first call")
        begun_s = time.monotonic()
        assert await stop(place) == {0: 1}
        assert time.monotonic() - begun_s < 6
        states = Counter(pub.state for pub in await pubs(place))
        assert states == {State.PUBLISHED: 1, State.PLANNED: 2}
        assert await asked(place, SHARE) == 1
        for pub in await pubs(place):
            if pub.state is State.PLANNED:
                async with place.app.core.ledger.read() as conn:
                    last = (await publications.history(conn, pub.id))[-1]
                assert (last["name"], last["facts"]["why"]) == (
                    "publication.given_back",
                    "stopping",
                )
        assert "正在停止" in place.fleet.workers[0].log.read_text("utf-8")
        await place.outside.call("DELETE", "faults")
        place.fleet.reopen()
        await running(place)
        await published(place, 3)
        assert await asked(place, SHARE) == 3
        assert await stop(place) == {0: 2}


# ── servers gone ──────────────────────────────────────────────────────────────────────────────


async def test_without_redis_at_the_start_it_works_alone_and_comes_back(
    tmp_path: Path, servers: Servers
) -> None:
    async with town(tmp_path, servers) as place:
        servers.redis.kill()
        await plan(place, "s1", "s2")
        worker = await running(place)
        await said(worker, "queue.redis_gone")
        await published(place, 2)
        await asyncio.to_thread(servers.redis.start)
        await said(worker, "queue.redis_back")
        await plan(place, "s3")
        await published(place, 3)
        assert await stop(place) == {0: 1}
        assert await asked(place, SHARE) == 3


async def test_redis_gone_midway_delays_nothing_and_is_taken_up_again(
    tmp_path: Path, servers: Servers
) -> None:
    async with town(tmp_path, servers) as place:
        worker = await running(place, 2)
        await plan(place, "s1")
        await published(place, 1)
        servers.redis.kill()
        await said(worker, "queue.redis_gone")
        await plan(place, "s2")
        await published(place, 2)
        await asyncio.to_thread(servers.redis.start)
        for one in place.fleet.workers:
            await said(one, "queue.redis_back")
        await plan(place, "s3")
        await published(place, 3)
        assert [one.starts for one in place.fleet.workers] == [1, 1]
        assert await stop(place) == {0: 2}
        assert await asked(place, SHARE) == 3


async def test_postgres_gone_midway_needs_nobody(tmp_path: Path, servers: Servers) -> None:
    async with town(tmp_path, servers) as place:
        worker = await running(place)
        await plan(place, "s1")
        await published(place, 1)
        await asyncio.to_thread(servers.postgres.stop)
        await said(worker, "engine.tick_failed")
        await asyncio.to_thread(servers.postgres.start)
        await plan(place, "s2")
        await published(place, 2)
        assert worker.starts == 1
        assert await stop(place) == {0: 1}
        assert await asked(place, SHARE) == 2


async def test_postgres_gone_at_the_start_is_one_sentence_until_it_is_back(
    tmp_path: Path, servers: Servers
) -> None:
    async with town(tmp_path, servers) as place:
        await plan(place, "s1")
        await asyncio.to_thread(servers.postgres.stop)
        place.fleet.start(1)
        worker = place.fleet.workers[0]
        await said(worker, "✗")
        (line,) = set(worker.log.read_text("utf-8").splitlines())
        assert "无法打开台账" in line
        await asyncio.to_thread(servers.postgres.start)
        await published(place, 1)  # whoever looks after the process has started it again
        await stop(place)
        assert set(place.fleet.deaths.codes) == {0, COMPLAINED}


# ── arq's habits ──────────────────────────────────────────────────────────────────────────────


async def test_a_chore_is_done_once_however_many_workers_there_are(servers: Servers) -> None:
    servers.redis.flush()
    program = (sys.executable, "-m", "tests.soak.chores", servers.redis.url)
    env = clean_environment()
    workers = [
        await asyncio.create_subprocess_exec(*program, stdout=PIPE, cwd=ROOT, env=env)
        for _number in range(3)
    ]
    redis = connect(servers.redis.url)
    try:
        for worker in workers:
            assert worker.stdout is not None
            assert await worker.stdout.readline() == b"ready\n"

        async def enough() -> bool:
            return int(await redis.zcard(RUNS)) >= 6

        await until(enough, "six runs")
        runs = await redis.zrange(RUNS, 0, -1, withscores=True)
        seconds = [int(second) for _run, second in runs]
        assert len(seconds) - 1 <= seconds[-1] - seconds[0] + 1  # one a second, give or take
    finally:
        await redis.aclose(close_connection_pool=True)
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
        assert [await worker.wait() for worker in workers] == [0, 0, 0]


async def test_a_message_that_expired_is_put_again_by_the_ledger(
    tmp_path: Path, servers: Servers
) -> None:
    """arq drops a message whose worker was down too long, and says nothing."""
    async with town(tmp_path, servers, lease_s=2) as place:
        await plan(place, "s1")
        redis = place.app.redis
        assert redis is not None
        found = await tick(place.app.core, place.app.queue)
        assert len(found.publish) == 1
        assert await redis.zcard(redis.default_queue_name) == 1

        async def expired() -> bool:
            return not await redis.keys("arq:job:*")

        await until(expired, "the message's end")
        await running(place)
        await published(place, 1)
        assert await stop(place) == {0: 1}
        assert await asked(place, SHARE) == 1


async def test_a_batch_slower_than_its_lease_is_neither_cut_off_nor_begun_twice(
    tmp_path: Path, servers: Servers
) -> None:
    async with town(tmp_path, servers, lease_s=3) as place:
        await slow(place, 1.2)
        await plan(place, *(f"s{number}" for number in range(1, 7)))
        await running(place, 2)
        await published(place, 6, limit_s=40)
        assert await stop(place) == {0: 2}
        assert await asked(place, SHARE) == 6
        assert {pub.commits for pub in await pubs(place)} == {1}


@pytest.fixture
async def hands(servers: Servers) -> AsyncIterator[tuple[RemoteQueue, RemoteWorker, list[Message]]]:
    """A queue, a worker that does one message at a time, and what it was given so far."""
    servers.redis.flush()
    redis = connect(servers.redis.url)
    seen: list[Message] = []

    async def take(message: Message) -> None:
        seen.append(message)

    worker = RemoteWorker(redis, {Work.PUBLISH: take}, lease_s=60, messages=1, poll_s=0.01)
    queue = RemoteQueue(redis, LocalQueue({Work.PUBLISH: take}), lease_s=60)
    yield queue, worker, seen
    await redis.aclose(close_connection_pool=True)


Hands = tuple[RemoteQueue, RemoteWorker, list[Message]]


async def _seen(hands: Hands, number: int) -> None:
    """Lets the worker work until it was given so many messages."""
    _queue, worker, seen = hands
    leave = asyncio.Event()
    working = asyncio.create_task(worker.run(leave))

    async def enough() -> bool:
        return len(seen) >= number

    try:
        await until(enough, f"{number} messages")
    finally:
        leave.set()
        await working


async def test_the_same_message_is_taken_as_often_as_it_is_put(hands: Hands) -> None:
    """arq by default refuses a name as long as it keeps that name's result."""
    queue, _worker, seen = hands
    message = Message(work=Work.PUBLISH, ids=(1, 2))
    for _time in range(3):
        await queue.put(message)
    await _seen(hands, 3)
    assert seen == [message] * 3


async def test_messages_of_a_killed_worker_do_not_hide_those_behind_them(
    hands: Hands, servers: Servers
) -> None:
    """arq by default looks at the first hundred only, and those of the dead stay in front."""
    queue, _worker, seen = hands
    redis = connect(servers.redis.url)
    for number in range(150):
        await queue.put(Message(work=Work.PUBLISH, ids=(number,)))
    for name in await redis.zrange(redis.default_queue_name, 0, -1):
        await redis.psetex(in_progress_key_prefix + name.decode(), 60_000, b"1")
    await redis.aclose(close_connection_pool=True)
    behind = Message(work=Work.PUBLISH, ids=(1000,))
    await queue.put(behind)
    await _seen(hands, 1)
    assert seen == [behind]
