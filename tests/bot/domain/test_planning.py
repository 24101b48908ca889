"""From calendar and roster to publications, and how that differs from what the ledger has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.planning import (
    Change,
    ChangeKind,
    Desired,
    desired,
    diff,
    first_hold,
)
from bot.domain.post import Kind, Method, Post
from bot.domain.publication import Hold, Publication, State
from bot.domain.roster import ReprintPolicy, Roster
from tests.bot.domain.making import (
    CLIP,
    LATER,
    NOW,
    account,
    carried_out,
    fitness,
    key_item,
    moved,
    post,
    publication,
    roster,
)

AUTO, CONFIRM, MANUAL = ReprintPolicy.AUTO, ReprintPolicy.CONFIRM, ReprintPolicy.MANUAL
FLAGSHIP = account(flagship=True)
HOUR = timedelta(hours=1)


def wish(
    one: Post, members: Roster, content: str = "a", blocked: Sequence[str] = ()
) -> list[Desired]:
    """What the calendar asks for."""
    return desired(one, members, fitness(members), content_hash=content, blocked=blocked)


def compare(
    wanted: Sequence[Desired], known: Sequence[Publication], **more: object
) -> list[Change]:
    """The differences at ten."""
    given_: dict[str, object] = {"keep": (), "released": {}, "now": NOW - HOUR, **more}
    return diff(wanted, known, **given_)  # type: ignore[arg-type]


# ── who carries what ──────────────────────────────────────────────────────────────────────────


def test_an_ordinary_post_is_for_its_own_accounts_only() -> None:
    """Whatever the other accounts' policy is."""
    members = roster(FLAGSHIP, account("u02-wechat", reprint=AUTO))
    (only,) = wish(post(), members)
    assert (only.account.id, only.kind, only.not_after) == ("u01-wechat", Kind.ORIGINAL, LATER)


def test_an_account_may_follow_later_and_nothing_goes_before_the_embargo() -> None:
    """The window begins with the account's own time; reprints keep the embargo too."""
    members = roster(FLAGSHIP, account("u01-weibo"), account("u02-wechat", reprint=AUTO))
    item = post(
        key=key_item(),
        accounts=("u01-wechat", "u01-weibo"),
        delays={"u01-weibo": HOUR},
        embargo_until=NOW,
    )
    first, second, reprint = wish(item, members)
    assert (first.due_at, first.not_after) == (NOW, LATER)
    assert (second.due_at, second.not_after) == (NOW + HOUR, LATER + HOUR)
    assert {want.not_before for want in (first, second, reprint)} == {NOW}
    assert item.first_due_at == NOW


def test_a_key_item_goes_to_whoever_opted_in() -> None:
    """By policy; by hand where the policy or the platform says so; never twice on one account."""
    members = roster(
        FLAGSHIP,
        account("u02-wechat", reprint=AUTO),
        account("u03-wechat", reprint=CONFIRM),
        account("u04-wechat", reprint=MANUAL),
        account("u05-website", reprint=AUTO),
        account("u06-wechat", reprint=AUTO, mode="handoff"),
        account("u07-wechat"),
    )
    found = {want.account.id: want for want in wish(post(key=key_item()), members)}
    assert set(found) == set(members.accounts) - {"u07-wechat"}
    kinds = {name: want.kind for name, want in found.items()}
    assert kinds.pop("u01-wechat") is Kind.ORIGINAL
    assert set(kinds.values()) == {Kind.REPRINT}
    assert [name for name, want in found.items() if want.by_hand] == [
        "u04-wechat",
        "u05-website",
        "u06-wechat",
    ]
    assert [name for name, want in found.items() if want.needs_acceptance] == ["u03-wechat"]


def test_a_key_item_goes_only_where_it_suits_and_is_not_exempt() -> None:
    """A text without a video is nothing for Douyin, one without a body nothing for WeChat."""
    members = roster(
        FLAGSHIP,
        account("u02-douyin", reprint=AUTO),
        account("u03-weibo", reprint=AUTO),
        account("u04-wechat", reprint=AUTO),
        account("u05-wechat", reprint=AUTO),
    )
    item = post(key=key_item(exempt={"u05": "无关"}))
    assert [want.account.id for want in wish(item, members)] == [
        "u01-wechat",
        "u03-weibo",
        "u04-wechat",
    ]
    clip = post(key=key_item(), body="", text="", video=CLIP)
    assert [want.account.id for want in wish(clip, members)] == ["u01-wechat", "u02-douyin"]


@given(st.integers(1, 60), st.integers(0, 48))
def test_reprints_are_spread_evenly_within_the_window(count: int, hours: int) -> None:
    """The first a step after the release, the last before the end, in roster order."""
    members = roster(
        FLAGSHIP, *(account(f"u{n + 2:02d}-wechat", reprint=AUTO) for n in range(count))
    )
    item = post(key=key_item(spread=timedelta(hours=hours)))
    offsets = [want.offset_s for want in wish(item, members) if want.kind is Kind.REPRINT]
    assert len(offsets) == count
    assert offsets == sorted(offsets)
    assert all(0 <= offset <= hours * 3600 for offset in offsets)
    if hours:
        assert offsets[0] > 0
        assert offsets[-1] < hours * 3600


def test_mass_sends_are_the_posts_choice_and_for_reprints_the_accounts() -> None:
    """Quota is the unit's own."""
    members = roster(FLAGSHIP, account("u02-wechat", reprint=AUTO, push=True))
    found = {want.account.id: want.method for want in wish(post(key=key_item()), members)}
    assert found == {"u01-wechat": Method.PUBLISH, "u02-wechat": Method.PUSH}


# ── differences ───────────────────────────────────────────────────────────────────────────────


def one(change: list[Change]) -> Change:
    """The only change."""
    (only,) = change
    return only


MEMBERS = roster(FLAGSHIP)


def test_what_is_new_is_new() -> None:
    """And blocked when `bot check` finds an error in it."""
    assert one(compare(wish(post(), MEMBERS), [])).kind is ChangeKind.NEW
    (want,) = wish(post(), MEMBERS, blocked=["u01-wechat"])
    assert one(compare([want], [])).kind is ChangeKind.BLOCKED
    assert first_hold(want, None) is Hold.CHECK


@pytest.mark.parametrize("state", [State.PLANNED, State.WAITING, State.QUEUED, State.HANDED_OFF])
def test_what_is_moved_or_edited_before_sending_follows(state: State) -> None:
    """Under a lease too: the worker finds its lease gone before it can send."""
    pub = publication(state=state, checkpoint={"draft": "old"})
    later = one(compare(wish(post(due_at=NOW + HOUR), MEMBERS), [pub]))
    assert later.kind is ChangeKind.MOVED
    edited = one(compare(wish(post(), MEMBERS, content="b"), [pub]))
    assert edited.kind is ChangeKind.CHANGED
    after = moved(pub, edited)
    assert (after.state, after.content_hash, after.checkpoint) == (State.PLANNED, "b", {})
    assert after.lease is None


@pytest.mark.parametrize("state", [State.SENDING, State.UNKNOWN, State.PENDING, State.PUBLISHED])
def test_what_is_edited_after_sending_is_a_notice_once(state: State) -> None:
    """And none any more when the edit is taken back."""
    pub = publication(state=state)
    change = one(compare(wish(post(), MEMBERS, content="b"), [pub]))
    assert change.kind is ChangeKind.CHANGED_AFTER
    after = moved(pub, change)
    assert (after.state, after.content_hash, after.changed_hash) == (state, "a", "b")
    assert compare(wish(post(), MEMBERS, content="b"), [after]) == []
    back = moved(after, one(compare(wish(post(), MEMBERS, content="a"), [after])))
    assert back.changed_hash == ""
    assert compare(wish(post(), MEMBERS), [back]) == []


def test_moving_what_is_under_way_counts_only_if_it_proves_not_public() -> None:
    """What is out already cannot be moved."""
    later = wish(post(due_at=NOW + HOUR), MEMBERS)
    for state in (State.SENDING, State.UNKNOWN, State.PENDING):
        pub = publication(state=state)
        after = moved(pub, one(compare(later, [pub])))
        assert (after.state, after.due_at) == (state, pub.due_at)
        assert after.wanted["due_at"] == (NOW + HOUR).isoformat()
        assert compare(later, [after]) == []
        assert moved(after, one(compare(wish(post(), MEMBERS), [after]))).wanted == {}
    assert compare(later, [publication(state=State.PUBLISHED)]) == []


def test_a_row_in_doubt_is_not_changed_before_it_has_been_looked_at() -> None:
    """A look for the new words would not find the old ones."""
    pub = publication(state=State.HELD, reason="frozen", doubt_since=NOW)
    after = moved(pub, one(compare(wish(post(), MEMBERS, content="b"), [pub])))
    assert (after.content_hash, after.changed_hash) == (pub.content_hash, "b")
    assert after.wanted["content_hash"] == "b"


def test_a_correction_taken_back_before_the_second_try_is_not_sent() -> None:
    """It was noted while in doubt; meanwhile the look said "not there"."""
    pub = publication(state=State.WAITING, changed_hash="b", wanted={"content_hash": "b"})
    after = moved(pub, one(compare(wish(post(), MEMBERS, content="a"), [pub])))
    assert (after.content_hash, after.changed_hash) == ("a", "")


def test_what_is_removed_is_called_off_unless_its_file_is_broken() -> None:
    """`keep` names the posts of files that could not be read."""
    pub = publication()
    change = one(compare([], [pub]))
    assert change.kind is ChangeKind.REMOVED
    assert moved(pub, change).state is State.CANCELLED
    assert compare([], [pub], keep={"p1"}) == []


def test_what_is_removed_in_flight_is_never_sent_again() -> None:
    """It may be out already; if it is not, it never goes."""
    for state in (State.SENDING, State.UNKNOWN, State.PENDING):
        pub = publication(state=state)
        after = moved(pub, one(compare([], [pub])))
        assert (after.state, after.withdrawn) == (state, "removed")
        assert compare([], [after]) == []
        back = moved(after, one(compare(wish(post(), MEMBERS), [after])))
        assert back.withdrawn == ""


def test_a_persons_withdrawal_stands_whatever_the_calendar_says() -> None:
    """In flight, and once it is cancelled."""
    withdrawn = publication(state=State.UNKNOWN, withdrawn="withdrawn")
    assert compare(wish(post(), MEMBERS), [withdrawn]) == []
    cancelled = publication(state=State.CANCELLED, reason="withdrawn")
    assert compare(wish(post(), MEMBERS), [cancelled]) == []


@pytest.mark.parametrize("state", [State.FAILED, State.MISSED, State.CANCELLED])
def test_what_the_calendar_says_of_what_is_over_is_noted_for_a_retry(state: State) -> None:
    """An error in it too; and no more once that is mended."""
    pub = publication(state=state, reason="withdrawn")
    blocked = wish(post(), MEMBERS, blocked=["u01-wechat"])
    after = moved(pub, one(compare(blocked, [pub])))
    assert (after.state, after.wanted["blocked"]) == (state, True)
    assert compare(blocked, [after]) == []
    mended = moved(after, one(compare(wish(post(), MEMBERS), [after])))
    assert (mended.state, mended.wanted) == (state, {})


@pytest.mark.parametrize("state", [State.PUBLISHED, State.FAILED, State.MISSED, State.CANCELLED])
def test_what_is_over_is_not_removed(state: State) -> None:
    """The ledger keeps what happened."""
    assert compare([], [publication(state=state)]) == []


def test_what_was_removed_comes_back_while_its_window_is_open() -> None:
    """Afterwards it would only be missed; and an exempt unit is not asked again."""
    pub = publication(state=State.CANCELLED, reason="removed")
    wanted = wish(post(), MEMBERS)
    change = one(compare(wanted, [pub]))
    assert change.kind is ChangeKind.RESTORED
    assert moved(pub, change).state is State.PLANNED
    assert compare([replace(want, excused=True) for want in wanted], [pub]) == []
    assert compare(wish(post(), MEMBERS), [pub], now=LATER) == []


def test_an_error_holds_and_its_end_lets_go() -> None:
    """From any state that was not sent."""
    blocked = wish(post(), MEMBERS, blocked=["u01-wechat"])
    pub = publication()
    change = one(compare(blocked, [pub]))
    assert change.kind is ChangeKind.BLOCKED
    held = moved(pub, change)
    assert (held.state, held.reason, held.next_at) == (State.HELD, "check_failed", LATER)
    assert compare(blocked, [held]) == []
    assert moved(held, one(compare(wish(post(), MEMBERS), [held]))).state is State.PLANNED


def test_a_refused_post_goes_again_only_once_it_says_something_else() -> None:
    """Moving it is no cure."""
    pub = publication(state=State.FAILED, reason="rejected")
    assert compare(wish(post(), MEMBERS), [pub]) == []
    noted = moved(pub, one(compare(wish(post(due_at=NOW + HOUR), MEMBERS), [pub])))
    assert (noted.state, noted.wanted["due_at"]) == (State.FAILED, (NOW + HOUR).isoformat())
    change = one(compare(wish(post(), MEMBERS, content="b"), [pub]))
    assert moved(pub, change).state is State.PLANNED


def test_a_retry_after_the_window_is_not_undone_by_the_calendar() -> None:
    """The person's longer window stays; a calendar that moves it anew counts again."""
    pub = publication(not_after=LATER + 24 * HOUR)
    assert compare(wish(post(), MEMBERS), [pub], now=LATER + HOUR) == []
    fresh = post(due_at=LATER + 5 * HOUR)
    change = one(compare(wish(fresh, MEMBERS), [pub], now=LATER + HOUR))
    assert moved(pub, change).due_at == fresh.due_at


def test_terms_of_the_roster_follow_too() -> None:
    """Mass send or not, by hand or not, asked first or not."""
    pub = publication(method=Method.PUSH)
    assert moved(pub, one(compare(wish(post(), MEMBERS), [pub]))).method is Method.PUBLISH
    by_hand = roster(replace(FLAGSHIP, mode="handoff"))
    pub = publication()
    assert moved(pub, one(compare(wish(post(), by_hand), [pub]))).by_hand is True


def test_after_the_release_a_reprint_keeps_its_own_time() -> None:
    """It follows the release, not the calendar."""
    members = roster(FLAGSHIP, account("u02-wechat", reprint=AUTO))
    first, reprint = wish(post(key=key_item()), members)
    pub = replace(
        publication(id=2, kind=Kind.REPRINT, account="u02-wechat", offset_s=reprint.offset_s),
        due_at=NOW + 9 * HOUR,
        not_after=reprint.not_after,
    )
    done = publication(state=State.PUBLISHED)
    known = [done, pub]
    assert compare([first, reprint], known, released={"p1": NOW + 8 * HOUR}) == []


STATES = st.sampled_from(sorted(State))
CONTENTS = st.sampled_from(["a", "b", "c"])
POLICIES = st.sampled_from(sorted(ReprintPolicy))


@given(
    state=STATES,
    reason=st.sampled_from(["", "removed", "withdrawn", "rejected", "quota"]),
    hold=st.sampled_from(sorted(Hold)),
    mine=CONTENTS,
    wanted=CONTENTS,
    noted=st.sampled_from(["", "a", "b", "c"]),
    withdrawn=st.sampled_from(["", "removed", "withdrawn"]),
    blocked=st.booleans(),
    shift_h=st.integers(-30, 30),
    window_h=st.integers(1, 60),
    push=st.booleans(),
    there=st.booleans(),
)
def test_applying_the_differences_leaves_none(
    state: State,
    reason: str,
    hold: Hold,
    mine: str,
    wanted: str,
    noted: str,
    withdrawn: str,
    blocked: bool,
    shift_h: int,
    window_h: int,
    push: bool,
    there: bool,
) -> None:
    """Whatever the ledger has and whatever the calendar says: in the end nothing is left to do.

    What is in flight may take two readings, one that calls it off or back and one for its text.
    No difference ever leads what was sent back to be sent.
    """
    in_flight = state in {State.SENDING, State.UNKNOWN, State.PENDING}
    pub = publication(
        state=state,
        reason=hold.value if state is State.HELD else reason,
        content_hash=mine,
        changed_hash=noted,
        withdrawn=withdrawn,
    )
    moved_post = post(due_at=NOW + shift_h * HOUR, window=timedelta(hours=window_h), push=push)
    asked = wish(moved_post, MEMBERS, wanted, ["u01-wechat"] if blocked else []) if there else []
    after = pub
    for _reading in range(2 if in_flight else 1):
        for change in compare(asked, [after]):
            assert change.publication == pub.id
            after = moved(after, change)
    assert compare(asked, [after]) == []
    if in_flight or state is State.PUBLISHED:
        assert after.state is state


@given(st.lists(POLICIES, min_size=1, max_size=8), st.booleans())
def test_a_new_plan_applied_leaves_no_difference(
    policies: list[ReprintPolicy], blocked: bool
) -> None:
    """All kinds of reprint policy."""
    members = roster(
        FLAGSHIP, *(account(f"u{n + 2:02d}-wechat", reprint=p) for n, p in enumerate(policies))
    )
    asked = wish(post(key=key_item()), members, blocked=["u01-wechat"] if blocked else [])
    known = []
    for number, change in enumerate(compare(asked, [])):
        assert change.desired is not None
        held = first_hold(change.desired, None)
        state = State.HELD if held else State.PLANNED
        known.append(replace(carried_out(change, number), state=state, reason=held or ""))
    assert compare(asked, known) == []
