"""Reviewers are told of each version and level once: asked, reminded, late; then the office."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.quiet import Quiet
from bot.domain.reminding import Terms
from bot.domain.review import Level, Review, Said
from bot.engine.review_notices import of_cases
from bot.engine.reviewing import Case, CaseState, LevelState

ZONE = ZoneInfo("Asia/Shanghai")
CAME = datetime(2026, 5, 4, 1, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
PLANNED = CAME + 48 * HOUR
DEADLINE = PLANNED - 24 * HOUR
REVIEW = Review(levels=tuple(Level), remind=(4 * HOUR, HOUR))
TERMS = Terms(zone=ZONE)  # late 2 hours, escalated 4 hours after
CASE = Case(
    post="p1",
    title="勤洗手",
    column="科普",
    content_hash="abcdef0123456789",
    state=CaseState.WAITING,
    levels=tuple(LevelState(level=level) for level in Level),
    next_level=Level.FIRST,
    since=CAME,
    planned_at=PLANNED,
    deadline_at=DEADLINE,
    late=False,
    publications=1,
    correction=False,
    last_approved="",
    changed=(),
)
SHORT = replace(CASE, since=DEADLINE + HOUR, next_level=Level.FINAL)  # its time was over before


def told(case: Case, now: datetime) -> dict[str, str]:
    """Party → stage."""
    return {one.party: one.stage for one in of_cases([case], REVIEW, TERMS, now)}


@pytest.mark.parametrize(
    ("case", "now", "stage", "office"),
    [
        (CASE, CAME, "asked first", False),
        (CASE, DEADLINE - 4 * HOUR, "remind-14400s first", False),
        (CASE, DEADLINE - HOUR / 2, "remind-3600s first", False),
        (CASE, DEADLINE, "late first", False),
        (CASE, DEADLINE + 4 * HOUR, "late first", True),
        (SHORT, SHORT.since, "asked final", False),
        (SHORT, SHORT.since + 2 * HOUR, "late final", False),
        (SHORT, SHORT.since + 6 * HOUR, "late final", True),
    ],
)
def test_one_stage_after_the_other(case: Case, now: datetime, stage: str, office: bool) -> None:
    """The last one reached, by version and level; in the end the office hears of it."""
    found = told(case, now)
    assert found["@reviewers"] == f"{stage} text-abcdef012345"
    assert set(found) == ({"@reviewers", "@officer", "@managers"} if office else {"@reviewers"})


def test_the_author_hears_why_it_was_refused() -> None:
    """And the reviewers nothing more, until there is another version."""
    no = LevelState(level=Level.SECOND, said=Said.REFUSED, by="fu", note="剂量写错了", at=CAME)
    case = replace(CASE, state=CaseState.REFUSED, next_level=Level.SECOND, levels=(no,))
    [notice] = of_cases([case], REVIEW, TERMS, DEADLINE + 9 * HOUR)
    assert (notice.what, notice.party) == ("review-p1", "@officer")
    assert "剂量写错了" in notice.text
    assert told(replace(CASE, state=CaseState.APPROVED, next_level=None), DEADLINE) == {}


def test_nobody_is_woken_for_what_can_wait_until_the_morning() -> None:
    """A post that is to go out in the night cannot."""
    night = replace(TERMS, quiet=Quiet(start=time(21, 30), end=time(7, 30), zone=ZONE))
    at = datetime(2026, 5, 4, 15, 0, tzinfo=UTC)  # 23:00
    for planned, waits in ((PLANNED, True), (at + 2 * HOUR, False)):
        [notice] = of_cases([replace(CASE, planned_at=planned)], REVIEW, night, at)
        assert notice.waits is waits
