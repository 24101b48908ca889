"""The accounts' secrets, handed to the adapters.

What is remembered: the opened fields, for `remember_s`, dropped when anything is stored, within an
exclusive section, and when an authorisation fails. Nothing else in this process keeps a token.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from bot.clock import Clock
from bot.contract import NO_SECRET
from bot.domain.roster import Account
from bot.errors import AuthFailed, Unavailable, UsageError
from bot.i18n import _
from bot.ledger import credentials
from bot.ledger.credentials import Kept, Vault
from bot.ledger.store import Ledger
from bot.logs import get_logger, said

log = get_logger(__name__)
# Beside the fields made from a secret in a variable: which secret. Another one makes them void.
_MADE_FROM = "_env"
_LOOK_EVERY_S = 0.05
_LOOK_AT_MOST_EVERY_S = 1.0


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How secrets are shared between workers; docs/settings.md explains each."""

    lease_s: int = 120  # a refresh that died holds the others up for so long
    remember_s: int = 30


class _LedgerFailed(Unavailable):
    """Our own ledger did, and no platform."""


@dataclass(frozen=True, kw_only=True)
class _Loaded:
    """The fields as the ledger had them."""

    fields: Mapping[str, str]
    version: int
    entered: str  # which of a person's entries they come from
    at: datetime


class AccountCredentials:
    """One account's secrets: sealed in the ledger, or in a variable that holds JSON.

    Tokens made from a variable's secret are sealed in the ledger too, so that they survive a
    restart; once the variable holds another secret, that one wins.
    """

    def __init__(
        self, account: Account, *, ledger: Ledger, vault: Vault, clock: Clock, terms: Terms
    ) -> None:
        self._account = account
        self._ledger = ledger
        self._vault = vault
        self._clock = clock
        self._terms = terms
        self._remembered: _Loaded | None = None
        self.entered = ""  # which of a person's entries was last handed out; "" before the first
        self._held: _Loaded | None = None  # what the running exclusive section began with
        # Not durable yet, and so not to be used: what a refresh that began with `_Loaded` gave.
        self._unstored: tuple[_Loaded, Mapping[str, str], datetime | None] | None = None
        self._me = secrets.token_hex(8)
        self._one_at_a_time = asyncio.Lock()

    async def load(self) -> Mapping[str, str]:
        """All fields, at most `remember_s` old; raises AuthFailed when there are none."""
        known = self._remembered
        if known is None or not self._is_fresh(known):
            known = await self._read()
            # Within an exclusive section every answer comes from the ledger.
            self._remembered = None if self._held else known
        self.entered = known.entered
        return known.fields

    def _is_fresh(self, known: _Loaded) -> bool:
        age = self._clock.now() - known.at
        return timedelta(0) <= age < timedelta(seconds=self._terms.remember_s)

    @asynccontextmanager
    async def exclusively(self) -> AsyncIterator[Mapping[str, str]]:
        """All fields as they are now, and the only right in any process to change them.

        Errors: AuthFailed when there are none, Unavailable when somebody else does not end.
        """
        async with self._one_at_a_time:
            give_back = True
            try:
                await self._take()
                self._remembered = None
                self._held = await self._read()
                self.entered = self._held.entered
                await self._store_late()
                yield self._held.fields
            except _LedgerFailed:
                # That would wait as long for the ledger before anybody hears of it. The right runs
                # out by itself, and until then this process may take it again.
                give_back = False
                raise
            finally:
                self._held = None
                if give_back:
                    await self._release()

    async def store(self, fields: Mapping[str, str], *, expires_at: datetime | None) -> None:
        """Replaces the fields, durably, before it returns; only within `exclusively`.

        Raises Unavailable when a person has entered another credential meanwhile.
        """
        if self._held is None:
            raise RuntimeError("credentials are stored within `exclusively` only")
        held, self._unstored = self._held, (self._held, fields, expires_at)
        stored = await self._replace(held, fields, expires_at)
        self._unstored = None
        if not stored:
            raise self._later(
                _("{account}: another credential was stored meanwhile; it is used next time.")
            )
        now = self._clock.now()
        self._held = replace(held, fields=dict(fields), version=held.version + 1, at=now)
        self._remembered = self._held

    async def enter(self, fields: Mapping[str, str], *, expires_at: datetime | None) -> None:
        """Replaces whatever there was by what a person gives; a refresh under way is void.

        Raises UsageError when the account takes its secret from a variable.
        """
        if self._in_variable:
            message = _(
                "{account} takes its credential from the variable {name}: change it there, start "
                "the bot again, and run `bot accounts resume {account}`."
            )
            name = self._account.credential.removeprefix("env:")
            raise UsageError(message.format(account=self._account.id, name=name))
        now = self._clock.now()
        async with self._ledger.write() as conn:
            sealed = self._vault.seal(fields)
            await credentials.store(conn, self._account.id, sealed, expires_at=expires_at, now=now)
        self._remembered = None

    async def _replace(
        self, held: _Loaded, fields: Mapping[str, str], expires_at: datetime | None
    ) -> bool:
        mark = {_MADE_FROM: _digest(self._variable())} if self._in_variable else {}
        sealed = self._vault.seal({**fields, **mark})
        async with self._telling(), self._ledger.write() as conn:
            return await credentials.replace(
                conn,
                self._account.id,
                sealed,
                version=held.version,
                expires_at=expires_at,
                now=self._clock.now(),
            )

    async def _store_late(self) -> None:
        """Stores what the ledger could not take when the platform gave it (a full disk).

        The token before it may be dead, so it must not be lost while this process lives.
        """
        assert self._held is not None
        if self._unstored is not None:
            held, fields, expires_at = self._unstored
            self._unstored = None
            if held.version == self._held.version:
                await self.store(fields, expires_at=expires_at)

    async def replaced(self, entered: str) -> bool:
        """True when a person has given another credential than that; forgets what was known.

        For when an authorisation failed. A token that was merely refreshed does not count, or a
        platform that refuses every token would be asked for ever.
        """
        self._remembered = None
        try:
            return bool(entered) and (await self._read()).entered != entered
        except AuthFailed:
            return False

    # ── the right to refresh ──────────────────────────────────────────────────────────────────

    async def _take(self) -> None:
        give_up = time.monotonic() + self._terms.lease_s + 1
        pause_s = _LOOK_EVERY_S
        while not await self._lease():
            if time.monotonic() > give_up:
                raise self._later(
                    _("{account}: another worker is refreshing its token and does not end.")
                )
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 1.5, _LOOK_AT_MOST_EVERY_S)

    async def _lease(self) -> bool:
        account, now = self._account.id, self._clock.now()
        async with self._telling(), self._ledger.read() as conn:  # waiting costs no write
            if await credentials.leased(conn, account, but_by=self._me, now=now):
                return False
        until = now + timedelta(seconds=self._terms.lease_s)
        try:
            async with self._telling(), self._ledger.write() as conn:
                return await credentials.lease(conn, account, by=self._me, now=now, until=until)
        except IntegrityError:  # PostgreSQL: another worker has just made the row
            return False

    async def _release(self) -> None:
        try:
            async with self._ledger.write() as conn:
                await credentials.release(conn, self._account.id, by=self._me)
        except (SQLAlchemyError, OSError) as error:
            # It runs out by itself.
            log.warning("credential.not_released", account=self._account.id, error=said(error))

    @asynccontextmanager
    async def _telling(self) -> AsyncIterator[None]:
        """A ledger that fails says nothing against the account: it is tried again."""
        try:
            yield
        except IntegrityError:
            raise
        except (SQLAlchemyError, OSError) as error:
            log.warning("credential.ledger_failed", account=self._account.id, error=said(error))
            message = _("{account}: the ledger cannot be used now; nothing was sent.")
            account = self._account
            raise _LedgerFailed(
                message.format(account=account.id), platform=account.platform, action="credentials"
            ) from error

    # ── reading ───────────────────────────────────────────────────────────────────────────────

    async def _read(self) -> _Loaded:
        now = self._clock.now()
        async with self._telling(), self._ledger.read() as conn:
            kept = await credentials.load(conn, self._account.id)
        if self._in_variable:
            fields, entered = self._from_variable(kept), _digest(self._variable())
        else:
            fields, entered = self._from_ledger(kept), str(kept and kept.entered_at)
        version = kept.version if kept else 0
        return _Loaded(fields=fields, version=version, entered=entered, at=now)

    def _from_ledger(self, kept: Kept | None) -> dict[str, str]:
        fields = self._vault.open(kept.sealed) if kept and kept.sealed else None
        if fields is None or _MADE_FROM in fields:
            raise self._missing(
                _("{account} has no credential yet: run `bot accounts set-credential {account}`.")
            )
        return fields

    def _from_variable(self, kept: Kept | None) -> dict[str, str]:
        secret = self._variable()
        try:
            made = self._vault.open(kept.sealed) if kept and kept.sealed else {}
        except UsageError:  # sealed with a key that is gone; the variable is still there
            log.warning("credential.unreadable", account=self._account.id)
            made = {}
        return made if made.pop(_MADE_FROM, "") == _digest(secret) else secret

    @property
    def _in_variable(self) -> bool:
        return self._account.credential.startswith("env:")

    def _variable(self) -> dict[str, str]:
        name = self._account.credential.removeprefix("env:")
        try:
            fields = json.loads(os.environ[name])
            return {str(key): str(value) for key, value in fields.items()}
        except (KeyError, ValueError, AttributeError) as error:
            raise self._missing(
                _("{account}: the variable {name} is not set or is not JSON.")
            ) from error

    def _missing(self, message: str) -> AuthFailed:
        name = self._account.credential.removeprefix("env:")
        text = message.format(account=self._account.id, name=name)
        return AuthFailed(text, platform=self._account.platform, action=NO_SECRET)

    def _later(self, message: str) -> Unavailable:
        text = message.format(account=self._account.id)
        return Unavailable(text, platform=self._account.platform, action="credentials")


def _digest(fields: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(dict(fields), sort_keys=True).encode()).hexdigest()
