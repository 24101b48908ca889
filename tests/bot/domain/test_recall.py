"""What a recall comes to on one account, from whatever stands there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.recall import (
    Carrier,
    How,
    Recall,
    RecallKind,
    RecallStep,
    Standing,
    StepState,
    advance,
    wanted,
)

NOW = datetime(2026, 5, 6, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
BASE = Carrier(
    target="p1",
    account="u02-wechat",
    unit="u02",
    platform="wechat",
    standing=Standing.PUBLIC,
    publication=1,
    by_bot=True,
    version="old",
)
STEP = RecallStep(
    id=1,
    recall=1,
    target="p1",
    account="u02-wechat",
    unit="u02",
    platform="wechat",
    publication=1,
    item=None,
    how=How.AUTO,
    state=StepState.OPEN,
    version="old",
    made_at=NOW,
    attempts=0,
    next_at=None,
    lease=None,
    error={},
    done_by="",
    done_at=None,
    evidence={},
)


def recall(kind: RecallKind) -> Recall:
    return Recall(id=1, post="k1", kind=kind, reason="", by="王主任", at=NOW, content_hash="new")


def able(_one: Carrier) -> bool:
    return True


W, C = RecallKind.WITHDRAW, RecallKind.CORRECT


@pytest.mark.parametrize(
    ("kind", "standing", "by_bot", "made"),
    [
        (W, Standing.PUBLIC, True, "auto open"),
        (W, Standing.PUBLIC, False, "task open"),
        (W, Standing.UNSENT, False, "auto done"),
        (W, Standing.UNDER_WAY, True, "auto open"),
        (W, Standing.HANDED, False, "task open"),
        (W, Standing.DOUBTFUL, True, "task open"),
        (W, Standing.ABSENT, True, ""),
        (W, Standing.GONE, True, ""),
        (C, Standing.PUBLIC, True, "auto open"),
        (C, Standing.PUBLIC, False, "task open"),
        (C, Standing.UNDER_WAY, True, "auto open"),
        (C, Standing.UNSENT, True, ""),
        (C, Standing.HANDED, False, ""),
        (C, Standing.GONE, True, ""),
    ],
)
def test_the_first_step(kind: RecallKind, standing: Standing, by_bot: bool, made: str) -> None:
    one = replace(BASE, standing=standing, by_bot=by_bot)
    found = wanted(kind, "new", [one], able)
    assert [f"{step.how.value} {step.state.value}" for step in found] == ([made] if made else [])
    assert wanted(kind, "new", [one], able, known={"p1"}) == []


def test_what_carries_the_new_version_needs_no_correction() -> None:
    assert wanted(C, "old", [BASE], able) == []


@pytest.mark.parametrize(
    ("kind", "step", "standing", "event"),
    [
        (W, {}, Standing.PUBLIC, "turned_out_public"),
        (W, {}, Standing.ABSENT, "never_public"),
        (W, {}, Standing.UNDER_WAY, ""),
        (W, {}, Standing.DOUBTFUL, "asked_person"),
        (W, {"how": How.TASK}, Standing.ABSENT, ""),  # a person had the package: they must say so
        (W, {"how": How.TASK}, Standing.GONE, "seen_gone"),
        (W, {"state": StepState.DOING, "next_at": NOW}, Standing.GONE, "seen_gone"),
        (C, {}, Standing.UNSENT, "never_public"),
        (C, {"how": How.TASK}, Standing.GONE, "gone"),
        (W, {"lease": "x", "next_at": NOW + HOUR}, Standing.GONE, ""),  # somebody works on it
        (W, {"state": StepState.FAILED}, Standing.PUBLIC, ""),
    ],
)
def test_what_becomes_of_it(
    kind: RecallKind, step: dict[str, object], standing: Standing, event: str
) -> None:
    now = replace(STEP, **step)  # type: ignore[arg-type]
    found = advance(recall(kind), now, replace(BASE, standing=standing), able, NOW)
    assert (found.name if found else "") == event


def test_a_word_that_a_reading_contradicts_opens_the_step_again() -> None:
    done = replace(
        STEP, how=How.TASK, state=StepState.DONE, done_by="李四", done_at=NOW, publication=None
    )
    seen = replace(BASE, by_bot=False, publication=None, seen_at=NOW + HOUR)
    found = advance(recall(W), done, seen, able, NOW + HOUR)
    assert found is not None
    assert (found.name, found.facts) == ("seen_again", {"done_by": "李四"})
    assert found.columns["evidence"] == {**done.evidence, "again": 1}  # so that they are told anew
    before = replace(seen, seen_at=NOW - HOUR)
    assert advance(recall(W), done, before, able, NOW + HOUR) is None
