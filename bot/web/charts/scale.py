"""Where a value lies on an axis, and which values an axis names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

_STEPS = (1, 2, 5)


@dataclass(frozen=True, kw_only=True)
class Scale:
    """Brings values from `low` to `high` to coordinates from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The coordinate; of a value beyond an end that end."""
        span = self.high - self.low
        share = (value - self.low) / span if span else 0.0
        return self.start + min(max(share, 0.0), 1.0) * (self.end - self.start)


def ticks(high: float, about: int) -> list[int]:
    """Whole numbers from 0 to just beyond `high`, in about so many round steps."""
    step = step_of(high, about)
    return [step * number for number in range(max(ceil(high / step), 1) + 1)]


def step_of(high: float, about: int) -> int:
    """The round step that divides `high` into at most `about` parts."""
    power = 1
    while True:
        for first in _STEPS:
            if high <= first * power * about:
                return first * power
        power *= 10


def first_of(steps: Sequence[int], high: float, about: int) -> int:
    """The first of the steps that divides `high` into at most `about` parts, or the last."""
    return next((step for step in steps if high <= step * about), steps[-1])


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """The places, in order, moved apart until none is nearer than `gap` to the next."""
    placed: list[float] = []
    for place in wanted:
        placed.append(max(place, placed[-1] + gap if placed else low))
    limit = high
    for number in range(len(placed) - 1, -1, -1):
        placed[number] = min(placed[number], limit)
        limit = placed[number] - gap
    return placed
