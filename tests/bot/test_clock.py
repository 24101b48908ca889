"""The machine's clock may be set at any moment; what has really passed is known all the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.clock import VirtualClock, WallClock, retry_at

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


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("900", 900),
        ("999999999", 86_400),
        ("Wed, 06 May 2026 04:05:00 GMT", 300),
        ("Wed, 06 May 2099 04:05:00 GMT", 86_400),
        *(("", None), ("soon", None), ("²", None), ("9" * 5000, None)),
        ("Fri, 31 Dec 9999 23:00:00 -2300", None),
        ("Wed, 06 May 99999999999 04:05:00 GMT", None),
    ],
)
def test_how_long_another_machine_has_us_wait(text: str, seconds: int | None) -> None:
    wanted = None if seconds is None else NOON + timedelta(seconds=seconds)
    assert retry_at(text, NOON) == wanted
