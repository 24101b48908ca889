"""May it go now? The last look before anything is prepared, and what a woken hold comes to."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain import transitions
from bot.domain.post import Kind
from bot.domain.publication import MAX_COMMITS, Hold, Publication
from bot.domain.roster import Account, AccountStatus, Unit, name_matches
from bot.domain.transitions import Step


def admit(
    pub: Publication,
    account: Account,
    unit: Unit,
    *,
    paused: str,
    first_release_at: datetime | None,
    now: datetime,
) -> Step | None:
    """None when it may go; otherwise the step that says why not."""
    if now >= pub.not_after:
        return transitions.miss(reason="window_passed")
    if pub.commits >= MAX_COMMITS:
        return transitions.fail(reason="too_many_commits", error=pub.error)
    if account.status is not AccountStatus.ACTIVE or not account.filing:
        return _registry(pub, "not_registered_or_active")
    if not name_matches(account, unit):
        return _registry(pub, "name_differs")
    # By hand nothing of ours logs in, so a failed credential does not matter.
    if paused and not pub.by_hand:
        return transitions.hold(Hold.PAUSED, not_after=pub.not_after, error={"message": paused})
    if pub.kind is Kind.REPRINT:
        return _reprint_hold(pub, first_release_at)
    return None


def _registry(pub: Publication, why: str) -> Step:
    return transitions.hold(Hold.REGISTRY, not_after=pub.not_after, error={"why": why})


def _reprint_hold(pub: Publication, first_release_at: datetime | None) -> Step | None:
    if first_release_at is None:
        return transitions.hold(Hold.FIRST_RELEASE, not_after=pub.not_after)
    if pub.needs_acceptance and not pub.accepted_by:
        return transitions.hold(Hold.ACCEPTANCE, not_after=pub.not_after)
    return None


def wake(pub: Publication, first_release_at: datetime | None, now: datetime) -> Step:
    """What a held publication comes to that has become due for a look."""
    if now >= pub.not_after:
        return transitions.miss(reason=pub.reason)
    if pub.reason == Hold.FIRST_RELEASE and first_release_at is not None:
        if pub.needs_acceptance and not pub.accepted_by:
            return transitions.hold(Hold.ACCEPTANCE, not_after=pub.not_after)
        return transitions.release(due_at=reprint_due_at(pub, first_release_at, now))
    return transitions.hold(Hold(pub.reason), not_after=pub.not_after, error=pub.error)


def reprint_due_at(pub: Publication, first_release_at: datetime, now: datetime) -> datetime:
    """When a reprint goes: its place in the spread after the first release, never in the past."""
    return max(now, first_release_at + timedelta(seconds=pub.offset_s))
