"""What reviewers are told: a version came up for a level, its time comes near, it is late.

Each once for a version and a level. Who comes to it late is told none of what was passed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from bot.domain import review_words as words
from bot.domain.notices import MANAGERS, OFFICER, REVIEWERS, Notice
from bot.domain.reminding import Terms, text_mark
from bot.domain.review import Review
from bot.engine.reviewing import Case, CaseState

_KEPT = timedelta(days=1)  # so long it is tried to be told


def of_cases(
    cases: Iterable[Case], review: Review, terms: Terms, now: datetime
) -> Iterator[Notice]:
    """What is to be told of these cases now: to reviewers; late or refused, to the office too."""
    for one in cases:
        if one.next_level is None:
            continue
        level = one.level(one.next_level)
        if one.state is CaseState.REFUSED and level is not None:
            text = words.refused(one.title, level.level, level.by, level.note)
            yield _notice(one, OFFICER, "refused", text, terms, now)
            continue
        late_at = _late_at(one, terms)
        stage = _stage(one, review, late_at, now)
        left = None if stage == "asked" else one.deadline_at - now
        when = (one.planned_at, one.deadline_at, left, terms.zone)
        text = words.asked(one.title, one.next_level, *when)
        yield _notice(one, REVIEWERS, stage, text, terms, now)
        if now >= late_at + terms.escalate:
            text = words.late(one.title, one.next_level, *when)
            for party in (OFFICER, MANAGERS):
                yield _notice(one, party, "escalated", text, terms, now)


def _late_at(one: Case, terms: Terms) -> datetime:
    """When it is told as late: what came after its time was over gets a while."""
    return one.deadline_at if one.since < one.deadline_at else one.since + terms.late


def _stage(one: Case, review: Review, late_at: datetime, now: datetime) -> str:
    if now >= late_at:
        return "late"
    for lead in sorted(review.remind):
        if one.since < one.deadline_at - lead <= now:
            return f"remind-{int(lead.total_seconds())}s"
    return "asked"


def _notice(one: Case, party: str, stage: str, text: str, terms: Terms, now: datetime) -> Notice:
    night = terms.quiet.around(now) if terms.quiet else None
    return Notice(
        what=f"review-{one.post}",
        party=party,
        stage=f"{stage} {one.next_level} {text_mark(one.content_hash)}",
        text=text,
        until=max(one.planned_at, now) + _KEPT,
        # In the morning it would be too late.
        waits=night is not None and one.planned_at > night[1],
    )
