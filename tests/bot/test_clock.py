"""The machine's clock may be set at any moment; what has really passed is known all the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.clock import VirtualClock, WallClock

NOON = datetime(2026, 5, 6, 4, tzinfo=UTC)


class Machine:
    """A wall clock that can be set, over time that only passes."""

    def __init__(self) -> None:
        self.ticks_s = 1000.0
        self.wrong = timedelta()

    def clock(self) -> WallClock:
        return WallClock(wall=self.wall, ticks_s=lambda: self.ticks_s)

    def wall(self) -> datetime:
        return NOON + timedelta(seconds=self.ticks_s) + self.wrong


@pytest.mark.parametrize("by", [timedelta(minutes=5), timedelta(hours=-1), timedelta(seconds=3)])
def test_a_clock_that_was_set_is_not_steady(by: timedelta) -> None:
    machine = Machine()
    clock = machine.clock()
    machine.ticks_s += 300
    assert clock.steady_s() == 300
    machine.wrong += by
    assert clock.now() == machine.wall()
    assert clock.steady_s() == 0
    machine.ticks_s += 40
    assert clock.steady_s() == 40


def test_a_clock_that_drifts_stays_steady() -> None:
    """Half a second a minute is slewing, not setting."""
    machine = Machine()
    clock = machine.clock()
    for _minute in range(60):
        machine.ticks_s += 60
        machine.wrong += timedelta(seconds=0.5)
        clock.now()
    assert clock.steady_s() == 3600


def test_virtual_time_is_all_there_is() -> None:
    assert VirtualClock(NOON).steady_s() > 1e9
