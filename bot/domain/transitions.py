"""Every change of a publication's state: one function each, pure, giving one `Step`.

The ledger carries a step out as compare-and-set and writes its event row in the same transaction
(bot/ledger/journal.py). Nothing else writes a state.

    planned ─claim─▶ queued ─grant─▶ sending ─▶ published, pending, unknown, waiting, failed
       ▲               │                           pending, unknown ─find─▶ published, failed, …
       └─release─ held ◀┘                          unknown ─"not there"─▶ waiting ─claim─▶ queued
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from bot.domain.post import Method
from bot.domain.publication import GIVEN, UNSENT, Hold, State
from bot.domain.step import ByHand, PublishedAs, Step, Terms, told_by
from bot.domain.step import made as _step

_SENT = frozenset({State.SENDING, State.UNKNOWN, State.PENDING})
# What a person may still declare published: anything that has not been called off.
_CONFIRMABLE = (_SENT | UNSENT | {State.FAILED}) - {State.QUEUED, State.SENDING}
Note = Mapping[str, object]  # terms a row cannot take yet (bot/domain/step.py)


def _of(*states: State) -> frozenset[State]:
    return frozenset(states)


# ── on the way to the platform ────────────────────────────────────────────────────────────────


def claim(*, lease_until: datetime) -> Step:
    """planned, waiting → queued: a message for the queue is about to be written."""
    return _step("queued", _of(State.PLANNED, State.WAITING), State.QUEUED, next_at=lease_until)


def save_checkpoint(checkpoint: Mapping[str, str]) -> Step:
    """queued: uploads or a draft exist now and need not be made again."""
    return _step(
        "prepared",
        _of(State.QUEUED),
        None,
        checkpoint=dict(checkpoint),
        facts={"keys": sorted(checkpoint)},
    )


def prepare_ahead(checkpoint: Mapping[str, str]) -> Step:
    """planned, held, waiting: prepared before its turn, for a preview; its turn goes on from it."""
    sources = _of(State.PLANNED, State.HELD, State.WAITING)
    changes = {"checkpoint": dict(checkpoint)}
    return _step("prepared", sources, None, more=changes, facts={"keys": sorted(checkpoint)})


def grant(
    *, now: datetime, lease: str, lease_until: datetime, commits: int, method: Method
) -> Step:
    """queued → sending: the one permission to call `commit` once. `commits` counts this call.

    The lease stays, so that only its holder can say what came of the call.
    """
    return _step(
        "granted",
        _of(State.QUEUED),
        State.SENDING,
        next_at=lease_until,
        lease=lease,
        committed_at=now,
        commits=commits,
        paid=method.value,
        finds=0,
        # What an earlier call came to says nothing about this one.
        pending={},
        cleared_at=None,
        facts={"commit": commits},
    )


def look_first(*, look_at: datetime, finds: int) -> Step:
    """queued → unknown: an earlier call is still in doubt, and the last look at it is too old."""
    return _step("look_first", _of(State.QUEUED), State.UNKNOWN, next_at=look_at, finds=finds)


def hand_off(*, package: str, fallback: str = "") -> Step:
    """queued → handed_off: the package is complete; the unit's officer has it now.

    It stays with them from then on, for nobody knows whether they have used it already;
    `fallback` is why it was theirs before.
    """
    return _step(
        "handed_off",
        _of(State.QUEUED),
        State.HANDED_OFF,
        next_at=None,
        fallback=fallback or GIVEN,
        facts={"package": package},
    )


def give_back(*, now: datetime, why: str) -> Step:
    """queued → planned: the worker stops, or its lease ran out, before anything was sent."""
    return _step("given_back", _of(State.QUEUED), State.PLANNED, next_at=now, facts={"why": why})


# ── what came of it ───────────────────────────────────────────────────────────────────────────


def publish(receipt: PublishedAs, *, by: str = "", in_doubt: bool = False) -> Step:
    """→ published, only with a platform id or a link. `by` names the person who confirmed.

    `in_doubt`: also of a cancelled one, which may have gone out before it was called off.
    """
    if not (receipt.platform_id or receipt.url):
        raise ValueError("published needs a platform id or a link")
    return _step(
        "confirmed" if by else "published",
        _confirmable(in_doubt) if by else _SENT | _of(State.HANDED_OFF),
        State.PUBLISHED,
        next_at=None,
        platform_id=receipt.platform_id,
        url=receipt.url,
        published_at=receipt.published_at,
        error={},
        pending=dict(receipt.ref),  # needed to take it back
        wanted={},
        facts={**told_by(receipt), "by": by},
        published=receipt,
    )


def unconfirm(*, by: str, text: str, sent: bool = False) -> Step:
    """published → handed_off: the word by which it counted as public was taken back.

    A person's, or that of reading. Of one that a call may have sent (`sent`): → unknown.
    """
    return _step(
        "unconfirmed",
        _of(State.PUBLISHED),
        State.UNKNOWN if sent else State.HANDED_OFF,
        next_at=None,
        platform_id="",
        url="",
        published_at=None,
        facts={"by": by, "text": text},
    )


def _confirmable(in_doubt: bool) -> frozenset[State]:
    return _CONFIRMABLE | {State.CANCELLED} if in_doubt else _CONFIRMABLE


def pend(ref: Mapping[str, str], *, poll_at: datetime) -> Step:
    """→ pending: accepted, the platform reviews; looked at again at `poll_at`.

    A package too, once the platform has said what became of it.
    """
    return _step(
        "pending",
        _SENT | _of(State.HANDED_OFF),
        State.PENDING,
        next_at=poll_at,
        pending=dict(ref),
        facts={"ref": dict(ref)},
    )


def poll_later(*, poll_at: datetime, finds: int, error: Mapping[str, object]) -> Step:
    """pending, unknown: looked, nothing decided yet."""
    return _step(
        "looked",
        _of(State.PENDING, State.UNKNOWN),
        None,
        next_at=poll_at,
        finds=finds,
        lease=None,
        error=dict(error),
        facts={"finds": finds, **({"error": dict(error)} if error else {})},
    )


def lose(
    *,
    find_at: datetime,
    doubt_since: datetime | None,
    error: Mapping[str, object],
    reason: str = "",
) -> Step:
    """sending → unknown: no trustworthy answer, or the worker died; `find` comes next."""
    return _step(
        "lost",
        _of(State.SENDING),
        State.UNKNOWN,
        next_at=find_at,
        doubt_since=doubt_since,
        reason=reason,
        error=dict(error),
        facts={"error": dict(error)},
    )


def ask_person(*, why: str, doubt_since: datetime | None) -> Step:
    """unknown, pending → unknown that the bot cannot settle: a person must look."""
    return _step(
        "needs_person",
        _of(State.UNKNOWN, State.PENDING),
        State.UNKNOWN,
        next_at=None,
        reason=why,
        doubt_since=doubt_since,
        facts={"why": why},
    )


def not_there(*, looked_at: datetime) -> Step:
    """unknown → waiting: a look just said it did not go out, so `commit` may be called again."""
    return _step(
        "not_there",
        _of(State.UNKNOWN),
        State.WAITING,
        next_at=looked_at,
        reason="not_published",
        pending={},
        cleared_at=looked_at,
    )


def wait(
    *, until: datetime, reason: str, attempts: int, commits: int, error: Mapping[str, object]
) -> Step:
    """queued, sending → waiting: quota, rate limit or outage; surely nothing was published.

    `commits` is the count before a refused call: a call that surely did nothing is given back.
    """
    return _step(
        "postponed",
        _of(State.QUEUED, State.SENDING),
        State.WAITING,
        next_at=until,
        reason=reason,
        attempts=attempts,
        commits=commits,
        error=dict(error),
        facts={"until": until.isoformat(), "reason": reason, "error": dict(error)},
    )


def fail(
    *,
    reason: str,
    error: Mapping[str, object],
    commits: int | None = None,
    doubt_since: datetime | None = None,
    key: str = "",
    by_hand: ByHand | None = None,
) -> Step:
    """→ failed: content or account refused; the author must act.

    `commits` is the count before a refused call: a sure refusal is given back. A refusal also ends
    the doubt about earlier calls: each call is made only after a fresh "not there" about them. But
    where a look was refused, the doubt since `doubt_since` stays. `key` is the next call's, where
    the platform will not take the same one again. `by_hand`: a person can do what was refused to
    the bot; the next tick plans it anew for them.
    """
    given_back: dict[str, object] = {} if commits is None else {"commits": commits}
    if key:
        given_back["key"] = key
    if reason == "rejected":
        given_back |= {"doubt_since": doubt_since, "cleared_at": None}
    if by_hand is not None:
        given_back |= {"fallback": by_hand.why, "wanted": dict(by_hand.wanted)}
    return _step(
        "failed",
        _SENT | _of(State.QUEUED, State.HANDED_OFF),
        State.FAILED,
        next_at=None if by_hand is None else by_hand.now,
        reason=reason,
        error=dict(error),
        facts={"reason": reason, "error": dict(error)},
        more=given_back,
    )


def miss(*, reason: str, wanted: Note | None = None) -> Step:
    """→ missed: its window passed before it could go. `wanted` is what a retry must heed."""
    return _step(
        "missed",
        _of(State.PLANNED, State.HELD, State.QUEUED, State.WAITING),
        State.MISSED,
        next_at=None,
        reason=reason,
        facts={"reason": reason},
        more={"wanted": dict(wanted)} if wanted else {},
    )


# ── gates ─────────────────────────────────────────────────────────────────────────────────────


def hold(
    why: Hold,
    *,
    look_at: datetime,
    commits: int | None = None,
    error: Mapping[str, object] | None = None,
) -> Step:
    """→ held: a person must act first. `look_at` is when the bot sees whether they have.

    `commits` is the count before a refused call, when one was refused.
    """
    given_back: dict[str, object] = {} if commits is None else {"commits": commits}
    return _step(
        "held",
        _of(State.PLANNED, State.HELD, State.QUEUED, State.WAITING, State.SENDING),
        State.HELD,
        next_at=look_at,
        reason=why.value,
        error=dict(error or {}),
        facts={"reason": why.value, **({"error": dict(error)} if error else {})},
        more=given_back,
    )


def release(*, due_at: datetime, go_at: datetime | None = None) -> Step:
    """held → planned: what it was held for is done. `go_at` is now when `due_at` has passed."""
    return _step(
        "released",
        _of(State.HELD),
        State.PLANNED,
        next_at=go_at or due_at,
        due_at=due_at,
        error={},
        facts={"due_at": due_at.isoformat()},
    )


def accept(*, by: str, now: datetime) -> Step:
    """held: the unit's liaison said yes. The next tick sees what that leaves to wait for."""
    return _step("accepted", _of(State.HELD), None, next_at=now, accepted_by=by, facts={"by": by})


# ── the calendar and its people ───────────────────────────────────────────────────────────────


def reschedule(
    terms: Terms,
    *,
    held: Hold | None,
    next_at: datetime,
    cleared: bool = False,
    checkpoint: Mapping[str, str] | None = None,
) -> Step:
    """unsent, failed → planned (or held): the calendar changed and nothing of it is public.

    Checkpoint and attempts start anew, because a draft of the old text must not go out.
    `cleared`: a look just said that nothing of an earlier call is there, so its doubt ends.
    `checkpoint` is kept where the text is the same, so that a later look still knows its draft.
    """
    ended: dict[str, object] = {"doubt_since": None, "cleared_at": None} if cleared else {}
    return _step(
        "replanned",
        UNSENT | _of(State.FAILED),
        State.HELD if held else State.PLANNED,
        next_at=next_at,
        reason=held.value if held else "",
        checkpoint=dict(checkpoint or {}),
        pending={},
        attempts=0,
        error={},
        changed_hash="",
        withdrawn="",
        wanted={},
        facts={"due_at": terms.due_at.isoformat(), "content": terms.content_hash},
        more={**terms.columns(), **ended},
    )


def changed_after(*, content_hash: str) -> Step:
    """The calendar changed after sending: a visible notice, never a second post."""
    return _step(
        "changed_after_publishing",
        _SENT | _of(State.PUBLISHED),
        None,
        changed_hash=content_hash,
        facts={"content": content_hash},
    )


def call_off(*, reason: str, by: str = "") -> Step:
    """sending, unknown, pending: it shall not go out. If it proves not public, it never will.

    `reason` is "removed" by the calendar, or "withdrawn" by a person.
    """
    return _step("called_off", _SENT, None, withdrawn=reason, facts={"reason": reason, "by": by})


def call_off_in_doubt(*, reason: str, now: datetime, by: str = "") -> Step:
    """Not under way, but an earlier call is in doubt → unknown: called off, and looked for again.

    Cancelled at once, nobody would learn that the earlier call went out after all.
    """
    return _step(
        "called_off",
        _of(State.PLANNED, State.HELD, State.QUEUED, State.WAITING),
        State.UNKNOWN,
        next_at=now,
        withdrawn=reason,
        facts={"reason": reason, "by": by},
    )


def look_again(*, content_hash: str, wanted: Mapping[str, object], now: datetime) -> Step:
    """cancelled, missed → unknown: wanted again, and a call is still in doubt: look, then see."""
    return _step(
        "looked_for_again",
        _of(State.CANCELLED, State.MISSED),
        State.UNKNOWN,
        next_at=now,
        changed_hash=content_hash,
        wanted=dict(wanted),
        withdrawn="",
        facts={"wanted": dict(wanted)},
    )


def note_wish(*, content_hash: str, wanted: Note) -> Step:
    """Under way or in doubt: what the calendar wants now counts if it proves not public.

    `content_hash` is the new text, "" when it is the same.
    """
    return _step(
        "changed_after_publishing" if content_hash else "wish_noted",
        _SENT | _of(State.PLANNED, State.HELD, State.QUEUED, State.WAITING, State.HANDED_OFF),
        None,
        changed_hash=content_hash,
        wanted=dict(wanted),
        withdrawn="",
        facts={"content": content_hash, "wanted": dict(wanted)},
    )


def note_for_retry(*, wanted: Note) -> Step:
    """failed, missed, cancelled: what the calendar wants now counts if a person has it retried."""
    return _step(
        "wish_noted",
        _of(State.FAILED, State.MISSED, State.CANCELLED),
        None,
        wanted=dict(wanted),
        facts={"content": "", "wanted": dict(wanted)},
    )


def cancel(*, reason: str, by: str = "", text: str = "", wanted: Note | None = None) -> Step:
    """→ cancelled: removed from the calendar, withdrawn, or declined; nothing was sent.

    `reason` is a fixed word; a person's own words are `text`. `wanted` is what a retry must heed.
    """
    return _step(
        "cancelled",
        UNSENT | _of(State.FAILED),
        State.CANCELLED,
        next_at=None,
        reason=reason,
        facts={"reason": reason, "by": by, "text": text},
        more={"wanted": dict(wanted)} if wanted else {},
    )


def restore(terms: Terms, *, held: Hold | None, next_at: datetime) -> Step:
    """cancelled → planned (or held): the post is back in the calendar."""
    step = reschedule(terms, held=held, next_at=next_at)
    return replace(step, name="publication.restored", sources=_of(State.CANCELLED))


def retry(
    state: State, *, now: datetime, not_after: datetime, by: str, wanted: Note | None = None
) -> Step:
    """`state` (failed, missed, cancelled, or unknown with a person) → planned: a person says so.

    Where a call was in doubt this is the person's word that nothing of it is public. `wanted` is
    what the calendar has come to want meanwhile: it goes out so, or is held where that is faulty.
    """
    return _step(
        "retried",
        _of(state) & _of(State.FAILED, State.MISSED, State.UNKNOWN, State.CANCELLED),
        State.PLANNED,
        next_at=now,
        not_after=not_after,
        attempts=0,
        commits=0,
        doubt_since=None,
        cleared_at=None,
        withdrawn="",
        pending={},
        error={},
        facts={"by": by, "from": state.value},
        more={"wanted": dict(wanted)} if wanted else {},
    )
