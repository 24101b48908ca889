"""A worker with nothing but one chore: a program of its own, started by test_worker.py.

It notes the second of every run of its chore in Redis and ends in good order on SIGTERM.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time

from bot.cli.loop import on_stop
from bot.queue.remote import Chore, RemoteWorker, connect

RUNS = "test:runs"


async def _live(url: str) -> None:
    redis = connect(url)

    async def note() -> None:
        await redis.zadd(RUNS, {f"{os.getpid()} {time.time_ns()}": int(time.time())})

    stop = asyncio.Event()
    on_stop(stop.set)
    chore = Chore(name="note", do=note, every_s=1)
    worker = RemoteWorker(redis, {}, [chore], lease_s=5, messages=4, poll_s=0.05)
    print("ready", flush=True)
    await worker.run(stop)
    await redis.aclose(close_connection_pool=True)


if __name__ == "__main__":
    asyncio.run(_live(sys.argv[1]))
