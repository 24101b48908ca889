"""What platforms say of accounts, where that is not what the roster says, and who decided what."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, insert, select, update

from bot.ledger.connection import Connection
from bot.ledger.tables import differences, profiles


class Decision(StrEnum):
    """What became of a difference."""

    OPEN = "open"  # nobody has decided yet
    TAKEN = "taken"  # written into the roster
    REFUSED = "refused"  # the roster is right; quiet until either side changes
    SETTLED = "settled"  # it is no more


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A field in which roster and platform do not agree."""

    subject: str
    field: str
    ours: str
    theirs: str
    facts: Mapping[str, str]

    @property
    def key(self) -> tuple[str, str, str, str]:
        return self.subject, self.field, self.ours, self.theirs


@dataclass(frozen=True, kw_only=True)
class Noted(Claim):
    """The same, with its number."""

    id: int
    state: Decision
    noted_at: datetime
    as_of: datetime
    reason: str = ""
    by: str = ""
    decided_at: datetime | None = None


async def enter(conn: Connection, said: Mapping[str, Mapping[str, Any]], now: datetime) -> None:
    """Keeps what platforms said just now, by account."""
    if not said:
        return
    await conn.execute(delete(profiles).where(profiles.c.account.in_(sorted(said))))
    rows = [{"account": name, "said": dict(one), "as_of": now} for name, one in said.items()]
    await conn.execute(insert(profiles), rows)


async def said(conn: Connection) -> dict[str, tuple[Mapping[str, Any], datetime]]:
    """Account → what its platform said last, and when."""
    rows = await conn.execute(select(profiles))
    return {row.account: (row.said, row.as_of) for row in rows}


async def note(
    conn: Connection, claims: Sequence[Claim], asked: Collection[str], now: datetime
) -> None:
    """Enters the differences found among the subjects `asked`; what is not there is settled.

    One that was refused, and says the same, stays refused.
    """
    known = {one.key: one for one in await find(conn, *_QUIET)}
    mine = {one.key for one in claims}
    for claim in claims:
        there = known.get(claim.key)
        if there is None:
            values = {**vars(claim), "state": Decision.OPEN.value}
            await conn.execute(insert(differences).values(**values, noted_at=now, as_of=now))
        else:
            query = update(differences).where(differences.c.id == there.id)
            await conn.execute(query.values(as_of=now))
    over = [
        one.id for key, one in known.items() if key not in mine and _is_asked(one.subject, asked)
    ]
    if over:
        query = update(differences).where(differences.c.id.in_(over))
        await conn.execute(query.values(state=Decision.SETTLED.value, decided_at=now))


_QUIET = (Decision.OPEN, Decision.REFUSED)


def _is_asked(subject: str, asked: Collection[str]) -> bool:
    """`asked` has accounts, and platforms for those who are no account."""
    return subject in asked or subject.partition(":")[0] in asked


async def find(conn: Connection, *states: Decision) -> list[Noted]:
    """The differences in these states, as they came up."""
    query = select(differences).where(differences.c.state.in_([one.value for one in states]))
    return [_noted(row) for row in await conn.execute(query.order_by(differences.c.id))]


def _noted(row: Any) -> Noted:
    values = {name: getattr(row, name) for name in Noted.__dataclass_fields__}
    return Noted(**values | {"state": Decision(row.state)})


async def decide(
    conn: Connection, ids: Collection[int], state: Decision, *, by: str, reason: str, now: datetime
) -> None:
    """Records what a person decided."""
    query = update(differences).where(differences.c.id.in_(sorted(ids)))
    await conn.execute(query.values(state=state.value, by=by, reason=reason, decided_at=now))
