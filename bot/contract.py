"""The contract between the engine and a platform's adapter.

What may be repeated: `check` always; `prepare` always (it makes nothing public); `find`, `recent`
and `stat` always (read-only). `commit` never, until `find` has said "not there".
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, Protocol, runtime_checkable

import aiohttp
from pydantic import BaseModel

from bot.clock import Clock
from bot.domain.post import Media, Method, Variant
from bot.domain.problem import Problem
from bot.domain.quota import Budget
from bot.domain.roster import Account


class Finding(StrEnum):
    """What `find` can tell about a lost answer."""

    SURE = "sure"  # after `settle_s` its "not there" can be trusted
    NEVER = "never"  # the platform shows nothing: a person must look


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a platform can do, as data: planning, `check`, pages and tests read this one source."""

    title: str  # the platform's name for people
    publishes: bool = True  # False: the package goes to a person (hand-off)
    article: bool = False  # takes a long body
    short_text: bool = False  # takes a short text
    video_only: bool = False  # takes nothing without a video
    idempotent: frozenset[Method] = frozenset()  # methods whose `key` the platform itself honours
    key_life_s: int = 0  # how long the platform remembers the key
    finding: Finding = Finding.NEVER
    settle_s: int = 120  # how long after a lost answer `find` must have looked to be trusted
    pending_limit_s: int = 72 * 3600  # longest wait for the platform's review
    recent: bool = False  # `recent` can list what the account shows
    recent_limit: int = 0  # it lists only so many, the newest; 0: all
    recent_lag_s: int = 0  # what is younger than this may not be listed yet
    stat: bool = False
    budgets: tuple[Budget, ...] = ()
    rates: tuple[str, ...] = ()  # calls of all accounts together, e.g. "15000/hour"


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """How far `prepare` has come. The engine keeps it and hands it back after a crash.

    `prepare` may return after each costly step with `ready=False`; it is called again until ready.
    """

    data: Mapping[str, str] = field(default_factory=dict)
    ready: bool = False


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """Proof that it is public. At least one of `platform_id` and `url` is not empty."""

    platform_id: str  # the same id `recent` gives for it
    url: str
    published_at: datetime
    push_id: str = ""  # the message it was part of; several articles may share one
    notified: bool = False  # followers were told


@dataclass(frozen=True, kw_only=True)
class Pending:
    """Accepted, and the platform is still reviewing; `ref` is handed to `find` again."""

    ref: Mapping[str, str]
    poll_s: int = 20  # look again after this long; the engine lets it grow


@dataclass(frozen=True, kw_only=True)
class Item:
    """Something an account really shows, as `recent` lists it."""

    platform_id: str
    url: str
    title: str
    text: str  # plain text, "" when the platform does not give it
    published_at: datetime
    push_id: str = ""
    notified: bool = False
    source_url: str = ""  # 原文链接, or what the item points at
    repost_of: str = ""  # platform id of the root original of an in-platform repost
    deleted: bool = False


@dataclass(frozen=True, kw_only=True)
class Stat:
    """Counters of one item as the platform gave them at `as_of`; None is unknown, not zero."""

    platform_id: str
    as_of: datetime
    reads: int | None = None
    likes: int | None = None
    shares: int | None = None
    comments: int | None = None


class MediaStore(Protocol):
    """Opens the office's files."""

    def path(self, media: Media) -> Path:
        """The file, after checking that it still is what was planned; raises MediaError."""
        ...


class Credentials(Protocol):
    """One account's secrets, kept encrypted; a rotated token is stored before it is used."""

    async def load(self) -> Mapping[str, str]:
        """All fields, perhaps as they were half a minute ago; AuthFailed when there are none."""
        ...

    def exclusively(self) -> AbstractAsyncContextManager[Mapping[str, str]]:
        """All fields as they are now; until the block ends nobody else, anywhere, may change them.

        Look at them again before asking the platform: somebody else may just have refreshed them.
        Raises AuthFailed when there are none, Unavailable when the other holder does not end.
        """
        ...

    async def store(self, fields: Mapping[str, str], *, expires_at: datetime | None) -> None:
        """Replaces the fields, durably, before it returns; only within `exclusively`.

        `expires_at`: a person must authorise again before then; None: no end is known. Raises
        Unavailable when a person has entered another credential meanwhile: theirs stays.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Authorised:
    """How long an account's authorisation holds without a person."""

    until: datetime | None  # None: no end is known
    trouble: str = ""  # why the platform does not prolong it; it works until then all the same


@runtime_checkable
class Renews(Protocol):
    """An adapter that works under an authorisation of its account."""

    async def renew(self) -> Authorised:
        """Prolongs what ends soon. May be called at any time; makes nothing public.

        Errors: AuthFailed when the account cannot work any more until a person has acted; others
        say nothing about the authorisation, and it is tried again later.
        """
        ...


class Pace(Protocol):
    """How fast this office may call one platform, all its processes together."""

    async def take(self) -> datetime | None:
        """None when a call may be made now, which is counted; else when to try again."""
        ...


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What an adapter is handed; it makes none of these itself."""

    session: aiohttp.ClientSession
    clock: Clock
    media: MediaStore
    credentials: Credentials
    out_dir: Path  # where hand-off packages are written
    pace: Pace | None = None  # None: no limit


class Adapter(Protocol):
    """One account on one platform. Made by `Adapter(account, tools, config)`, which does no I/O.

    `Config` is the adapter's own settings (a pydantic model, unknown keys refused); every limit
    that is not certain is in it.
    """

    name: ClassVar[str]
    capabilities: ClassVar[Capabilities]
    Config: ClassVar[type[BaseModel]]

    @classmethod
    def check(cls, variant: Variant, account: Account) -> list[Problem]:
        """What the platform would refuse. Pure: no clock, no network, no files."""
        ...

    async def prepare(self, variant: Variant, done: Checkpoint) -> Checkpoint:
        """Uploads and drafts, invisible to the public; also makes sure of a living token."""
        ...

    async def commit(self, variant: Variant, done: Checkpoint, *, key: str) -> Receipt | Pending:
        """The ONE call that can make it public. Never retries by itself."""
        ...

    async def find(
        self, variant: Variant, done: Checkpoint, *, key: str, pending: Pending | None = None
    ) -> Receipt | Pending | None:
        """Read-only: did it go out, is it through? None means: it is not there now.

        The engine sets in `done.data` (ISO 8601, UTC): "committed_at", when the last `commit`
        began, and "doubt_since", when the first one began whose outcome is not known.
        """
        ...

    def recent(self, since: datetime) -> AsyncIterator[Item]:
        """Read-only: what the account shows, newest first, at least back to `since`."""
        ...

    async def stat(self, receipts: Sequence[Receipt]) -> list[Stat]:
        """Read-only: counters; items the platform does not answer for are left out."""
        ...
