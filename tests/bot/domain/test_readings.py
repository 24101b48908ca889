"""Spans of which everything is known, joined; silence outside them proves nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.readings import Read, joined

START = datetime(2026, 5, 1, tzinfo=UTC)


def at(hour: int) -> datetime:
    return START + timedelta(hours=hour)


def knows(read: Read, hour: int) -> bool:
    """Whether the hour that begins then is known."""
    if read.since is None or read.until is None:
        return False
    inside = read.since <= at(hour) and at(hour + 1) <= read.until
    return inside and not any(a < at(hour + 1) and at(hour) < b for a, b in read.gaps)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 10)), min_size=1, max_size=8))
def test_an_hour_is_known_exactly_when_a_span_held_it(spans: list[tuple[int, int]]) -> None:
    read = Read()
    for first, length in spans:
        read = joined(read, at(first), at(first + length))
    for hour in range(45):
        assert knows(read, hour) == any(a <= hour < a + length for a, length in spans)
