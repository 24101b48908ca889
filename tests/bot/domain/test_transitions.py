"""Every change of state there is, and that there is no other."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import afterwards
from bot.domain import transitions as t
from bot.domain.publication import Hold, Role, State, owed_by, publication_key
from bot.domain.step import PublishedAs, Step, Terms
from tests.bot.domain.making import LATER, NOW, publication

S = State
RECEIPT = PublishedAs(platform_id="1", url="https://weibo.com/1/a", published_at=NOW)
TERMS = Terms(
    due_at=NOW,
    not_after=LATER,
    content_hash="b",
    kind=publication().kind,
    method=publication().method,
    by_hand=False,
    needs_acceptance=False,
    offset_s=0,
)
METHOD = publication().method
SENT = {S.SENDING, S.UNKNOWN, S.PENDING}
UNSENT = {S.PLANNED, S.HELD, S.QUEUED, S.WAITING, S.HANDED_OFF, S.MISSED}
# The table of docs/architecture.md, written down again: from which states a step may start.
TABLE: list[tuple[Step, set[State], State | None]] = [
    (t.claim(lease_until=LATER), {S.PLANNED, S.WAITING}, S.QUEUED),
    (t.save_checkpoint({"a": "b"}), {S.QUEUED}, None),
    (t.prepare_ahead({"a": "b"}), {S.PLANNED, S.HELD, S.WAITING}, None),
    (
        t.grant(now=NOW, lease="x", lease_until=LATER, commits=1, method=METHOD),
        {S.QUEUED},
        S.SENDING,
    ),
    (t.look_first(look_at=NOW, finds=1), {S.QUEUED}, S.UNKNOWN),
    (t.hand_off(package="p"), {S.QUEUED}, S.HANDED_OFF),
    (t.give_back(now=NOW, why="w"), {S.QUEUED}, S.PLANNED),
    (t.publish(RECEIPT), SENT | {S.HANDED_OFF}, S.PUBLISHED),
    (
        t.publish(RECEIPT, by="officer"),
        {S.UNKNOWN, S.PENDING, S.FAILED} | UNSENT - {S.QUEUED},
        S.PUBLISHED,
    ),
    (
        t.publish(RECEIPT, by="officer", in_doubt=True),
        {S.UNKNOWN, S.PENDING, S.FAILED, S.CANCELLED} | UNSENT - {S.QUEUED},
        S.PUBLISHED,
    ),
    (t.unconfirm(by="officer", text="other text"), {S.PUBLISHED}, S.HANDED_OFF),
    (t.unconfirm(by="officer", text="other", sent=True), {S.PUBLISHED}, S.UNKNOWN),
    (t.pend({}, poll_at=LATER), SENT | {S.HANDED_OFF}, S.PENDING),
    (t.poll_later(poll_at=LATER, finds=1, error={}), {S.PENDING, S.UNKNOWN}, None),
    (t.lose(find_at=NOW, doubt_since=NOW, error={}), {S.SENDING}, S.UNKNOWN),
    (t.ask_person(why="w", doubt_since=NOW), {S.UNKNOWN, S.PENDING}, S.UNKNOWN),
    (t.not_there(looked_at=NOW), {S.UNKNOWN}, S.WAITING),
    (
        t.wait(until=LATER, reason="quota", attempts=0, commits=0, error={}),
        {S.QUEUED, S.SENDING},
        S.WAITING,
    ),
    (t.fail(reason="r", error={}), SENT | {S.QUEUED, S.HANDED_OFF}, S.FAILED),
    (t.miss(reason="r"), {S.PLANNED, S.HELD, S.QUEUED, S.WAITING}, S.MISSED),
    (
        t.hold(Hold.PAUSED, look_at=LATER),
        {S.PLANNED, S.HELD, S.QUEUED, S.WAITING, S.SENDING},
        S.HELD,
    ),
    (t.release(due_at=NOW), {S.HELD}, S.PLANNED),
    (t.accept(by="x", now=NOW), {S.HELD}, None),
    (t.reschedule(TERMS, held=None, next_at=NOW), UNSENT | {S.FAILED}, S.PLANNED),
    (t.reschedule(TERMS, held=Hold.CHECK, next_at=NOW), UNSENT | {S.FAILED}, S.HELD),
    (t.changed_after(content_hash="b"), SENT | {S.PUBLISHED}, None),
    (afterwards.take_down(recall=1), {S.PUBLISHED}, None),
    (afterwards.correct(content_hash="b", recall=1), {S.PUBLISHED}, None),
    (t.call_off(reason="removed"), SENT, None),
    (
        t.call_off_in_doubt(reason="removed", now=NOW),
        {S.PLANNED, S.HELD, S.QUEUED, S.WAITING},
        S.UNKNOWN,
    ),
    (t.look_again(content_hash="", wanted={}, now=NOW), {S.CANCELLED, S.MISSED}, S.UNKNOWN),
    (
        t.note_wish(content_hash="b", wanted={}),
        SENT | {S.PLANNED, S.HELD, S.QUEUED, S.WAITING, S.HANDED_OFF},
        None,
    ),
    (
        t.note_wish(content_hash="", wanted={}),
        SENT | {S.PLANNED, S.HELD, S.QUEUED, S.WAITING, S.HANDED_OFF},
        None,
    ),
    (t.note_for_retry(wanted={}), {S.FAILED, S.MISSED, S.CANCELLED}, None),
    (t.cancel(reason="removed"), UNSENT | {S.FAILED}, S.CANCELLED),
    (t.restore(TERMS, held=None, next_at=NOW), {S.CANCELLED}, S.PLANNED),
    *(
        (t.retry(state, now=NOW, not_after=LATER, by="x"), {state}, S.PLANNED)
        for state in (S.FAILED, S.MISSED, S.UNKNOWN, S.CANCELLED)
    ),
]


@pytest.mark.parametrize(
    ("step", "sources", "to"), TABLE, ids=[f"{n}-{row[0].name}" for n, row in enumerate(TABLE)]
)
def test_a_step_starts_and_ends_where_the_table_says(
    step: Step, sources: set[State], to: State | None
) -> None:
    """And in no other state."""
    assert step.sources == sources
    assert step.to == to


def test_no_step_is_missing_from_the_table() -> None:
    """Every public function of the modules that gives a step is in it."""
    made = {step.name for step, _sources, _to in TABLE}
    assert len(made) == 30
    functions = {
        name
        for module in (t, afterwards)
        for name, thing in vars(module).items()
        if callable(thing) and getattr(thing, "__module__", "") == module.__name__
        if name[0] != "_" and name[0].islower()
    }
    # `publish` makes two, by the bot and by a person; two make "prepared".
    assert len(functions - {"terms_of"}) == 32


def test_only_one_step_leads_to_sending_and_only_from_queued() -> None:
    """The one permission: law 1 hangs on it."""
    leading = [(step.name, step.sources) for step, _s, to in TABLE if to is S.SENDING]
    assert leading == [("publication.granted", frozenset({S.QUEUED}))]


def test_nothing_but_a_person_leads_out_of_published() -> None:
    """And they only to a person: their own word taken back; to look where a call is in doubt."""
    out = [(step.name, to) for step, sources, to in TABLE if S.PUBLISHED in sources and to]
    assert out == [("publication.unconfirmed", to) for to in (S.HANDED_OFF, S.UNKNOWN)]


def test_from_pending_nothing_leads_back_to_sending_but_a_look_that_finds_nothing() -> None:
    """What a platform has accepted is never replanned or cancelled."""
    reachable = {to for _step, sources, to in TABLE if sources & {S.PENDING, S.SENDING} and to}
    assert reachable.isdisjoint({S.QUEUED, S.PLANNED, S.CANCELLED, S.MISSED, S.HANDED_OFF})


@pytest.mark.parametrize(("step", "sources", "to"), TABLE)
def test_entering_a_state_ends_lease_and_reason_of_the_one_before(
    step: Step, sources: set[State], to: State | None
) -> None:
    """Unless the new state has its own."""
    if to is None:
        assert "reason" not in step.changes
        return
    assert "lease" in step.changes
    assert (step.changes["lease"] is not None) == (to is S.SENDING)
    assert "reason" in step.changes
    assert "next_at" in step.changes
    nobody = to in {S.PUBLISHED, S.CANCELLED, S.FAILED, S.MISSED, S.HANDED_OFF}
    if nobody or step.name not in {"publication.needs_person", "publication.unconfirmed"}:
        assert (step.changes["next_at"] is None) == nobody


def test_published_needs_a_proof() -> None:
    """An id or a link."""
    with pytest.raises(ValueError, match="platform id or a link"):
        t.publish(PublishedAs(platform_id="", url="", published_at=NOW))


@pytest.mark.parametrize("state", sorted(set(S) - {S.FAILED, S.MISSED, S.UNKNOWN, S.CANCELLED}))
def test_nothing_else_can_be_tried_again(state: State) -> None:
    """Least of all what is public or on its way."""
    assert t.retry(state, now=NOW, not_after=LATER, by="x").sources == frozenset()


def test_every_state_is_owed_by_somebody_or_over() -> None:
    """For each reason it may have, with and without a time to look."""
    for state in State:
        reasons = [hold.value for hold in Hold] if state is S.HELD else ["", "quota"]
        for reason in reasons:
            for next_at in (NOW, None):
                nobody = owed_by(state, reason, next_at) is Role.NOBODY
                assert nobody == (state in {S.PUBLISHED, S.CANCELLED})


def test_an_unknown_without_a_next_look_is_the_officers() -> None:
    """With one it is the bot's."""
    assert owed_by(S.UNKNOWN, "", None) is Role.OFFICER
    assert owed_by(S.UNKNOWN, "", NOW + timedelta(seconds=1)) is Role.BOT


@given(st.text(min_size=1), st.text(min_size=1))
def test_the_key_is_short_ascii_and_the_same_for_ever(post: str, account: str) -> None:
    """WeChat's clientmsgid takes no more."""
    key = publication_key(post, account)
    assert key == publication_key(post, account)
    assert len(key) == 24
    assert key.isascii()
    assert key.isalnum()
    assert publication_key("k1", "u01-wechat") == "dd4398a4869a3ce64ca94d5a"
