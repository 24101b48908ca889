"""Looks at the queue's Redis without changing anything in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from redis.exceptions import RedisError

from bot.queue.remote import HEALTH_KEY, connect


@dataclass(frozen=True, kw_only=True)
class QueueFacts:
    """What Redis says about itself. `policy` is "" where it may not be asked."""

    version: str
    policy: str
    worker: str  # what a living worker last said of itself; "" when none is alive


async def look(url: str) -> QueueFacts:
    """The facts; raises ValueError for the address, and the errors of `bot.queue.remote.GONE`."""
    redis = connect(url)
    try:
        info: dict[str, Any] = await redis.info("server")
        said: bytes | None = await redis.get(HEALTH_KEY)
        return QueueFacts(
            version=str(info.get("redis_version", "")),
            policy=await _policy(redis),
            worker="" if said is None else said.decode("utf-8", "replace"),
        )
    finally:
        await redis.aclose(close_connection_pool=True)


async def _policy(redis: Any) -> str:
    try:
        found: dict[str, str] = await redis.config_get("maxmemory-policy")
    except RedisError:  # hosted servers forbid CONFIG
        return ""
    return found.get("maxmemory-policy", "")
