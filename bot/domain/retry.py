"""When to try again: backoff after an outage, growing gaps between looks."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.publication import MAX_COMMITS

BACKOFF_S = (15, 60, 180, 600, 1800, 3600)
# WeChat allows 100 polls a day and account, hence gaps that grow quickly
# (https://developers.weixin.qq.com/doc/service/Message_Management/API_Call_Limits.html).
POLL_S = (20, 60, 180, 600, 1800, 3600)

_SOON_LEFT = 3  # with so many calls left there is no need to be sparing


def backoff(attempts: int, now: datetime) -> datetime:
    """When to try again after the `attempts`-th failure (1 for the first)."""
    return now + timedelta(seconds=BACKOFF_S[min(attempts, len(BACKOFF_S)) - 1])


def next_look(finds: int, now: datetime, first_s: int = POLL_S[0]) -> datetime:
    """When to look again after `finds` looks that decided nothing; 0 for the first look."""
    gap = first_s if finds == 0 else max(first_s, POLL_S[min(finds, len(POLL_S) - 1)])
    return now + timedelta(seconds=gap)


def next_commit(commits: int, last: datetime, not_after: datetime) -> datetime:
    """When `commit` may be called again, at the earliest, after `commits` calls in doubt.

    Soon at first; the last permitted calls are spread over the rest of the window, because an
    hour of lost answers must not use them all up. `last` is when the last call began.
    """
    left = MAX_COMMITS - commits
    soon = backoff(commits, last)
    if left >= _SOON_LEFT or not_after <= last:
        return soon
    return max(soon, last + (not_after - last) / (left + 1))
