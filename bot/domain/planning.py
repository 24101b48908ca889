"""From posts and roster to publications: who should carry what, and how that differs from before.

Pure: the ledger's side is handed in as data, what to do comes out as data.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain import transitions
from bot.domain.post import KeyItem, Kind, Method, Post
from bot.domain.publication import Hold, Publication, State
from bot.domain.roster import HAND_OFF, Account, AccountStatus, ReprintPolicy, Roster
from bot.domain.step import Step, Terms, blocked_note

# A reprint that an outage delayed is still worth having for a while after its deadline.
REPRINT_GRACE = timedelta(hours=24)
# Sent, and nobody knows yet what came of it.
IN_FLIGHT = frozenset({State.SENDING, State.UNKNOWN, State.PENDING})
_OVER = frozenset({State.FAILED, State.MISSED, State.CANCELLED})
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
    not_before: datetime | None = None  # 禁发时限
    excused: bool = False  # a manager has exempted its unit 免转


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
    was_at: datetime | None = None  # when it was planned before


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
    due_at = post.due_on(account.id)
    return Desired(
        post=post.id,
        account=account,
        kind=Kind.ORIGINAL,
        method=Method.PUSH if post.push else Method.PUBLISH,
        by_hand=_by_hand(account, fitness),
        needs_acceptance=False,
        due_at=due_at,
        not_after=due_at + post.window,
        not_before=post.embargo_until,
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
        if account.status is not AccountStatus.CLOSED
        and account.policy(post.column) is not ReprintPolicy.NONE
        and account.id not in post.accounts
        and post.key.asks(account.unit)
        and fitness[account.id].suits(post)
    ]
    spread_s = int(post.key.spread.total_seconds())
    release_at = _release_at(post, roster)
    deadline_at = release_at + post.key.deadline
    wanted = []
    for place, account in enumerate(takers):
        policy = account.policy(post.column)
        by_hand = policy is ReprintPolicy.MANUAL or _by_hand(account, fitness)
        by_hand = by_hand or _may_not_copy(post.key, account, roster.accounts, post.accounts)
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
                needs_acceptance=policy is ReprintPolicy.CONFIRM,
                due_at=release_at + timedelta(seconds=offset_s),
                not_after=deadline_at + REPRINT_GRACE,
                not_before=post.embargo_until,
                offset_s=offset_s,
                content_hash=content_hash,
                blocked=account.id in blocked,
            )
        )
    return wanted


def _release_at(post: Post, roster: Roster) -> datetime:
    """When the first flagship is due: it may follow the post's own time."""
    own = (post.due_on(name) for name in post.accounts if roster.accounts[name].flagship)
    return min(own, default=post.due_at)


def _may_not_copy(
    key: KeyItem, account: Account, accounts: Mapping[str, Account], released_on: Collection[str]
) -> bool:
    """True where the platform would refuse the bot's copy of a declared original (原创).

    A person can carry it by the platform's own 转载. Where nobody knows about the whitelist it is
    tried, and a refusal comes to the same (bot/engine/outcome.py).
    """
    there = any(accounts[name].platform == account.platform for name in released_on)
    return key.declared_original and there and account.whitelisted is False


def _by_hand(account: Account, fitness: Mapping[str, Fitness]) -> bool:
    return account.mode == HAND_OFF or not fitness[account.id].publishes


def in_force(
    wanted: Sequence[Desired],
    known: Sequence[Publication],
    *,
    released: Mapping[str, datetime],
    now: datetime,
) -> frozenset[str]:
    """Posts whose edit has an error and must not replace the last good version.

    That version stays in force on all accounts. Where nothing was edited and the same text is
    found wrong only now (the office has forbidden a word, a consent is gone), it is no edit.
    """
    wants = {(want.post, want.account.id): want for want in wanted if want.blocked}
    good = (pub for pub in known if pub.state in OPEN | IN_FLIGHT and not _is_blocked(pub))
    return frozenset(
        pub.post
        for pub in good
        if (want := wants.get((pub.post, pub.account))) is not None
        and (
            want.content_hash != pub.content_hash
            or _moved(_terms(want, pub, released.get(pub.post), now), pub)
        )
    )


def _is_blocked(pub: Publication) -> bool:
    blocked = bool(pub.wanted.get("blocked")) if pub.state in IN_FLIGHT else False
    return blocked or (pub.state is State.HELD and pub.reason == Hold.CHECK)


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
        first_release_at = released.get(want.post)
        if pub is None:
            changes.append(_new(want))
        elif change := _compare(want, pub, first_release_at, now):
            changes.append(change)
    changes += [
        _removed(pub, now) for pub in have.values() if pub.post not in keep and _unwanted(pub)
    ]
    return sorted(changes, key=lambda change: (change.due_at, change.post, change.account))


def first_hold(want: Desired, released: datetime | None) -> Hold | None:
    """What a new publication must wait for, if anything but time."""
    if want.blocked:
        return Hold.CHECK
    if want.kind is Kind.ORIGINAL:
        return None
    if released is None:
        return Hold.FIRST_RELEASE
    return Hold.ACCEPTANCE if want.needs_acceptance else None


def first_look(want: Desired, released: datetime | None, now: datetime) -> datetime:
    """When the bot must look at a new publication for the first time."""
    if first_hold(want, released) is not None:
        return want.not_after
    if want.kind is Kind.REPRINT and released is not None:
        return max(now, released + timedelta(seconds=want.offset_s))
    return want.due_at


def _new(want: Desired) -> Change:
    return Change(
        kind=ChangeKind.BLOCKED if want.blocked else ChangeKind.NEW,
        post=want.post,
        account=want.account.id,
        due_at=want.due_at,
        desired=want,
    )


def _unwanted(pub: Publication) -> bool:
    return pub.state in OPEN or (pub.state in IN_FLIGHT and not pub.withdrawn)


def _removed(pub: Publication, now: datetime) -> Change:
    return Change(
        kind=ChangeKind.REMOVED,
        post=pub.post,
        account=pub.account,
        due_at=pub.due_at,
        publication=pub.id,
        step=_off(pub, now),
        was_at=pub.due_at,
    )


def _off(pub: Publication, now: datetime) -> Step:
    if pub.state in IN_FLIGHT:
        return transitions.call_off(reason="removed")
    if pub.doubt_since is not None and pub.state is not State.HANDED_OFF:
        return transitions.call_off_in_doubt(reason="removed", now=now)
    return transitions.cancel(reason="removed", wanted=blocked_note(pub))


def _compare(
    want: Desired, pub: Publication, released: datetime | None, now: datetime
) -> Change | None:
    if pub.withdrawn == "withdrawn" and pub.state is not State.CANCELLED:
        return None  # a person's word; the calendar does not take it back
    if pub.state in _OVER:
        revived = None if want.excused else _revived(want, pub, released, now)
        return revived or _at_rest(want, pub, released, now)
    if pub.state is State.PUBLISHED:
        return _changed_after(want, pub)
    if pub.state in IN_FLIGHT or (pub.doubt_since is not None and pub.state in OPEN):
        return _under_way(want, pub, _terms(want, pub, released, now))
    return _before_sending(want, pub, released, now)


def _revived(
    want: Desired, pub: Publication, released: datetime | None, now: datetime
) -> Change | None:
    """What the calendar alone can set going again."""
    if pub.doubt_since is not None and pub.state in {State.CANCELLED, State.MISSED}:
        return _in_doubt(want, pub, _terms(want, pub, released, now), now)
    if pub.state is State.CANCELLED:
        return _restored(want, pub, released, now)
    if pub.state is State.FAILED and not _may_go_again(want, pub):
        return None
    return _before_sending(want, pub, released, now)


def _at_rest(
    want: Desired, pub: Publication, released: datetime | None, now: datetime
) -> Change | None:
    """Over, until a person has it tried again: then what the calendar says by now counts."""
    terms = _terms(want, pub, released, now)
    same = terms.content_hash == pub.content_hash and not (_moved(terms, pub) or want.blocked)
    wanted = {} if same else terms.note(blocked=want.blocked)
    if wanted == pub.wanted:
        return None
    step = transitions.note_for_retry(wanted=wanted)
    kind = (
        ChangeKind.CHANGED if same or terms.content_hash != pub.content_hash else ChangeKind.MOVED
    )
    kind = ChangeKind.BLOCKED if want.blocked else kind
    return _change(kind, want, pub, step, terms.due_at)


def _may_go_again(want: Desired, pub: Publication) -> bool:
    """A refused post goes again once its author has changed it; any other failure asks a person."""
    return pub.reason == "rejected" and want.content_hash != pub.content_hash


def _before_sending(
    want: Desired, pub: Publication, released: datetime | None, now: datetime
) -> Change | None:
    terms = _terms(want, pub, released, now)
    # What was noted while it was being sent counts until the calendar takes it back.
    noted = bool(pub.wanted) and pub.state is not State.MISSED  # there it is for a retry
    edited = want.content_hash != pub.content_hash or noted or bool(pub.withdrawn)
    blocked = pub.state is State.HELD and pub.reason == Hold.CHECK
    regated = blocked != want.blocked and pub.state in OPEN
    if not (edited or regated or _moved(terms, pub)):
        return None
    if want.blocked:
        kind = ChangeKind.BLOCKED
    else:
        kind = ChangeKind.CHANGED if edited or regated else ChangeKind.MOVED
    held = _hold_of(want, pub, released)
    next_at = terms.not_after if held else terms.due_at
    step = transitions.reschedule(terms, held=held, next_at=next_at)
    return _change(kind, want, pub, step, terms.due_at)


def _moved(terms: Terms, pub: Publication) -> bool:
    return any(
        getattr(terms, name) != getattr(pub, name)
        for name in Terms.__dataclass_fields__
        if name != "content_hash"
    )


def _restored(
    want: Desired, pub: Publication, released: datetime | None, now: datetime
) -> Change | None:
    if pub.reason != "removed" or want.not_after <= now:
        return None
    terms = _terms(want, pub, released, now)
    held = _hold_of(want, pub, released)
    next_at = terms.not_after if held else terms.due_at
    step = transitions.restore(terms, held=held, next_at=next_at)
    return _change(ChangeKind.RESTORED, want, pub, step, terms.due_at)


def _under_way(want: Desired, pub: Publication, terms: Terms) -> Change | None:
    """Nobody knows for sure whether it is out: what the calendar says now counts only if not.

    Changing the row itself would make the next look search for something that was never sent.
    """
    edited = terms.content_hash != pub.content_hash
    same = not (edited or _moved(terms, pub) or want.blocked)
    wanted = {} if same else terms.note(blocked=want.blocked)
    changed_hash = terms.content_hash if edited else ""
    if (wanted, changed_hash, "") == (dict(pub.wanted), pub.changed_hash, pub.withdrawn):
        return None
    if want.blocked:
        kind = ChangeKind.BLOCKED
    elif pub.withdrawn:
        kind = ChangeKind.RESTORED
    else:
        kind = ChangeKind.CHANGED_AFTER if edited or pub.changed_hash else ChangeKind.MOVED
    step = transitions.note_wish(content_hash=changed_hash, wanted=wanted)
    return _change(kind, want, pub, step, pub.due_at)


def _in_doubt(want: Desired, pub: Publication, terms: Terms, now: datetime) -> Change | None:
    """Over, but the calendar wants it (again) and it may be out: looked for before anything."""
    ended = pub.state is State.CANCELLED and pub.reason != "removed"
    same_time = pub.state is State.MISSED and terms.not_after == pub.not_after
    if ended or same_time or terms.not_after <= now:
        return None
    edited = terms.content_hash != pub.content_hash
    step = transitions.look_again(
        content_hash=terms.content_hash if edited else "",
        wanted=terms.note(blocked=want.blocked),
        now=now,
    )
    return _change(ChangeKind.RESTORED, want, pub, step, terms.due_at)


def _changed_after(want: Desired, pub: Publication) -> Change | None:
    # A correction that was taken back is none any more.
    differs = "" if want.content_hash == pub.content_hash else want.content_hash
    if differs == pub.changed_hash:
        return None
    step = transitions.changed_after(content_hash=differs)
    return _change(ChangeKind.CHANGED_AFTER, want, pub, step, pub.due_at)


def _terms(want: Desired, pub: Publication, released: datetime | None, now: datetime) -> Terms:
    due_at = _due_at(want, pub, released)
    # What the platform refused to the bot, and what a person was given, stays with the person.
    by_hand = want.by_hand or bool(pub.fallback)
    return Terms(
        due_at=due_at,
        not_after=_not_after(want, pub, due_at, now),
        content_hash=want.content_hash,
        kind=want.kind,
        method=want.method,
        by_hand=by_hand,
        needs_acceptance=want.needs_acceptance,
        offset_s=want.offset_s if want.by_hand == by_hand else pub.offset_s,
        not_before=want.not_before,
    )


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
    held = first_hold(want, released)
    return None if held is Hold.ACCEPTANCE and pub.accepted_by else held


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
        was_at=pub.due_at,
    )
