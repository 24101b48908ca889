"""The register: every change of the roster with the moment from which it counts, never deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import func, insert, select, tuple_

from bot.domain.register import (
    ALWAYS,
    Course,
    Entry,
    Facts,
    History,
    T,
    entries_for,
    latest,
    timeline,
)
from bot.domain.roster import Account, Roster, Unit
from bot.ledger.connection import Connection
from bot.ledger.tables import register

_UNIT: Final = TypeAdapter(Unit)
_ACCOUNT: Final = TypeAdapter(Account)
_NOT_FACTS: Final = {"id", "place"}
_Key = tuple[str, str]  # kind and subject


async def note(conn: Connection, members: Roster, now: datetime, *, by: str) -> None:
    """Enters what `members` say differently from what was said last."""
    known = await _entries(conn)
    rows: list[dict[str, Any]] = []
    subjects: list[Unit | Account] = [*members.units.values(), *members.accounts.values()]
    for subject in subjects:
        kind = "unit" if isinstance(subject, Unit) else "account"
        mine = known.get((kind, subject.id), ())
        # Decoded and encoded again: a field that is new since then is no change.
        said = facts_of(_decoded(kind, subject.id, latest(mine))) if mine else {}
        rows += [
            {"kind": kind, "subject": subject.id, "noted_at": now, "by": by, **vars(new)}
            for new in entries_for(mine, said, facts_of(subject), now)
        ]
    if rows:
        await conn.execute(insert(register), rows)


def facts_of(subject: Unit | Account) -> Facts:
    """A unit's or account's fields as JSON has them, without its id and place."""
    adapter: TypeAdapter[Any] = _UNIT if isinstance(subject, Unit) else _ACCOUNT
    facts: Facts = adapter.dump_python(subject, mode="json", exclude=_NOT_FACTS)
    return facts


def _decoded(kind: str, name: str, facts: Facts) -> Unit | Account:
    adapter: TypeAdapter[Any] = _UNIT if kind == "unit" else _ACCOUNT
    found: Unit | Account = adapter.validate_python({**facts, "id": name})
    return found


async def _entries(conn: Connection, *, changed: bool = False) -> dict[_Key, list[Entry]]:
    """All entries; with `changed` only those of subjects with more than one."""
    found: dict[_Key, list[Entry]] = {}
    query = select(register).order_by(register.c.id)
    if changed:
        both = (register.c.kind, register.c.subject)
        several = select(*both).group_by(*both).having(func.count() > 1)
        query = query.where(tuple_(*both).in_(several))
    for row in await conn.execute(query):
        entry = Entry(id=row.id, since=row.since, facts=row.facts, replaces=row.replaces)
        found.setdefault((row.kind, row.subject), []).append(entry)
    return found


async def history(conn: Connection, members: Roster) -> History:
    """The history of these units and accounts, which are all that were ever taken over."""
    # What was said once only stands as it is: a big roster is not decoded twice.
    known = await _entries(conn, changed=True)
    return History(
        units=_courses("unit", _UNIT, members.units, known),
        accounts=_courses("account", _ACCOUNT, members.accounts, known),
    )


def _courses(
    kind: str,
    adapter: TypeAdapter[T],
    members: Mapping[str, T],
    known: Mapping[_Key, Sequence[Entry]],
) -> dict[str, Course[T]]:
    found: dict[str, Course[T]] = {}
    for name, member in members.items():
        steps = timeline(known[kind, name]) if (kind, name) in known else []
        found[name] = Course(
            sinces=tuple(since for since, _facts in steps) or (ALWAYS,),
            states=tuple(adapter.validate_python({**facts, "id": name}) for _s, facts in steps)
            or (member,),
        )
    return found
