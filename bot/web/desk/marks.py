"""How units stand to key items, in one sign each: what is read is the sign, colour only helps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain import coverage_words
from bot.domain.coverage import CellState, ItemStates
from bot.i18n import N_, _


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A sign of the grid."""

    sign: str
    words: str
    look: str  # good, warn, bad or "": a class of the page


# In order of the legend. The sign is one Chinese character in print.
_SIGNS: Mapping[CellState, tuple[str, str]] = {
    CellState.ON_TIME: (N_("OT"), "good"),
    CellState.LATE: (N_("LT"), "warn"),
    CellState.MISSING: (N_("MS"), "bad"),
    CellState.OPEN: (N_("NY"), ""),
    CellState.UNKNOWN: (N_("UK"), ""),
    CellState.EXEMPT: (N_("EX"), "calm"),
    CellState.OPTIONAL: (N_("OP"), "calm"),
}


def mark(state: CellState) -> Mark:
    """The sign of a state."""
    sign, look = _SIGNS[state]
    return Mark(sign=_(sign), words=coverage_words.state(state), look=look)


def doubtful() -> Mark:
    """Of a unit that may have carried it: what was found waits for a person's decision."""
    return Mark(sign=_("DB"), words=_("doubtful: waits for a decision"), look="warn")


def by_hand() -> Mark:
    """Of a unit of unknown state: the bot can read none of its accounts."""
    return Mark(sign=_("BH"), words=_("only by hand: cannot be read (unknown)"), look="")


def legend() -> list[Mark]:
    """All signs there are."""
    return [*map(mark, _SIGNS), doubtful(), by_hand()]


def marks_of(item: ItemStates) -> Mapping[str, Mark]:
    """Unit → its sign for this key item; units that nobody asks are left out."""
    known = {state: mark(state) for state in _SIGNS}
    found = {unit: known[state] for unit, state in item.states.items()}
    return found | dict.fromkeys(item.doubtful, doubtful()) | dict.fromkeys(item.by_hand, by_hand())
