"""Planned against actual time: who was on time, and what the axis makes of the few late ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest

from bot.domain.charting import Delays, Punctuality
from bot.web.charts import delays
from tests.bot.web.charts.reading import check, drawings

FIRST = datetime(2026, 5, 1, tzinfo=UTC)


def values(*found: tuple[int, int, bool, int], days: int = 31) -> Punctuality:
    """From (day, delay in minutes, by hand, count)."""
    return Punctuality(
        since=FIRST,
        until=FIRST + timedelta(days=days),
        zone=UTC,
        on_time_min=5,
        planned=sum(count for *_when, count in found),
        delays=tuple(
            Delays(due_at=FIRST + timedelta(days=day), delay_min=late, by_hand=hand, count=count)
            for day, late, hand, count in found
        ),
    )


def dots(drawing: ET.Element, class_: str) -> int:
    return sum(
        one.attrib["d"].count("M") for one in drawing.iter("path") if one.get("class") == class_
    )


def test_each_day_is_a_row_and_the_window_decides() -> None:
    chart = delays.chart(
        values((0, 0, False, 7), (0, 5, False, 1), (0, 6, False, 2), (3, -4, True, 1)), "d"
    )
    check(chart)
    assert [row[1:6] for row in chart.rows] == [
        ("10", "8", "80%", "2", "0"),
        ("1", "0", "0%", "0", "1"),
    ]


def test_publications_near_each_other_are_one_dot_and_people_have_their_own() -> None:
    chart = delays.chart(values(*((1, 0, False, 9),) * 5, (1, 0, True, 1), (20, 0, False, 1)), "d")
    for drawing in drawings(chart):
        assert (dots(drawing, "dot"), dots(drawing, "dot ring")) == (2, 1)


@pytest.mark.parametrize("days", [1, 7, 31, 92, 365])
def test_any_period_and_any_delay_are_drawn(days: int) -> None:
    check(delays.chart(values((0, 20_000, False, 1), (0, -9_000, True, 900), days=days), "d"))


def test_a_period_without_anything_is_drawn_too() -> None:
    chart = delays.chart(values(), "d")
    unseen = delays.chart(replace(values(), planned=3), "d")
    assert unseen.summary != chart.summary  # planned, and not public
    check(chart)
    assert chart.rows == []
