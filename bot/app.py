"""The composition root: the only place that wires ledger, adapters, queue and clock together."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import aiohttp

from adapters import registry
from bot.clock import Clock, WallClock
from bot.contract import Adapter, Capabilities, Tools
from bot.domain.message import Work
from bot.domain.post import Media, Variant
from bot.domain.problem import Problem
from bot.domain.roster import Account
from bot.engine.ports import Core, Options
from bot.engine.publish import Publisher
from bot.engine.reconcile import Reconciler
from bot.errors import AuthFailed, MediaError, UsageError
from bot.i18n import _
from bot.ledger import credentials
from bot.ledger.credentials import Vault, open_vault
from bot.ledger.journal import Journal
from bot.ledger.store import Ledger, open_ledger
from bot.queue.local import LocalQueue
from bot.schedule.reader import Reading, read
from bot.settings import Settings

_HTTP_TOTAL_S = 60


class MediaFolder:
    """Opens files of the schedules folder, and only while they are what was planned."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._seen: dict[tuple[str, int, int], str] = {}

    def path(self, media: Media) -> Path:
        """The file; raises MediaError when it is gone or has changed since it was planned."""
        path = (self._folder / media.path).resolve()
        try:
            found = path.stat()
        except OSError as error:
            raise MediaError(
                _("{file} is not there any more. Put it back, or plan the post again.").format(
                    file=media.path
                )
            ) from error
        known = (media.path, found.st_size, found.st_mtime_ns)
        if known not in self._seen:
            with path.open("rb") as file:
                self._seen[known] = hashlib.file_digest(file, "sha256").hexdigest()
        if self._seen[known] != media.sha256:
            raise MediaError(
                _("{file} has changed since it was planned. Run `bot plan` again.").format(
                    file=media.path
                )
            )
        return path


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


class Catalog:
    """What platforms can do and refuse. Needs no ledger and no network."""

    def __init__(self, settings: Mapping[str, Mapping[str, object]]) -> None:
        self.settings = settings

    def capabilities(self, account: Account, *, by_hand: bool = False) -> Capabilities:
        return self.kind(account, by_hand=by_hand).capabilities

    def check(self, variant: Variant, account: Account, *, by_hand: bool) -> list[Problem]:
        return self.kind(account, by_hand=by_hand).check(variant, account)

    def kind(self, account: Account, *, by_hand: bool) -> type[Adapter]:
        return registry.adapter_for(account.platform, self.mode(account, by_hand=by_hand))

    def mode(self, account: Account, *, by_hand: bool) -> str:
        return registry.HANDOFF if by_hand else account.mode


class Adapters(Catalog):
    """The platforms' adapters at work, one for each account, made when first needed."""

    def __init__(
        self,
        settings: Settings,
        *,
        session: aiohttp.ClientSession,
        ledger: Ledger,
        vault: Vault,
        clock: Clock,
    ) -> None:
        super().__init__(settings.platforms)
        self._session = session
        self._ledger = ledger
        self._vault = vault
        self._clock = clock
        self._media = MediaFolder(settings.office.schedules)
        self._out_dir = settings.files.handoff
        self._made: dict[tuple[str, bool], tuple[Account, Adapter]] = {}

    def adapter(self, account: Account, *, by_hand: bool = False) -> Adapter:
        known = self._made.get((account.id, by_hand))
        if known is None or known[0] != account:
            known = (account, self._make(account, by_hand=by_hand))
            self._made[account.id, by_hand] = known
        return known[1]

    def _make(self, account: Account, *, by_hand: bool) -> Adapter:
        tools = Tools(
            session=self._session,
            clock=self._clock,
            media=self._media,
            credentials=AccountCredentials(
                account=account, ledger=self._ledger, vault=self._vault, clock=self._clock
            ),
            out_dir=self._out_dir,
        )
        kind = self.kind(account, by_hand=by_hand)
        return registry.make(
            replace(account, mode=self.mode(account, by_hand=by_hand)),
            tools,
            self.settings.get(kind.name, {}),
        )


@dataclass(frozen=True, kw_only=True)
class App:
    """The running program."""

    settings: Settings
    core: Core
    queue: LocalQueue
    publisher: Publisher
    vault: Vault

    def read(self) -> Reading:
        """The calendar as it stands in the files now."""
        return read(self.settings.office.schedules, platforms=registry.platforms())


@asynccontextmanager
async def open_app(settings: Settings, *, clock: Clock | None = None) -> AsyncIterator[App]:
    """The program, ready to work; everything is closed again at the end of the block."""
    if settings.queue.redis_url:
        raise UsageError(
            _("queue.redis_url is set, but this version works with the local queue only.")
        )
    clock = clock or WallClock()
    vault = open_vault(
        settings.secret_key.get_secret_value() if settings.secret_key else None,
        settings.files.key,
    )
    ledger = await open_ledger(settings.ledger.url)
    journal = Journal(ledger)
    # The office's proxy variables are not used: platforms are reached directly or not at all.
    timeout = aiohttp.ClientTimeout(total=_HTTP_TOTAL_S)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session:
            platforms = Adapters(settings, session=session, ledger=ledger, vault=vault, clock=clock)
            core = Core(
                ledger=ledger,
                journal=journal,
                platforms=platforms,
                clock=clock,
                options=Options(
                    lease_s=settings.engine.lease_s,
                    batch=settings.engine.batch,
                    concurrency=settings.engine.concurrency,
                ),
            )
            publisher = Publisher(core)
            queue = LocalQueue({Work.PUBLISH: publisher, Work.LOOK: Reconciler(core)})
            yield App(settings=settings, core=core, queue=queue, publisher=publisher, vault=vault)
    finally:
        await journal.settle()
        await ledger.close()
