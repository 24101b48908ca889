"""Withdrawals and freezes race with claims and grants: whoever is durable first wins.

The race of a withdrawal with a grant alone stands in tests/bot/ledger/test_journal.py. Here two
bots on one ledger race: one claims, takes and grants; at the other the office withdraws, freezes
and lets go on, each at a moment of its own.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from bot.app import App, open_app
from bot.clock import VirtualClock
from bot.domain import transitions
from bot.domain.post import Method
from bot.domain.publication import Hold, Publication, State
from bot.engine import people
from bot.errors import UsageError
from bot.ledger import publications, roster
from bot.ledger.journal import Move, Refusal
from bot.ledger.tables import events
from bot.settings import Files, LedgerPart, Settings
from tests.bot.ledger.stand import LATER, NOW, ROSTER, add, url
from tests.property.tally import Tally

RACES, BATCH = 10_000, 250
LEASE, LEASE_S = "lease-of-mine", 120
_SPREAD = 40  # how many turns of the loop a move may come later than another
_OFF = frozenset({"publication.cancelled", "publication.called_off"})

tally = Tally()


async def _some_time(chance: random.Random) -> None:
    for _turn in range(chance.randrange(_SPREAD)):
        await asyncio.sleep(0)


async def _claim(worker: App, ids: Sequence[int], chance: random.Random) -> list[Publication]:
    """What the worker gets under its lease, after the office may have taken some away."""
    claim = transitions.claim(lease_until=NOW + timedelta(seconds=LEASE_S))
    moves = [Move(publication=pub, step=claim) for pub in ids]
    await worker.core.journal.apply(*moves, now=NOW)
    await _some_time(chance)
    async with worker.core.ledger.write() as conn:
        return await publications.take(conn, ids, {State.QUEUED}, lease=LEASE, until=LATER)


async def _grant(worker: App, pub: Publication, chance: random.Random) -> None:
    await _some_time(chance)
    step = transitions.grant(
        now=NOW, lease=LEASE, lease_until=LATER, commits=1, method=Method.PUBLISH
    )
    move = Move(publication=pub.id, step=step, lease=LEASE, gated=True)
    (granted,) = await worker.core.journal.apply(move, now=NOW)
    tally.add("granted" if granted.ok else f"refused as {granted.refusal}")
    if granted.refusal is Refusal.FROZEN:
        held = transitions.hold(Hold.FROZEN, look_at=LATER)
        await worker.core.journal.apply(Move(publication=pub.id, step=held, lease=LEASE), now=NOW)


async def _work(worker: App, ids: Sequence[int], chance: random.Random) -> None:
    pubs = await _claim(worker, ids, chance)
    await asyncio.gather(*(_grant(worker, pub, chance) for pub in pubs))


async def _withdraw(office: App, pub: int, chance: random.Random) -> None:
    """The officer looks, and withdraws what they saw; too late is an answer too."""
    await _some_time(chance)
    async with office.core.ledger.read() as conn:
        seen = await publications.get(conn, pub)
    assert seen is not None
    try:
        now = await people.cancel(office.core, seen, by="officer")
    except UsageError:
        tally.add("withdrawals overtaken")
    else:
        tally.add("withdrawn in time" if now else "called off")


async def _last_event(app: App) -> int:
    async with app.core.ledger.read() as conn:
        return int(await conn.scalar(select(func.max(events.c.id))) or 0)


async def _freeze(office: App, chance: random.Random) -> list[tuple[int, int]]:
    """Freezes and lets go on, some times; between these events nothing may have been granted."""
    spans = []
    for _time in range(3):
        await _some_time(chance)
        await people.freeze(office.core, True, by="officer", reason="公祭日")
        after = await _last_event(office)
        await _some_time(chance)
        spans.append((after, await _last_event(office)))
        await people.freeze(office.core, False, by="officer", reason="")
    return spans


async def _race(worker: App, office: App, ids: list[int], chance: random.Random) -> list[range]:
    withdrawn = chance.sample(ids, len(ids) // 2)
    async with asyncio.TaskGroup() as group:
        freezing = group.create_task(_freeze(office, chance))
        for pub in withdrawn:
            group.create_task(_withdraw(office, pub, chance))
        # Half of the worker's messages come a moment later.
        for part in (ids[::2], ids[1::2]):
            group.create_task(_work(worker, part, chance))
    return [range(after + 1, until + 1) for after, until in freezing.result()]


async def _check(app: App, frozen: Sequence[range]) -> None:
    async with app.core.ledger.read() as conn:
        rows = (await conn.execute(select(events).order_by(events.c.id))).all()
    off: set[int] = set()
    seen: Counter[str] = Counter()
    forbidden = {number for span in frozen for number in span}
    for row in rows:
        seen[row.name] += 1
        if row.name in _OFF:
            off.add(row.publication)
        elif row.name == "publication.granted":
            assert row.publication not in off, f"sent after it was withdrawn: {row}"
            assert row.id not in forbidden, f"sent during a freeze: {row}"
    assert seen["publication.granted"] > 0
    assert seen["publication.cancelled"] > 0
    assert seen["publication.held"] > 0


async def test_neither_a_withdrawal_nor_a_freeze_is_ever_overtaken(tmp_path: Path) -> None:
    """Ten thousand publications, each withdrawn, frozen and granted in an order of its own."""
    chance = random.Random(20260512)
    settings = Settings(
        ledger=LedgerPart(url=url(tmp_path)),
        files=Files(handoff=tmp_path / "handoff", key=tmp_path / "secret.key"),
    )
    clock = VirtualClock(NOW)
    async with AsyncExitStack() as stack:
        worker = await stack.enter_async_context(open_app(settings, clock=clock))
        office = await stack.enter_async_context(open_app(settings, clock=clock))
        async with worker.core.ledger.write() as conn:
            await roster.save(conn, ROSTER, NOW)
        ids = await add(worker.core.ledger, RACES)
        frozen: list[range] = []
        for start in range(0, RACES, BATCH):
            frozen += await _race(worker, office, ids[start : start + BATCH], chance)
        await _check(worker, frozen)
    tally.add("races", RACES)
    tally.report("withdrawals and freezes")
    print(tally.line())
