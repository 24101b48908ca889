"""Looks at the queue's Redis without changing anything in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

_WAIT_S = 5
_HEARTBEATS = "*:health-check"  # arq's workers keep such a key alive
_KEYS = 10_000  # a look is bounded, whatever else lives in that Redis


@dataclass(frozen=True, kw_only=True)
class QueueFacts:
    """What Redis says about itself. `policy` is "" where it may not be asked."""

    version: str
    policy: str
    workers: tuple[str, ...]  # what living workers last said of themselves


async def ping(url: str) -> None:
    """Returns when Redis answers; raises what the client raises when it does not."""
    async with _client(url) as redis:
        await redis.ping()


async def look(url: str) -> QueueFacts:
    """The facts; raises RedisError, OSError or ValueError (address) when it cannot be asked."""
    async with _client(url) as redis:
        info: dict[str, Any] = await redis.info("server")
        return QueueFacts(
            version=str(info.get("redis_version", "")),
            policy=await _policy(redis),
            workers=tuple([said async for said in _workers(redis)]),
        )


@asynccontextmanager
async def _client(url: str) -> AsyncIterator[Any]:
    redis: Any = Redis.from_url(url, socket_connect_timeout=_WAIT_S, socket_timeout=_WAIT_S)
    try:
        yield redis
    finally:
        await redis.aclose()


async def _policy(redis: Any) -> str:
    try:
        found: dict[str, str] = await redis.config_get("maxmemory-policy")
    except RedisError:  # hosted servers forbid CONFIG
        return ""
    return found.get("maxmemory-policy", "")


async def _workers(redis: Any) -> AsyncIterator[str]:
    seen = 0
    async for key in redis.scan_iter(match=_HEARTBEATS, count=1000):
        seen += 1
        if seen > _KEYS:
            return
        said = await redis.get(key)
        if said is not None:  # it may have ended since
            yield said.decode("utf-8", "replace")
