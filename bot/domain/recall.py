"""Taking a post back, or bringing it up to a corrected version, wherever it is shown.

Pure: from publications and reprints found by hand to what must happen on each account, and from
what has become of them since to what that means for a step.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.planning import IN_FLIGHT, OPEN
from bot.domain.publication import Publication, State


class RecallKind(StrEnum):
    """What is asked for."""

    WITHDRAW = "withdraw"
    CORRECT = "correct"


class How(StrEnum):
    """Whose move a step is."""

    AUTO = "auto"  # the bot's, through the platform
    TASK = "task"  # the unit's liaison's, by hand


class StepState(StrEnum):
    """Where a step stands."""

    OPEN = "open"  # still to be done
    DOING = "doing"  # the platform said yes; nobody has looked yet whether it shows
    DONE = "done"
    FAILED = "failed"  # a person says it cannot be done
    NEEDLESS = "needless"  # nothing of it was, or is any more, to be seen there


FIRST_WATCH = timedelta(hours=1)  # until the bot looks whether a person has done it
LIVING = frozenset({StepState.OPEN, StepState.DOING})


class Standing(StrEnum):
    """Whether the public can see it on an account."""

    UNSENT = "unsent"  # never sent, and may still be called off
    HANDED = "handed"  # a person has the package, and may have used it
    UNDER_WAY = "under_way"  # sent or in doubt; it will turn out
    PUBLIC = "public"
    DOUBTFUL = "doubtful"  # over, and an earlier call may be public all the same
    ABSENT = "absent"  # never became public
    GONE = "gone"  # was public and is not any more


@dataclass(frozen=True, kw_only=True)
class Recall:
    """An order about one post."""

    id: int
    post: str
    kind: RecallKind
    reason: str
    by: str
    at: datetime
    content_hash: str  # in force when it was ordered; a correction's aim


@dataclass(frozen=True, kw_only=True)
class RecallStep:
    """What a recall comes to on one account."""

    id: int
    recall: int
    target: str
    account: str
    unit: str
    platform: str
    publication: int | None
    item: int | None
    how: How
    state: StepState
    version: str
    made_at: datetime
    attempts: int
    next_at: datetime | None
    lease: str | None
    error: Mapping[str, object]
    done_by: str
    done_at: datetime | None
    evidence: Mapping[str, object]

    @property
    def again(self) -> int:
        """How often it was seen after it had been done."""
        count = self.evidence.get("again", 0)
        return count if isinstance(count, int) else 0

    def held(self, now: datetime) -> bool:
        """True while somebody works on it."""
        return self.lease is not None and self.next_at is not None and self.next_at > now


@dataclass(frozen=True, kw_only=True)
class Carrier:
    """One place where the post is, was or may be shown."""

    target: str  # "p12" a publication, "i7" an item found by hand; a step's name within its recall
    account: str
    unit: str
    platform: str
    standing: Standing
    publication: int | None = None
    item: int | None = None
    by_bot: bool = False  # the bot published it, so the bot may take it back
    version: str = ""  # which version it shows; "" when no text tells
    follows: bool = False  # a repost within the platform: it shows whatever the original shows
    same_form: bool = False  # this account's form is the same in both versions
    url: str = ""
    seen_at: datetime | None = None  # when a reading last listed it


@dataclass(frozen=True, kw_only=True)
class NewStep:
    """A step that is wanted and not there yet."""

    carrier: Carrier
    how: How
    state: StepState
    waits: bool = False  # for the publication's outcome: nothing can be done before
    word: str = ""  # a fixed one, for a step that is over from the beginning

    def look_at(self, now: datetime) -> datetime | None:
        """When the bot must see to it first; None: it waits for somebody else."""
        if self.waits or self.state not in LIVING:
            return None
        if self.how is How.AUTO:
            return now
        # A person needs a while; and where nothing is known to be public, there is nothing to see.
        return now + FIRST_WATCH if self.carrier.item is not None else None


@dataclass(frozen=True, kw_only=True)
class Change:
    """What becomes of a step that stands as `was`."""

    step: int
    was: StepState
    name: str  # of its event, a fixed word; "" when nothing has happened
    columns: Mapping[str, object] = field(default_factory=dict)
    facts: Mapping[str, object] = field(default_factory=dict)
    by: str = ""


def of_publication(pub: Publication, *, gone: bool = False) -> Carrier:
    """The publication as a place where the post may be shown."""
    return Carrier(
        target=f"p{pub.id}",
        account=pub.account,
        unit=pub.unit,
        platform=pub.platform,
        standing=Standing.GONE if gone else _standing(pub),
        publication=pub.id,
        by_bot=pub.commits > 0 and not pub.by_hand,
        version=pub.content_hash,
        url=pub.url,
    )


def _standing(pub: Publication) -> Standing:
    if pub.state is State.PUBLISHED:
        return Standing.PUBLIC
    if pub.state is State.HANDED_OFF:
        return Standing.HANDED
    if pub.state in IN_FLIGHT:
        return Standing.UNDER_WAY
    if pub.state in OPEN:
        return Standing.UNSENT if pub.doubt_since is None else Standing.UNDER_WAY
    if pub.state is State.FAILED and pub.reason == "gone":
        return Standing.GONE
    # A look that came after the last call in doubt, and saw nothing, ends what matters here.
    in_doubt = pub.doubt_since is not None and pub.cleared_at is None
    return Standing.DOUBTFUL if in_doubt else Standing.ABSENT


Able = Callable[[Carrier], bool]  # can the platform do it through its interface?


def wanted(
    kind: RecallKind, aim: str, carriers: Sequence[Carrier], able: Able, known: Collection[str] = ()
) -> list[NewStep]:
    """The steps for those carriers that have none yet; `known` are the targets that have one."""
    new = [one for one in carriers if one.target not in known]
    if kind is RecallKind.WITHDRAW:
        made = [_withdrawal(one, able) for one in new]
    else:
        made = [_correction(one, aim, able) for one in new]
    return [step for step in made if step is not None]


def _withdrawal(one: Carrier, able: Able) -> NewStep | None:
    match one.standing:
        case Standing.UNSENT:
            return NewStep(carrier=one, how=How.AUTO, state=StepState.DONE, word="called_off")
        case Standing.UNDER_WAY:
            return NewStep(carrier=one, how=How.AUTO, state=StepState.OPEN, waits=True)
        case Standing.HANDED | Standing.DOUBTFUL:
            return NewStep(carrier=one, how=How.TASK, state=StepState.OPEN)
        case Standing.PUBLIC:
            return NewStep(carrier=one, how=_how(one, able), state=StepState.OPEN)
        case _:
            return None


def _correction(one: Carrier, aim: str, able: Able) -> NewStep | None:
    if one.version == aim and not one.same_form:
        return None
    if one.standing is Standing.UNDER_WAY:
        return NewStep(carrier=one, how=How.AUTO, state=StepState.OPEN, waits=True)
    if one.standing is not Standing.PUBLIC:
        return None  # what was not sent goes out corrected
    if one.follows or one.same_form:
        word = "shows_the_original" if one.follows else "same_form"
        return NewStep(carrier=one, how=How.AUTO, state=StepState.NEEDLESS, word=word)
    return NewStep(carrier=one, how=_how(one, able), state=StepState.OPEN)


def _how(one: Carrier, able: Able) -> How:
    return How.AUTO if one.by_bot and able(one) else How.TASK


def advance(
    recall: Recall,
    step: RecallStep,
    carrier: Carrier,
    able: Able,
    now: datetime,
    *,
    elsewhere: bool = False,
) -> Change | None:
    """What has become of a step without anybody telling; None: nothing.

    `elsewhere`: what the account shows of the post was found as another item.
    """
    if step.state is StepState.DONE:
        return _back_again(recall, step, carrier)
    if step.state not in LIVING or step.held(now):
        return None
    match carrier.standing:
        case Standing.GONE:
            return _gone(recall, step, now)
        case Standing.ABSENT | Standing.UNSENT | Standing.HANDED:
            return _never_out(step, elsewhere)
        case Standing.DOUBTFUL if step.how is How.AUTO:
            return to_person(step, {"why": "may_be_public"}, next_at=None)
        case Standing.PUBLIC:
            return _public(recall, step, carrier, able, now)
        case _:
            return None


def _gone(recall: Recall, step: RecallStep, now: datetime) -> Change:
    if recall.kind is RecallKind.CORRECT:
        return over(step, StepState.NEEDLESS, "gone", now)
    seen = {"seen_gone_at": now.isoformat()}
    return over(step, StepState.DONE, "seen_gone", now, evidence=seen)


def _never_out(step: RecallStep, elsewhere: bool) -> Change | None:
    """It did not become public. A person who was given the package must say so themselves."""
    if step.how is How.TASK and not elsewhere:
        return None
    return over(step, StepState.NEEDLESS, "never_public", None)


def _public(
    recall: Recall, step: RecallStep, carrier: Carrier, able: Able, now: datetime
) -> Change | None:
    if recall.kind is RecallKind.CORRECT:
        if carrier.version == recall.content_hash:
            return over(step, StepState.DONE, "seen_corrected", now, evidence={"seen": "corrected"})
        if carrier.follows or carrier.same_form:
            return over(step, StepState.NEEDLESS, "same_form", None)
    if step.how is How.AUTO and step.state is StepState.OPEN and step.next_at is None:
        if _how(carrier, able) is How.TASK:
            return to_person(step, {}, next_at=now + FIRST_WATCH)
        return Change(
            step=step.id, was=step.state, name="turned_out_public", columns={"next_at": now}
        )
    return None


def _back_again(recall: Recall, step: RecallStep, carrier: Carrier) -> Change | None:
    """Said to be taken down, and seen by a reading since: somebody must look."""
    if recall.kind is not RecallKind.WITHDRAW or carrier.standing is not Standing.PUBLIC:
        return None
    unsent = step.evidence.get("word") == "called_off"
    later = carrier.seen_at is not None and (step.done_at is None or carrier.seen_at > step.done_at)
    if not (unsent or later):
        return None
    # What was surely never sent is public all the same: a person put it there since.
    return Change(
        step=step.id,
        was=step.state,
        name="seen_again",
        columns=_open(How.TASK)
        | {"done_by": "", "done_at": None, "evidence": {**step.evidence, "again": step.again + 1}},
        facts={"done_by": step.done_by},
    )


def to_person(step: RecallStep, error: Mapping[str, object], *, next_at: datetime | None) -> Change:
    """The bot cannot do it: the unit's liaison must. `next_at`: when the bot looks by itself."""
    return Change(
        step=step.id,
        was=step.state,
        name="asked_person",
        columns=_open(How.TASK) | {"error": dict(error), "next_at": next_at},
        facts={"error": dict(error)} if error else {},
    )


def _open(how: How) -> dict[str, object]:
    return {"how": how.value, "state": StepState.OPEN.value, "next_at": None, "lease": None}


def over(
    step: RecallStep,
    state: StepState,
    word: str,
    now: datetime | None,
    *,
    by: str = "",
    evidence: Mapping[str, object] | None = None,
) -> Change:
    """The step ends. `by` names the person who said so, "" when the bot saw it."""
    columns: dict[str, object] = {
        "state": state.value,
        "next_at": None,
        "lease": None,
        "done_by": by,
        "done_at": now,
        "evidence": {**step.evidence, "word": word, **(evidence or {})},
    }
    facts = dict(evidence or {})
    return Change(step=step.id, was=step.state, name=word, columns=columns, facts=facts, by=by)
