"""Which unit carried which key item, and when: 转载覆盖率 and 及时率, counted by unit.

    coverage   转载覆盖率 = (on time + late) / required
    timeliness 及时率    = on time / required        required 应转 = must 应转 - exempt 免转

(转载覆盖率 = reprinted / (required - exempt) as the monthly bulletins count it: six items and 24
units are 144 cells, three of them exempt, so 141 required.) A unit counts once, by its best
account. What nobody could read is unknown; it is never counted as not carried. A unit that may
carry an item, and one that is exempt, are not required, whether or not they carried it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from bot.domain.post import Kind
from bot.domain.publication import State

# Our own publication may be public without a receipt yet: nobody may say the unit did not carry it.
IN_FLIGHT = frozenset({State.SENDING, State.UNKNOWN, State.PENDING})


class CellState(StrEnum):
    """How an account, or a unit by its best account, stands to a key item."""

    ON_TIME = "on_time"  # carried at the deadline or before
    LATE = "late"
    OPEN = "open"  # not carried, and the deadline has not passed (or it is not released yet)
    MISSING = "missing"  # read to the deadline or beyond, and not there
    UNKNOWN = "unknown"  # nobody could tell
    EXEMPT = "exempt"  # units only: 免转 with a reason
    OPTIONAL = "optional"  # units only: may carry it 可转, need not
    NOT_EXPECTED = "not_expected"  # accounts only: takes no part and carried nothing


CARRIED = frozenset({CellState.ON_TIME, CellState.LATE})
LACKING = frozenset({CellState.OPEN, CellState.MISSING, CellState.UNKNOWN})  # of what is required


@dataclass(frozen=True, kw_only=True)
class Exemption:
    """Why a unit need not carry a key item."""

    reason: str
    by: str  # "calendar", or who granted it
    at: datetime


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
    outdated: bool = False  # carries a text that was corrected since
    unsure: bool = False  # a person's word alone says so, and a time when it cannot have been


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
    exempt: Mapping[str, Exemption] = field(default_factory=dict)  # by unit
    optional: Collection[str] = ()  # units that may carry it and need not


@dataclass(frozen=True, kw_only=True)
class AccountRow:
    """One line of evidence behind a unit's state."""

    account: str
    unit: str
    state: CellState
    at: datetime | None
    url: str
    evidence: str
    outdated: bool = False  # carried, in a version that was corrected since


@dataclass(frozen=True, kw_only=True)
class UnitRow:
    """How a unit counts, and by which account."""

    unit: str
    state: CellState
    account: str = ""  # the account that decides; "" when none does
    at: datetime | None = None
    url: str = ""
    evidence: str = ""
    outdated: bool = False
    exemption: Exemption | None = None
    carried: CellState | None = None  # how a unit that need not have carried it did so

    @property
    def reason(self) -> str:
        """Of the exemption; "" without one."""
        return self.exemption.reason if self.exemption else ""


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Units counted; required = on_time + late + open + missing + unknown."""

    required: int = 0
    exempt: int = 0
    optional: int = 0
    on_time: int = 0
    late: int = 0
    open: int = 0
    missing: int = 0
    unknown: int = 0
    unreleased: int = 0  # of the required: of key items that nobody could carry yet

    @property
    def coverage(self) -> float | None:
        """转载覆盖率, 0 to 1; None when nobody was required, or nothing is released yet."""
        return (self.on_time + self.late) / self._able if self._able else None

    @property
    def timeliness(self) -> float | None:
        """及时率, 0 to 1; None when nobody was required, or nothing is released yet."""
        return self.on_time / self._able if self._able else None

    @property
    def _able(self) -> int:
        return self.required - self.unreleased


@dataclass(frozen=True, kw_only=True)
class ItemStates(Tally):
    """How each unit stands to a key item, without the evidence."""

    post: str
    title: str
    released_at: datetime | None
    deadline_at: datetime
    states: Mapping[str, CellState]  # by unit; those nobody asks are left out
    # Of the units that may have carried it yet: those with a match that waits for a person.
    doubtful: Collection[str] = field(default=(), compare=False)
    # Of those of unknown state: those with no account that the bot can read.
    by_hand: Collection[str] = field(default=(), compare=False)

    def of_unit(self, unit: str) -> ItemStates:
        """As one unit may see it: its own state, and numbers from that alone."""
        states = {unit: self.states[unit]} if unit in self.states else {}
        released = self.released_at is not None
        numbers: dict[str, Any] = {**counted(states.values(), released=released)}
        return replace(
            self,
            states=states,
            doubtful={unit} & set(self.doubtful),
            by_hand={unit} & set(self.by_hand),
            **numbers,
        )


@dataclass(frozen=True, kw_only=True)
class ItemCoverage(Tally):
    """A key item's coverage as it was known at `as_of`."""

    post: str
    title: str
    as_of: datetime
    released_at: datetime | None
    deadline_at: datetime
    units: tuple[UnitRow, ...]  # all units of the roster that are asked, in its order
    accounts: tuple[AccountRow, ...]
    first_carried_at: datetime | None  # by another account than the first release's
    last_carried_at: datetime | None

    @property
    def states(self) -> Mapping[str, CellState]:
        """How each unit stands."""
        return {row.unit: row.state for row in self.units}

    def of_unit(self, unit: str) -> ItemCoverage:
        """As one unit may see it: its own accounts, and numbers from those alone."""
        rows = tuple(row for row in self.units if row.unit == unit)
        released = self.released_at is not None
        numbers: dict[str, Any] = {**counted((row.state for row in rows), released=released)}
        accounts = tuple(row for row in self.accounts if row.unit == unit)
        return replace(self, units=rows, accounts=accounts, **numbers)

    def lean(self) -> ItemStates:
        """The same without the evidence."""
        return ItemStates(
            post=self.post,
            title=self.title,
            released_at=self.released_at,
            deadline_at=self.deadline_at,
            states=self.states,
            **{name: getattr(self, name) for name in _NUMBERS},
        )


_COUNTED = {one.value: one for one in CellState if one is not CellState.NOT_EXPECTED}
_NUMBERS = ("required", *_COUNTED, "unreleased")


def item_coverage(
    item: KeyRelease, cells: Iterable[Cell], units: Sequence[str], *, as_of: datetime
) -> ItemCoverage:
    """The coverage of `item` among `units`, told from `cells`: what was known at `as_of`.

    The flagship counts through its own first release, whether or not it has a cell.
    """
    by_unit: dict[str, list[tuple[Cell, AccountRow]]] = {unit: [] for unit in units}
    for cell in _with_first_release(item, cells):
        if cell.unit in by_unit:
            by_unit[cell.unit].append((cell, account_row(item, cell, as_of=as_of)))
    rows = tuple(_unit_row(item, unit, by_unit[unit]) for unit in units)
    accounts = tuple(row for unit in units for _, row in by_unit[unit])
    times = sorted(row.at for row in accounts if row.at and row.account != item.flagship)
    return ItemCoverage(
        post=item.post,
        title=item.title,
        as_of=as_of,
        released_at=item.released_at,
        deadline_at=item.deadline_at,
        units=rows,
        accounts=accounts,
        first_carried_at=times[0] if times else None,
        last_carried_at=times[-1] if times else None,
        **counted((row.state for row in rows), released=item.released_at is not None),
    )


def _with_first_release(item: KeyRelease, cells: Iterable[Cell]) -> list[Cell]:
    known = list(cells)
    first = Cell(
        account=item.flagship,
        unit=item.flagship_unit,
        carried_at=item.released_at,
        url=item.url,
        evidence="first release" if item.released_at is not None else "",
        read_until=item.deadline_at,  # our own ledger tells, no reading is needed
        outdated=any(cell.outdated for cell in known if cell.account == item.flagship),
    )
    return [first, *(cell for cell in known if cell.account != item.flagship)]


def account_row(item: KeyRelease, cell: Cell, *, as_of: datetime) -> AccountRow:
    """How one account stands, with its evidence."""
    state = account_state(
        carried_at=cell.carried_at,
        deadline_at=item.deadline_at,
        expected=cell.expected,
        doubtful=cell.doubtful,
        closed=is_closed(item, as_of),
        hidden=cell.by_hand or cell.unsure or cell.publication in IN_FLIGHT,
        read_until=cell.read_until,
    )
    seen = state in CARRIED
    return AccountRow(
        account=cell.account,
        unit=cell.unit,
        state=state,
        at=cell.carried_at if seen else None,
        url=cell.url if seen or cell.doubtful else "",
        evidence=cell.evidence if seen or cell.doubtful else "",
        outdated=seen and cell.outdated,
    )


def is_typed(kind: str, platform_id: str) -> bool:
    """True when nothing but a person's word tells the time of a publication that is public.

    Of a reprint: such a time before the first release proves nothing. A receipt and a reading
    name the platform's id.
    """
    return kind == Kind.REPRINT and not platform_id


def is_closed(item: KeyRelease, as_of: datetime) -> bool:
    """True once it was released and its deadline has passed: before, nobody is missing."""
    released = item.released_at is not None and item.released_at <= as_of
    return released and as_of > item.deadline_at


def account_state(
    *,
    carried_at: datetime | None,
    deadline_at: datetime,
    expected: bool,  # it takes part
    doubtful: bool,
    closed: bool,  # of the key item: see `is_closed`
    hidden: bool,  # nobody can read it for us, or our own publication may be public
    read_until: datetime | None,
) -> CellState:
    """How an account stands to a key item: the one rule behind every answer."""
    if carried_at is not None:
        return CellState.ON_TIME if carried_at <= deadline_at else CellState.LATE
    if not expected:
        return CellState.UNKNOWN if doubtful else CellState.NOT_EXPECTED
    if not closed:
        return CellState.OPEN
    if hidden or doubtful or read_until is None or read_until < deadline_at:
        return CellState.UNKNOWN
    return CellState.MISSING


def unit_state(accounts: Iterable[tuple[CellState, bool]]) -> CellState:
    """The unit's state: on time > late > open, else missing or unknown.

    With each account's state comes whether it excuses the unit while it is unknown: an account on
    a platform nobody can read does not, unless a match waits for a decision. Missing needs a
    readable account that shows nothing, and none that could still show it.
    """
    known = list(accounts)
    states = {state for state, _excuses in known}
    for best in (CellState.ON_TIME, CellState.LATE, CellState.OPEN):
        if best in states:
            return best
    unsure = any(state is CellState.UNKNOWN and excuses for state, excuses in known)
    missing = CellState.MISSING in states and not unsure
    return CellState.MISSING if missing else CellState.UNKNOWN


def _unit_row(item: KeyRelease, unit: str, known: list[tuple[Cell, AccountRow]]) -> UnitRow:
    state = unit_state((row.state, excuses(cell)) for cell, row in known)
    row = UnitRow(unit=unit, state=state)
    if (best := _decides(state, known)) is not None:
        row = replace(
            row,
            account=best.account,
            at=best.at,
            url=best.url,
            evidence=best.evidence,
            outdated=best.outdated,
        )
    carried = state if state in CARRIED else None
    if unit in item.exempt:
        exemption = item.exempt[unit]
        return replace(row, state=CellState.EXEMPT, exemption=exemption, carried=carried)
    if unit in item.optional:
        return replace(row, state=CellState.OPTIONAL, carried=carried)
    return row


def excuses(cell: Cell) -> bool:
    """True when an unknown state of this account keeps its unit from being missing."""
    return cell.doubtful or not cell.by_hand


def _decides(state: CellState, known: list[tuple[Cell, AccountRow]]) -> AccountRow | None:
    """The account the unit's state rests on; of several the first to carry it."""
    rows = [(excuses(cell), row) for cell, row in known if row.state is state]
    if state is CellState.UNKNOWN:
        rows.sort(key=lambda one: not one[0])
    found = [row for _, row in rows]
    return min(found, key=lambda row: row.at or _NEVER) if found else None


_NEVER = datetime.max.replace(tzinfo=UTC)


def counted(states: Iterable[CellState], *, released: bool, on_time: int = 0) -> dict[str, int]:
    """The numbers of a tally; `on_time` are counted already."""
    found = Counter(states)
    found[CellState.ON_TIME] += on_time
    beside = found[CellState.EXEMPT] + found[CellState.OPTIONAL]
    required = found.total() - beside
    carried = found[CellState.ON_TIME] + found[CellState.LATE]
    return {
        "required": required,
        **{name: found[state] for name, state in _COUNTED.items()},
        "unreleased": 0 if released or carried else required,
    }


def total(items: Iterable[Tally]) -> Tally:
    """All items together: their cells added up, so that the rates weigh every cell alike.

    Those of key items that are not released yet are required, and in no rate.
    """
    rows = list(items)
    return Tally(**{name: sum(getattr(row, name) for row in rows) for name in _NUMBERS})


def grid(items: Sequence[ItemCoverage]) -> dict[str, tuple[UnitRow | None, ...]]:
    """unit -> one row per item, in the order of `items`; None where the unit was not asked."""
    units = dict.fromkeys(row.unit for item in items for row in item.units)
    by_item = [{row.unit: row for row in item.units} for item in items]
    return {unit: tuple(rows.get(unit) for rows in by_item) for unit in units}
