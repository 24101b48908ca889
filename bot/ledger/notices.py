"""The outbox: what was told to whom and what came of it; each thing once.

waiting → sending → sent | unclear, or back to waiting when it was refused. A row whose cause ended
before it was sent is dropped, and waits again if the cause comes back. One that was refused until
it was pointless has failed. A claim whose process died is unclear: it may have been sent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, insert, or_, select, update

from bot.domain.notices import Notice, Reply, Verdict, gap
from bot.ledger.connection import Connection
from bot.ledger.tables import notices

Key = tuple[str, str, str]
_MANY = 200  # keys in one query


class Progress(StrEnum):
    """How far a notice to one address has come."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    UNCLEAR = "unclear"  # never sent again by itself
    DROPPED = "dropped"
    FAILED = "failed"


TOLD = frozenset({Progress.SENDING, Progress.SENT, Progress.UNCLEAR})  # or may have been


@dataclass(frozen=True, kw_only=True)
class Told:
    """One row."""

    id: int
    what: str
    party: str
    stage: str
    address: str  # a reference
    state: Progress
    made_at: datetime
    next_at: datetime
    tries: int
    told_at: datetime | None
    text: str
    answer: str

    @property
    def key(self) -> Key:
        return (self.what, self.party, self.stage)


def _told(row: Any) -> Told:
    values = {name: getattr(row, name) for name in Told.__dataclass_fields__}
    return Told(**{**values, "state": Progress(row.state)})


async def about(conn: Connection, whats: Collection[str]) -> dict[Key, list[Told]]:
    """All rows about these things, by key."""
    found: dict[Key, list[Told]] = defaultdict(list)
    for names in _parts(sorted(whats)):
        for row in await conn.execute(select(notices).where(notices.c.what.in_(names))):
            told = _told(row)
            found[told.key].append(told)
    return found


def _parts(names: Sequence[str]) -> Iterable[Sequence[str]]:
    return (names[start : start + _MANY] for start in range(0, len(names), _MANY))


async def under_way(conn: Connection) -> list[Told]:
    """What waits to be sent or is being sent, oldest first."""
    return await _in(conn, Progress.WAITING, Progress.SENDING)


async def in_trouble(conn: Connection, since: datetime) -> list[Told]:
    """What nobody knows to have arrived and is not tried again, since then; oldest first."""
    found = await _in(conn, Progress.UNCLEAR, Progress.FAILED)
    return [told for told in found if (told.told_at or told.made_at) >= since]


async def last(conn: Connection) -> dict[tuple[str, str], Told]:
    """Party and address → what was last tried there."""
    query = select(notices).where(notices.c.told_at.is_not(None))
    found = {}
    for row in await conn.execute(query.order_by(notices.c.told_at, notices.c.id)):
        found[row.party, row.address] = _told(row)
    return found


async def _in(conn: Connection, *states: Progress) -> list[Told]:
    query = select(notices).where(notices.c.state.in_([state.value for state in states]))
    return [_told(row) for row in await conn.execute(query.order_by(notices.c.id))]


async def add(conn: Connection, notice: Notice, addresses: Sequence[str], *, now: datetime) -> None:
    """Enters the notice for each address; nothing of its key may be there yet."""
    rows = [
        {
            "what": notice.what,
            "party": notice.party,
            "stage": notice.stage,
            "address": address,
            "state": Progress.WAITING.value,
            "made_at": now,
            "until": notice.until,
            "next_at": now,
        }
        for address in addresses
    ]
    if rows:
        await conn.execute(insert(notices), rows)


async def end_overdue(conn: Connection, now: datetime) -> None:
    """Ends what is pointless by now, and the claims of letters nobody knows the answer to."""
    died = and_(notices.c.state == Progress.SENDING.value, notices.c.next_at <= now)
    await conn.execute(update(notices).where(died).values(state=Progress.UNCLEAR.value))
    refused = and_(notices.c.state == Progress.WAITING.value, notices.c.tries > 0)
    await conn.execute(
        update(notices).where(refused, notices.c.until < now).values(state=Progress.FAILED.value)
    )


async def drop(conn: Connection, ids: Collection[int]) -> None:
    """Their cause ended before they were sent."""
    await _move(conn, ids, Progress.WAITING, Progress.DROPPED)


async def revive(conn: Connection, ids: Collection[int]) -> None:
    """Their cause is there again."""
    await _move(conn, ids, Progress.DROPPED, Progress.WAITING)


async def _move(conn: Connection, ids: Collection[int], old: Progress, new: Progress) -> None:
    if ids:
        mine = (notices.c.id.in_(sorted(ids)), notices.c.state == old.value)
        await conn.execute(update(notices).where(*mine).values(state=new.value))


async def forget(conn: Connection, what: str, stage: str, *, now: datetime) -> None:
    """A cause that may come back has ended: the next time it is told anew."""
    ended = f"{stage} until {now:%Y-%m-%dT%H:%M:%SZ}"
    mine = (notices.c.what == what, notices.c.stage == stage)
    await conn.execute(update(notices).where(*mine).values(stage=ended))


async def standing(conn: Connection, prefix: str, stage: str) -> set[str]:
    """What was told at this stage about things whose name begins so."""
    query = select(notices.c.what).where(
        notices.c.what.startswith(prefix, autoescape=True), notices.c.stage == stage
    )
    return {row.what for row in await conn.execute(query)}


async def claim(
    conn: Connection,
    rows: Sequence[tuple[int, str]],
    *,
    lease: str,
    now: datetime,
    until: datetime,
) -> bool:
    """Takes these rows (id, text) for one letter; False: another has one of them, so roll back."""
    for number, text in rows:
        mine = (notices.c.id == number, notices.c.state == Progress.WAITING.value)
        changed = await conn.execute(
            update(notices)
            .where(*mine, notices.c.next_at <= now)
            .values(
                state=Progress.SENDING.value,
                lease=lease,
                next_at=until,
                told_at=now,
                text=text,
                answer="",
            )
        )
        if changed.rowcount == 0:
            return False
    return True


async def record(conn: Connection, lease: str, reply: Reply, *, tries: int, now: datetime) -> None:
    """Notes what came of a letter; also when its lease has run out meanwhile."""
    values: dict[str, Any] = {"answer": reply.words, "told_at": now}
    match reply.verdict:
        case Verdict.SENT:
            values["state"] = Progress.SENT.value
        case Verdict.UNCLEAR:
            values["state"] = Progress.UNCLEAR.value
        case Verdict.REFUSED:
            pause = max(reply.again_after or gap(tries), gap(tries))
            values |= {
                "state": Progress.WAITING.value,
                "tries": tries,
                "next_at": now + pause,
                "lease": "",
            }
    mine = notices.c.lease == lease
    held = or_(notices.c.state == Progress.SENDING.value, notices.c.state == Progress.UNCLEAR.value)
    await conn.execute(update(notices).where(mine, held).values(**values))


async def refuse(
    conn: Connection, ids: Collection[int], reply: Reply, *, tries: int, now: datetime
) -> None:
    """Notes that nothing could be sent at all: the address itself is not usable."""
    await conn.execute(
        update(notices)
        .where(notices.c.id.in_(sorted(ids)), notices.c.state == Progress.WAITING.value)
        .values(answer=reply.words, tries=tries, next_at=now + gap(tries), told_at=now)
    )
