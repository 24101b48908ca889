"""What goes wrong, all drawn from one seed: deaths, servers gone, platforms that misbehave."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Any

from bot.domain.message import Message, Work
from bot.domain.publication import State
from bot.engine import people
from bot.errors import UsageError
from bot.ledger import publications
from bot.queue.remote import RemoteQueue
from tests.bot.engine.world import Data
from tests.soak.town import CLOSED, LEASE_S, Town
from tests.soak.verdict import granted_events

PUBLISHING = {
    "wechat": ("freepublish/submit", "message/mass/sendall"),
    "weibo": ("statuses/share",),
    "douyin": ("create_video",),
}
_KINDS = {
    "lost_answer": 8,
    "hang": 3,
    "status_after": 5,
    "html": 2,
    "empty": 2,
    "missing_code": 1,
    "latency": 5,
    "code": 6,
    "status_before": 4,
    "drop_before": 2,
    "hang_before": 1,
    "slow_review": 2,
    "refuse_review": 1,
    "string_numbers": 1,
}
# Of an outage before the effect nobody can tell for two minutes; most are put where nothing is
# sent yet, or the run would mostly wait.
_BEFORE = frozenset({"status_before", "drop_before", "hang_before"})
_DUPLICATE = 20019
_REFUSED = {"wechat": 87014, "weibo": 20021, "douyin": 2111001}
_CODES = {
    "wechat": (-1, -1, 40001, 42001, 42001),
    "weibo": (10009, 10001, 21327, _DUPLICATE),
    "douyin": (2190008, 28001003, 28001005, 28001005),
}
_RATE = {"wechat": 45009, "weibo": 10024, "douyin": 28003017}
_WAITING = 40  # faults that have not struck yet


@dataclass(frozen=True, kw_only=True)
class Weather:
    """How often what happens; all means, in seconds between."""

    kill_s: float
    wave_s: float
    posts: int  # of one wave
    fault_s: float
    redis_s: float = 30.0
    flush_s: float = 20.0
    postgres_s: float = 60.0
    expire_s: float = 10.0
    double_s: float = 2.0
    withdraw_s: float = 4.0
    freeze_s: float = 40.0
    term_share: float = 0.08


class Storm:
    """Rages until it is told to stop; each kind of trouble is a task of its own."""

    def __init__(self, town: Town, weather: Weather) -> None:
        self._town = town
        self._weather = weather
        self._stop = asyncio.Event()
        self._quiet = asyncio.Lock()  # one server is stopped at a time

    async def rage(self, seconds: float, *, strikes: int = 0) -> None:
        """Returns after `seconds`, with all servers running again and no fault left.

        Where less than `strikes` of all kinds have struck by then, as on a machine that is busy
        with other things, it goes on; not for longer than four times as long.
        """
        weather = self._weather
        tasks = [
            self._every("waves", weather.wave_s, self._wave, steady=True),
            self._every("kills", weather.kill_s, self._kill),
            self._every("faults", weather.fault_s, self._fault),
            self._every("tokens", weather.expire_s, self._expire),
            self._every("withdrawals", weather.withdraw_s, self._withdraw),
            self._every("freezes", weather.freeze_s, self._freeze),
            self._every("administrator", 4.0, self._administrate, steady=True),
            self._every("housekeeping", 3.0, self._housekeeping, steady=True),
        ]
        if self._town.servers is not None:
            tasks += [
                self._every("flushes", weather.flush_s, self._flush),
                self._every("redis", weather.redis_s, self._restart_redis),
                self._every("postgres", weather.postgres_s, self._restart_postgres),
                self._every("doubles", weather.double_s, self._double),
            ]
        running = [asyncio.create_task(task) for task in tasks]
        failed: set[asyncio.Task[None]] = set()
        for _round in range(4):
            failed, _running = await asyncio.wait(
                running, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION
            )
            if failed or self._town.tally.injected.total() >= strikes:
                break
        self._stop.set()
        for task in failed:
            task.result()
        await asyncio.gather(*running)
        await self._housekeeping(Random(0))
        await self._town.outside.call("DELETE", "faults")

    async def _every(
        self,
        topic: str,
        mean_s: float,
        act: Callable[[Random], Awaitable[None]],
        *,
        steady: bool = False,
    ) -> None:
        random = self._town.random(topic)
        while not self._stop.is_set():
            pause_s = mean_s if steady else min(random.expovariate(1 / mean_s), 3 * mean_s)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), pause_s)
                return
            try:
                await act(random)
            except CLOSED as error:
                if isinstance(error, UsageError):
                    raise
                self._town.tally.people["met a closed ledger"] += 1

    # ── processes and servers ─────────────────────────────────────────────────────────────────

    async def _kill(self, random: Random) -> None:
        worker = random.choice(self._town.fleet.workers)
        gently = random.random() < self._weather.term_share
        if worker.send(signal.SIGTERM if gently else signal.SIGKILL):
            self._town.tally.injected["SIGTERM" if gently else "SIGKILL"] += 1

    async def _flush(self, _random: Random) -> None:
        async with self._quiet:
            assert self._town.servers is not None
            await asyncio.to_thread(self._town.servers.redis.flush)
            self._town.tally.injected["Redis flushed"] += 1

    async def _restart_redis(self, random: Random) -> None:
        async with self._quiet:
            assert self._town.servers is not None
            await asyncio.to_thread(self._town.servers.redis.kill)
            await asyncio.sleep(random.uniform(0.0, 3.0))
            await asyncio.to_thread(self._town.servers.redis.start)
            self._town.tally.injected["Redis restarted"] += 1

    async def _restart_postgres(self, random: Random) -> None:
        async with self._quiet:
            assert self._town.servers is not None
            await asyncio.to_thread(self._town.servers.postgres.stop)
            await asyncio.sleep(random.uniform(0.0, 2.0))
            await asyncio.to_thread(self._town.servers.postgres.start)
            self._town.tally.injected["PostgreSQL restarted"] += 1

    async def _double(self, random: Random) -> None:
        """The same message twice, of rows that are really under way."""
        app = self._town.app
        assert app.redis is not None
        queue = RemoteQueue(app.redis, app.local, lease_s=LEASE_S)
        async with app.core.ledger.read() as conn:
            under_way = await publications.in_states(
                conn, [State.QUEUED, State.SENDING, State.UNKNOWN, State.PENDING]
            )
        ids = [pub.id for pub in under_way]
        chosen = tuple(random.sample(ids, min(len(ids), 10)))
        await app.redis.ping()  # without Redis the desk would begin to publish by itself
        for message in (Message(work=work, ids=chosen) for work in Work if chosen):
            await queue.put(message)
            await queue.put(message)
            self._town.tally.injected["messages doubled"] += 1

    # ── platforms ─────────────────────────────────────────────────────────────────────────────

    async def _fault(self, random: Random) -> None:
        faults = (await self._town.outside.call("GET", "faults"))["faults"]
        fault = draw_fault(random, [one.id for one in self._town.accounts])
        if len(faults) < _WAITING:
            await self._town.outside.call("POST", "faults", fault)

    async def _expire(self, random: Random) -> None:
        account = random.choice(self._town.accounts)
        body = {"platform": account.platform, "account": account.id}
        await self._town.outside.call("POST", "tokens/expire", body)
        self._town.tally.injected["token expired"] += 1

    async def _housekeeping(self, _random: Random) -> None:
        """Counts the faults that have struck, and makes room for others."""
        for fault in (await self._town.outside.call("GET", "faults"))["faults"]:
            if fault["times"] == 0:
                await self._town.outside.call("DELETE", f"faults/{fault['id']}")
                self._town.tally.injected[f"platform: {fault['kind']}"] += fault["fired"]

    # ── people ────────────────────────────────────────────────────────────────────────────────

    async def _wave(self, random: Random) -> None:
        office = self._town.office
        office.edit(random.randint(0, 6))
        office.add_wave(self._town.app.core.clock.now(), self._weather.posts)
        await asyncio.to_thread(office.write)
        await self._town.plan()

    async def _withdraw(self, random: Random) -> None:
        app = self._town.app
        async with app.core.ledger.read() as conn:
            open_ones = await publications.in_states(
                conn, [state for state in State if state not in {State.PUBLISHED, State.CANCELLED}]
            )
        if open_ones:
            with suppress(UsageError):  # it is public by now, or cancelled
                await people.cancel(app.core, random.choice(open_ones), by="officer")
                self._town.tally.people["withdrawn"] += 1

    async def _administrate(self, _random: Random) -> None:
        if paused := await self._town.paused():
            await self._town.authorise(*paused)
            self._town.tally.people["authorised again"] += len(paused)

    async def _freeze(self, random: Random) -> None:
        """Between two looks at the ledger within a freeze nothing may be granted."""
        core, tally = self._town.app.core, self._town.tally
        try:
            await people.freeze(core, True, by="officer", reason="哀悼日")
            before = await granted_events(core.ledger)
            await asyncio.sleep(random.uniform(0.5, 3.0))
            during = await granted_events(core.ledger) - before
            tally.violations += [f"granted during a freeze: event {one}" for one in during]
            tally.people["freezes"] += 1
        finally:
            await self._town.persist(
                lambda: people.freeze(core, False, by="officer", reason="哀悼日")
            )


def draw_fault(random: Random, accounts: list[str]) -> Data:
    """Something that goes wrong with the next calls of one account, or of a whole platform."""
    platform = random.choice(sorted(PUBLISHING))
    kind = random.choices(list(_KINDS), list(_KINDS.values()))[0]
    if (platform, kind) == ("weibo", "refuse_review"):
        kind = "slow_review"  # the simulator's Weibo would claim success and show it to nobody
    fault: Data = {"platform": platform, "kind": kind, "times": random.randint(1, 3)}
    if random.random() < 0.3:
        fault["account"] = random.choice([one for one in accounts if one.endswith(platform)])
    at_publishing = 0.15 if kind in _BEFORE else 0.6
    details = _details(kind, platform, random)
    # That content is refused is an answer to content only, never to a question.
    refusal = details.get("code") in {_REFUSED[platform], _DUPLICATE}
    if refusal or (random.random() < at_publishing and not kind.endswith("review")):
        fault["path"] = random.choice(PUBLISHING[platform])
    elif kind in _BEFORE:
        fault["path"] = {"wechat": "draft/", "weibo": "user_timeline", "douyin": "upload"}[platform]
    return fault | details


def _details(kind: str, platform: str, random: Random) -> dict[str, Any]:
    match kind:
        case "latency":
            return {"seconds": random.uniform(0.5, 6.0)}
        case "slow_review":
            longest_s = 8.0 if platform == "weibo" else 40.0  # Weibo says nothing of its reviews
            return {"seconds": random.uniform(4.0, longest_s)}
        case "status_before" | "status_after":
            return {"status": random.choice([500, 502, 503, 504])}
        case "refuse_review":
            return {"times": 1}
        case "code":
            return {"code": _code(platform, random), "times": 1}
        case _:
            return {}


def _code(platform: str, random: Random) -> int:
    chance = random.random()
    if chance < 0.15:
        return _REFUSED[platform]
    if chance < 0.2:
        return _RATE[platform]
    return random.choice(_CODES[platform])
