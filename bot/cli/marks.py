"""The states of coverage and what must be done, in signs, colours and words."""

from __future__ import annotations

from bot.domain.coverage import CellState
from bot.domain.lacking import Todo
from bot.i18n import N_, _

_CELLS = {
    CellState.ON_TIME: ("●", "green", N_("on time")),
    CellState.LATE: ("◐", "yellow", N_("late")),
    CellState.OPEN: ("○", "cyan", N_("deadline not reached")),
    CellState.MISSING: ("✗", "red", N_("missing")),
    CellState.UNKNOWN: ("?", "magenta", N_("unknown")),
    CellState.EXEMPT: ("–", "bright_black", N_("exempt")),
    CellState.OPTIONAL: ("□", "bright_black", N_("may, need not")),
    CellState.NOT_EXPECTED: ("·", "bright_black", N_("takes no part")),
}
_TODOS = {
    Todo.ACCEPT: N_("agree to the reprint or decline it"),
    Todo.HAND_OFF: N_("publish the package by hand and report the link"),
    Todo.DECIDE: N_("decide whether what was found is a reprint"),
    Todo.LOOK: N_("look whether it is on the account, then confirm or retry"),
    Todo.RELEASE: N_("get the first release out"),
    Todo.UNFREEZE: N_("end the freeze"),
    Todo.AUTHORISE: N_("authorise the account again"),
    Todo.REGISTER: N_("put the account's registration in order"),
    Todo.MEND: N_("mend what was refused, then retry"),
    Todo.RETRY: N_("have it tried again, or get the unit to reprint by hand"),
    Todo.EXEMPT: N_("exempt the unit, or ask it again"),
    Todo.REPRINT: N_("reprint it again: what carried it is gone"),
    Todo.READ: N_("get the account read again"),
    Todo.ENROL: N_("enter an account that takes part, or exempt the unit"),
    Todo.WAIT: N_("nothing: it goes on by itself"),
}


def mark(state: CellState) -> str:
    """The state's sign, as rich markup."""
    sign, colour, _word = _CELLS[state]
    return f"[{colour}]{sign}[/]"


def word(state: CellState) -> str:
    """The state in words."""
    return _(_CELLS[state][2])


def legend() -> str:
    """All signs of units with their words, as rich markup."""
    shown = (state for state in _CELLS if state is not CellState.NOT_EXPECTED)
    return "  ".join(f"{mark(state)} {word(state)}" for state in shown)


def todo(what: Todo) -> str:
    """What must be done, in words."""
    return _(_TODOS[what])
