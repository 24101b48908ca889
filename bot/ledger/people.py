"""People of the desk, their sessions, invitations and failed logins."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, or_, select, update

from bot.domain.people import DeskRole, Person
from bot.domain.review import Level
from bot.ledger.connection import Connection
from bot.ledger.desk_tables import attempts, invites, people, sessions


@dataclass(frozen=True, kw_only=True)
class Session:
    """Somebody who is logged in; `hash` names it, the cookie itself is kept nowhere."""

    hash: str
    person: Person
    made_at: datetime
    seen_at: datetime
    until: datetime
    address: str


def _person(row: Any) -> Person:
    return Person(
        login=row.login,
        name=row.name,
        roles=frozenset(DeskRole(role) for role in row.roles),
        unit=row.unit,
        levels=frozenset(Level(level) for level in row.levels),
        has_password=bool(row.password),
        subject=row.subject or "",
        made_at=row.made_at,
        ended_at=row.ended_at,
    )


async def everybody(conn: Connection) -> list[Person]:
    """All people, in the order they were entered; also those who may not log in any more."""
    rows = await conn.execute(select(people).order_by(people.c.made_at, people.c.login))
    return [_person(row) for row in rows]


async def find(conn: Connection, login: str) -> Person | None:
    """The person of this login."""
    row = (await conn.execute(select(people).where(people.c.login == login))).one_or_none()
    return None if row is None else _person(row)


async def find_subject(conn: Connection, subject: str) -> Person | None:
    """The person whom the OpenID provider calls so."""
    row = (await conn.execute(select(people).where(people.c.subject == subject))).one_or_none()
    return None if row is None else _person(row)


async def password(conn: Connection, login: str) -> str:
    """The argon2 hash of who may log in; "" for none."""
    wanted = (people.c.login == login, people.c.ended_at.is_(None))
    return str(await conn.scalar(select(people.c.password).where(*wanted)) or "")


async def add(conn: Connection, person: Person) -> None:
    """Enters somebody new; IntegrityError when the login is taken."""
    await conn.execute(
        insert(people).values(
            login=person.login,
            name=person.name,
            roles=sorted(person.roles),
            unit=person.unit,
            levels=sorted(person.levels),
            subject=person.subject or None,
            made_at=person.made_at,
        )
    )


async def change(conn: Connection, person: Person) -> None:
    """Name, roles, unit, levels, subject and whether they may log in."""
    await conn.execute(
        update(people)
        .where(people.c.login == person.login)
        .values(
            name=person.name,
            roles=sorted(person.roles),
            unit=person.unit,
            levels=sorted(person.levels),
            subject=person.subject or None,
            ended_at=person.ended_at,
        )
    )


async def set_password(conn: Connection, login: str, hashed: str) -> None:
    """Replaces the password's hash."""
    await conn.execute(update(people).where(people.c.login == login).values(password=hashed))


# ── sessions ──────────────────────────────────────────────────────────────────────────────────────


async def begin(conn: Connection, session: Session) -> None:
    """Enters a session."""
    await conn.execute(
        insert(sessions).values(
            hash=session.hash,
            login=session.person.login,
            made_at=session.made_at,
            seen_at=session.seen_at,
            until=session.until,
            address=session.address,
        )
    )


async def session(conn: Connection, hashed: str, now: datetime) -> Session | None:
    """The session, unless it has ended or its person may not log in any more."""
    rows = await conn.execute(
        select(
            people,
            sessions.c.made_at.label("begun_at"),
            *(sessions.c.seen_at, sessions.c.until, sessions.c.address),
        )
        .join(sessions, people.c.login == sessions.c.login)
        .where(
            sessions.c.hash == hashed,
            sessions.c.ended_at.is_(None),
            sessions.c.until > now,
            people.c.ended_at.is_(None),
        )
    )
    row = rows.one_or_none()
    if row is None:
        return None
    return Session(
        hash=hashed,
        person=_person(row),
        made_at=row.begun_at,
        seen_at=row.seen_at,
        until=row.until,
        address=row.address,
    )


async def owner(conn: Connection, hashed: str) -> Person | None:
    """Whose session it is or was, whether it goes on or not; None once it is forgotten."""
    query = select(people).join(sessions, people.c.login == sessions.c.login)
    row = (await conn.execute(query.where(sessions.c.hash == hashed))).one_or_none()
    return None if row is None else _person(row)


async def seen(conn: Connection, hashed: str, now: datetime) -> None:
    """Notes that the session is in use."""
    await conn.execute(update(sessions).where(sessions.c.hash == hashed).values(seen_at=now))


async def end_sessions(
    conn: Connection, now: datetime, *, hashed: str = "", login: str = "", but: str = ""
) -> None:
    """Ends one session, or all of a person, perhaps but one."""
    mine = sessions.c.hash == hashed if hashed else sessions.c.login == login
    wanted = (mine, sessions.c.ended_at.is_(None), sessions.c.hash != but)
    await conn.execute(update(sessions).where(*wanted).values(ended_at=now))


# ── invitations ───────────────────────────────────────────────────────────────────────────────────


async def invite(
    conn: Connection, hashed: str, login: str, *, until: datetime, now: datetime, by: str
) -> None:
    """Enters a one-time link; those before it are void."""
    older = (invites.c.login == login, invites.c.used_at.is_(None))
    await conn.execute(update(invites).where(*older).values(used_at=now))
    await conn.execute(
        insert(invites).values(hash=hashed, login=login, made_at=now, until=until, by=by)
    )


async def invited(conn: Connection, hashed: str, now: datetime) -> Person | None:
    """Whom the link is for; None when it is unknown, used, or has run out."""
    login = await conn.scalar(
        select(invites.c.login).where(
            invites.c.hash == hashed, invites.c.used_at.is_(None), invites.c.until > now
        )
    )
    person = await find(conn, str(login)) if login else None
    return None if person is None or person.ended_at else person


async def use_invite(conn: Connection, hashed: str, now: datetime) -> bool:
    """Uses the link up; False when somebody was quicker, or it has run out."""
    wanted = (invites.c.hash == hashed, invites.c.used_at.is_(None), invites.c.until > now)
    changed = await conn.execute(update(invites).where(*wanted).values(used_at=now))
    return changed.rowcount == 1


# ── failed logins ─────────────────────────────────────────────────────────────────────────────────


async def failures(
    conn: Connection, *, login: str, address: str, since: datetime
) -> tuple[int, int]:
    """Failed logins since then: of this login, and from this address."""
    recent = attempts.c.at >= since
    count = select(func.count()).select_from(attempts)
    of_login = await conn.scalar(count.where(recent, attempts.c.login == login))
    of_address = await conn.scalar(count.where(recent, attempts.c.address == address))
    return int(of_login), int(of_address)


async def note_failure(
    conn: Connection, *, login: str, address: str, now: datetime, forget: datetime
) -> None:
    """Notes a failed login, and forgets those before `forget`."""
    await conn.execute(delete(attempts).where(attempts.c.at < forget))
    await conn.execute(insert(attempts).values(at=now, login=login[:64], address=address))


async def forgive(conn: Connection, logins: Collection[str]) -> None:
    """Forgets the failed logins of these people."""
    await conn.execute(delete(attempts).where(attempts.c.login.in_(logins)))


# ── what is over ──────────────────────────────────────────────────────────────────────────────────


async def forget(conn: Connection, before: datetime) -> None:
    """Deletes sessions and links that were over before then, and failed logins."""
    for table, end in ((sessions, sessions.c.ended_at), (invites, invites.c.used_at)):
        await conn.execute(delete(table).where(or_(end < before, table.c.until < before)))
    await conn.execute(delete(attempts).where(attempts.c.at < before))
