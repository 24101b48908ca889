"""Calls of all accounts and processes together stay below the office's rates."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp import web

from adapters.http import Http
from bot.clock import VirtualClock, WallClock
from bot.errors import RateLimited, UsageError
from bot.queue.remote import connect
from bot.wiring.pace import Counters, PlatformPace, rates_of
from tests.pairs import Servers
from tests.services import free_port

HOURLY = rates_of("weibo", ["10/hour"])


async def granted(pace: PlatformPace, calls: int) -> int:
    """How many of so many calls at once may be made."""
    answers = await asyncio.gather(*(pace.take() for _call in range(calls)))
    return sum(answer is None for answer in answers)


async def test_one_process_keeps_the_rate() -> None:
    pace = PlatformPace("weibo", HOURLY, Counters(None), WallClock())
    assert await granted(pace, 25) == 10
    retry_at = await pace.take()
    assert retry_at is not None
    assert timedelta(minutes=59) < retry_at - datetime.now(UTC) <= timedelta(hours=1)


async def test_two_processes_keep_it_together(servers: Servers) -> None:
    servers.redis.flush()
    async with connect(servers.redis.url) as one, connect(servers.redis.url) as other:
        paces = [
            PlatformPace("weibo", HOURLY, Counters(redis), WallClock()) for redis in (one, other)
        ]
        assert sum(await asyncio.gather(*(granted(pace, 15) for pace in paces))) == 10
        await asyncio.gather(*(redis.connection_pool.disconnect() for redis in (one, other)))


async def test_platforms_do_not_share_a_rate() -> None:
    counters = Counters(None)
    paces = [PlatformPace(name, HOURLY, counters, WallClock()) for name in ("weibo", "wechat")]
    assert [await granted(pace, 12) for pace in paces] == [10, 10]


async def test_without_redis_each_process_counts_its_own() -> None:
    async with connect(f"redis://127.0.0.1:{free_port()}/0") as gone:
        pace = PlatformPace("weibo", HOURLY, Counters(gone), WallClock())
        assert await granted(pace, 25) == 10


async def test_the_next_time_is_told_by_the_given_clock() -> None:
    noon = datetime(2026, 5, 6, 4, tzinfo=UTC)
    pace = PlatformPace("weibo", rates_of("weibo", ["1/hour"]), Counters(None), VirtualClock(noon))
    assert await pace.take() is None
    retry_at = await pace.take()
    assert retry_at is not None
    assert noon < retry_at <= noon + timedelta(hours=1)


@pytest.mark.parametrize("wrong", ["fast", ["ten a day"], 5])
def test_a_rate_nobody_understands_is_named(wrong: object) -> None:
    with pytest.raises(UsageError, match=r"platforms\.weibo\.rates"):
        rates_of("weibo", wrong)


@pytest.fixture
async def asked() -> AsyncIterator[tuple[str, list[str]]]:
    """A server's address, and what it was asked."""
    paths: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        paths.append(request.path)
        return web.json_response({})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", paths
    await runner.cleanup()


async def test_a_call_beyond_the_rate_is_not_sent(asked: tuple[str, list[str]]) -> None:
    url, paths = asked
    pace = PlatformPace("weibo", rates_of("weibo", ["2/hour"]), Counters(None), WallClock())
    async with aiohttp.ClientSession() as session:
        http = Http(session, platform="weibo", base_url=url, timeout_s=5, pace=pace)
        for _call in range(2):
            await http.call("POST", "/share", action="share", effect=True)
        with pytest.raises(RateLimited) as refused:
            await http.call("POST", "/share", action="share", effect=True)
    assert paths == ["/share", "/share"]
    assert refused.value.retry_at is not None
