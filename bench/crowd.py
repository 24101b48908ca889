"""People at the desk, in a process of their own: `python -m bench.crowd URL COOKIE RESULT PATH …`.

Each opens a page every five seconds and keeps its stream open; when that tells of a change, a page
that renews itself is fetched again, after the pause that bot/web/static/desk.js makes. The process
is nice: their browsers would run on other machines.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from random import Random

import aiohttp

from bench import walk
from bot.cli.loop import on_stop, run_fast
from bot.web.desk.doors import COOKIE

PEOPLE = 50
EVERY_S = 5.0
_RENEW_S = 3.0
_LIVE = b"data-live"


class Visitor:
    """One person with a browser."""

    def __init__(self, number: int, url: str, cookie: str, paths: list[str]) -> None:
        self._chance = Random(number)
        self._url, self._cookie, self._paths = url, cookie, paths
        self._here, self._live = paths[0], False
        self._changed = asyncio.Event()
        self.times_s: list[float] = []

    async def stay(self, session: aiohttp.ClientSession) -> None:
        """Until cancelled."""
        await asyncio.gather(self._read(session), self._listen(session), self._renew(session))

    async def _read(self, session: aiohttp.ClientSession) -> None:
        await asyncio.sleep(self._chance.random() * EVERY_S)
        while True:
            self._here = self._chance.choice(self._paths)
            await self._fetch(session)
            await asyncio.sleep(EVERY_S * (0.5 + self._chance.random()))

    async def _renew(self, session: aiohttp.ClientSession) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            if self._live:
                await self._fetch(session)
                await asyncio.sleep(_RENEW_S)

    async def _fetch(self, session: aiohttp.ClientSession) -> None:
        with suppress(aiohttp.ClientError):
            got = await walk.fetch(session, self._url + self._here, self._cookie)
            self._live = _LIVE in got.body
            self.times_s.append(got.seconds)

    async def _listen(self, session: aiohttp.ClientSession) -> None:
        cookies, timeout = {COOKIE: self._cookie}, aiohttp.ClientTimeout()
        while True:
            with suppress(aiohttp.ClientError):
                async with session.get(
                    f"{self._url}/live", cookies=cookies, timeout=timeout
                ) as stream:
                    async for line in stream.content:
                        if line.startswith(b"event: changed"):
                            self._changed.set()
            await asyncio.sleep(EVERY_S)


async def stay(url: str, cookie: str, result: Path, paths: list[str]) -> None:
    """All of them, until the process is told to stop; then the seconds of their pages as JSON."""
    visitors = [Visitor(number, url, cookie, paths) for number in range(PEOPLE)]
    stop = asyncio.Event()
    on_stop(stop.set)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(
        auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar(), connector=connector
    ) as session:
        staying = asyncio.gather(*(one.stay(session) for one in visitors))
        await stop.wait()
        staying.cancel()
        with suppress(asyncio.CancelledError):
            await staying
    result.write_text(json.dumps([time for one in visitors for time in one.times_s]), "utf-8")


if __name__ == "__main__":
    if sys.platform != "win32":
        os.nice(19)
    run_fast(stay(sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4:]))
