"""What the engine needs from outside, handed in by bot/app.py."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.clock import Clock
from bot.contract import Adapter, Capabilities, Credentials, Desk
from bot.domain.message import Message
from bot.domain.post import Variant
from bot.domain.problem import Problem
from bot.domain.review import NO_REVIEW, Review
from bot.domain.roster import Account
from bot.ledger.journal import Journal
from bot.ledger.store import Ledger

Handler = Callable[[Message], Awaitable[None]]


class Catalog(Protocol):
    """What platforms can do and refuse. `by_hand` asks about the hand-off adapter instead."""

    def capabilities(self, account: Account, *, by_hand: bool = False) -> Capabilities: ...

    def check(self, variant: Variant, account: Account, *, by_hand: bool) -> list[Problem]: ...


class Platforms(Catalog, Protocol):
    """The adapters at work, by account."""

    def adapter(self, account: Account, *, by_hand: bool = False) -> Adapter: ...

    def desk(self, platform: str) -> Desk | None:
        """Who takes the platform's calls and leads through its authorisation; None: nobody."""
        ...

    def credentials(self, account: Account) -> EnteredCredentials: ...


class EnteredCredentials(Credentials, Protocol):
    """Secrets that a person enters."""

    async def enter(self, fields: Mapping[str, str], *, expires_at: datetime | None) -> None:
        """Replaces whatever there was; a refresh under way is void. UsageError: kept elsewhere."""
        ...


class Queue(Protocol):
    """Brings messages to a handler, at least once or not at all."""

    async def put(self, message: Message) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Options:
    """The engine's settings; docs/settings.md explains each."""

    lease_s: int = 120  # longer than any adapter's commit may take
    batch: int = 200  # publications per queue message
    concurrency: int = 64  # accounts worked on at once
    per_platform: int = 50  # of them on one platform
    reprints_per_hour: int = 0  # of one key item, by the bot; 0: not limited
    unknown_limit_s: int = 23 * 3600  # WeChat remembers our key for 24 h
    never_found_s: int = 600  # where the platform shows nothing, a person looks after this
    review: Review = NO_REVIEW  # what must be approved before it goes out

    @property
    def call_s(self) -> float:
        """How long one `commit` may take: well within its lease."""
        return self.lease_s * 0.8


@dataclass(frozen=True, kw_only=True)
class Core:
    """What every use case of the engine works with."""

    ledger: Ledger
    journal: Journal
    platforms: Platforms
    clock: Clock
    options: Options
    started_at: datetime  # when this process read its settings
