"""What a bench hands back: figures with their targets, and tables for what needs one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line of the report. Without a target it is there for information."""

    name: str
    value: float
    unit: str = ""  # "" for a ratio
    at_least: float | None = None
    at_most: float | None = None
    note: str = ""

    @property
    def target(self) -> str:
        """The target in words, "" when there is none."""
        if self.at_least is not None:
            return f"≥ {self.at_least:g} {self.unit}".rstrip()
        return "" if self.at_most is None else f"≤ {self.at_most:g} {self.unit}".rstrip()

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None when there is none."""
        if self.at_least is not None:
            return self.value >= self.at_least
        return None if self.at_most is None else self.value <= self.at_most

    @property
    def shown(self) -> str:
        """The value with its unit, to three digits that say something."""
        digits = 2 if not self.unit else max(0, 2 - int(math.log10(max(abs(self.value), 1.0))))
        return f"{self.value:,.{digits}f} {self.unit}".rstrip()


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of the report beside the figures."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one bench found."""

    title: str
    figures: Sequence[Figure]
    tables: Sequence[Table] = ()
    notes: Sequence[str] = field(default_factory=tuple)


def median(values: Sequence[float]) -> float:
    """The middle one; of an even number the lower middle."""
    return sorted(values)[(len(values) - 1) // 2]


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that `percent` of all do not exceed."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(len(ranked) * percent / 100) - 1)]
