"""Calls per platform, counted over all processes: in Redis when there is one, else in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from limits.aio.strategies import MovingWindowRateLimiter
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.clock import Clock
from bot.errors import UsageError
from bot.i18n import _
from bot.logs import get_logger

log = get_logger(__name__)
_GONE = (RedisError, OSError)
_SOON = timedelta(seconds=1)


class Counters:
    """Where calls are counted. While Redis is gone each process counts its own."""

    def __init__(self, redis: Redis | None) -> None:
        self._here = MovingWindowRateLimiter(MemoryStorage())
        self._shared = None if redis is None else MovingWindowRateLimiter(_storage(redis))

    async def take(self, rate: RateLimitItem, platform: str) -> datetime | None:
        """None when the call fits, which counts it; else when the next one does."""
        if self._shared is not None:
            try:
                return await _take(self._shared, rate, platform)
            except _GONE as error:
                log.warning("pace.redis_gone", error=str(error))
        return await _take(self._here, rate, platform)


async def _take(
    limiter: MovingWindowRateLimiter, rate: RateLimitItem, platform: str
) -> datetime | None:
    if await limiter.hit(rate, platform):
        return None
    window = await limiter.get_window_stats(rate, platform)
    return datetime.fromtimestamp(window.reset_time, UTC)


def _storage(redis: Redis) -> Storage:
    # The address is only looked at for its kind; the connections are those handed in.
    return RedisStorage(
        "async+redis://",
        implementation="redispy",
        key_prefix="xuanfa:pace",
        connection_pool=redis.connection_pool,  # type: ignore[arg-type]
    )


class PlatformPace:
    """The pace of one platform."""

    def __init__(
        self, platform: str, rates: Sequence[RateLimitItem], counters: Counters, clock: Clock
    ) -> None:
        self._platform = platform
        self._rates = rates
        self._counters = counters
        self._clock = clock

    async def take(self) -> datetime | None:
        """None when a call may be made now, which is counted; else when to try again."""
        for rate in self._rates:
            free_at = await self._counters.take(rate, self._platform)
            if free_at is not None:
                # Counted in the machine's time, which need not be that of the given clock.
                return self._clock.now() + max(free_at - datetime.now(UTC), _SOON)
        return None


def rates_of(platform: str, texts: object) -> tuple[RateLimitItem, ...]:
    """`texts` such as "15000/hour" understood; raises UsageError naming the wrong one."""
    if not isinstance(texts, list | tuple):
        raise _wrong(platform, texts)
    rates = []
    for text in texts:
        try:
            rates.append(parse(str(text)))
        except ValueError as error:
            raise _wrong(platform, text) from error
    return tuple(rates)


def _wrong(platform: str, text: object) -> UsageError:
    return UsageError(
        _(
            'platforms.{platform}.rates: "{text}" is no rate. Write a list such as '
            '["15000/hour", "20/second"].'
        ).format(platform=platform, text=text)
    )
