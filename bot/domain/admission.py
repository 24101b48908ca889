"""May it go now? What a publication must wait for, and what a woken hold comes to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain import transitions
from bot.domain.post import Kind
from bot.domain.publication import MAX_COMMITS, Hold, Publication
from bot.domain.retry import next_look
from bot.domain.roster import Account, AccountStatus, Unit, name_matches
from bot.domain.step import Step, blocked_note, terms_of

# Whoever ends one of these causes wakes what it held; this is for the wake-up that got lost.
_LOOK_AGAIN = timedelta(hours=6)
_ENDS_BY_ITSELF = frozenset({Hold.REGISTRY, Hold.PAUSED, Hold.FROZEN})
_REVIEWED_LATE = timedelta(minutes=10)  # between looks at what its reviewers have kept
# A "not there" older than this says nothing about now.
FRESH = timedelta(seconds=60)
_QUICK_ROUNDS = 4


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What surrounds a publication at this moment."""

    account: Account
    unit: Unit
    paused: str  # why the account may not publish; "" while it works
    frozen: bool
    first_release_at: datetime | None
    now: datetime
    withdrawn: bool = False  # a person took the whole post back
    unreviewed: bool = False  # this version lacks a review it needs


def admit(pub: Publication, at: Standing) -> Step | None:
    """None when it may go; otherwise the step that says why not."""
    if pub.withdrawn:
        return transitions.cancel(reason=pub.withdrawn)
    if needs_look(pub, at.now):
        return look_first(pub, at.now)
    if at.withdrawn:
        return transitions.cancel(reason="withdrawn")
    if pub.wanted:
        return as_wanted(pub, at.now)
    if at.now >= pub.not_after:
        return transitions.miss(reason="window_passed")
    if pub.not_before is not None and at.now < pub.not_before:
        return wait_for_embargo(pub, pub.not_before)
    if pub.commits >= MAX_COMMITS:
        return transitions.fail(reason="too_many_commits", error=pub.error)
    why = obstacle(pub, at)
    return None if why is None else _held(pub, why, at)


def wait_for_embargo(pub: Publication, until: datetime) -> Step:
    """Back to waiting: nothing of it may be public before `until`."""
    return transitions.wait(
        until=min(until, pub.not_after),
        reason="embargo",
        attempts=pub.attempts,
        commits=pub.commits,
        error={"message": "embargo", "until": until.isoformat()},
    )


def as_wanted(pub: Publication, now: datetime) -> Step:
    """The calendar was changed meanwhile, and nothing of it is public: the new wish counts."""
    terms = terms_of(pub.wanted)
    held = Hold.CHECK if pub.wanted["blocked"] else None
    next_at = terms.not_after if held else max(now, terms.due_at)
    # The same text at another time stays in doubt, and is looked for again before it goes.
    same = (terms.content_hash, terms.method, terms.by_hand) == (
        pub.content_hash,
        pub.method,
        pub.by_hand,
    )
    return transitions.reschedule(
        terms,
        held=held,
        next_at=next_at,
        cleared=not same,
        checkpoint=pub.checkpoint if same else None,
    )


def wants_another(pub: Publication, key_life: timedelta) -> bool:
    """True when the calendar wants by now what the key of the call in doubt does not hold back.

    Where the platform honours our key, "not there" only means that the call may be repeated: it
    may still be under review. Another method and a person's hand know no key, and the platform
    forgets it.
    """
    if pub.doubt_since is None or not pub.wanted:
        return False
    terms = terms_of(pub.wanted)
    if (terms.method, terms.by_hand) != (pub.method, pub.by_hand):
        return True
    return terms.content_hash != pub.content_hash and terms.due_at - pub.doubt_since > key_life


def look_first(pub: Publication, now: datetime) -> Step:
    """Back to looking; the rounds grow longer, should looks never be fresh enough."""
    finds = pub.finds + 1
    at = now if finds < _QUICK_ROUNDS else next_look(finds, now)
    return transitions.look_first(look_at=at, finds=finds)


def obstacle(pub: Publication, at: Standing) -> Hold | None:
    """What a person must do first, from present facts alone."""
    # First, so that nobody is asked to do something for a text that may yet be refused.
    if at.unreviewed:
        return Hold.REVIEW
    # A certification that ended is none: what an account loses with it is the platform's to say.
    if at.account.status_at(at.now) is not AccountStatus.ACTIVE or not at.account.filing:
        return Hold.REGISTRY
    if not (name_matches(at.account, at.unit) and at.unit.is_open(at.now)):
        return Hold.REGISTRY
    # By hand nothing of ours logs in, so a failed credential does not matter.
    if at.paused and not pub.by_hand:
        return Hold.PAUSED
    if at.frozen:
        return Hold.FROZEN
    if pub.kind is Kind.REPRINT and at.first_release_at is None:
        return Hold.FIRST_RELEASE
    if pub.needs_acceptance and not pub.accepted_by:
        return Hold.ACCEPTANCE
    return None


def needs_look(pub: Publication, now: datetime) -> bool:
    """True when an earlier call is in doubt and no fresh look has said "not there"."""
    if pub.doubt_since is None:
        return False
    # A look from the future was made before the clock was set back; nobody knows how old it is.
    return pub.cleared_at is None or abs(now - pub.cleared_at) > FRESH


def wake(pub: Publication, at: Standing) -> Step | None:
    """What a held publication comes to that has become due for a look; None: it stays held."""
    if pub.withdrawn or (at.withdrawn and pub.doubt_since is None):
        return transitions.cancel(reason=pub.withdrawn or "withdrawn")
    if pub.wanted and pub.doubt_since is None:
        return as_wanted(pub, at.now)
    if at.now >= pub.not_after:
        if pub.wanted:
            return transitions.release(due_at=pub.due_at, go_at=at.now)  # admission sees to it
        return transitions.miss(reason=pub.reason, wanted=blocked_note(pub))
    if pub.reason == Hold.CHECK:
        return None  # the planner ends it
    why = obstacle(pub, at)
    if why is not None:
        return None if why == pub.reason else _held(pub, why, at)
    if pub.kind is Kind.REPRINT and at.first_release_at is not None:
        due_at = reprint_due_at(pub, at.first_release_at, at.now)
        return transitions.release(due_at=due_at)
    return transitions.release(due_at=pub.due_at, go_at=max(pub.due_at, at.now))


def look_at(why: str, pub: Publication, now: datetime) -> datetime:
    """When to look at a hold again: soon where its cause may end unseen, else at the end."""
    if why == Hold.REVIEW:
        return min(pub.not_after, max(pub.due_at, now + _REVIEWED_LATE))
    return min(pub.not_after, now + _LOOK_AGAIN) if why in _ENDS_BY_ITSELF else pub.not_after


def _held(pub: Publication, why: Hold, at: Standing) -> Step:
    error: dict[str, object] = {}
    if why is Hold.PAUSED:
        error = {"message": at.paused}
    elif why is Hold.REGISTRY:
        named = name_matches(at.account, at.unit)
        error = {"why": "not_registered_or_active" if named else "name_differs"}
    return transitions.hold(why, look_at=look_at(why, pub, at.now), error=error)


def reprint_due_at(pub: Publication, first_release_at: datetime, now: datetime) -> datetime:
    """When a reprint goes: its place in the spread after the first release, never in the past."""
    return max(now, first_release_at + timedelta(seconds=pub.offset_s))
