"""The same burst by plain task queues: one job a post, the same HTTP call, no ledger.

Timed from the first enqueue to the last answer, by a worker that has just worked off fifty jobs.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from arq import create_pool
from arq.connections import RedisSettings
from celery import Celery
from taskiq.kicker import AsyncKicker
from taskiq_redis import ListQueueBroker

from bench import load, process
from bench.load import ACCOUNTS, CONCURRENCY, POSTS, Run
from bench.rivals import job
from bench.simulator import Simulator

_LIMIT_S = 60
Job = tuple[int, int]  # account, post
Enqueue = Callable[[Sequence[Job]], Awaitable[None]]


class Finish:
    """Counts the jobs that say they are done. By streams: datagrams get lost in a burst."""

    def __init__(self) -> None:
        self._left = 0
        self._last_s = 0.0
        self._over: asyncio.Future[float] | None = None

    async def heard(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One worker's words, until it ends."""
        while data := await reader.read(4096):
            if self._over is None or self._over.done():
                continue
            if job.FAILED in data:
                self._over.set_exception(SystemExit("a rival's job was refused by the platform"))
                continue
            self._left -= len(data)
            if self._left == 0:
                self._over.set_result(time.perf_counter())
        writer.close()

    def after(self, jobs: int) -> asyncio.Future[float]:
        """When the last of so many jobs is done, by the performance counter."""
        self._left = jobs
        self._over = asyncio.get_running_loop().create_future()
        return self._over


@asynccontextmanager
async def finish_line() -> AsyncIterator[tuple[Finish, int]]:
    """The counter and its port."""
    finish = Finish()
    server = await asyncio.start_server(finish.heard, "127.0.0.1", 0)
    try:
        yield finish, server.sockets[0].getsockname()[1]
    finally:
        server.close()


@dataclass(frozen=True, kw_only=True)
class Rival:
    """A task queue: its worker's command line and how jobs get into it."""

    name: str
    setting: str
    at_least: float  # the bot's speed ÷ the rival's
    command: Sequence[str]
    enqueuer: Callable[[str], AsyncIterator[Enqueue]]


async def _with_arq(redis: str) -> AsyncIterator[Enqueue]:
    pool = await create_pool(RedisSettings.from_dsn(redis))

    async def enqueue(jobs: Sequence[Job]) -> None:
        await _in_lines(jobs, lambda one: pool.enqueue_job("publish", *one))

    yield enqueue
    await pool.aclose()


async def _with_taskiq(redis: str) -> AsyncIterator[Enqueue]:
    broker = ListQueueBroker(redis)
    await broker.startup()

    async def enqueue(jobs: Sequence[Job]) -> None:
        kicker = AsyncKicker("publish", broker, {})
        await _in_lines(jobs, lambda one: kicker.kiq(*one))

    yield enqueue
    await broker.shutdown()


async def _with_celery(redis: str) -> AsyncIterator[Enqueue]:
    app = Celery("bench", broker=redis)

    def send(jobs: Sequence[Job]) -> None:
        with app.connection_or_acquire() as connection, app.amqp.Producer(connection) as producer:
            for one in jobs:
                app.send_task("publish", args=one, producer=producer, ignore_result=True)

    async def enqueue(jobs: Sequence[Job]) -> None:
        await asyncio.to_thread(send, jobs)

    yield enqueue
    app.close()


async def _in_lines(jobs: Sequence[Job], put: Callable[[Job], Awaitable[object]]) -> None:
    """Enqueues with several connections at once: one alone would wait for each answer."""
    source: Iterator[Job] = iter(jobs)

    async def line() -> None:
        for one in source:
            await put(one)

    await asyncio.gather(*(line() for _number in range(CONCURRENCY)))


_CELERY = ("-m", "celery", "-A", "bench.rivals.plain_celery", "worker", "--pool", "prefork")
_QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "ERROR")
_TASKIQ = ("-m", "taskiq", "worker", "bench.rivals.plain_taskiq:broker", "--workers", "1")
_ARQ = ("-m", "bench.rivals.plain_arq")
RIVALS = (
    Rival(
        name="plain arq",
        setting="50 jobs at once, else arq's defaults",
        at_least=4,
        command=_ARQ,
        enqueuer=_with_arq,
    ),
    Rival(
        name="arq tuned",
        setting="100 jobs at once, looks every 20 ms, keeps no results, uvloop if there",
        at_least=1,
        command=(*_ARQ, "tuned"),
        enqueuer=_with_arq,
    ),
    Rival(
        name="Celery with Redis",
        setting="4 processes, requests, prefetch 16, keeps no results",
        at_least=1,
        command=(*_CELERY, "--concurrency", "4", *_QUIET),
        enqueuer=_with_celery,
    ),
    Rival(
        name="taskiq with Redis",
        setting="1 process, 50 tasks at once, list broker, keeps no results",
        at_least=1,
        command=(*_TASKIQ, "--max-async-tasks", "50", "--log-level", "ERROR"),
        enqueuer=_with_taskiq,
    ),
)


async def race(rival: Rival, simulator: Simulator, redis: str, *, posts: int = POSTS) -> Run:
    """One burst by a rival whose worker has been warmed up."""
    async with finish_line() as (finish, port):
        env = _environment(simulator, redis, port)
        async with process.python(*rival.command, env=env):
            async for enqueue in rival.enqueuer(redis):
                await load.prepare(simulator)
                await _burst(finish, enqueue, posts=1)
                await load.prepare(simulator)
                cpu = process.cpu_s(simulator.pid)
                seconds = await _burst(finish, enqueue, posts=posts)
                cpu = process.cpu_s(simulator.pid) - cpu
    return Run(posts=ACCOUNTS * posts, seconds=seconds, platform_cpu_s=cpu)


def _environment(simulator: Simulator, redis: str, port: int) -> Mapping[str, str]:
    return {
        job.REDIS: redis,
        job.PLATFORM: f"{simulator.url}/weibo",
        job.PORT: str(port),
    }


async def _burst(finish: Finish, enqueue: Enqueue, *, posts: int) -> float:
    jobs = [(account, post) for post in range(posts) for account in range(ACCOUNTS)]
    over = finish.after(len(jobs))
    begin = time.perf_counter()
    await enqueue(jobs)
    return await asyncio.wait_for(over, _LIMIT_S) - begin
