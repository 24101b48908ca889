"""Reads roster.yaml: the units and their accounts."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

from bot.domain import words
from bot.domain.problem import Place, Problem
from bot.domain.roster import HAND_OFF, Account, ReprintPolicy, Roster, Unit
from bot.i18n import _
from bot.schedule.faults import suggestion, validate
from bot.schedule.folder import Folder
from bot.schedule.lined import Node, parse
from bot.schedule.registered import Policies
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
    whole: bool = False  # nothing in the file had to be left out
    faulty: frozenset[str] = frozenset()  # ids of accounts that stand there but are left out


def roster_from(
    folder: Folder,
    file: str,
    platforms: frozenset[str] | None = None,
    modes: ModesOf | None = None,
) -> RosterReading:
    """The roster in the folder's `file`.

    `platforms` are the known ones, `modes` tells those of one of them; None allows any.
    """
    if not (folder.root / file).exists():
        folder.seen[file] = ""
        return RosterReading(problems=[_no_roster(file)])
    text, problems = folder.read_text(file, Place(file=file))
    if text is None:
        return RosterReading(problems=problems)
    node, problems = parse(text, file)
    if node is None:
        return RosterReading(problems=problems)
    reader = _Reader(file=file, platforms=platforms, modes=modes, problems=problems)
    reader.whole = not problems
    return RosterReading(
        roster=reader.roster(node),
        problems=reader.problems,
        whole=reader.whole,
        faulty=frozenset(reader.faulty - reader.accounts.keys()),
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

    def roster(self, root: Node) -> Roster:
        shape, problems = validate(RosterShape, root, self.file)
        self._add(problems)
        units = root.get("units")
        for node in units.items() if units is not None else ():
            self._unit(node)
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
        self._check_flagship(account, node)

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
