"""Credentials, sealed: the ledger holds ciphertext, the key lives elsewhere."""

from __future__ import annotations

import base64
import hmac
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import ColumnElement, delete, func, insert, or_, select, update

from bot.domain.publication import State
from bot.errors import UsageError
from bot.i18n import _
from bot.ledger.connection import Connection
from bot.ledger.tables import credentials, publications

_TO_SEND = [State.PLANNED.value, State.HELD.value, State.WAITING.value]


class Vault:
    """Seals and opens credentials with one key (32 bytes, url-safe base64)."""

    def __init__(self, key: str) -> None:
        try:
            self._fernet = Fernet(key)
            # A key of its own for marks: what is derived from a key tells nothing about it.
            self._key = hmac.digest(key.encode(), b"marks of xuanfa-bot", "sha256")
        except ValueError as error:
            raise UsageError(
                _("BOT_SECRET_KEY is not a key: it must be 32 bytes in url-safe base64.")
            ) from error

    def seal(self, fields: Mapping[str, str]) -> bytes:
        """The fields as ciphertext."""
        return self._fernet.encrypt(json.dumps(dict(fields), ensure_ascii=False).encode())

    def sign(self, text: str) -> str:
        """A mark of 24 letters, digits, "-" and "_" that only this office can put under `text`."""
        mark = hmac.digest(self._key, text.encode(), "sha256")[:18]
        return base64.urlsafe_b64encode(mark).decode()

    def open(self, sealed: bytes) -> dict[str, str]:
        """The fields back; raises UsageError when they were sealed with another key."""
        try:
            data: dict[str, str] = json.loads(self._fernet.decrypt(sealed))
        except InvalidToken as error:
            raise UsageError(
                _(
                    "The stored credentials were sealed with another key. Put the old "
                    "BOT_SECRET_KEY or key file back, or authorise the accounts again."
                )
            ) from error
        return data


def open_vault(secret_key: str | None, key_file: Path) -> Vault:
    """The vault for BOT_SECRET_KEY, or else for the key file, made on first use for us alone."""
    if secret_key:
        return Vault(secret_key)
    try:
        _make_key(key_file)
        mode = key_file.stat().st_mode & 0o777
        key = key_file.read_text(encoding="ascii", errors="replace").strip()
    except OSError as error:
        raise UsageError(
            _(
                "The key file {file} cannot be made or read: {cause}. Check files.key in the "
                "settings."
            ).format(file=key_file, cause=error.strerror)
        ) from error
    if os.name == "posix" and mode & 0o077:
        raise UsageError(
            _("The key file {file} can be read by others. Run: chmod 600 {file}").format(
                file=key_file
            )
        )
    try:
        return Vault(key)
    except UsageError as error:
        raise UsageError(
            _("The key file {file} holds no key. Put the right file back.").format(file=key_file)
        ) from error


def _make_key(key_file: Path) -> None:
    if key_file.exists():
        return
    key_file.parent.mkdir(parents=True, exist_ok=True)
    # O_EXCL: two processes starting at once must not each make a key.
    with suppress(FileExistsError):
        handle = os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(Fernet.generate_key() + b"\n")
            file.flush()
            os.fsync(file.fileno())


@dataclass(frozen=True, kw_only=True)
class Kept:
    """An account's row."""

    sealed: bytes | None  # None: its secret stands elsewhere, or none was given
    version: int
    entered_at: datetime | None  # when a person gave it


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of an account's authorisation without opening it."""

    here: bool  # the ledger holds its secret
    entered_at: datetime | None  # when a person gave it
    expires_at: datetime | None  # a person must authorise again before; None: no end is known
    refused: str  # why the platform does not prolong it; "" while it does


_FREE: dict[str, Any] = {"refreshing_by": None, "refreshing_until": None}


async def load(conn: Connection, account: str) -> Kept | None:
    """The account's row, or None when it has none."""
    query = select(credentials.c.sealed, credentials.c.version, credentials.c.entered_at)
    row = (await conn.execute(query.where(credentials.c.account == account))).one_or_none()
    if row is None:
        return None
    return Kept(sealed=row.sealed, version=row.version, entered_at=row.entered_at)


async def store(
    conn: Connection,
    account: str,
    sealed: bytes,
    *,
    expires_at: datetime | None,
    now: datetime,
) -> None:
    """Replaces the account's credential by what a person gave; a refresh under way is void."""
    values = {
        "sealed": sealed,
        "entered_at": now,
        "expires_at": expires_at,
        "refused": "",
        "updated_at": now,
        **_FREE,
    }
    changed = await conn.execute(
        update(credentials)
        .where(credentials.c.account == account)
        .values(**values, version=credentials.c.version + 1)
    )
    if changed.rowcount == 0:
        await conn.execute(insert(credentials).values(account=account, version=1, **values))


async def remove(conn: Connection, account: str) -> None:
    """Forgets the account's credential."""
    await conn.execute(delete(credentials).where(credentials.c.account == account))


async def replace(
    conn: Connection,
    account: str,
    sealed: bytes,
    *,
    version: int,
    expires_at: datetime | None,
    now: datetime,
) -> bool:
    """Stores what a refresh gave, unless the row is not the one it was made from any more.

    It is not asked who holds the lease: an answer that comes late is still the only one that
    holds, as long as nobody has stored another.
    """
    changed = await conn.execute(
        update(credentials)
        .where(credentials.c.account == account, credentials.c.version == version)
        .values(
            sealed=sealed,
            version=version + 1,
            expires_at=expires_at,
            refused="",
            updated_at=now,
        )
    )
    return changed.rowcount == 1


async def lease(conn: Connection, account: str, *, by: str, now: datetime, until: datetime) -> bool:
    """Takes the right to refresh, again too; False while another holder's has not run out."""
    values = {"refreshing_by": by, "refreshing_until": until}
    taken = await conn.execute(
        update(credentials).where(credentials.c.account == account, _free(by, now)).values(**values)
    )
    if taken.rowcount:
        return True
    if await load(conn, account) is not None:
        return False
    await conn.execute(insert(credentials).values(account=account, updated_at=now, **values))
    return True


async def leased(conn: Connection, account: str, *, but_by: str, now: datetime) -> bool:
    """True while somebody else has the right to refresh."""
    taken = ~_free(but_by, now)
    query = select(credentials.c.account).where(credentials.c.account == account, taken)
    return await conn.scalar(query) is not None


def _free(by: str, now: datetime) -> ColumnElement[bool]:
    until = credentials.c.refreshing_until
    return or_(until.is_(None), until <= now, credentials.c.refreshing_by == by)


async def release(conn: Connection, account: str, *, by: str) -> None:
    """Gives the right to refresh back, if it is still held."""
    mine = (credentials.c.account == account, credentials.c.refreshing_by == by)
    await conn.execute(update(credentials).where(*mine).values(**_FREE))


async def note(
    conn: Connection,
    account: str,
    *,
    entered_at: datetime | None,
    expires_at: datetime | None,
    refused: str,
    now: datetime,
) -> bool:
    """Notes how the authorisation stands; False when a person has entered another meanwhile."""
    kept = await load(conn, account)
    if (kept.entered_at if kept else None) != entered_at:
        return False
    values = {"expires_at": expires_at, "refused": refused, "updated_at": now}
    if kept is None:
        await conn.execute(insert(credentials).values(account=account, **values))
        return True
    await conn.execute(update(credentials).where(credentials.c.account == account).values(**values))
    return True


async def refuse(conn: Connection, account: str, why: str, now: datetime) -> None:
    """Notes that the platform refused what the account has."""
    values = {"refused": why, "updated_at": now}
    mine = update(credentials).where(credentials.c.account == account)
    if (await conn.execute(mine.values(**values))).rowcount == 0:
        await conn.execute(insert(credentials).values(account=account, **values))


async def known(conn: Connection) -> dict[str, Known]:
    """Account → how its authorisation stands; only those that have a row."""
    proven = await _proven(conn)
    query = select(
        credentials.c.account,
        credentials.c.sealed.is_not(None).label("here"),
        credentials.c.entered_at,
        credentials.c.expires_at,
        credentials.c.refused,
    )
    return {
        row.account: Known(
            here=bool(row.here),
            entered_at=row.entered_at,
            expires_at=row.expires_at,
            refused="" if row.account in proven else row.refused,
        )
        for row in await conn.execute(query)
    }


async def _proven(conn: Connection) -> set[str]:
    """Accounts that published, by a call of ours, after a refusal of theirs was noted."""
    query = (
        select(credentials.c.account)
        .join(publications, publications.c.account == credentials.c.account)
        .where(
            credentials.c.refused != "",
            publications.c.state == State.PUBLISHED.value,
            publications.c.committed_at >= credentials.c.updated_at,
        )
        .distinct()
    )
    return {row.account for row in await conn.execute(query)}


async def planned_after(conn: Connection) -> dict[str, int]:
    """Account → how many publications still to be sent are due after its authorisation ends."""
    query = (
        select(publications.c.account, func.count().label("posts"))
        .join(credentials, credentials.c.account == publications.c.account)
        .where(
            publications.c.state.in_(_TO_SEND),
            publications.c.by_hand.is_(False),
            publications.c.due_at >= credentials.c.expires_at,
        )
        .group_by(publications.c.account)
    )
    return {row.account: row.posts for row in await conn.execute(query)}
