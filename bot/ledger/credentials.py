"""Credentials, sealed: the ledger holds ciphertext, the key lives elsewhere."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import insert, select, update

from bot.errors import UsageError
from bot.i18n import _
from bot.ledger.connection import Connection
from bot.ledger.tables import credentials


class Vault:
    """Seals and opens credentials with one key (32 bytes, url-safe base64)."""

    def __init__(self, key: str) -> None:
        try:
            self._fernet = Fernet(key)
        except ValueError as error:
            raise UsageError(
                _("BOT_SECRET_KEY is not a key: it must be 32 bytes in url-safe base64.")
            ) from error

    def seal(self, fields: Mapping[str, str]) -> bytes:
        """The fields as ciphertext."""
        return self._fernet.encrypt(json.dumps(dict(fields), ensure_ascii=False).encode())

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


async def load(conn: Connection, account: str) -> bytes | None:
    """The sealed credential, or None when the account has none."""
    query = select(credentials.c.sealed).where(credentials.c.account == account)
    sealed: bytes | None = await conn.scalar(query)
    return sealed


async def store(
    conn: Connection,
    account: str,
    sealed: bytes,
    *,
    expires_at: datetime | None,
    now: datetime,
) -> None:
    """Replaces the account's credential."""
    values = {"sealed": sealed, "expires_at": expires_at, "updated_at": now}
    changed = await conn.execute(
        update(credentials).where(credentials.c.account == account).values(**values)
    )
    if changed.rowcount == 0:
        await conn.execute(insert(credentials).values(account=account, **values))
