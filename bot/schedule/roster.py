"""Reads the roster: the units and their accounts, from YAML, a workbook or CSV."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.domain import words
from bot.domain.problem import Place, Problem, Severity, has_errors
from bot.domain.roster import (
    HAND_OFF,
    Account,
    AccountStatus,
    ReprintPolicy,
    Roster,
    Unit,
    plain_name,
)
from bot.i18n import _
from bot.schedule.faults import suggestion, validate
from bot.schedule.folder import Folder
from bot.schedule.lined import Node
from bot.schedule.registered import Policies
from bot.schedule.roster_tree import MAX_SHEET_BYTES, ROSTER_FILES, read_tree
from bot.schedule.shapes import AccountShape, RosterShape, UnitShape

ModesOf = Callable[[str], Collection[str]]  # of a platform, by its name


def read_roster(path: Path) -> tuple[Roster, list[Problem]]:
    """The roster in the file at `path`, as far as it can be read, and its problems."""
    reading = roster_from(Folder(root=path.parent), path.name)
    return reading.roster, reading.problems


@dataclass(frozen=True, kw_only=True)
class RosterReading:
    """A roster as far as it could be read."""

    roster: Roster = field(default_factory=Roster)
    problems: list[Problem] = field(default_factory=list)
    whole: bool = False  # nothing in the file had to be left out, or is certainly wrong
    faulty: frozenset[str] = frozenset()  # ids of accounts that stand there but are left out
    file: str = ROSTER_FILES[0]
    cells: Mapping[str, str] = field(default_factory=dict)  # of a sheet, by their names


def find_roster(
    folder: Folder, platforms: frozenset[str] | None = None, modes: ModesOf | None = None
) -> RosterReading:
    """The roster of the folder, whichever kind of file it is; of two neither is taken over."""
    there = [name for name in ROSTER_FILES if (folder.root / name).exists()]
    folder.seen |= {name: "" for name in ROSTER_FILES if name not in there}
    file = there[0] if there else ROSTER_FILES[0]
    found = roster_from(folder, file, platforms, modes)
    if len(there) < 2:
        return found
    for name in there[1:]:
        folder.read_bytes(name, Place(file=name), MAX_SHEET_BYTES)  # a change of it is noticed
    problems = [*found.problems, _two_rosters(there)]
    return replace(found, problems=problems, whole=False)


def roster_from(
    folder: Folder,
    file: str,
    platforms: frozenset[str] | None = None,
    modes: ModesOf | None = None,
) -> RosterReading:
    """The roster in the folder's `file`, a text or a sheet.

    `platforms` are the known ones, `modes` tells those of one of them; None allows any.
    """
    if not (folder.root / file).exists():
        folder.seen[file] = ""
        return RosterReading(file=file, problems=[_no_roster(file)])
    tree = read_tree(folder, file)
    if tree.root is None:
        return RosterReading(file=file, problems=tree.problems, cells=tree.cells)
    reader = _Reader(file=file, platforms=platforms, modes=modes, problems=tree.problems)
    reader.whole = not has_errors(tree.problems)
    return RosterReading(
        file=file,
        roster=reader.roster(tree.root),
        problems=reader.problems,
        whole=reader.whole,
        faulty=frozenset((reader.faulty | tree.homeless) - reader.accounts.keys()),
        cells=tree.cells,
    )


def _two_rosters(names: Sequence[str]) -> Problem:
    return Problem(
        code="two-rosters",
        message=_("There are several rosters: {files}. None of them is taken over.").format(
            files=_(", ").join(names)
        ),
        hint=_("Keep the one that is right, and take the others out of the folder."),
        place=Place(file=names[1]),
    )


def _no_roster(file: str) -> Problem:
    return Problem(
        code="roster-missing",
        message=_("There is no {file}, so no account is known.").format(file=file),
        hint=_("Put {file} with the units and their accounts into the schedules folder.").format(
            file=file
        ),
        place=Place(file=file),
    )


@dataclass(kw_only=True)
class _Reader:
    file: str
    platforms: frozenset[str] | None
    modes: ModesOf | None
    problems: list[Problem]
    whole: bool = True
    units: dict[str, Unit] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    faulty: set[str] = field(default_factory=set)
    flagships: dict[str, Account] = field(default_factory=dict)  # by platform
    names: dict[tuple[str, str], Account] = field(default_factory=dict)  # by platform and name
    merged: list[tuple[UnitShape, Node]] = field(default_factory=list)

    def roster(self, root: Node) -> Roster:
        shape, problems = validate(RosterShape, root, self.file)
        self._add(problems)
        units = root.get("units")
        for node in units.items() if units is not None else ():
            self._unit(node)
        for unit, node in self.merged:
            self._check_merger(unit, node)
        name = shape.matrix if shape is not None else root.text("matrix")
        return Roster(name=name, units=self.units, accounts=self.accounts)

    def _add(self, problems: list[Problem]) -> None:
        """Also an unknown key leaves it unwhole: it may be a mistyped one ("reprnt: auto")."""
        self.problems += problems
        self.whole = self.whole and not problems

    def _unit(self, node: Node) -> None:
        shape, problems = validate(UnitShape, node, self.file)
        self._add(problems)
        accounts = node.get("accounts")
        if shape is None:
            # Its accounts belong to nobody; their own mistakes are told all the same.
            for account in accounts.items() if accounts is not None else ():
                self._add(validate(AccountShape, account, self.file)[1])
                self.faulty.add(account.text("id"))
            return
        if shape.id in self.units:
            self._twice("duplicate-unit", shape.id, self.units[shape.id].place, node)
        else:
            self.units[shape.id] = _unit_of(shape, node.place(self.file))
            self._check_days(shape, node)
            if shape.merged_into:
                self.merged.append((shape, node))
        for account in accounts.items() if accounts is not None else ():
            self._account(account, shape)

    def _account(self, node: Node, unit: UnitShape) -> None:
        shape, problems = validate(AccountShape, node, self.file)
        self._add(problems)
        if shape is None or not self._is_known(shape, node):
            self.faulty.add(node.text("id"))
            return
        if shape.id in self.accounts:
            self._twice("duplicate-account", shape.id, self.accounts[shape.id].place, node)
            return
        account = _account_of(shape, unit, node.place(self.file))
        self.accounts[account.id] = account
        self._check_days(shape, node)
        self._check_flagship(account, node)
        self._check_name(account, node)

    def _is_known(self, account: AccountShape, node: Node) -> bool:
        return self._knows_platform(account, node) and self._knows_mode(account, node)

    def _knows_platform(self, account: AccountShape, node: Node) -> bool:
        if self.platforms is None or account.platform in self.platforms:
            return True
        self.whole = False
        self.problems.append(
            Problem(
                code="unknown-platform",
                message=_("The platform “{platform}” is not known.").format(
                    platform=account.platform
                ),
                hint=suggestion(account.platform, sorted(self.platforms)),
                place=node.place(self.file, "platform"),
            )
        )
        return False

    def _knows_mode(self, account: AccountShape, node: Node) -> bool:
        if self.modes is None or account.mode in {"", HAND_OFF}:
            return True
        known = {HAND_OFF, *self.modes(account.platform)}
        if account.mode in known:
            return True
        self.whole = False
        self.problems.append(
            Problem(
                code="unknown-value",
                message=_("“{mode}” is no mode of {platform}.").format(
                    mode=account.mode, platform=words.platform(account.platform)
                ),
                hint=suggestion(account.mode, sorted(filter(None, known))),
                place=node.place(self.file, "mode"),
            )
        )
        return False

    def _check_flagship(self, account: Account, node: Node) -> None:
        if not account.flagship:
            return
        first = self.flagships.setdefault(account.platform, account)
        if first is account:
            return
        self.problems.append(
            Problem(
                code="two-flagships",
                message=_(
                    "{second} is marked as the flagship on {platform}, as {first} is."
                ).format(second=account.id, platform=account.platform, first=first.id),
                hint=_("Keep “flagship: true” on one of them; {first} stands at {place}.").format(
                    first=first.id, place=first.place
                ),
                place=node.place(self.file, "flagship"),
            )
        )

    def _check_days(self, shape: UnitShape | AccountShape, node: Node) -> None:
        if shape.opened is None or shape.closed is None or shape.opened < shape.closed:
            return
        self._wrong(
            "closed-before-opened",
            _("{id} closes on {closed}, not after it opened on {opened}.").format(
                id=shape.id, closed=shape.closed, opened=shape.opened
            ),
            _("Correct one of the two days."),
            node.place(self.file, "closed"),
        )

    def _check_merger(self, unit: UnitShape, node: Node) -> None:
        """A unit goes into another one that is there, from a day on."""
        into = self.units.get(unit.merged_into)
        if into is None or into.id == unit.id:
            message = _("{id} is said to be merged into {other}, which is no other unit here.")
            known = [name for name in self.units if name != unit.id]
            self._wrong(
                "unknown-merger",
                message.format(id=unit.id, other=unit.merged_into),
                suggestion(unit.merged_into, known),
                node.place(self.file, "merged_into"),
            )
        elif unit.closed is None:
            self._wrong(
                "merged-without-day",
                _("{id} is merged into {other}, but it is not said since when.").format(
                    id=unit.id, other=into.id
                ),
                _("Give its last change as the day of closing; its accounts go to {other}.").format(
                    other=into.id
                ),
                node.place(self.file, "merged_into"),
            )

    def _check_name(self, account: Account, node: Node) -> None:
        """On one platform no two accounts have one name; one that is closed may have had it."""
        if account.closed is not None or account.status is AccountStatus.CLOSED:
            return
        first = self.names.setdefault((account.platform, plain_name(account.name)), account)
        if first is account:
            return
        self.problems.append(
            Problem(
                code="account-name-twice",
                message=_("{second} has the same name on {platform} as {first}.").format(
                    second=account.id, platform=words.platform(account.platform), first=first.id
                ),
                hint=_(
                    "One row may be a copy of the other, which stands at {place}. Correct the "
                    "name, or close the one that is not used any more."
                ).format(place=first.place),
                severity=Severity.WARNING,
                place=node.place(self.file, "name"),
            )
        )

    def _wrong(self, code: str, message: str, hint: str, place: Place) -> None:
        """Adds what must not be taken over into the registry's history."""
        self.whole = False
        self.problems.append(Problem(code=code, message=message, hint=hint, place=place))

    def _twice(self, code: str, name: str, first: Place, node: Node) -> None:
        self.whole = False
        self.problems.append(
            Problem(
                code=code,
                message=_("The id {id} stands twice, first at {place}.").format(
                    id=name, place=first
                ),
                hint=_("Give one of the two another id, or delete it."),
                place=node.place(self.file, "id"),
            )
        )


def _unit_of(shape: UnitShape, place: Place) -> Unit:
    fields = {name: getattr(shape, name) for name in UnitShape.model_fields}
    said: Policies = fields.pop("reprint")
    del fields["accounts"]
    return Unit(
        **fields
        | {"short": shape.short or shape.name, "contacts": tuple(shape.contacts)}
        | {"reprint": said.usual, "reprint_in": said.by_column, "place": place}
    )


def _account_of(shape: AccountShape, unit: UnitShape, place: Place) -> Account:
    fields = {name: getattr(shape, name) for name in AccountShape.model_fields}
    said: Policies = fields.pop("reprint").over(unit.reprint)
    usual = said.usual or ReprintPolicy.NONE
    return Account(unit=unit.id, place=place, reprint=usual, reprint_in=said.by_column, **fields)
