"""Which unit carried which key item, and when: 转载覆盖率 and 及时率, counted by unit.

    coverage   转载覆盖率 = (on time + late) / required
    timeliness 及时率    = on time / required        required 应转 = units - exempt 免转

(转载覆盖率 = reprinted / (required - exempt) as the monthly bulletins count it: six items and 24
units are 144 cells, three of them exempt, so 141 required.) A unit counts once, by its best
account. What nobody could read is unknown; it is never counted as not carried.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum

from bot.domain.publication import State

# Our own publication may be public without a receipt yet: nobody may say the unit did not carry it.
_IN_FLIGHT = frozenset({State.SENDING, State.UNKNOWN, State.PENDING})


class CellState(StrEnum):
    """How an account, or a unit by its best account, stands to a key item."""

    ON_TIME = "on_time"  # carried at the deadline or before
    LATE = "late"
    OPEN = "open"  # not carried, and the deadline has not passed (or it is not released yet)
    MISSING = "missing"  # read to the deadline or beyond, and not there
    UNKNOWN = "unknown"  # nobody could tell
    EXEMPT = "exempt"  # units only: 免转 with a reason
    NOT_EXPECTED = "not_expected"  # accounts only: takes no part and carried nothing


CARRIED = frozenset({CellState.ON_TIME, CellState.LATE})


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What is known of one account and one key item."""

    account: str
    unit: str
    expected: bool = True  # the account takes part in key items
    by_hand: bool = False  # on a platform nobody can read for us
    carried_at: datetime | None = None  # by a receipt, a verdict or a person's confirmation
    url: str = ""
    evidence: str = ""  # receipt, verdict level and rule, or who confirmed it
    read_until: datetime | None = None  # the account's readings are complete to here; None: never
    doubtful: bool = False  # a match waits for a person's decision
    publication: State | None = None  # of our own publication, if there is one


@dataclass(frozen=True, kw_only=True)
class KeyRelease:
    """A key item and its first release."""

    post: str
    title: str
    deadline_at: datetime
    flagship: str  # account of the first release
    flagship_unit: str
    released_at: datetime | None = None  # None: not out yet, so nobody can have carried it
    url: str = ""
    exempt: Mapping[str, str] = field(default_factory=dict)  # unit -> reason


@dataclass(frozen=True, kw_only=True)
class AccountRow:
    """One line of evidence behind a unit's state."""

    account: str
    unit: str
    state: CellState
    at: datetime | None
    url: str
    evidence: str


@dataclass(frozen=True, kw_only=True)
class UnitRow:
    """How a unit counts, and by which account."""

    unit: str
    state: CellState
    account: str = ""  # the account that decides; "" when none does
    at: datetime | None = None
    url: str = ""
    evidence: str = ""
    reason: str = ""  # of an exemption
    carried: CellState | None = None  # an exempt unit that carried it all the same


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Units counted; required = on_time + late + open + missing + unknown."""

    required: int = 0
    exempt: int = 0
    on_time: int = 0
    late: int = 0
    open: int = 0
    missing: int = 0
    unknown: int = 0

    @property
    def coverage(self) -> float | None:
        """转载覆盖率, 0 to 1; None when nobody was required."""
        return (self.on_time + self.late) / self.required if self.required else None

    @property
    def timeliness(self) -> float | None:
        """及时率, 0 to 1; None when nobody was required."""
        return self.on_time / self.required if self.required else None


@dataclass(frozen=True, kw_only=True)
class ItemCoverage(Tally):
    """A key item's coverage as it was known at `as_of`."""

    post: str
    title: str
    as_of: datetime
    released_at: datetime | None
    deadline_at: datetime
    units: tuple[UnitRow, ...]  # all units of the roster, in its order
    accounts: tuple[AccountRow, ...]


def item_coverage(
    item: KeyRelease, cells: Iterable[Cell], units: Sequence[str], *, as_of: datetime
) -> ItemCoverage:
    """The coverage of `item` among all `units` of the roster, told from `cells`.

    The flagship counts through its own first release, whether or not it has a cell. What happened
    after `as_of` is not seen, so that an old report can be made again.
    """
    by_unit: dict[str, list[tuple[Cell, AccountRow]]] = {unit: [] for unit in units}
    for cell in _with_first_release(item, cells):
        if cell.unit in by_unit:
            row = account_row(item, cell, as_of=as_of)
            by_unit[cell.unit].append((cell, row))
    rows = tuple(_unit_row(item, unit, by_unit[unit]) for unit in units)
    return ItemCoverage(
        post=item.post,
        title=item.title,
        as_of=as_of,
        released_at=item.released_at,
        deadline_at=item.deadline_at,
        units=rows,
        accounts=tuple(row for unit in units for _, row in by_unit[unit]),
        **_counts(rows),
    )


def _with_first_release(item: KeyRelease, cells: Iterable[Cell]) -> list[Cell]:
    first = Cell(
        account=item.flagship,
        unit=item.flagship_unit,
        carried_at=item.released_at,
        url=item.url,
        evidence="first release" if item.released_at is not None else "",
        read_until=item.deadline_at,  # our own ledger tells, no reading is needed
    )
    return [first, *(cell for cell in cells if cell.account != item.flagship)]


def account_row(item: KeyRelease, cell: Cell, *, as_of: datetime) -> AccountRow:
    """How one account stands, with its evidence."""
    state = _state(item, cell, as_of)
    seen = state in CARRIED
    return AccountRow(
        account=cell.account,
        unit=cell.unit,
        state=state,
        at=cell.carried_at if seen else None,
        url=cell.url if seen or cell.doubtful else "",
        evidence=cell.evidence if seen or cell.doubtful else "",
    )


def _state(item: KeyRelease, cell: Cell, as_of: datetime) -> CellState:
    if cell.carried_at is not None and cell.carried_at <= as_of:
        return CellState.ON_TIME if cell.carried_at <= item.deadline_at else CellState.LATE
    if not cell.expected:
        return CellState.UNKNOWN if cell.doubtful else CellState.NOT_EXPECTED
    if item.released_at is None or item.released_at > as_of or as_of <= item.deadline_at:
        return CellState.OPEN
    if cell.by_hand or cell.doubtful or cell.publication in _IN_FLIGHT:
        return CellState.UNKNOWN
    if cell.read_until is None or cell.read_until < item.deadline_at:
        return CellState.UNKNOWN
    return CellState.MISSING


def _unit_row(item: KeyRelease, unit: str, known: list[tuple[Cell, AccountRow]]) -> UnitRow:
    state, best = _best(known)
    row = UnitRow(unit=unit, state=state)
    if best is not None:
        row = replace(row, account=best.account, at=best.at, url=best.url, evidence=best.evidence)
    if unit not in item.exempt:
        return row
    carried = state if state in CARRIED else None
    return replace(row, state=CellState.EXEMPT, reason=item.exempt[unit], carried=carried)


def _best(known: list[tuple[Cell, AccountRow]]) -> tuple[CellState, AccountRow | None]:
    """The unit's state: on time > late > open, else missing or unknown.

    Missing needs a readable account that shows nothing, and no readable account or waiting match
    that could still show it. Accounts on platforms nobody can read excuse nobody; when the unit
    has no others, or none at all, it is unknown.
    """
    for state in (CellState.ON_TIME, CellState.LATE, CellState.OPEN):
        rows = [row for _, row in known if row.state is state]
        if rows:
            return state, min(rows, key=lambda row: row.at or datetime.max.replace(tzinfo=UTC))
    unsure = [
        row
        for cell, row in known
        if row.state is CellState.UNKNOWN and (cell.doubtful or not cell.by_hand)
    ]
    missing = [row for _, row in known if row.state is CellState.MISSING]
    if missing and not unsure:
        return CellState.MISSING, missing[0]
    unknown = unsure or [row for _, row in known if row.state is CellState.UNKNOWN]
    return CellState.UNKNOWN, unknown[0] if unknown else None


def _counts(rows: Iterable[UnitRow]) -> dict[str, int]:
    states = [row.state for row in rows]
    exempt = states.count(CellState.EXEMPT)
    return {
        "required": len(states) - exempt,
        "exempt": exempt,
        "on_time": states.count(CellState.ON_TIME),
        "late": states.count(CellState.LATE),
        "open": states.count(CellState.OPEN),
        "missing": states.count(CellState.MISSING),
        "unknown": states.count(CellState.UNKNOWN),
    }


def total(items: Iterable[Tally]) -> Tally:
    """All items together: their cells added up, so that the rates weigh every cell alike."""
    names = ("required", "exempt", "on_time", "late", "open", "missing", "unknown")
    rows = list(items)
    return Tally(**{name: sum(getattr(row, name) for row in rows) for name in names})


def grid(items: Sequence[ItemCoverage]) -> dict[str, tuple[UnitRow | None, ...]]:
    """unit -> one row per item, in the order of `items`; None where the unit was not asked."""
    units = dict.fromkeys(row.unit for item in items for row in item.units)
    by_item = [{row.unit: row for row in item.units} for item in items]
    return {unit: tuple(rows.get(unit) for rows in by_item) for unit in units}
