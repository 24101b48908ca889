"""The platform's side, in a process of its own, so that it does not share the bot's core."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp


@dataclass(frozen=True, kw_only=True)
class Simulator:
    """A running simulator, or the trivial server that stands in for it."""

    url: str
    pid: int

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """One control call."""
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, f"{self.url}/_sim/{path}", json=body) as answer,
        ):
            answer.raise_for_status()
            return await answer.json()


@asynccontextmanager
async def running(module: str = "bot.simulator") -> AsyncIterator[Simulator]:
    """Starts the simulator, or another server that takes `--port 0`, and ends it again."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        line = (await process.stdout.readline()).decode()
        yield Simulator(url=line.split()[-1], pid=process.pid)
    finally:
        process.terminate()
        await process.wait()
