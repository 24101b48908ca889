"""Worker of plain arq: `python -m bench.rivals.plain_arq`, with `tuned` as fast as it can be set.

With arq's own 10 jobs at once it reads 100 jobs every half second; 50 at once is the one setting
anybody changes. `tuned` turns every other one too.
"""

from __future__ import annotations

import asyncio
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Any, ClassVar

import aiohttp
from arq.connections import RedisSettings
from arq.worker import run_worker

from bench.rivals.job import Teller, redis_url, share


async def publish(ctx: dict[str, Any], account: int, post: int) -> None:
    """One post."""
    await share(ctx["session"], ctx["teller"], account, post)


async def startup(ctx: dict[str, Any]) -> None:
    """Opens what all jobs share."""
    ctx |= {"session": aiohttp.ClientSession(), "teller": Teller()}


async def shutdown(ctx: dict[str, Any]) -> None:
    """Closes it again."""
    await ctx["session"].close()


class WorkerSettings:
    """As `arq` reads them."""

    functions: ClassVar = [publish]
    on_startup = startup
    on_shutdown = shutdown
    redis_settings = RedisSettings.from_dsn(redis_url())
    max_jobs = 50


class Tuned:
    """Every setting turned towards speed."""  # arq reads only what stands in the class itself

    functions: ClassVar = [publish]
    on_startup = startup
    on_shutdown = shutdown
    redis_settings = RedisSettings.from_dsn(redis_url())
    max_jobs = 100
    poll_delay = 0.02
    keep_result = 0
    log_results = False


if __name__ == "__main__":
    tuned = sys.argv[1:] == ["tuned"]
    if tuned and find_spec("uvloop"):
        asyncio.set_event_loop_policy(import_module("uvloop").EventLoopPolicy())
    run_worker(Tuned if tuned else WorkerSettings)  # type: ignore[arg-type]
