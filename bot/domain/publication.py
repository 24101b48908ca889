"""Publications: one post on one account, in exactly one state, owed by somebody."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.post import Kind, Method


class State(StrEnum):
    """Where a publication stands. docs/architecture.md has the table with who owes what."""

    PLANNED = "planned"  # in the calendar, not yet due
    HELD = "held"  # a person must act first; `reason` says who
    QUEUED = "queued"  # claimed under a lease; nothing sent
    SENDING = "sending"  # `commit` may have been called
    UNKNOWN = "unknown"  # sent, no trustworthy answer
    PENDING = "pending"  # accepted, the platform is reviewing
    WAITING = "waiting"  # quota, rate limit, outage: not now
    HANDED_OFF = "handed_off"  # package given to a person
    PUBLISHED = "published"  # receipt: platform id or URL, and time
    FAILED = "failed"  # content or account refused
    MISSED = "missed"  # its window passed before it could go
    CANCELLED = "cancelled"  # removed from the calendar, or withdrawn


# Before the platform was ever asked: a change of the calendar may still replan or withdraw these.
UNSENT = frozenset(
    {State.PLANNED, State.HELD, State.QUEUED, State.WAITING, State.HANDED_OFF, State.MISSED}
)


class Hold(StrEnum):
    """Why a publication is held."""

    FIRST_RELEASE = "awaiting_first_release"  # the flagship's own post is not public yet
    ACCEPTANCE = "unit_must_accept"  # policy confirm: the liaison has not said yes
    CHECK = "check_failed"  # `bot check` finds an error in it
    REVIEW = "review_missing"
    PAUSED = "account_paused"  # its credential failed
    REGISTRY = "account_not_registered"  # not filed, not active, or its name is not the unit's
    FROZEN = "frozen"  # 静默期


class Role(StrEnum):
    """Who owes the next move."""

    CLOCK = "clock"
    BOT = "bot"
    PLATFORM = "platform"
    OFFICER = "publicity_officer"
    AUTHOR = "author"
    REVIEWER = "reviewer"
    LIAISON = "liaison"
    ADMINISTRATOR = "account_administrator"
    NOBODY = ""


GIVEN = "handed_off"  # they have had the package; nothing unusual about it

# The most often `commit` may be called for one publication without a sure refusal, whatever
# happens (also a CHECK in the ledger). Each call after a doubtful one needs a fresh "not there".
MAX_COMMITS = 5


@dataclass(frozen=True, kw_only=True)
class Publication:
    """One row of the ledger."""

    id: int
    post: str
    account: str
    unit: str
    platform: str
    kind: Kind
    method: Method
    key: str  # idempotency key, see `publication_key`
    by_hand: bool  # goes to a person, whatever the platform could do
    needs_acceptance: bool
    state: State
    reason: str  # of held, waiting, failed, missed, cancelled
    due_at: datetime  # planned time; for a reprint an estimate until the first release
    not_after: datetime  # after this it is missed
    offset_s: int  # reprints: seconds after the first release
    content_hash: str  # which version of the post it carries
    next_at: datetime | None  # when the bot must look at it next; None: a person must, or nobody
    lease: str | None
    attempts: int  # failed tries since it last came due
    commits: int  # calls of `commit` granted, ever
    finds: int  # looks since the last commit
    committed_at: datetime | None  # when the last commit was granted
    # When the first commit began whose outcome nobody knows; None: nothing can be out there.
    doubt_since: datetime | None = None
    cleared_at: datetime | None = None  # when a look last said "not there"
    # Called off while it was being sent, never to be sent again: "removed" by the calendar, which
    # may call it back, or "withdrawn" by a person; "" while it is wanted.
    withdrawn: str = ""
    # What the calendar wants by now of a row that is under way or in doubt; {} when nothing else.
    wanted: Mapping[str, object] = field(default_factory=dict)
    paid: str = ""  # the method whose quota the last call spent
    checkpoint: Mapping[str, str] = field(default_factory=dict)
    pending: Mapping[str, str] = field(default_factory=dict)
    accepted_by: str = ""
    platform_id: str = ""
    url: str = ""
    published_at: datetime | None = None
    error: Mapping[str, object] = field(default_factory=dict)
    not_before: datetime | None = None  # 禁发时限: no grant before that, whoever asks for it
    # Why it stays with a person though the bot could: "not_whitelisted", or `GIVEN`
    fallback: str = ""
    changed_hash: str = ""  # the calendar changed after publishing: the version that did not go out


def publication_key(post: str, account: str) -> str:
    """24 ASCII characters that name this publication to a platform; see `key_after` as well.

    Short because WeChat's `clientmsgid` is reported to fail beyond 32 (platforms allow 64 bytes).
    """
    return hashlib.blake2b(f"{post}\n{account}".encode(), digest_size=12).hexdigest()


def key_after(key: str) -> str:
    """The key once the platform has ended what it accepted under `key` without publishing it.

    The platform remembers the old one, and would answer with the old job for as long.
    """
    return hashlib.blake2b(key.encode(), digest_size=12).hexdigest()


_HOLD_OWNER = {
    Hold.FIRST_RELEASE: Role.OFFICER,
    Hold.ACCEPTANCE: Role.LIAISON,
    Hold.CHECK: Role.AUTHOR,
    Hold.REVIEW: Role.REVIEWER,
    Hold.PAUSED: Role.ADMINISTRATOR,
    Hold.REGISTRY: Role.ADMINISTRATOR,
    Hold.FROZEN: Role.OFFICER,
}
_OWNER = {
    State.PLANNED: Role.CLOCK,
    State.WAITING: Role.CLOCK,
    State.QUEUED: Role.BOT,
    State.SENDING: Role.BOT,
    State.PENDING: Role.PLATFORM,
    State.HANDED_OFF: Role.LIAISON,
    State.FAILED: Role.AUTHOR,
    State.MISSED: Role.AUTHOR,
}


def owed_by(state: State, reason: str, next_at: datetime | None) -> Role:
    """Who owes the next move; `Role.NOBODY` once it is published or cancelled."""
    if state is State.HELD:
        return _HOLD_OWNER[Hold(reason)]
    if state is State.UNKNOWN:
        return Role.BOT if next_at is not None else Role.OFFICER
    return _OWNER.get(state, Role.NOBODY)
