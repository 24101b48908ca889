"""The states of coverage in signs and colours; bot.domain.coverage_words has the words."""

from __future__ import annotations

from bot.domain import coverage_words
from bot.domain.coverage import CellState

_CELLS = {
    CellState.ON_TIME: ("●", "green"),
    CellState.LATE: ("◐", "yellow"),
    CellState.OPEN: ("○", "cyan"),
    CellState.MISSING: ("✗", "red"),
    CellState.UNKNOWN: ("?", "magenta"),
    CellState.EXEMPT: ("–", "bright_black"),
    CellState.OPTIONAL: ("□", "bright_black"),
    CellState.NOT_EXPECTED: ("·", "bright_black"),
}


def mark(state: CellState) -> str:
    """The state's sign, as rich markup."""
    sign, colour = _CELLS[state]
    return f"[{colour}]{sign}[/]"


def legend() -> str:
    """All signs of units with their words, as rich markup."""
    shown = (state for state in _CELLS if state is not CellState.NOT_EXPECTED)
    return "  ".join(f"{mark(state)} {coverage_words.state(state)}" for state in shown)
