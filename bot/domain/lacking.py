"""Who must act so that a unit carries a key item, and what must be done.

A unit may have several accounts, each with a cause of its own. Named is what gets on fastest: what
a person can do comes before what the bot, the platform or the clock will do by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.coverage import LACKING, CellState, ItemCoverage
from bot.domain.publication import Hold, Publication, Role, State
from bot.domain.tasks import kind_of, role_of


class Todo(StrEnum):
    """What must be done, the most pressing first."""

    ACCEPT = "accept"  # say yes or no to the reprint
    HAND_OFF = "hand_off"  # publish the package by hand and report the link
    DECIDE = "decide"  # is what looks like it a reprint?
    LOOK = "look"  # the bot cannot tell whether it went out
    RELEASE = "release"  # get the first release out
    UNFREEZE = "unfreeze"
    AUTHORISE = "authorise"  # the account's credential failed
    REGISTER = "register"  # the account is not filed, not active, or its name differs
    REVIEW = "review"  # a level of review has not approved the text
    MEND = "mend"  # the check found an error, or the platform refused the text
    RETRY = "retry"  # its window passed, or it failed: have it tried again
    EXEMPT = "exempt"  # the unit declined, or it was called off: exempt the unit or ask again
    REPRINT = "reprint"  # what carried it is gone: reprint again
    READ = "read"  # the account cannot be read
    ENROL = "enrol"  # no account of the unit takes part
    WAIT = "wait"  # the bot, the platform or the clock goes on by itself


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What stands in the way on one account."""

    account: str
    unit: str
    publication: Publication | None = None
    doubtful_since: datetime | None = None  # a match waits for a person's decision
    unread: bool = False  # readable, and not read to the deadline
    read_error: str = ""
    since: datetime | None = None  # when the publication came to stand as it does
    reminded_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Lack:
    """A unit that has not carried a key item, and whose move it is."""

    unit: str
    state: CellState
    todo: Todo
    role: Role
    account: str  # the one to act on; "" when none takes part
    since: datetime | None
    reminded_at: datetime | None


_HELD = {
    Hold.FIRST_RELEASE: Todo.RELEASE,
    Hold.CHECK: Todo.MEND,
    Hold.REVIEW: Todo.REVIEW,
    Hold.PAUSED: Todo.AUTHORISE,
    Hold.REGISTRY: Todo.REGISTER,
    Hold.FROZEN: Todo.UNFREEZE,
}
_BY_ITSELF = (Role.PLATFORM, Role.BOT, Role.CLOCK, Role.NOBODY)
_AT_REST = frozenset({State.MISSED, State.FAILED, State.CANCELLED})
_TODOS = list(Todo)


def lacking(item: ItemCoverage, situations: Iterable[Situation]) -> list[Lack]:
    """One line for each unit that is required and has not carried `item`; pressing ones first."""
    by_unit: dict[str, list[Situation]] = {}
    for one in situations:
        by_unit.setdefault(one.unit, []).append(one)
    found = [
        _lack(row.unit, row.state, by_unit.get(row.unit, []), item.released_at)
        for row in item.units
        if row.state in LACKING
    ]
    order = {row.unit: place for place, row in enumerate(item.units)}
    return sorted(found, key=lambda one: (*_rank(one.todo, one.role), order[one.unit]))


def _lack(
    unit: str, state: CellState, situations: list[Situation], released: datetime | None
) -> Lack:
    ways = [(todo, role, one) for one in situations for todo, role in _ways(one, released)]
    if not ways:
        return Lack(
            unit=unit,
            state=state,
            todo=Todo.ENROL,
            role=Role.ADMINISTRATOR,
            account="",
            since=released,
            reminded_at=None,
        )
    todo, role, one = min(ways, key=lambda way: (*_rank(way[0], way[1]), way[2].account))
    since = one.doubtful_since if todo is Todo.DECIDE else one.since
    times = [moment for moment in (since, released) if moment is not None]
    return Lack(
        unit=unit,
        state=state,
        todo=todo,
        role=role,
        account=one.account,
        since=max(times, default=None),  # before the first release nobody could do anything
        reminded_at=one.reminded_at,
    )


def _rank(todo: Todo, role: Role) -> tuple[bool, int, int]:
    by_itself = role in _BY_ITSELF
    return by_itself, _TODOS.index(todo), _BY_ITSELF.index(role) if by_itself else 0


def _ways(one: Situation, released: datetime | None) -> list[tuple[Todo, Role]]:
    """What can be done on an account, and by whom; nothing where it takes no part."""
    if one.doubtful_since is not None:
        return [(Todo.DECIDE, Role.OFFICER)]
    pub = one.publication
    if pub is None:
        return []
    if (task := kind_of(pub)) is not None:
        return [(Todo(task.value), role_of(pub))]
    if one.unread and pub.state in _AT_REST:
        return [(Todo.READ, Role.ADMINISTRATOR if one.read_error else Role.BOT)]
    return [_way(pub, released)]


def _way(pub: Publication, released: datetime | None) -> tuple[Todo, Role]:
    role = role_of(pub)
    match pub.state:
        case State.HELD if pub.reason == Hold.FIRST_RELEASE and released is not None:
            return Todo.WAIT, Role.BOT  # it is out: the bot's next round ends this
        case State.HELD:
            return _HELD.get(Hold(pub.reason), Todo.WAIT), role
        case State.FAILED:
            return Todo.MEND, role
        case State.MISSED:
            return Todo.RETRY, role
        case State.CANCELLED if pub.reason != "carried_by_hand":
            return Todo.EXEMPT, Role.OFFICER
        case State.CANCELLED | State.PUBLISHED:
            return Todo.REPRINT, Role.LIAISON
        case _:
            return Todo.WAIT, role
