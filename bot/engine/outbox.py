"""Finds what has happened since and puts it into the outbox, for each program that wants it.

Each thing has a name (`what`), and the ledger takes each name once for each program. So looking
twice doubles nothing, and what may have been committed late is simply looked at again: on
PostgreSQL a row may become visible after one with a higher number.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.coverage import CellState
from bot.domain.publication import Publication, State
from bot.engine import grid, reviewing, shapes
from bot.engine.ports import Core
from bot.engine.shapes import Json, iso
from bot.engine.webhooks import CARRIED, LATE, MOVES, REVIEW
from bot.ledger import listing, webhooks
from bot.ledger.connection import Connection, one_writer
from bot.ledger.webhooks import Webhook

SETTLED = timedelta(minutes=2)  # no transaction lasts longer, and clocks differ by less
_LOOK_BACK = timedelta(days=3)  # an account read late shows only then that a deadline was missed
_SLOWLY = timedelta(minutes=1)  # coverage and reviews are not asked more often than this


@dataclass(frozen=True, kw_only=True)
class Told:
    """One thing that happened."""

    what: str  # its name, unlike any other's; at most 64 characters
    event: str
    at: datetime
    data: Json


@dataclass
class Outbox:
    """Looks what is to be told; one of a process."""

    core: Core
    zone: ZoneInfo
    _slow_at: datetime | None = field(default=None)

    async def fill(self, *, passing: bool = False) -> int:
        """Puts what is new into the outbox; how many deliveries that are.

        Writes nothing when there is nothing new, unless it is `passing`: then what is settled by
        now is never looked at again.
        """
        async with self.core.ledger.read() as conn:
            open_ones = await webhooks.open_ones(conn)
        if not open_ones:
            return 0
        slow = await self._slowly(open_ones)
        return sum([await self._fill_one(one, slow, passing) for one in open_ones])

    async def _fill_one(self, webhook: Webhook, slow: Sequence[Told], passing: bool) -> int:
        now = self.core.clock.now()
        async with self.core.ledger.read() as conn:
            found = [*await self._news(conn, webhook), *slow]
            wanted = {one.what: one for one in found if _is_for(webhook, one)}
            known = await webhooks.known(conn, webhook.id, wanted) if wanted else set()
            cursors = await _cursors(conn, webhook, now)
        fresh = [one for one in wanted.values() if one.what not in known]
        # Moved with the next thing to tell, and now and then, not with each look.
        if fresh or passing or _far(cursors, webhook.cursors):
            async with self.core.ledger.write() as conn:
                await webhooks.put(conn, [self._row(webhook, one, now) for one in fresh])
                await webhooks.move_cursors(conn, webhook.id, cursors)
        return len(fresh)

    def _row(self, webhook: Webhook, one: Told, now: datetime) -> Json:
        at = iso(one.at, self.zone)
        return {
            "webhook": webhook.id,
            "what": one.what,
            "event": one.event,
            "body": {"type": one.event, "timestamp": at, "data": one.data},
            "made_at": now,
            "state": webhooks.WAITING,
            "next_at": now,
        }

    async def _news(self, conn: Connection, webhook: Webhook) -> list[Told]:
        states = {MOVES[name].value for name in webhook.events if name in MOVES}
        if CARRIED in webhook.events:
            states.add(State.PUBLISHED.value)
        found: list[Told] = []
        if states:
            rows = await webhooks.moves(conn, webhook.cursors.get("events", 0), states)
            names = {row.id: f"event-{row.id}" for row in rows}
            known = await webhooks.known(conn, webhook.id, names.values()) if rows else set()
            found += await self._moves(conn, [row for row in rows if names[row.id] not in known])
        if CARRIED in webhook.events:
            matched = await webhooks.matched(conn, webhook.cursors.get("verdicts", 0))
            found += self._carried(matched)
        return found

    async def _moves(self, conn: Connection, rows: Sequence[Any]) -> list[Told]:
        if not rows:
            return []
        known = await listing.by_number(conn, {row.publication for row in rows})
        public = {row.publication for row in rows if row.to_state == State.PUBLISHED}
        carried = await webhooks.reprints(conn, public) if public else ()
        return [*(self._move(row, known) for row in rows), *self._carried(carried)]

    def _move(self, row: Any, known: Mapping[int, Publication]) -> Told:
        data = shapes.publication(known[row.publication], self.zone)
        # As it stood then: by now it may stand otherwise.
        data |= {"state": row.to_state, "key_item": row.key_item, "event": row.id}
        name = f"publication.{row.to_state}"
        return Told(what=f"event-{row.id}", event=name, at=row.at, data=data)

    def _carried(self, rows: Iterable[Any]) -> Iterator[Told]:
        for row in rows:
            late = row.deadline_at is not None and row.published_at > row.deadline_at
            data = {
                "key_item": row.post,
                "title": row.title,
                "unit": row.unit,
                "account": row.account,
                "at": iso(row.published_at, self.zone),
                "deadline": iso(row.deadline_at, self.zone),
                "state": (CellState.LATE if late else CellState.ON_TIME).value,
            }
            what = _name("carried", row.post, row.unit)
            yield Told(what=what, event=CARRIED, at=row.published_at, data=data)

    async def _slowly(self, open_ones: Sequence[Webhook]) -> list[Told]:
        """What is not an event of the ledger, but comes about by time or by several rows."""
        now = self.core.clock.now()
        wanted = {name for one in open_ones for name in one.events} & {LATE, REVIEW}
        if not wanted or (self._slow_at is not None and now < self._slow_at + _SLOWLY):
            return []
        self._slow_at = now
        oldest = min(one.made_at for one in open_ones)
        found = await self._late(now, oldest) if LATE in wanted else []
        return [*found, *(await self._reviews() if REVIEW in wanted else [])]

    async def _late(self, now: datetime, oldest: datetime) -> list[Told]:
        async with self.core.ledger.read() as conn:
            ids = await webhooks.due_items(conn, max(now - _LOOK_BACK, oldest), now)
        items, _members = await grid.standings(self.core, ids=ids) if ids else ([], None)
        return [
            Told(
                what=_name("late", item.post, unit),
                event=LATE,
                at=item.deadline_at,
                data={
                    "key_item": item.post,
                    "title": item.title,
                    "unit": unit,
                    "deadline": iso(item.deadline_at, self.zone),
                    "state": state.value,
                },
            )
            for item in items
            for unit, state in item.states.items()
            if state is CellState.MISSING  # what is unknown is not missing
        ]

    async def _reviews(self) -> list[Told]:
        async with self.core.ledger.read() as conn:
            cases = await reviewing.cases(self.core, conn)
        return [
            Told(
                what=_name("review", one.post, one.content_hash, one.next_level.value),
                event=REVIEW,
                at=one.since,
                data=shapes.review(one, self.zone),
            )
            for one in cases
            if one.next_level is not None and one.state is reviewing.CaseState.WAITING
        ]


def _is_for(webhook: Webhook, one: Told) -> bool:
    """What was over before a program was entered is not told it."""
    return one.event in webhook.events and (one.event != LATE or one.at >= webhook.made_at)


def _name(kind: str, *parts: str) -> str:
    return f"{kind}-{hashlib.sha256(chr(10).join(parts).encode()).hexdigest()[:40]}"


async def _cursors(conn: Connection, webhook: Webhook, now: datetime) -> dict[str, int]:
    """Up to where nothing can come any more; with one writer rows become visible in order."""
    before, known = now + SETTLED if one_writer(conn) else now - SETTLED, webhook.cursors
    return {
        "events": await webhooks.last_event(conn, known.get("events", 0), before),
        "verdicts": await webhooks.last_verdict(conn, known.get("verdicts", 0), before),
    }


def _far(ahead: Mapping[str, int], behind: Mapping[str, int]) -> bool:
    return any(number > behind.get(name, 0) + 1000 for name, number in ahead.items())
