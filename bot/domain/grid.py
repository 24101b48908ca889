"""The same answer as `item_coverage` gives, without the evidence, from names alone.

A year of a big matrix is a hundred thousand cells. The ledger hands over who carried what as plain
lists of accounts; only units that carried nothing are judged, by the very same rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime

from bot.domain.coverage import (
    CellState,
    ItemStates,
    KeyRelease,
    account_state,
    counted,
    is_closed,
    unit_state,
)


@dataclass(frozen=True, kw_only=True)
class Names:
    """What is known of a key item, as names of accounts."""

    on_time: Sequence[str]
    late: Sequence[str]
    doubtful: Set[str]
    in_flight: Set[str]  # our own publication may be public
    idle: Set[str]  # a publication of ours that is not public


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What is known of an account by reading it."""

    readable: bool  # by the bot
    since: datetime | None
    until: datetime | None
    gaps: Sequence[tuple[datetime, datetime]] = ()

    def covers(self, released: datetime | None, deadline: datetime) -> datetime | None:
        """Up to when it is known; None where the time until the deadline has a hole."""
        if released is None or self.since is None or self.since > released:
            return None
        if self.gaps and any(first < deadline and last > released for first, last in self.gaps):
            return None
        return self.until


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """Units and accounts as they were at one time."""

    unit_of: Mapping[str, str]  # by account
    accounts_of: Mapping[str, Sequence[str]]  # by unit
    readings: Mapping[str, Reading]  # by account


def item_states(
    item: KeyRelease, names: Names, matrix: Matrix, units: Sequence[str], *, as_of: datetime
) -> ItemStates:
    """How each of `units` stands to `item`."""
    on_time, late = _units(names.on_time, item, matrix), _units(names.late, item, matrix)
    if item.released_at is not None:
        (on_time if item.released_at <= item.deadline_at else late).add(item.flagship_unit)
    closed = is_closed(item, as_of)
    rest: dict[str, CellState] = {}  # all but those on time, which are nearly all
    for unit in units:
        if unit in item.exempt:
            rest[unit] = CellState.EXEMPT
        elif unit in item.optional:
            rest[unit] = CellState.OPTIONAL
        elif unit in on_time:
            continue
        elif unit in late:
            rest[unit] = CellState.LATE
        else:
            rest[unit] = _lacking(item, unit, names, matrix, closed=closed)
    unknown = [unit for unit, state in rest.items() if state is CellState.UNKNOWN]
    asked_about = set(map(matrix.unit_of.get, names.doubtful))
    waiting = (CellState.UNKNOWN, CellState.OPEN)
    doubtful = {unit for unit in asked_about if unit and rest.get(unit) in waiting}
    by_hand = {unit for unit in unknown if unit not in doubtful and _is_hidden(unit, matrix)}
    return ItemStates(
        post=item.post,
        title=item.title,
        released_at=item.released_at,
        deadline_at=item.deadline_at,
        states=dict.fromkeys(units, CellState.ON_TIME) | rest,
        doubtful=doubtful,
        by_hand=by_hand,
        **counted(
            rest.values(),
            released=item.released_at is not None,
            on_time=len(units) - len(rest),
        ),
    )


def _is_hidden(unit: str, matrix: Matrix) -> bool:
    """True when the bot can read none of the unit's accounts."""
    return not any(matrix.readings[name].readable for name in matrix.accounts_of.get(unit, ()))


def _units(accounts: Sequence[str], item: KeyRelease, matrix: Matrix) -> set[str | None]:
    if item.flagship in accounts:  # it counts through the first release alone
        accounts = [name for name in accounts if name != item.flagship]
    return set(map(matrix.unit_of.get, accounts))


def _lacking(
    item: KeyRelease, unit: str, names: Names, matrix: Matrix, *, closed: bool
) -> CellState:
    """The state of a unit none of whose accounts carried it."""
    found = []
    for account in matrix.accounts_of.get(unit, ()):
        if account == item.flagship:
            found.append((CellState.OPEN, True))  # or it would have carried it
            continue
        reading = matrix.readings[account]
        doubtful, in_flight = account in names.doubtful, account in names.in_flight
        until = reading.covers(item.released_at, item.deadline_at)
        readable = reading.readable or until is not None  # or vouched for by an export
        state = account_state(
            carried_at=None,
            deadline_at=item.deadline_at,
            expected=in_flight or account in names.idle,
            doubtful=doubtful,
            closed=closed,
            hidden=in_flight or not readable,
            read_until=until,
        )
        found.append((state, doubtful or readable))
    return unit_state(found)
