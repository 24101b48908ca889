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
    more: tuple[Receipt, ...] = ()  # the further articles of the same push, in their order
    # What else `withdraw` can use, e.g. WeChat's msg_id; it works without, if less well.
    ref: Mapping[str, str] = field(default_factory=dict)


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
        """The file, after checking that it still is what was planned; raises MediaError.

        Blocks when the file is new to this process: some seconds for a video of some GB.
        """
        ...


NO_SECRET = "credentials"  # noqa: S105  # the `action` of an AuthFailed that says: none was ever entered


class Credentials(Protocol):
    """One account's secrets, kept encrypted; a rotated token is stored before it is used."""

    async def load(self) -> Mapping[str, str]:
        """All fields, perhaps as they were half a minute ago.

        Raises AuthFailed with `NO_SECRET` as its action when there are none.
        """
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


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What the platform says of an account; "" and None: it does not say."""

    name: str = ""  # as shown
    verified_name: str = ""  # whom the platform verified
    kind: str = ""  # as in the roster, e.g. "subscription"
    verified_until: datetime | None = None  # the certification must be renewed before
    permissions: Mapping[str, bool] = field(default_factory=dict)  # probed, not assumed


@runtime_checkable
class Knows(Protocol):
    """An adapter whose platform tells about the account."""

    async def profile(self) -> Profile:
        """Read-only: the account as the platform has it."""
        ...


@dataclass(frozen=True, kw_only=True)
class Repost:
    """A post of ours as somebody passed it on within the platform."""

    author: str  # the account's name as shown; "" when the platform does not say
    item: Item


@runtime_checkable
class TellsReposts(Protocol):
    """An adapter whose platform lists who reposted a post of the account."""

    async def reposts(self, receipt: Receipt) -> Sequence[Repost]:
        """Read-only: those the platform shows, which may be a few of many; newest first."""
        ...


@runtime_checkable
class Withdraws(Protocol):
    """An adapter that can take a post back."""

    async def withdraw(self, receipt: Receipt) -> None:
        """Removes the post from the public; well too when it is gone already.

        Raises Unavailable or OutcomeUnknown when it may be repeated later, Rejected when a person
        must do it on the platform.
        """
        ...


@runtime_checkable
class Corrects(Protocol):
    """An adapter whose platform changes a public post in place: same address, same readers."""

    async def correct(self, receipt: Receipt, variant: Variant, done: Checkpoint) -> None:
        """Makes the public post say what `variant` says. May be repeated.

        Never makes anything public that is not: a post that is gone raises Gone. `done` is the
        checkpoint it was published with, whose uploads are used again. Errors as of `withdraw`.
        """
        ...


@runtime_checkable
class Previews(Protocol):
    """An adapter that can show a post to one person before the public."""

    async def preview(self, variant: Variant, done: Checkpoint, *, to: str) -> None:
        """Sends what `prepare` made to `to`, a name the platform knows; makes nothing public."""
        ...


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What a variant is drawn with, beside its own words."""

    account: Account
    at: datetime  # when it is to go out
    by_hand: bool = False  # a person publishes it, who can tick what an interface has no field for
    # `data:` address of each picture by its path; those that cannot be shown are missing.
    pictures: Mapping[str, str] = field(default_factory=dict)
    videos: Mapping[str, str] = field(default_factory=dict)  # where a video can be played, by path


@dataclass(frozen=True, kw_only=True)
class Screen:
    """What one phone shows: 375 CSS pixels wide, at least 724 high."""

    content: str  # HTML without scripts; every word of a post in it is escaped
    css: str = ""  # its style sheet, written once a page; class names begin with the look's own
    note: str = ""  # plain text below the phone, for the office only
    dark: bool = False  # the phone's own bar is light on dark


@dataclass(frozen=True, kw_only=True)
class Length:
    """How long a field is, counted as the platform counts."""

    name: str  # of the field, for people
    length: int
    limit: int


@runtime_checkable
class Draws(Protocol):
    """An adapter class that draws a variant as its readers will see it, for `bot preview`."""

    @classmethod
    def screens(cls, variant: Variant, scene: Scene, config: BaseModel) -> Sequence[Screen]:
        """Pure, like `check`, and never raising: a variant with errors is drawn all the same.

        Other modes of the platform are not asked, since readers see no difference.
        """
        ...


@runtime_checkable
class Measures(Protocol):
    """An adapter class that counts what has a limit."""

    @classmethod
    def lengths(cls, variant: Variant, account: Account) -> Sequence[Length]:
        """Every field with a limit, the most important first. Pure."""
        ...


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request a platform made to us."""

    method: str  # "GET" or "POST"
    query: Mapping[str, str]
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    path: str = ""  # what follows the platform in the address, e.g. an account's id


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What a call said, and the answer the platform wants to have."""

    body: str = ""
    content_type: str = "text/plain"
    # Fields of `Pending.ref` or `Receipt.platform_id` ("platform_id") of posts it speaks of. It is
    # only a hint: they are looked at now, and what `find` says counts.
    posts: tuple[Mapping[str, str], ...] = ()
    # What `find` gets to see in `Pending.ref` of those posts, beside what is there: a link, the
    # reason of a failure. It explains what `find` sees and never replaces it.
    learned: Mapping[str, str] = field(default_factory=dict)
    # Fields of the credential of the account that has taken its authorisation back.
    revoked: Mapping[str, str] = field(default_factory=dict)


@runtime_checkable
class Hears(Protocol):
    """A front desk that takes the platform's calls (callbacks, webhooks)."""

    async def hear(self, call: Call, account: Credentials | None) -> Heard:
        """Understands one call; repeats and calls of unknown kinds change nothing.

        `account`: the secrets of the account named in the address, None when it names none.
        Raises CallRefused for a wrong signature or an unreadable body.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Granted:
    """What an account's owner has just allowed us."""

    fields: Mapping[str, str]  # the account's credential
    expires_at: datetime | None  # a person must authorise again before; None: no end is known
    name: str = ""  # the account's name as the platform shows it
    verified_name: str = ""


@runtime_checkable
class Connects(Protocol):
    """A front desk that leads an account's owner through the platform's authorisation (OAuth)."""

    async def invite(self, account: Account, *, redirect: str, state: str) -> str:
        """The address the owner opens; the platform then sends the browser to `redirect`.

        It may be good for minutes only. A desk may have `invite_phone` beside it: the address for
        somebody who reads this within the platform's own app.
        """
        ...

    async def accept(self, query: Mapping[str, str], *, redirect: str) -> Granted:
        """Exchanges what the browser brought back; raises AuthFailed or Rejected."""
        ...


@dataclass(frozen=True, kw_only=True)
class Member:
    """An account whose owner has authorised the office at a platform."""

    fields: Mapping[str, str]  # those of its credential that name it, e.g. {"appid": …}
    profile: Profile


@runtime_checkable
class Lists(Protocol):
    """A front desk whose platform lists who has authorised the office."""

    async def members(self) -> Sequence[Member]:
        """Read-only: all of them."""
        ...


Desk = Hears | Connects | Lists


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
    # The office's own secrets at this platform, shared by all accounts (an app, a component);
    # `bot accounts set-credential @douyin` enters them. Loading raises AuthFailed without any.
    app: Credentials | None = None

    @property
    def cache_dir(self) -> Path:
        """Where converted pictures are kept; it may be emptied at any time."""
        return self.out_dir / ".cache"


class Adapter(Protocol):
    """One account on one platform. Made by `Adapter(account, tools, config)`, which does no I/O.

    `Config` is the adapter's own settings (a pydantic model, unknown keys refused); every limit
    that is not certain is in it. Beside this class a module may have

    - `MODES`: other adapters of the platform by the account's `mode`, e.g. {"handoff_h5": …};
    - `DESK`: made by `DESK(tools, config)`, whose `tools.credentials` are the office's own at the
      platform; it `Hears`, `Connects` or `Lists`.

    An adapter may also be one that `Renews`, `Knows`, `TellsReposts`, `Withdraws`, `Corrects`,
    `Previews`, `Draws` or `Measures`. Where settings change what it can do, the classmethod
    `able(config)` gives the capabilities that hold.
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
