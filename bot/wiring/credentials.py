"""The accounts' secrets, handed to the adapters."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.clock import Clock
from bot.domain.roster import Account
from bot.errors import AuthFailed
from bot.i18n import _
from bot.ledger import credentials
from bot.ledger.credentials import Vault
from bot.ledger.store import Ledger


@dataclass(frozen=True, kw_only=True)
class AccountCredentials:
    """One account's secrets: sealed in the ledger, or in a variable that holds JSON."""

    account: Account
    ledger: Ledger
    vault: Vault
    clock: Clock
    # A token made from a secret in the environment has no place to be kept but here.
    made: dict[str, str] = field(default_factory=dict)

    async def load(self) -> Mapping[str, str]:
        """All fields; raises AuthFailed when there are none."""
        if self.account.credential.startswith("env:"):
            return {**self._from_environment(), **self.made}
        async with self.ledger.read() as conn:
            sealed = await credentials.load(conn, self.account.id)
        if sealed is None:
            raise self._missing(
                _("{account} has no credential yet: run `bot accounts set-credential {account}`.")
            )
        return self.vault.open(sealed)

    def _from_environment(self) -> dict[str, str]:
        name = self.account.credential.removeprefix("env:")
        try:
            fields = json.loads(os.environ[name])
        except (KeyError, ValueError) as error:
            raise self._missing(
                _("{account}: the variable {name} is not set or is not JSON.")
            ) from error
        return {str(key): str(value) for key, value in fields.items()}

    def _missing(self, message: str) -> AuthFailed:
        text = message.format(
            account=self.account.id, name=self.account.credential.removeprefix("env:")
        )
        return AuthFailed(text, platform=self.account.platform, action="credentials")

    async def store(self, fields: Mapping[str, str], *, expires_at: datetime | None) -> None:
        """Replaces the fields, durably, before it returns."""
        if self.account.credential.startswith("env:"):
            # Not merged: a token that was dropped must be gone.
            self.made.clear()
            self.made.update(fields)
            return
        sealed = self.vault.seal(fields)
        async with self.ledger.write() as conn:
            await credentials.store(
                conn, self.account.id, sealed, expires_at=expires_at, now=self.clock.now()
            )
