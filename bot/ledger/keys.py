"""Keys of other programs (tokens): the ledger keeps their hashes only, and never deletes one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, insert, select, update

from bot.domain.people import Right
from bot.ledger.connection import Connection
from bot.ledger.desk_tables import people, tokens

_REVIEWER = "reviewer:"  # among the scopes: whose word it may give


@dataclass(frozen=True, kw_only=True)
class Key:
    """What another program may do, and until when."""

    id: int
    name: str
    rights: frozenset[Right]
    reviewer: str  # login of the one person in whose name it reviews; "" for nobody
    by: str
    made_at: datetime
    until: datetime
    used_at: datetime | None
    ended_at: datetime | None
    is_answered_for: bool  # its maker may still log in

    def is_over(self, now: datetime) -> bool:
        """True once it was ended or has run out: it never opens anything again."""
        return self.ended_at is not None or now >= self.until

    def holds(self, now: datetime) -> bool:
        """True while it opens something."""
        return self.is_answered_for and not self.is_over(now)


def _key(row: Any) -> Key:
    scopes = [str(scope) for scope in row.scopes]
    named = [scope.removeprefix(_REVIEWER) for scope in scopes if scope.startswith(_REVIEWER)]
    return Key(
        id=row.id,
        name=row.name,
        rights=frozenset(right for right in Right if right.value in scopes),
        reviewer=named[0] if named else "",
        by=row.by,
        made_at=row.made_at,
        until=row.until,
        used_at=row.used_at,
        ended_at=row.ended_at,
        is_answered_for=row.maker_ended_at is None,
    )


def _all() -> Select[Any]:
    made = tokens.outerjoin(people, people.c.login == tokens.c.by)
    return select(tokens, people.c.ended_at.label("maker_ended_at")).select_from(made)


async def everything(conn: Connection) -> list[Key]:
    """All keys there ever were, the newest first."""
    rows = await conn.execute(_all().order_by(tokens.c.id.desc()))
    return [_key(row) for row in rows]


async def find(conn: Connection, hashed: str) -> Key | None:
    """The key of this hash, whether it still holds or not."""
    row = (await conn.execute(_all().where(tokens.c.hash == hashed))).one_or_none()
    return None if row is None else _key(row)


async def add(
    conn: Connection,
    hashed: str,
    *,
    name: str,
    rights: Collection[Right],
    reviewer: str,
    by: str,
    until: datetime,
    now: datetime,
) -> None:
    """Enters a key."""
    scopes = sorted(right.value for right in rights)
    scopes += [f"{_REVIEWER}{reviewer}"] if reviewer else []
    values = {"name": name, "hash": hashed, "scopes": scopes, "by": by, "until": until}
    await conn.execute(insert(tokens).values(**values, made_at=now))


async def used(conn: Connection, number: int, now: datetime) -> None:
    """Notes that it is in use."""
    await conn.execute(update(tokens).where(tokens.c.id == number).values(used_at=now))


async def end(conn: Connection, number: int, now: datetime) -> str:
    """Ends it for good; its name, or "" when there is none that holds."""
    wanted = (tokens.c.id == number, tokens.c.ended_at.is_(None))
    changed = await conn.execute(
        update(tokens).where(*wanted).values(ended_at=now).returning(tokens.c.name)
    )
    return str(changed.scalar() or "")
