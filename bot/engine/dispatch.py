"""The tick: looks at what is due, claims it, and hands it to the queue in batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from bot.domain import transitions
from bot.domain.admission import as_wanted, look_at, wake
from bot.domain.message import Message, Work
from bot.domain.post import Kind
from bot.domain.publication import Publication, State
from bot.domain.step import Step
from bot.engine import surroundings
from bot.engine.ports import Core, Queue
from bot.engine.review_gate import in_force
from bot.ledger import journal, publications
from bot.ledger.connection import Connection
from bot.ledger.journal import Move
from bot.ledger.store import check_version
from bot.logs import get_logger

log = get_logger(__name__)
ACCOUNTS_A_BATCH = 8
_HOUR = timedelta(hours=1)
_SOON = timedelta(seconds=10)
_CLAIMED_NOW = frozenset({State.PLANNED, State.WAITING})
_LIMIT = 1000  # rows per transaction; what is left over comes with the next round


@dataclass(frozen=True, kw_only=True)
class Tick:
    """What one round found due."""

    publish: tuple[int, ...]
    look: tuple[int, ...]
    seen: int  # rows whose time had come, those that stay as they are too

    @property
    def idle(self) -> bool:
        return self.seen == 0


_NOTHING = Tick(publish=(), look=(), seen=0)


async def tick(core: Core, queue: Queue) -> Tick:
    """One round: every row whose `next_at` has come is claimed or moved, in one transaction.

    A message is put only after the claim is durable. If it is lost, the lease runs out and the
    row comes up again. Raises LedgerError when the ledger is of another version by now.
    """
    now = core.clock.now()
    async with core.ledger.read() as conn:
        await check_version(conn)
        first = await publications.next_due(conn)
    if first is None or first > now:
        return _NOTHING  # without taking the ledger's write lock
    until = now + timedelta(seconds=core.options.lease_s)
    made: list[journal.Event] = []
    async with core.ledger.write() as conn:
        if not await publications.take_turn(conn):
            return _NOTHING
        found = await publications.due(conn, now, _LIMIT)
        later = await _beyond_the_cap(core, conn, found, now)
        await publications.look_later(conn, sorted(later.items()))
        rows = [pub for pub in found if pub.id not in later]
        moves = [
            Move(publication=pub.id, step=step)
            for pub in rows
            if (step := _step(pub, now, until)) is not None
        ]
        held = [pub for pub in rows if pub.state is State.HELD]
        moves += await _wake(core, conn, held, now)
        await journal.apply(conn, moves, now, made)
        look = tuple(pub.id for pub in rows if pub.state in {State.UNKNOWN, State.PENDING})
        await publications.claim_looks(conn, look, until=until)
    core.journal.tell(made)
    claimed = {move.publication for move in moves if move.step.to is State.QUEUED}
    publish = tuple(pub.id for pub in rows if pub.id in claimed)
    await _put(queue, Work.PUBLISH, _batches([pub for pub in rows if pub.id in claimed], core))
    await _put(queue, Work.LOOK, _batches([pub for pub in rows if pub.id in look], core))
    done = Tick(publish=publish, look=look, seen=len(found))
    if not done.idle:
        log.debug("engine.tick", publish=len(publish), look=len(look), seen=done.seen)
    return done


async def _beyond_the_cap(
    core: Core, conn: Connection, rows: Sequence[Publication], now: datetime
) -> dict[int, datetime]:
    """Reprints that would be too many of one key item within an hour, and when they go instead.

    Many accounts with the same words at the same time look like what platforms punish
    (公众账号规定). Counted anew from the rows each time, so nothing can be lost or counted twice.
    """
    cap = core.options.reprints_per_hour
    asking: dict[str, list[Publication]] = {}
    for pub in rows if cap else ():
        # One that is looked for goes within its minute, and was counted with its first call; one
        # whose window has closed does not go at all.
        if _is_new_reprint(pub) and now < pub.not_after:
            asking.setdefault(pub.post, []).append(pub)
    gone = await publications.reprinted_since(conn, asking, now - _HOUR)
    later = {}
    for post, pubs in asking.items():
        free_at = sorted(moment or now for moment in gone.get(post, ()))
        for place, pub in enumerate(pubs[max(0, cap - len(free_at)) :]):
            slot = free_at[place % len(free_at)] if free_at else now
            later[pub.id] = min(max(slot + _HOUR, now + _SOON), max(pub.not_after, now + _SOON))
    return later


def _is_new_reprint(pub: Publication) -> bool:
    return (
        pub.kind is Kind.REPRINT
        and not pub.by_hand
        and pub.state in _CLAIMED_NOW
        and pub.doubt_since is None
    )


def _step(pub: Publication, now: datetime, until: datetime) -> Step | None:
    match pub.state:
        case State.PLANNED | State.WAITING if now >= pub.not_after and not _changed(pub):
            return transitions.miss(reason=pub.reason or "window_passed")
        case State.PLANNED | State.WAITING:
            return transitions.claim(lease_until=until)
        case State.QUEUED:
            return transitions.give_back(now=now, why="lease_ran_out")
        case State.SENDING:
            doubt = pub.doubt_since or pub.committed_at
            return transitions.lose(
                find_at=now, doubt_since=doubt, error={"message": "worker_died"}
            )
        case State.FAILED if pub.withdrawn:
            return transitions.cancel(reason=pub.withdrawn)  # refused, and called off before that
        case State.FAILED if pub.wanted:
            # Refused while the calendar already wanted it otherwise: the new wish goes.
            return as_wanted(pub, now)
        case _:
            return None


def _changed(pub: Publication) -> bool:
    """True when admission has more to say than that the window has passed."""
    return bool(pub.wanted or pub.withdrawn)


async def _wake(
    core: Core, conn: Connection, held: Sequence[Publication], now: datetime
) -> list[Move]:
    """Holds decided anew from present facts; those that stay are looked at again later."""
    if not held:
        return []
    review = await in_force(core, conn)
    known = await surroundings.load(conn, {pub.post for pub in held}, review)
    moves, stay = [], []
    for pub in held:
        step = wake(pub, known.standing(pub, now))
        if step is None:
            stay.append((pub.id, look_at(pub.reason, pub, now)))
        else:
            moves.append(Move(publication=pub.id, step=step, review=review))
    await publications.look_later(conn, stay)
    return moves


def _batches(pubs: Sequence[Publication], core: Core) -> list[tuple[int, ...]]:
    """Ids in batches; posts of one account stay together, so that one worker keeps their order.

    A batch of few accounts leaves something for other workers.
    """
    by_account: dict[str, list[int]] = {}
    for pub in pubs:
        by_account.setdefault(pub.account, []).append(pub.id)
    batches: list[tuple[int, ...]] = []
    line: list[list[int]] = []
    for ids in by_account.values():
        full = len(line) == ACCOUNTS_A_BATCH or sum(map(len, line)) + len(ids) > core.options.batch
        if line and full:
            batches.append(tuple(chain(*line)))
            line = []
        line.append(ids)
    return [*batches, tuple(chain(*line))] if line else batches


async def _put(queue: Queue, work: Work, batches: Sequence[tuple[int, ...]]) -> None:
    for ids in batches:
        await queue.put(Message(work=work, ids=ids))
