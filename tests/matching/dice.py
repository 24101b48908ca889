"""Chance that falls the same on every machine and in every version of Python."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """Choices that depend on the seed alone; only `random()` itself is promised never to change."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)

    def number(self, least: int, most: int) -> int:
        """A whole number, both ends included."""
        return least + int(self._random.random() * (most - least + 1))

    def happens(self, chance: float) -> bool:
        """True about so often."""
        return self._random.random() < chance

    def one(self, things: Sequence[T]) -> T:
        """One of the things."""
        return things[self.number(0, len(things) - 1)]

    def some(self, things: Sequence[T], count: int) -> list[T]:
        """So many different ones, in a chance order."""
        left = list(things)
        return [left.pop(self.number(0, len(left) - 1)) for _turn in range(min(count, len(left)))]

    def mixed(self, things: Sequence[T]) -> list[T]:
        """All of them in a chance order."""
        return self.some(things, len(things))
