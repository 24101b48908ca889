"""How units stand to a key item, and what must be done, as people read it."""

from __future__ import annotations

from bot.domain.coverage import CellState
from bot.domain.lacking import Todo
from bot.i18n import N_, _

_STATES = {
    CellState.ON_TIME: N_("on time"),
    CellState.LATE: N_("late"),
    CellState.OPEN: N_("deadline not reached"),
    CellState.MISSING: N_("missing"),
    CellState.UNKNOWN: N_("unknown"),
    CellState.EXEMPT: N_("exempt"),
    CellState.OPTIONAL: N_("may, need not"),
    CellState.NOT_EXPECTED: N_("takes no part"),
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
    Todo.REVIEW: N_("review the text"),
    Todo.MEND: N_("mend what was refused, then retry"),
    Todo.RETRY: N_("have it tried again, or get the unit to reprint by hand"),
    Todo.EXEMPT: N_("exempt the unit, or ask it again"),
    Todo.REPRINT: N_("reprint it again: what carried it is gone"),
    Todo.READ: N_("get the account read again"),
    Todo.ENROL: N_("enter an account that takes part, or exempt the unit"),
    Todo.WAIT: N_("nothing: it goes on by itself"),
}
_FORMS = {
    "full": N_("the whole text"),
    "cut": N_("shortened"),
    "excerpt": N_("a piece of it"),
    "digest": N_("one of several articles"),
    "caption": N_("its short form"),
}
_DECISIONS = {
    "reprinted": N_("reprint"),
    "doubtful": N_("doubtful"),
    "no": N_("no reprint"),
}


def state(value: CellState) -> str:
    """A state in words."""
    return _(_STATES[value])


def todo(what: Todo) -> str:
    """What must be done, in words."""
    return _(_TODOS[what])


def form(name: str) -> str:
    """How much of a key item an article is, in words; a name of a later version as it is."""
    return _(_FORMS[name]) if name in _FORMS else name


def decision(name: str) -> str:
    """What was decided about a match, in words; a name of a later version as it is."""
    return _(_DECISIONS[name]) if name in _DECISIONS else name


def percent(rate: float | None) -> str:
    """A rate for people; "—" of nobody."""
    return "—" if rate is None else f"{rate:.1%}"
