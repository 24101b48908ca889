"""Backoff: never in the past, never too often, never beyond what is permitted."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.publication import MAX_COMMITS
from bot.domain.retry import BACKOFF_S, POLL_S, backoff, next_commit, next_look
from tests.bot.domain.making import NOW


@given(st.integers(1, 500))
def test_the_pauses_grow_and_have_an_upper_end(attempts: int) -> None:
    """Always later than now, at most an hour."""
    gap = backoff(attempts, NOW) - NOW
    assert timedelta(0) < gap <= timedelta(seconds=BACKOFF_S[-1])
    assert backoff(attempts + 1, NOW) >= backoff(attempts, NOW)


@given(st.integers(0, 500), st.integers(1, 7200))
def test_looks_grow_rarer(finds: int, first_s: int) -> None:
    """The first after what the platform asked for, none sooner than that."""
    gap = next_look(finds, NOW, first_s) - NOW
    assert gap >= timedelta(seconds=first_s)
    assert gap <= timedelta(seconds=max(first_s, POLL_S[-1]))


def test_a_day_of_looks_stays_within_wechats_hundred() -> None:
    """100 polls a day and account."""
    moment, looks = NOW, 0
    while moment < NOW + timedelta(days=1):
        moment = next_look(looks, moment)
        looks += 1
    assert looks < 40


@given(st.integers(1, MAX_COMMITS), st.integers(1, 72))
def test_the_permitted_calls_last_for_the_whole_window(commits: int, hours: int) -> None:
    """The first come soon; the last ones are spread."""
    end = NOW + timedelta(hours=hours)
    at = next_commit(commits, NOW, end)
    assert at > NOW
    if commits >= MAX_COMMITS - 2:
        left = MAX_COMMITS - commits
        assert at >= NOW + (end - NOW) / (left + 1)
    else:
        assert at == backoff(commits, NOW)


def test_after_the_window_there_is_still_a_pause() -> None:
    """Not a time in the past."""
    assert next_commit(MAX_COMMITS, NOW, NOW - timedelta(hours=1)) > NOW
