"""Credentials: what lies in the ledger tells nothing to who has not got the key."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot.errors import UsageError
from bot.ledger import credentials
from bot.ledger.credentials import Vault, open_vault
from tests.bot.ledger.stand import NOW, ledger

FIELDS = {"access_token": "2.00secretTOKEN", "说明": "绝密"}


async def test_the_ledgers_file_holds_no_secret(tmp_path: Path) -> None:
    """Neither the value nor the name of a field, in no file beside it."""
    vault = open_vault(None, tmp_path / "elsewhere" / "secret.key")
    async with ledger(tmp_path) as opened:
        async with opened.write() as conn:
            sealed = vault.seal(FIELDS)
            await credentials.store(conn, "u01-weibo", sealed, expires_at=None, now=NOW)
        async with opened.read() as conn:
            kept = await credentials.load(conn, "u01-weibo")
        assert kept is not None
        assert kept.sealed is not None
        assert vault.open(kept.sealed) == FIELDS
        everything = b"".join(path.read_bytes() for path in tmp_path.glob("ledger.sqlite3*"))
    for secret in ("secretTOKEN", "access_token", "绝密"):
        assert secret.encode() not in everything


async def test_a_new_credential_replaces_the_old_one(tmp_path: Path) -> None:
    """One row an account; none for an account that has none."""
    vault = Vault(Fernet.generate_key().decode())
    async with ledger(tmp_path) as opened:
        for number in ("1", "2"):
            async with opened.write() as conn:
                sealed = vault.seal({"n": number})
                await credentials.store(conn, "u01-weibo", sealed, expires_at=NOW, now=NOW)
        async with opened.read() as conn:
            kept = await credentials.load(conn, "u01-weibo")
            assert kept is not None
            assert kept.sealed is not None
            assert vault.open(kept.sealed) == {"n": "2"}
            assert await credentials.load(conn, "u01-second") is None


def test_the_key_file_is_made_for_us_alone(tmp_path: Path) -> None:
    """Mode 0600 whatever the umask, made once, and used again."""
    file = tmp_path / "deep" / "secret.key"
    before = os.umask(0)
    try:
        sealed = open_vault(None, file).seal(FIELDS)
    finally:
        os.umask(before)
    assert file.stat().st_mode & 0o777 == 0o600
    assert open_vault(None, file).open(sealed) == FIELDS


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_key_file_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    """With the command that mends it."""
    file = tmp_path / "secret.key"
    open_vault(None, file)
    file.chmod(mode)
    with pytest.raises(UsageError, match="chmod 600"):
        open_vault(None, file)


def test_another_key_is_said_clearly() -> None:
    """Not as a stack trace of a library, and without the sealed bytes."""
    sealed = Vault(Fernet.generate_key().decode()).seal(FIELDS)
    with pytest.raises(UsageError, match="BOT_SECRET_KEY"):
        Vault(Fernet.generate_key().decode()).open(sealed)


@pytest.mark.parametrize("key", ["", "short", "x" * 44, "密" * 32, "A" * 1000])
def test_what_is_no_key_is_said_clearly(tmp_path: Path, key: str) -> None:
    """From the variable, and from the file."""
    with pytest.raises(UsageError):
        Vault(key)
    file = tmp_path / "secret.key"
    file.touch(mode=0o600)
    file.write_text(key, encoding="utf-8")
    with pytest.raises(UsageError):
        open_vault(None, file)
