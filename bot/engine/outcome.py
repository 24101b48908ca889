"""From what a platform answered to the step that records it. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.contract import Capabilities, Pending, Receipt
from bot.domain import transitions
from bot.domain.admission import look_at, wants_another
from bot.domain.post import Kind, Variant
from bot.domain.publication import Hold, Publication
from bot.domain.retry import backoff, next_look
from bot.domain.step import ByHand, Further, PublishedAs, Step, by_hand
from bot.errors import (
    AlreadyThere,
    AuthFailed,
    BotError,
    ContractBroken,
    Copied,
    MediaError,
    OutcomeUnknown,
    PlatformError,
    RateLimited,
    Rejected,
    UsageError,
)
from bot.logs import said

_FIRST_LOOK_S = 10
_KEY_MARGIN_S = 3600
DUPLICATE = "duplicate"  # reason of an unknown the platform calls a duplicate
_CONTRACT_ATTEMPTS = (
    3  # a login page of the office's network may stand in for an answer for a while
)
# A network drive may be away, a file may just be saved anew: an hour, about.
_MEDIA_ATTEMPTS = 6


def key_life(can: Capabilities) -> timedelta:
    """How long the platform's memory of our key can be relied on."""
    return timedelta(seconds=can.key_life_s - _KEY_MARGIN_S)


def key_is_no_help(pub: Publication, can: Capabilities) -> bool:
    """True when an earlier call may still be under review, and another one is wanted now."""
    return pub.method in can.idempotent and wants_another(pub, key_life(can))


def facts(error: BaseException) -> dict[str, object]:
    """The error as data for the ledger."""
    if isinstance(error, PlatformError):
        return error.facts()
    return {"kind": type(error).__name__, "message": said(error)}


def published(receipt: Receipt, variant: Variant) -> Step:
    """The step for proof that `variant` is public."""
    further = zip(receipt.more, variant.more, strict=False)  # a platform may know fewer
    return transitions.publish(
        PublishedAs(
            platform_id=receipt.platform_id,
            url=receipt.url,
            published_at=receipt.published_at,
            push_id=receipt.push_id,
            notified=receipt.notified,
            more=tuple(
                Further(platform_id=one.platform_id, url=one.url, title=article.title)
                for one, article in further
            ),
            ref=receipt.ref,
        )
    )


def after_prepare(pub: Publication, error: BaseException, now: datetime) -> Step:
    """What a failed preparation comes to. Nothing of it can be public."""
    match error:
        case MediaError() if pub.attempts + 1 < _MEDIA_ATTEMPTS:
            return _again(pub, error, now, reason="file")
        case Rejected() | MediaError():
            return transitions.fail(reason="rejected", error=facts(error))
        case AuthFailed() | UsageError():
            return _paused(pub, error, now)
        case RateLimited():
            return _postpone(pub, error, now)
        case ContractBroken() if pub.attempts + 1 >= _CONTRACT_ATTEMPTS:
            return transitions.fail(reason="contract_broken", error=facts(error))
        case PlatformError():
            return _again(pub, error, now)
        case _:
            return transitions.fail(reason="internal_error", error=facts(error))


def after_commit(
    pub: Publication, result: Pending | BaseException, began: datetime, now: datetime
) -> Step:
    """What the one call, begun at `began`, came to. `pub` is as it was before the grant.

    Whatever is not surely known becomes `unknown`.
    """
    match result:
        case Pending():
            return transitions.pend(result.ref, poll_at=next_look(0, now, result.poll_s))
        case Rejected() | MediaError():
            return transitions.fail(
                reason="rejected",
                error=facts(result),
                commits=pub.commits,
                by_hand=fallback(pub, result, now),
            )
        case AuthFailed():
            return _paused(pub, result, now)
        case RateLimited():
            return _postpone(pub, result, now)
        case OutcomeUnknown() | ContractBroken():
            return _lost(pub, result, began, now)
        case PlatformError():
            return _again(pub, result, now)
        case _:
            # Our own mistake after the call may have gone out: no retry before a look.
            return _lost(pub, result, began, now)


def fallback(pub: Publication, error: BaseException, now: datetime) -> ByHand | None:
    """Who carries a reprint that was refused as a copy of a declared original 原创: the liaison.

    The platform's own 转载 shows the original in its layout; it asks for no whitelist. None for
    any other refusal, and once its window has closed.
    """
    if not isinstance(error, Copied) or pub.kind is not Kind.REPRINT or now >= pub.not_after:
        return None
    return by_hand(pub, "not_whitelisted", now)


def too_late(pub: Publication, now: datetime) -> Step:
    """The grant took too long to be written, for its lease or for the last look: not called."""
    return transitions.wait(
        until=now,
        reason="unavailable",
        attempts=pub.attempts,
        commits=pub.commits,
        error={"message": "ledger_slow"},
    )


def _lost(pub: Publication, error: BaseException, began: datetime, now: datetime) -> Step:
    return transitions.lose(
        find_at=now + timedelta(seconds=_FIRST_LOOK_S),
        doubt_since=pub.doubt_since or began,
        error=facts(error),
        reason=DUPLICATE if isinstance(error, AlreadyThere) else "",
    )


def _paused(pub: Publication, error: BaseException, now: datetime) -> Step:
    return transitions.hold(
        Hold.PAUSED,
        look_at=look_at(Hold.PAUSED, pub, now),
        commits=pub.commits,
        error=facts(error),
    )


def _postpone(pub: Publication, error: RateLimited, now: datetime) -> Step:
    # A time that has passed already tells nothing; taking it would ask again at once, for ever.
    until = backoff(3, now)
    if error.retry_at is not None and error.retry_at > now:
        until = error.retry_at
    return transitions.wait(
        # Not beyond the window, so that somebody is told when it closes.
        until=min(until, pub.not_after),
        reason="quota",
        attempts=pub.attempts,
        commits=pub.commits,
        error=facts(error),
    )


def _again(pub: Publication, error: BotError, now: datetime, reason: str = "unavailable") -> Step:
    attempts = pub.attempts + 1
    return transitions.wait(
        until=min(backoff(attempts, now), pub.not_after),
        reason=reason,
        attempts=attempts,
        commits=pub.commits,
        error=facts(error),
    )
