"""The queue between machines: arq on Redis.

A message carries ids and changes nothing by itself, so Redis may lose, double or delay it, and
may be flushed or gone: the ledger has every publication, leases run out, and rows come up again.
What arq does by default and a publisher cannot bear is answered here: a stop does not cancel what
is being sent; nothing is run a second time by arq; no result is kept that would refuse a later
message of the same id; messages are JSON, which executes nothing when read.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any

from arq import Worker, cron, func
from arq.connections import ArqRedis
from arq.cron import CronJob
from redis.asyncio import BlockingConnectionPool
from redis.exceptions import RedisError

from bot.domain.message import Message, Work
from bot.errors import LedgerError
from bot.i18n import N_, _
from bot.logs import get_logger, said
from bot.queue.local import Handler, LocalQueue

log = get_logger(__name__)
GONE = (RedisError, OSError)  # what a Redis that cannot be reached raises
_QUEUE = "xuanfa:messages"
_WORK = "work"
_DAY_S = 24 * 3600
_ANSWER_S = 5  # Redis is asked small questions; a longer silence means it is not there
_CONNECTIONS = 50
_HEALTH_S = 30
_LEAVE_S = 12.0  # the longest pause between two looks, and some more
_CHORE_END_S = 20
_UPDATE = N_("A message of a newer version. Install the same version on every machine.")
HEALTH_KEY = f"{_QUEUE}:health"


@dataclass(frozen=True, kw_only=True)
class Chore:
    """Something to be done regularly, by one of the workers.

    `every_s` divides a minute, an hour or a day.
    """

    name: str
    do: Callable[[], Awaitable[None]]
    every_s: int


def connect(url: str) -> ArqRedis:
    """A client for the Redis at `url`; nothing is asked of it yet. Raises ValueError for the url.

    Errors of later calls are in `GONE`.
    """
    # pickle, arq's default, would let whoever can write to Redis run code here.
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=_CONNECTIONS,
        timeout=_ANSWER_S,
        socket_connect_timeout=_ANSWER_S,
        socket_timeout=_ANSWER_S,
    )
    return ArqRedis(
        pool_or_conn=pool,
        job_serializer=_dumps,
        job_deserializer=json.loads,
        default_queue_name=_QUEUE,
    )


def _dumps(value: dict[str, Any]) -> bytes:
    return json.dumps(value, default=str).encode()


class RemoteQueue:
    """Puts messages where any worker finds them; while Redis is gone, works them off here."""

    def __init__(self, redis: ArqRedis, here: LocalQueue, *, lease_s: int) -> None:
        self._redis = redis
        self._here = here
        self._expires = timedelta(seconds=lease_s)

    async def put(self, message: Message) -> None:
        """Returns once the message is in Redis, or is being worked on in this process."""
        try:
            # A name of its own: arq drops a second message of the same name. After the lease a
            # message is worth nothing, the rows have come up again by then.
            await self._redis.enqueue_job(
                _WORK,
                message.work.value,
                list(message.ids),
                _job_id=secrets.token_hex(16),
                _expires=self._expires,
            )
        except GONE as error:
            log.warning("queue.redis_gone", error=said(error))
            await self._here.put(message)


class _Worker(Worker):
    """arq's, which begins nothing a second time in one process and leaves no failure unheard.

    A batch slower than its lease may be taken again; arq would then forget the task it has.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.under_way: dict[str, asyncio.Task[Any] | None] = {}

    async def run_job(self, job_id: str, score: int) -> None:
        """Runs what the message asks for, unless this process is still at it."""
        if job_id in self.under_way:
            return
        self.under_way[job_id] = asyncio.current_task()
        try:
            await super().run_job(job_id, score)
        except GONE as error:  # the work is done; the next poll meets a Redis that is still gone
            log.debug("queue.not_told", job=job_id, error=str(error))
        finally:
            del self.under_way[job_id]

    async def _poll_iteration(self) -> None:
        """Ends `main` between two calls of Redis once no more jobs are to be taken.

        A cancellation in the middle of one would leave its connection neither free nor closed.
        """
        if not self.allow_pick_jobs:
            raise asyncio.CancelledError
        await super()._poll_iteration()


class RemoteWorker:
    """Takes messages from Redis and does its share of the chores."""

    def __init__(
        self,
        redis: ArqRedis,
        handlers: Mapping[Work, Handler],
        chores: Sequence[Chore] = (),
        *,
        lease_s: int,
        messages: int,
        poll_s: float = 0.5,
    ) -> None:
        _hear_arq()
        self._handlers = handlers
        self._outdated = asyncio.Event()
        self._refusal: LedgerError | None = None
        self._worker = _Worker(
            [func(self._work, name=_WORK)],  # type: ignore[arg-type]
            cron_jobs=[_cron(chore) for chore in chores],
            redis_pool=redis,
            queue_name=_QUEUE,
            job_serializer=_dumps,
            job_deserializer=json.loads,
            handle_signals=False,  # arq's own handlers cancel what is being sent
            max_jobs=messages,
            max_tries=1,
            retry_jobs=False,
            keep_result=0,
            job_timeout=_DAY_S,  # every step has its own limit; a batch of uploads may be slow
            poll_delay=poll_s,
            # Behind messages of killed workers, which stay for one lease, others must be seen.
            queue_read_limit=1000,
            health_check_interval=_HEALTH_S,
            health_check_key=HEALTH_KEY,
            timezone=UTC,
        )
        # A killed worker's messages are free again when their leases are, not after a day.
        self._worker.in_progress_timeout_s = lease_s

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop`, and finishes what is under way.

        Raises one of `GONE`, at once: what is under way then goes on, and `join` waits for it.
        Raises LedgerError when the ledger is of another version by now.
        """
        main = asyncio.create_task(self._worker.main())
        ends = [asyncio.create_task(end.wait()) for end in (stop, self._outdated)]
        try:
            await asyncio.wait({main, *ends}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()
            self._worker.allow_pick_jobs = False
            if not main.done():
                await self.join()
                await asyncio.wait({main}, timeout=_LEAVE_S)
                while not main.done():  # Redis hangs; its call may swallow one cancellation
                    main.cancel()
                    await asyncio.wait({main}, timeout=0.2)
                await self.join()  # it may have begun another message just before it ended
        if self._refusal is not None:
            raise self._refusal
        if not main.cancelled():
            main.result()

    async def join(self) -> None:
        """Returns when what has been begun is finished; a chore that takes long is given up."""
        tasks = {name: task for name, task in self._worker.under_way.items() if task is not None}
        messages = [task for name, task in tasks.items() if ":" not in name]
        await asyncio.gather(*messages, return_exceptions=True)
        await finish([task for name, task in tasks.items() if ":" in name])

    async def abort(self) -> None:
        """Drops everything at once, as a power failure would."""
        for task in list(self._worker.job_tasks.values()):
            task.cancel()
        await self.join()

    async def _work(self, _ctx: dict[str, Any], work: str, ids: Sequence[int]) -> None:
        if work not in {known.value for known in Work}:
            # From a newer worker. The rows come up again when their leases have run out.
            log.warning("queue.unknown_message", work=work, advice=_(_UPDATE))
            return
        try:
            await self._handlers[Work(work)](Message(work=Work(work), ids=tuple(ids)))
        except LedgerError as error:
            self._refusal = error
            self._outdated.set()
        except Exception:
            # The ledger still has the rows; their leases run out and they come up again.
            log.exception("queue.message_failed", work=work)


async def finish(chores: Collection[asyncio.Task[None]]) -> None:
    """Gives chores some time to end well: a token may just be on its way into the ledger."""
    if chores:
        _done, late = await asyncio.wait(chores, timeout=_CHORE_END_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*chores, return_exceptions=True)


class _Heard(logging.Handler):
    """What arq complains of, as one of our log lines and without its trace."""

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        # Of no concern: the ledger puts again what became old, or whose worker died.
        usual = message.endswith((" expired", " exceeded"))
        (log.debug if usual else log.warning)("queue.arq", message=message)


def _hear_arq() -> None:
    arq = logging.getLogger("arq")
    arq.setLevel(logging.WARNING)
    arq.propagate = False
    arq.handlers = [_Heard()]


def _cron(chore: Chore) -> CronJob:
    async def once(_ctx: dict[str, Any]) -> None:
        try:
            await chore.do()
        except Exception:  # it comes up again at its next time
            log.exception("chore.failed", chore=chore.name)

    # One name per moment, so that of all workers one does it.
    return cron(
        once,  # type: ignore[arg-type]
        name=chore.name,
        **_times(chore.every_s),
        unique=True,
        keep_result=0,
    )


def _times(every_s: int) -> dict[str, Any]:
    if every_s < 60:
        return {"second": set(range(0, 60, every_s))}
    if every_s < 3600:
        return {"minute": set(range(0, 60, every_s // 60)), "second": 0}
    return {"hour": set(range(0, 24, every_s // 3600)), "minute": 7, "second": 0}
