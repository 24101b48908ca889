"""The worker's side of arq: what its defaults would do to a message that takes long."""

from __future__ import annotations

import asyncio

import pytest
from arq.constants import in_progress_key_prefix

from bot.domain.message import Message, Work
from bot.queue.local import LocalQueue
from bot.queue.remote import GONE, RemoteQueue, RemoteWorker, connect
from tests.pairs import Servers


async def test_a_batch_longer_than_its_lease_is_finished_before_the_end(servers: Servers) -> None:
    """arq thinks it dead after the lease and takes it up again; it is not begun twice."""
    servers.redis.flush()
    redis = connect(servers.redis.url)
    begun, go_on, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(_message: Message) -> None:
        assert not begun.is_set()
        begun.set()
        await go_on.wait()
        done.set()

    worker = RemoteWorker(redis, {Work.PUBLISH: slow}, lease_s=1, messages=4, poll_s=0.01)
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(stop))
    queue = RemoteQueue(redis, LocalQueue({}), lease_s=1)
    await queue.put(Message(work=Work.PUBLISH, ids=(1,)))
    await begun.wait()
    (name,) = await redis.zrange(redis.default_queue_name, 0, -1)
    mark, left_ms = in_progress_key_prefix + name.decode(), 1000
    while (now_ms := await redis.pttl(mark)) <= left_ms:  # until arq has taken it up again
        left_ms = now_ms
        await asyncio.sleep(0.01)
    stop.set()
    ended, _running = await asyncio.wait({running}, timeout=1)
    go_on.set()
    await running
    await redis.aclose(close_connection_pool=True)
    assert not ended
    assert done.is_set()


async def test_when_redis_goes_slow_work_holds_nothing_else_up(servers: Servers) -> None:
    """The process must be free to publish by itself; what is under way is still waited for."""
    servers.redis.flush()
    redis = connect(servers.redis.url)
    begun, go_on, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(_message: Message) -> None:
        begun.set()
        await go_on.wait()
        done.set()

    worker = RemoteWorker(redis, {Work.PUBLISH: slow}, lease_s=60, messages=4, poll_s=0.01)
    running = asyncio.create_task(worker.run(asyncio.Event()))
    await RemoteQueue(redis, LocalQueue({}), lease_s=60).put(Message(work=Work.PUBLISH, ids=(1,)))
    await begun.wait()
    servers.redis.kill()
    try:
        ended, _running = await asyncio.wait({running}, timeout=10)
        assert ended
        with pytest.raises(GONE):
            await running
        assert not done.is_set()
        go_on.set()
        await worker.join()
        assert done.is_set()
    finally:
        go_on.set()
        servers.redis.start()
        await redis.aclose(close_connection_pool=True)
