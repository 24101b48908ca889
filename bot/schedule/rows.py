"""From one row of a sheet to a post's node, cell by cell."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from bot.domain.problem import Place, Problem, Severity
from bot.i18n import _
from bot.schedule import cells
from bot.schedule.cells import Refused
from bot.schedule.grid import Grid, Value, shown
from bot.schedule.headings import TOPICS, Column, Kind
from bot.schedule.lined import CONTROL, Node

_TIMES: Final = frozenset({Kind.MOMENT, Kind.DAY, Kind.CLOCK})
_EXAMPLE: Final = ("示例", "例：", "例:", "#")  # a row whose first cell begins so is no post
_TOPIC_OF: Final = {word: name for name, words in TOPICS.items() for word in words}
# A text that is not simply the one it shows.
_ODD: Final = re.compile(rf"^\s*['（]|\r|{CONTROL.pattern}")
Keys: TypeAlias = tuple[str | int, ...]
Tree: TypeAlias = dict[str, tuple[int, Node]]
Told: TypeAlias = tuple[str, str, str]  # code, message, hint


@dataclass(kw_only=True)
class Findings:
    """What comes out of a file's sheets."""

    problems: list[Problem] = field(default_factory=list)
    spoilt: list[Place] = field(default_factory=list)  # rows that cannot be told in full
    partial: bool = False  # something was left out on purpose; nothing missing counts as removed
    posts: list[Node] = field(default_factory=list)

    def say(self, place: Place, told: Told, severity: Severity = Severity.ERROR) -> None:
        """Adds a problem."""
        code, message, hint = told
        self.problems.append(
            Problem(code=code, message=message, hint=hint, severity=severity, place=place)
        )


@dataclass(kw_only=True)
class Maker:
    """Makes nodes of one row's cells."""

    findings: Findings
    grid: Grid
    row: int

    def leaf(self, column: int, value: str | None) -> Node:
        line = self.row + 1
        return Node(line=line, end_line=line, value=value, cell=self.grid.cell(self.row, column))

    def node(self, column: int, kind: Kind, value: Value | None = None) -> Node | None:
        """The cell as a node, None when it cannot be taken; that is told."""
        if value is None:
            value = self.grid.value(self.row, column)
        if kind is Kind.TEXT and isinstance(value, str) and _ODD.search(value) is None:
            return self.leaf(column, value.strip())  # most cells by far
        try:
            return self._made(column, kind, self._sound(column, value))
        except Refused as refused:
            self.findings.say(self.grid.place(self.row, column), refused.told)
            return self.leaf(column, None)

    def _sound(self, column: int, value: Value) -> Value:
        """The value without characters nobody can see or have meant."""
        bad = CONTROL.search(value) if isinstance(value, str) else None
        if bad is None:
            return value
        told = (
            "bad-character",
            _("The value contains the invisible character U+{code}.").format(
                code=f"{ord(bad[0]):04X}"
            ),
            _("Delete it; typing the text again helps when it cannot be seen."),
        )
        self.findings.say(self.grid.place(self.row, column), told)
        return CONTROL.sub("", str(value))

    def _made(self, column: int, kind: Kind, value: Value) -> Node:
        if kind is Kind.TEXT:
            return self.leaf(column, cells.words(value))
        if kind in (Kind.NAMES, Kind.IDS):
            taken = cells.ids(value) if kind is Kind.IDS else cells.names(value)
            return self.listed(column, taken)
        if kind is Kind.PAIRS:
            return self._pairs(column, value)
        if kind is Kind.TREE:
            return self._tree(column, cells.tree(value))
        if kind is Kind.FLAG:
            return self.leaf(column, cells.flag(value))
        if kind is Kind.DATE:
            return self.leaf(column, cells.day(value, epoch_1904=self.grid.epoch_1904))
        if kind is Kind.INSTANT:
            moment = cells.moment(value, epoch_1904=self.grid.epoch_1904)
            return self.leaf(column, str(cells.together([moment], [shown(value)])))
        if kind is Kind.TOPIC:
            return self.leaf(column, topic(value))
        return self.leaf(column, (cells.span if kind is Kind.SPAN else cells.deadline)(value))

    def _tree(self, column: int, value: object) -> Node:
        """A node of a value as JSON has it; all of it stands in one cell."""
        made = self.leaf(column, None)
        if isinstance(value, dict):
            made.value = {
                key: (self.row + 1, self._tree(column, each)) for key, each in value.items()
            }
        elif isinstance(value, list):
            made.value = [self._tree(column, each) for each in value]
        elif value is not None:
            made.value = value if isinstance(value, str) else json.dumps(value)
        return made

    def listed(self, column: int, names: Sequence[str]) -> Node:
        """The cell as a list."""
        made = self.leaf(column, None)
        made.value, made.size = [self.leaf(column, name) for name in names], 1 + len(names)
        return made

    def _pairs(self, column: int, value: Value) -> Node:
        made = self.leaf(column, None)
        made.value = {
            name: (self.row + 1, self.leaf(column, said))
            for name, said in cells.pairs(value).items()
        }
        return made


def topic(value: Value) -> str:
    """A topic by its Chinese word or as the calendar files have it."""
    text = cells.text_of(value)
    if text.startswith("'"):  # the word itself is meant, not what it stands for
        return text[1:]
    return _TOPIC_OF.get(text, text)


@dataclass(kw_only=True)
class Row:
    """One row on its way to a post's node."""

    findings: Findings
    grid: Grid
    row: int
    columns: Mapping[int, Column]
    doubtful: frozenset[int]  # columns whose meaning is not known
    tree: Tree = field(default_factory=dict)

    @property
    def maker(self) -> Maker:
        return Maker(findings=self.findings, grid=self.grid, row=self.row)

    def _where(self, name: str) -> int:
        """The column of a key; the first one where it has none."""
        columns = self.columns.items()
        return next((index for index, column in columns if column.name == name), 0)

    def is_example(self) -> bool:
        """True for a row that only shows how it is done."""
        return is_example(self.grid.rows[self.row])

    def node(self) -> Node:
        grid, line = self.grid, self.row + 1
        cell = grid.cell(self.row, self._where("id"))
        return Node(line=line, end_line=line, value=self.tree, cell=cell)

    def fill(self) -> None:
        maker = self.maker
        times: list[tuple[int, Kind, Value]] = []
        line = self.grid.rows[self.row]
        if self.grid.unread:
            self._unread()
        for index, value in enumerate(line):
            if value == "" or (isinstance(value, str) and value.isspace()):
                continue
            column = self.columns.get(index)
            if column is None:
                self._stray(index)
            elif column.kind in _TIMES:
                times.append((index, column.kind, value))
            elif column.keys:
                node = maker.node(index, column.kind, value)
                if node is not None:
                    self._put(column.keys, node)
        self._time(times)
        self._required()

    def _unread(self) -> None:
        """Tells of cells that show something which the file does not hold."""
        for (row, index), why in self.grid.unread.items():
            column = self.columns.get(index)
            if row != self.row or column is None or not column.keys:
                continue
            self.findings.say(self.grid.place(row, index), _UNREAD[why]())
            self._put(column.keys, self.maker.leaf(index, None))

    def _stray(self, index: int) -> None:
        place = self.grid.place(self.row, index)
        if index in self.doubtful:
            self.findings.spoilt.append(place)
            return
        ragged = self.grid.ragged
        told = (
            "value-without-heading",
            _("The value stands in a column without heading."),
            _("A text with a comma in it must stand in quotation marks.")
            if ragged
            else _("Give the column a heading; 备注 is one that is not read."),
        )
        self.findings.say(place, told, Severity.ERROR if ragged else Severity.WARNING)

    def _put(self, keys: Keys, node: Node) -> None:
        """Sets the node at the end of the path, making what is missing on the way."""
        tree = self.tree
        if len(keys) == 1 and keys[0] not in tree:
            tree[str(keys[0])] = (node.line, node)
            return
        if keys[0] == "more":
            self._put_article(keys, node)
            return
        for key in keys[:-1]:
            below = tree.get(str(key))
            if below is None or not isinstance(below[1].value, dict):
                made = Node(line=node.line, end_line=node.line, value={}, cell=node.cell)
                below = tree[str(key)] = (node.line, made)
            assert isinstance(below[1].value, dict)
            tree = below[1].value
        last = str(keys[-1])
        if last in tree and isinstance(node.value, list):
            value = tree[last][1].value
            if isinstance(value, list):
                value.extend(node.value)  # “账号2”
        else:
            tree[last] = (node.line, node)

    def _put_article(self, keys: Keys, node: Node) -> None:
        more = self.tree.get("more")
        if more is None:
            made = Node(line=node.line, end_line=node.line, value=[], cell=node.cell)
            more = self.tree["more"] = (node.line, made)
        items = more[1].value
        assert isinstance(items, list)
        while len(items) <= int(keys[1]):
            items.append(Node(line=node.line, end_line=node.line, value={}, cell=node.cell))
        items[int(keys[1])].value[str(keys[2])] = (node.line, node)

    def _time(self, cells_of: list[tuple[int, Kind, Value]]) -> None:
        """Sets `at` from the cell or the two cells that say it."""
        if not cells_of:
            return
        grid = self.grid
        index, _kind, only = cells_of[0]
        relative = cells.relative(only) if len(cells_of) == 1 else ""
        if relative:
            self._put(("at",), self.maker.leaf(index, relative))
            return
        if len(cells_of) == 1 and cells.is_plain_moment(only):
            self._put(("at",), self.maker.leaf(index, only.isoformat(" ", "minutes")))
            return
        try:
            moments = []
            for index, _kind, value in cells_of:  # noqa: B007 — names the cell when it fails
                moments.append(cells.moment(value, epoch_1904=grid.epoch_1904))
            index = cells_of[0][0]
            text = str(cells.together(moments, [shown(value) for _i, _k, value in cells_of]))
        except Refused as refused:
            self.findings.say(grid.place(self.row, index), refused.told)
            text = None
        self._put(("at",), self.maker.leaf(cells_of[0][0] if text else index, text))

    def _required(self) -> None:
        """Gives what every post needs and this one lacks a place, and tells of a missing id."""
        for name in ("id", "at", "title"):
            if name not in self.tree and not (name == "at" and "slot" in self.tree):
                self._put((name,), self.maker.leaf(self._where(name), None))
                if name == "id":
                    place = self.grid.place(self.row, self._where("id"))
                    self.findings.say(place, _id_missing())


def is_example(line: Sequence[Value]) -> bool:
    """True for a row that only shows how it is done."""
    first = next((value for value in line if value != ""), "")
    return isinstance(first, str) and first.strip().startswith(_EXAMPLE)


def unread_cells(grid: Grid, row: int) -> dict[int, Told]:
    """The cells of a row that show something which the file does not hold, and what to tell."""
    return {index: _UNREAD[why]() for (at, index), why in grid.unread.items() if at == row}


def _id_missing() -> Told:
    return (
        "id-missing",
        _("The post has no id."),
        _("Fill in the column 编号, or let `bot check --write-ids` do it."),
    )


def _error_cell() -> Told:
    return (
        "cell-error",
        _("The cell shows an error such as #N/A."),
        _("Type the value itself, or correct the formula."),
    )


def _formula() -> Told:
    return (
        "formula-without-value",
        _("The cell holds a formula whose result is not in the file."),
        _("Open the file in Excel or WPS and save it, or type the value itself."),
    )


_UNREAD: Final = {"error": _error_cell, "formula": _formula}
