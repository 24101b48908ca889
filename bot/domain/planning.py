"""From posts and roster to publications: who should carry what, and how that differs from before.

Pure: the ledger's side is handed in as data, what to do comes out as data.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain import transitions
from bot.domain.post import Kind, Method, Post
from bot.domain.publication import UNSENT, Hold, Publication, State
from bot.domain.roster import Account, ReprintPolicy, Roster
from bot.domain.transitions import Step

# A reprint that an outage delayed is still worth having for a while after its deadline.
REPRINT_GRACE = timedelta(hours=24)
# What the calendar may still call off.
OPEN = frozenset({State.PLANNED, State.HELD, State.QUEUED, State.WAITING, State.HANDED_OFF})


@dataclass(frozen=True, kw_only=True)
class Fitness:
    """What an account's platform takes, as far as planning must know."""

    publishes: bool  # False: everything goes to a person
    article: bool
    short_text: bool
    video_only: bool

    def suits(self, post: Post) -> bool:
        """True when the post has something for this platform."""
        if self.video_only:
            return post.video is not None
        return bool((self.article and post.body) or (self.short_text and post.text))


@dataclass(frozen=True, kw_only=True)
class Desired:
    """A publication as the calendar wants it."""

    post: str
    account: Account
    kind: Kind
    method: Method
    by_hand: bool
    needs_acceptance: bool
    due_at: datetime
    not_after: datetime
    offset_s: int
    content_hash: str
    blocked: bool  # `bot check` found an error in it


class ChangeKind(StrEnum):
    """How the calendar differs from the ledger."""

    NEW = "new"
    MOVED = "moved"
    CHANGED = "changed"
    REMOVED = "removed"
    RESTORED = "restored"
    CHANGED_AFTER = "changed_after_publishing"
    BLOCKED = "blocked"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One difference and the step that settles it; `step` is None for a new publication."""

    kind: ChangeKind
    post: str
    account: str
    due_at: datetime
    publication: int | None = None
    step: Step | None = None
    desired: Desired | None = None


def desired(
    post: Post,
    roster: Roster,
    fitness: Mapping[str, Fitness],
    *,
    content_hash: str,
    blocked: Collection[str],
) -> list[Desired]:
    """All publications of one post: its own accounts, and for a key item the units' reprints.

    `blocked` names the accounts on which `bot check` finds an error in it.
    """
    wanted = [
        _original(post, roster.accounts[account], fitness, content_hash, account in blocked)
        for account in post.accounts
    ]
    if post.key is not None:
        wanted += _reprints(post, roster, fitness, content_hash, blocked)
    return wanted


def _original(
    post: Post,
    account: Account,
    fitness: Mapping[str, Fitness],
    content_hash: str,
    blocked: bool,
) -> Desired:
    return Desired(
        post=post.id,
        account=account,
        kind=Kind.ORIGINAL,
        method=Method.PUSH if post.push else Method.PUBLISH,
        by_hand=_by_hand(account, fitness),
        needs_acceptance=False,
        due_at=post.due_at,
        not_after=post.due_at + post.window,
        offset_s=0,
        content_hash=content_hash,
        blocked=blocked,
    )


def _reprints(
    post: Post,
    roster: Roster,
    fitness: Mapping[str, Fitness],
    content_hash: str,
    blocked: Collection[str],
) -> list[Desired]:
    assert post.key is not None
    takers = [
        account
        for account in roster.accounts.values()
        if account.reprint is not ReprintPolicy.NONE
        and account.id not in post.accounts
        and account.unit not in post.key.exempt
        and fitness[account.id].suits(post)
    ]
    spread_s = int(post.key.spread.total_seconds())
    deadline_at = post.due_at + post.key.deadline
    wanted = []
    for place, account in enumerate(takers):
        by_hand = _by_hand(account, fitness) or account.reprint is ReprintPolicy.MANUAL
        # Evenly over the window, the first one a step after the release; a person gets the
        # package at once, because their own hours are the limit.
        offset_s = 0 if by_hand else spread_s * (place + 1) // (len(takers) + 1)
        wanted.append(
            Desired(
                post=post.id,
                account=account,
                kind=Kind.REPRINT,
                method=Method.PUSH if account.push else Method.PUBLISH,
                by_hand=by_hand,
                needs_acceptance=account.reprint is ReprintPolicy.CONFIRM,
                due_at=post.due_at + timedelta(seconds=offset_s),
                not_after=deadline_at + REPRINT_GRACE,
                offset_s=offset_s,
                content_hash=content_hash,
                blocked=account.id in blocked,
            )
        )
    return wanted


def _by_hand(account: Account, fitness: Mapping[str, Fitness]) -> bool:
    return account.mode == "handoff" or not fitness[account.id].publishes


def first_hold(want: Desired) -> Hold | None:
    """What a new publication must wait for, if anything but time."""
    if want.blocked:
        return Hold.CHECK
    return Hold.FIRST_RELEASE if want.kind is Kind.REPRINT else None


def diff(
    wanted: Sequence[Desired],
    known: Sequence[Publication],
    *,
    keep: Collection[str],
    released: Mapping[str, datetime],
    now: datetime,
) -> list[Change]:
    """How the ledger must change to be what the calendar wants.

    `keep` names posts whose file could not be read whole: nothing of them counts as removed.
    `released` gives the first release of key items that have one.
    """
    have = {(pub.post, pub.account): pub for pub in known}
    changes = []
    for want in wanted:
        pub = have.pop((want.post, want.account.id), None)
        if pub is None:
            changes.append(_new(want))
        elif change := _compare(want, pub, released.get(want.post), now):
            changes.append(change)
    for pub in have.values():
        if pub.post not in keep and pub.state in OPEN:
            changes.append(_removed(pub))
    return sorted(changes, key=lambda change: (change.due_at, change.post, change.account))


def _new(want: Desired) -> Change:
    return Change(
        kind=ChangeKind.BLOCKED if want.blocked else ChangeKind.NEW,
        post=want.post,
        account=want.account.id,
        due_at=want.due_at,
        desired=want,
    )


def _removed(pub: Publication) -> Change:
    return Change(
        kind=ChangeKind.REMOVED,
        post=pub.post,
        account=pub.account,
        due_at=pub.due_at,
        publication=pub.id,
        step=transitions.cancel(reason="removed"),
    )


def _compare(
    want: Desired, pub: Publication, released: datetime | None, now: datetime
) -> Change | None:
    edited = want.content_hash != pub.content_hash
    if pub.state in UNSENT or pub.state is State.FAILED:
        due_at = _due_at(want, pub, released)
        not_after = _not_after(want, pub, due_at, now)
        moved = (due_at, not_after) != (pub.due_at, pub.not_after)
        held = _hold_of(want, pub, released)
        regated = pub.state is State.HELD and (pub.reason == Hold.CHECK) != want.blocked
        newly_blocked = want.blocked and pub.state in OPEN and pub.reason != Hold.CHECK
        if not (edited or moved or regated or newly_blocked):
            return None
        kind = (
            ChangeKind.BLOCKED
            if want.blocked
            else ChangeKind.CHANGED
            if edited or regated
            else ChangeKind.MOVED
        )
        step = transitions.reschedule(
            due_at=due_at, not_after=not_after, content_hash=want.content_hash, held=held
        )
        return _change(kind, want, pub, step, due_at)
    if pub.state is State.CANCELLED:
        if pub.reason != "removed" or want.not_after <= now:
            return None
        step = transitions.restore(
            due_at=want.due_at,
            not_after=want.not_after,
            content_hash=want.content_hash,
            held=_hold_of(want, pub, released),
        )
        return _change(ChangeKind.RESTORED, want, pub, step, want.due_at)
    if edited and pub.changed_hash != want.content_hash:
        step = transitions.changed_after(content_hash=want.content_hash)
        return _change(ChangeKind.CHANGED_AFTER, want, pub, step, pub.due_at)
    return None


def _due_at(want: Desired, pub: Publication, released: datetime | None) -> datetime:
    if want.kind is Kind.ORIGINAL or released is None:
        return want.due_at
    # After the first release a reprint's time follows that, not the calendar.
    return pub.due_at


def _not_after(want: Desired, pub: Publication, due_at: datetime, now: datetime) -> datetime:
    if due_at == pub.due_at and want.not_after <= now < pub.not_after:
        # A person let it be tried again after its window; reading the calendar is no veto.
        return pub.not_after
    return want.not_after


def _hold_of(want: Desired, pub: Publication, released: datetime | None) -> Hold | None:
    if want.blocked:
        return Hold.CHECK
    if want.kind is Kind.ORIGINAL:
        return None
    if released is None:
        return Hold.FIRST_RELEASE
    return Hold.ACCEPTANCE if want.needs_acceptance and not pub.accepted_by else None


def _change(
    kind: ChangeKind, want: Desired, pub: Publication, step: Step, due_at: datetime
) -> Change:
    return Change(
        kind=kind,
        post=want.post,
        account=want.account.id,
        due_at=due_at,
        publication=pub.id,
        step=step,
        desired=want,
    )
