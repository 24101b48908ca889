"""May it go now? Every obstacle alone, in their order, and what a woken hold comes to."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.admission import FRESH, Standing, admit, needs_look, reprint_due_at, wake
from bot.domain.post import Kind
from bot.domain.publication import MAX_COMMITS, Hold, State
from bot.domain.roster import AccountStatus, day_of
from bot.domain.step import Terms, terms_of
from tests.bot.domain.making import LATER, NOW, account, publication, unit

FINE = Standing(
    account=account(),
    unit=unit(),
    paused="",
    frozen=False,
    first_release_at=None,
    now=NOW,
)
REPRINT: dict[str, Any] = {"kind": Kind.REPRINT, "offset_s": 600}


def test_what_is_due_and_fit_may_go() -> None:
    """An original needs no release."""
    assert admit(publication(), FINE) is None


def test_before_its_embargo_ends_it_waits() -> None:
    """Until then, or until its window closes."""
    noon = NOW + timedelta(hours=2)
    step = admit(publication(not_before=noon, not_after=noon + timedelta(hours=1)), FINE)
    assert step is not None
    assert (step.to, step.changes["reason"]) == (State.WAITING, "embargo")
    assert step.changes["next_at"] == noon
    assert admit(publication(not_before=NOW), FINE) is None
    closing = admit(publication(not_before=noon, not_after=noon - timedelta(hours=1)), FINE)
    assert closing is not None
    assert closing.changes["next_at"] == noon - timedelta(hours=1)


HOLDS: list[tuple[Hold, dict[str, Any], dict[str, Any]]] = [
    (Hold.REGISTRY, {"account": account(filing="")}, {}),
    (Hold.REGISTRY, {"account": account(status=AccountStatus.PAUSED)}, {}),
    (Hold.REGISTRY, {"account": account(status=AccountStatus.CLOSED)}, {}),
    (Hold.REGISTRY, {"account": account(closed=day_of(NOW))}, {}),
    (Hold.REGISTRY, {"account": account(verified_name="别的单位")}, {}),
    (Hold.REGISTRY, {"unit": unit(closed=day_of(NOW))}, {}),
    (Hold.PAUSED, {"paused": "invalid credential"}, {}),
    (Hold.FROZEN, {"frozen": True}, {}),
    (Hold.FIRST_RELEASE, {}, REPRINT),
    (Hold.ACCEPTANCE, {"first_release_at": NOW}, {**REPRINT, "needs_acceptance": True}),
]


@pytest.mark.parametrize(("why", "around", "mine"), HOLDS)
def test_each_obstacle_holds_it(why: Hold, around: dict[str, Any], mine: dict[str, Any]) -> None:
    """With the role that must act in the reason; and it wakes to the same hold."""
    at = replace(FINE, **around)
    step = admit(publication(**mine), at)
    assert step is not None
    assert (step.to, step.changes["reason"]) == (State.HELD, why.value)
    held = publication(state=State.HELD, reason=why.value, **mine)
    assert wake(held, at) is None
    missed = wake(held, replace(at, now=LATER))
    assert missed is not None
    assert (missed.to, missed.changes["reason"]) == (State.MISSED, why.value)


@pytest.mark.parametrize("why", [Hold.REGISTRY, Hold.PAUSED, Hold.FROZEN])
def test_an_obstacle_that_is_gone_lets_go(why: Hold) -> None:
    """Looked at from present facts alone; the planned time stays."""
    pub = publication(state=State.HELD, reason=why.value)
    step = wake(pub, replace(FINE, now=NOW + timedelta(hours=1)))
    assert step is not None
    assert step.to is State.PLANNED
    assert step.changes["due_at"] == NOW
    assert step.changes["next_at"] == NOW + timedelta(hours=1)


def test_one_obstacle_may_follow_another() -> None:
    """Released now, but the unit must still agree."""
    pub = publication(
        state=State.HELD, reason=Hold.FIRST_RELEASE.value, needs_acceptance=True, **REPRINT
    )
    step = wake(pub, replace(FINE, first_release_at=NOW))
    assert step is not None
    assert step.changes["reason"] == Hold.ACCEPTANCE.value


def test_an_error_in_the_calendar_ends_with_the_calendar() -> None:
    """Not by itself."""
    assert wake(publication(state=State.HELD, reason=Hold.CHECK.value), FINE) is None


def test_a_missing_review_ends_with_the_review_and_comes_before_anything_else() -> None:
    """Nobody is asked to agree to a text, or to mend an account for it, that may be refused yet."""
    waiting = publication(state=State.HELD, reason=Hold.REVIEW.value, needs_acceptance=True)
    assert wake(waiting, replace(FINE, unreviewed=True, frozen=True, paused="dead")) is None
    step = wake(waiting, FINE)
    assert step is not None
    assert step.changes["reason"] == Hold.ACCEPTANCE.value


def test_by_hand_a_dead_credential_does_not_matter() -> None:
    """Nothing of ours logs in."""
    assert admit(publication(by_hand=True), replace(FINE, paused="dead")) is None


def test_at_the_end_of_its_window_it_is_missed() -> None:
    """Whatever else would hold it."""
    step = admit(publication(), replace(FINE, now=LATER, frozen=True))
    assert step is not None
    assert (step.to, step.changes["reason"]) == (State.MISSED, "window_passed")


def test_no_more_calls_than_permitted() -> None:
    """The sixth is refused before it is asked for."""
    step = admit(publication(commits=MAX_COMMITS), FINE)
    assert step is not None
    assert (step.to, step.changes["reason"]) == (State.FAILED, "too_many_commits")


@pytest.mark.parametrize("why", ["removed", "withdrawn"])
def test_what_was_called_off_in_flight_never_goes(why: str) -> None:
    """It keeps who called it off."""
    step = admit(publication(withdrawn=why), FINE)
    assert step is not None
    assert (step.to, step.changes["reason"]) == (State.CANCELLED, why)


@pytest.mark.parametrize("not_before", [None, NOW])
def test_terms_noted_for_later_are_the_same_terms(not_before: datetime | None) -> None:
    """The note is plain data."""
    pub = publication()
    names = set(Terms.__dataclass_fields__) - {"not_before"}
    terms = Terms(**{name: getattr(pub, name) for name in names}, not_before=not_before)
    assert terms_of(json.loads(json.dumps(terms.note(blocked=False)))) == terms


def test_what_was_corrected_in_flight_goes_in_its_new_words() -> None:
    """The draft of the old ones is thrown away."""
    terms = Terms(
        due_at=NOW,
        not_after=NOW + timedelta(hours=6),
        content_hash="b",
        kind=publication().kind,
        method=publication().method,
        by_hand=False,
        needs_acceptance=False,
        offset_s=0,
    )
    wish = terms.note(blocked=False)
    pub = publication(
        changed_hash="b",
        wanted=wish,
        checkpoint={"draft": "old"},
        doubt_since=NOW - timedelta(hours=1),
        cleared_at=NOW,
    )
    stale = replace(pub, cleared_at=NOW - timedelta(hours=1))
    first = admit(stale, FINE)
    assert first is not None
    assert first.name == "publication.look_first"  # for the old words, which may be out
    step = admit(pub, FINE)
    assert step is not None
    assert (step.changes["content_hash"], step.changes["checkpoint"]) == ("b", {})
    assert (step.changes["changed_hash"], step.changes["wanted"]) == ("", {})
    assert step.changes["doubt_since"] is None
    blocked = admit(replace(pub, wanted=terms.note(blocked=True)), FINE)
    assert blocked is not None
    assert (blocked.to, blocked.changes["reason"]) == (State.HELD, Hold.CHECK)


def test_a_call_in_doubt_needs_a_fresh_look() -> None:
    """Never looked, looked long ago, looked just now."""
    assert not needs_look(publication(), NOW)
    assert needs_look(publication(doubt_since=NOW), NOW)
    looked = publication(doubt_since=NOW, cleared_at=NOW)
    assert not needs_look(looked, NOW + FRESH)
    assert needs_look(looked, NOW + FRESH + timedelta(seconds=1))


@given(st.integers(0, 10**6), st.integers(-(10**6), 10**6))
def test_a_reprint_never_goes_before_its_release(offset_s: int, late_s: int) -> None:
    """Nor in the past."""
    release = NOW + timedelta(seconds=late_s)
    due_at = reprint_due_at(publication(offset_s=offset_s), release, NOW)
    assert due_at >= max(release, NOW)


def test_a_day_of_closing_to_come_and_a_certification_that_ended_hold_nothing() -> None:
    """What an account may do without its certification is the platform's to say."""
    yesterday, tomorrow = day_of(NOW - timedelta(days=1)), day_of(NOW + timedelta(days=1))
    around = replace(FINE, account=account(closed=tomorrow, verified_until=yesterday))
    assert admit(publication(), around) is None
