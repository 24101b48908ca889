"""From the sheets of a roster to the tree its units and accounts are made of, as YAML gives it.

A line of headings says what stands below it, units or accounts, wherever it is: on a sheet of its
own, or one below the other in a CSV file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from bot.domain.problem import Place
from bot.domain.roster import same_name
from bot.i18n import _
from bot.schedule import cells
from bot.schedule.cells import Refused
from bot.schedule.grid import Grid, Value, letters, shown
from bot.schedule.headings import Kind, squeezed
from bot.schedule.lined import Node
from bot.schedule.near import suggestion
from bot.schedule.registered import USUAL
from bot.schedule.roster_headings import (
    FIELDS,
    IGNORED,
    MATRIX,
    OPEN,
    REQUIRED,
    Field,
    Table,
    field_of,
)
from bot.schedule.rows import Findings, Maker, Tree, is_example, unread_cells

_LEAST: Final = 3  # so many known headings make a line of headings, or all that are needed
_PARTS: Final = re.compile(r"[；;，,、\n]")
_SIGN: Final = re.compile(r"[=＝:：]")


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A row of accounts, and in which column each key stands."""

    grid: Grid
    row: int
    columns: Mapping[str, int]

    def next(self) -> Spot:
        """The row below."""
        return replace(self, row=self.row + 1)


@dataclass(kw_only=True)
class RosterSheets:
    """Makes the tree of a file's grids."""

    file: str
    findings: Findings = field(default_factory=Findings)
    homeless: set[str] = field(default_factory=set)  # ids of accounts whose unit is not there
    spots: dict[str, Spot] = field(default_factory=dict)  # where each account stands
    free: Spot | None = None  # a row for a further account
    _units: list[Tree] = field(default_factory=list)
    _nodes: list[Node] = field(default_factory=list)
    _accounts: list[tuple[Node, Tree]] = field(default_factory=list)
    _matrix: Node | None = None

    def read(self, grids: Sequence[Grid]) -> Node | None:
        """The tree; None when no sheet has units or accounts."""
        found = [self._grid(grid) for grid in grids]
        if not any(found):
            place = grids[0].place(0, 0) if grids else Place(file=self.file)
            self.findings.say(place, _no_headings())
            return None
        for node, tree in self._accounts:
            self._house(node, tree)
        units = Node(line=1, end_line=1, value=self._nodes)
        root: Tree = {"units": (1, units)}
        if self._matrix is not None:
            root["matrix"] = (self._matrix.line, self._matrix)
        return Node(line=1, end_line=1, value=root)

    def _grid(self, grid: Grid) -> bool:
        """Reads one sheet; False when it has no line of headings."""
        block: _Block | None = None
        _spread(grid, self.findings)
        for row, line in enumerate(grid.rows):
            table = _table_of(line)
            if table is not None:
                block = _Block(findings=self.findings, grid=grid, table=table)
                block.headings(row)
            elif block is None:
                self._setting(grid, row)
            elif block.complete and not is_example(line):
                self._row(block, row)
        return block is not None

    def _setting(self, grid: Grid, row: int) -> None:
        """Takes “矩阵名称 | 澜汀区卫生健康新媒体矩阵”."""
        filled = [column for column, value in enumerate(grid.rows[row]) if value != ""]
        if len(filled) > 1 and squeezed(shown(grid.value(row, filled[0]))) in MATRIX:
            maker = Maker(findings=self.findings, grid=grid, row=row)
            self._matrix = maker.node(filled[1], Kind.TEXT)

    def _row(self, block: _Block, row: int) -> None:
        tree = block.tree(row)
        if tree is None:
            return
        cell = tree["id"][1].cell
        node = Node(line=row + 1, end_line=row + 1, value=tree, cell=cell)
        if block.table is Table.ACCOUNTS:
            self._accounts.append((node, tree))
            spot = Spot(grid=block.grid, row=row, columns=block.columns)
            self.spots.setdefault(node.text("id"), spot)
            if row + 1 == len(block.grid.rows):
                self.free = spot.next()
            return
        none: list[Node] = []
        tree["accounts"] = (row + 1, Node(line=row + 1, end_line=row + 1, value=none, cell=cell))
        self._units.append(tree)
        self._nodes.append(node)

    def value(self, cell: str) -> Value:
        """What stands in a cell of an account."""
        for spot in self.spots.values():
            for column in spot.columns.values():
                if spot.grid.cell(spot.row, column) == cell:
                    return spot.grid.value(spot.row, column)
        return ""

    def _house(self, node: Node, tree: Tree) -> None:
        """Puts an account below its unit."""
        _line, named = tree.pop("unit")
        owner = self._unit(named.value if isinstance(named.value, str) else "")
        if owner is not None:
            below = owner["accounts"][1].value
            assert isinstance(below, list)
            below.append(node)
            return
        self.homeless.add(node.text("id"))
        if isinstance(named.value, str):
            known = [unit["id"][1].value for unit in self._units]
            message = _("There is no unit {unit} in this roster.").format(unit=named.value)
            hint = suggestion(named.value, [one for one in known if isinstance(one, str)])
            self.findings.say(named.place(self.file), ("account-without-unit", message, hint))
        else:
            told = (
                "account-without-unit",
                _("The account does not say whose it is."),
                _("Fill in the column {heading}.").format(heading=Table.UNITS.value),
            )
            self.findings.say(named.place(self.file), told)

    def _unit(self, text: str) -> Tree | None:
        """The unit a cell means: by its id, perhaps with its name behind it, or by its name."""
        for word in dict.fromkeys((text, text.partition(" ")[0])):
            for unit in self._units:
                if word and unit["id"][1].value == word:
                    return unit
        named = [unit for unit in self._units if text and _is_called(unit, text)]
        return named[0] if len(named) == 1 else None


def _is_called(unit: Tree, text: str) -> bool:
    names = (unit[key][1].value for key in ("name", "short") if key in unit)
    return any(isinstance(name, str) and same_name(name, text) for name in names)


def _table_of(line: Sequence[Value]) -> Table | None:
    """What the rows below this one are; None when it is no line of headings."""
    words = [value for value in line if isinstance(value, str) and 0 < len(value) < 40]
    known = {
        table: {one.key for word in words if (one := field_of(table, word)) is not None}
        for table in Table
    }
    best = max(Table, key=lambda table: len(known[table]))
    enough = len(known[best]) >= _LEAST or known[best] >= set(REQUIRED[best])
    return best if enough and "id" in known[best] else None


def _spread(grid: Grid, findings: Findings) -> None:
    """Fills cells that are merged downwards; what is merged otherwise cannot be told apart."""
    for merge in grid.merges:
        value = grid.value(merge.top, merge.left)
        rows = grid.rows[merge.top : merge.bottom + 1]
        alone = not any(
            cell != "" for line in rows for index, cell in enumerate(line) if index != merge.left
        )
        if value == "" or alone:
            continue  # a title over the whole table
        if merge.right > merge.left:
            findings.say(grid.place(merge.top, merge.left), _merged(merge.top, merge.left))
            continue
        for line in rows:
            if any(cell != "" for index, cell in enumerate(line) if index != merge.left):
                line += [""] * (merge.left + 1 - len(line))
                line[merge.left] = value


@dataclass(kw_only=True)
class _Block:
    """The rows below one line of headings."""

    findings: Findings
    grid: Grid
    table: Table
    fields: dict[int, Field] = field(default_factory=dict)
    known: set[int] = field(default_factory=set)  # columns with a heading, read or not
    complete: bool = False

    @property
    def columns(self) -> dict[str, int]:
        """In which column each key stands."""
        return {one.key: index for index, one in self.fields.items()}

    def headings(self, row: int) -> None:
        """Takes the line of headings."""
        seen: dict[str, int] = {}
        for index, value in enumerate(self.grid.rows[row]):
            word = shown(value)
            if not word.strip():
                continue
            self.known.add(index)
            found = field_of(self.table, word)
            if found is None:
                self._unknown(row, index, word)
            elif seen.setdefault(found.key, index) != index:
                self._twice(row, index, word, seen[found.key])
            else:
                self.fields[index] = found
        self.complete = self._is_complete(row, seen)

    def _unknown(self, row: int, index: int, word: str) -> None:
        if squeezed(word) in IGNORED:
            return
        message = _("The heading “{heading}” is not known.").format(heading=word)
        hint = suggestion(word, [one.heading for one in FIELDS[self.table]])
        self.findings.say(self.grid.place(row, index), ("unknown-heading", message, hint))

    def _twice(self, row: int, index: int, word: str, first: int) -> None:
        message = _("The heading “{heading}” stands twice.").format(heading=word)
        hint = _("It stands first in {cell}; keep one of the two.").format(
            cell=self.grid.cell(row, first)
        )
        self.findings.say(self.grid.place(row, index), ("duplicate-heading", message, hint))

    def _is_complete(self, row: int, seen: Mapping[str, int]) -> bool:
        missing = [key for key in REQUIRED[self.table] if key not in seen]
        for one in FIELDS[self.table]:
            if one.key in missing:
                message = _("The heading “{heading}” is missing.").format(heading=one.heading)
                told = ("heading-missing", message, _("Write it above its column."))
                self.findings.say(self.grid.place(row, 0), told)
        return not missing

    def tree(self, row: int) -> Tree | None:
        """What a row says, None when it is empty."""
        line = self.grid.rows[row]
        unread = unread_cells(self.grid, row)
        if not unread and not any(shown(value).strip() for value in line):
            return None
        maker = Maker(findings=self.findings, grid=self.grid, row=row)
        tree: Tree = {}
        for index, one in self.fields.items():
            node = self._cell(maker, index, one, unread.get(index))
            if node is not None:
                tree[one.key] = (row + 1, node)
        for index, value in enumerate(line):
            if index not in self.known and shown(value).strip():
                self._stray(row, index)
        return tree

    def _cell(
        self, maker: Maker, index: int, one: Field, unread: tuple[str, str, str] | None
    ) -> Node | None:
        """A cell as a node; None for an empty one that nobody asks for."""
        if unread is not None:
            self.findings.say(self.grid.place(maker.row, index), unread)
            return maker.leaf(index, None)
        if not shown(self.grid.value(maker.row, index)).strip():
            return maker.leaf(index, None) if one.key in REQUIRED[self.table] else None
        if not one.choices:
            return maker.node(index, one.kind)
        found = maker.node(index, Kind.TEXT)
        if found is None or not isinstance(found.value, str):
            return found
        try:
            return _chosen(maker, index, one, found.value)
        except Refused as refused:
            self.findings.say(self.grid.place(maker.row, index), refused.told)
            return maker.leaf(index, None)

    def _stray(self, row: int, index: int) -> None:
        told = (
            "value-without-heading",
            _("The value stands in a column without heading."),
            _("Give the column a heading; 备注 is one that is not read."),
        )
        self.findings.say(self.grid.place(row, index), told)


def _chosen(maker: Maker, index: int, one: Field, text: str) -> Node:
    """The value a word stands for. Raises Refused for a word that is none of the choices."""
    if one.key != "reprint":
        return maker.leaf(index, _value(one, text))
    pieces = [piece.strip() for piece in _PARTS.split(text) if piece.strip()]
    if len(pieces) == 1 and not _SIGN.search(pieces[0]):
        return maker.leaf(index, _value(one, pieces[0]))
    said: Tree = {}
    for piece in pieces:
        column, *policy = (side.strip() for side in _SIGN.split(piece, maxsplit=1))
        name, word = (column, policy[0]) if policy else (USUAL, column)
        if not name or name in said:
            raise Refused(
                "bad-pair",
                _("“{text}” is no column with its way of reprinting.").format(text=piece),
                _("Write for example: 自动；通知=不参加"),
            )
        said[name] = (maker.row + 1, maker.leaf(index, _value(one, word)))
    made = maker.leaf(index, None)
    made.value = said
    return made


def _value(one: Field, text: str) -> str:
    found = one.value_of(text)
    if found is not None or one.key in OPEN:
        return cells.words(text) if found is None else found
    raise Refused(
        "unknown-value",
        _("“{value}” is not allowed for {key}.").format(value=text, key=one.heading),
        suggestion(text, [words[0] for words in one.choices.values()]),
    )


def _no_headings() -> tuple[str, str, str]:
    return (
        "no-headings",
        _("No row of the file has the headings of a roster."),
        _("`bot export roster --template` makes a file that has them."),
    )


def _merged(row: int, column: int) -> tuple[str, str, str]:
    return (
        "merged-cells",
        _("The cells beginning at {first} are merged over several columns.").format(
            first=f"{letters(column)}{row + 1}"
        ),
        _("Unmerge them and fill in each cell."),
    )
