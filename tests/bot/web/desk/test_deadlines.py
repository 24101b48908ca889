"""What one types as a deadline, counted from the planned time."""

from __future__ import annotations

import pytest

from bot.web.desk.deadlines import counted


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-06-12 17:00", "T+55h"),
        ("2026-06-12T17:30", "T+3330m"),
        ("6月12日17:00", "T+55h"),
        ("6月12日 17时", "T+55h"),
        ("2026-06-10 08:00", "T-2h"),  # the check says what is wrong with it
        ("T+24h", "T+24h"),
        ("2026-06-31 17:00", "2026-06-31 17:00"),
        ("周五", "周五"),
    ],
)
def test_a_day_and_time_is_counted_from_the_planned_one(text: str, said: str) -> None:
    assert counted(text, "2026-06-10", "10:00") == said


def test_without_a_planned_time_it_stays_as_typed() -> None:
    assert counted("2026-06-12 17:00", "", "") == "2026-06-12 17:00"


def test_a_day_without_a_year_may_be_in_the_next() -> None:
    assert counted("1月2日10:00", "2026-12-31", "10:00") == "T+48h"
