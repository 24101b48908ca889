"""Changes entries of a calendar in a workbook or a CSV file; other cells stay as they are.

Raises ValueError or LookupError where something cannot be done safely, NotSaved where it cannot be
said in a sheet; who calls these looks at what the outcome says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Final

from bot.i18n import _
from bot.schedule import cells
from bot.schedule.csvfile import read_csv
from bot.schedule.entries import Files, Found, NotSaved
from bot.schedule.exports import Plain, Unsayable, meant_by, values_of, written
from bot.schedule.grid import Value as Held
from bot.schedule.grid import shown
from bot.schedule.headings import Column, Kind
from bot.schedule.insert_csv import drop_csv, put_csv
from bot.schedule.insert_xlsx import Value, put_xlsx
from bot.schedule.lined import sheet_of
from bot.schedule.placing import place_in
from bot.schedule.rows import Keys
from bot.schedule.sheet import Table
from bot.schedule.sheets import Sheets
from bot.schedule.xlsx import read_xlsx

_LISTS: Final = frozenset({Kind.IDS, Kind.NAMES})
_TIMES: Final = frozenset({Kind.MOMENT, Kind.DAY, Kind.CLOCK, Kind.INSTANT, Kind.DATE})
_YEARS: Final = range(2000, 2099)  # of real dates; others are written as text
_OUT: Final = "# "  # before a row's first value: it is not read
# A value of another form than its key's has no column, or cannot be gone through.
_ODD: Final = (LookupError, RuntimeError, TypeError, AttributeError, ValueError)
Said = Mapping[Keys, tuple[Column, Any]]


def change(raw: bytes, files: Files, found: Found, old: Plain, new: Plain) -> bytes:
    """The file whose entry says `new` instead of `old`."""
    table = _table(_tables(raw, files, found.file), sheet_of(found.node.cell))
    row = _Row(table=table, row=found.node.line - 1, kind=_kind(found.file))
    before, after = said(old), said(new)
    for keys, (column, value) in after.items():
        if keys not in before or meant_by(*before[keys]) != meant_by(column, value):
            row.put(column, value)
    for keys, (column, _value) in before.items():
        if keys not in after:
            row.put(column, None)
    return row.into(raw)


def add(raw: bytes, files: Files, file: str, fields: Plain) -> tuple[bytes, int]:
    """The file with a further row, and its number among the file's posts."""
    tables = _tables(raw, files, file)
    nodes = [one.node for one in files.posts() if one.file == file]
    before = place_in([node.plain() for node in nodes], fields)
    sheets = [sheet_of(node.cell) for node in nodes]
    table = tables[-1] if before is None else _table(tables, sheets[before])
    mine = [node.line - 1 for node in nodes if sheet_of(node.cell) == table.grid.sheet]
    row = _Row(
        table=table, row=_end(table, _kind(file)), kind=_kind(file), model=max(mine, default=None)
    )
    for column, value in said(fields).values():
        row.put(column, value)
    known = [table.grid.sheet for table in tables]
    upto = known[: known.index(table.grid.sheet) + 1]
    return row.into(raw), sum(sheet in upto for sheet in sheets)


def drop(raw: bytes, files: Files, found: Found) -> bytes:
    """The file without the row; in a workbook, where others may hang on it, it is marked."""
    row = found.node.line - 1
    if _kind(found.file) == "csv":
        return drop_csv(raw, row)
    grid = _table(_tables(raw, files, found.file), sheet_of(found.node.cell)).grid
    first = next(index for index, value in enumerate(grid.rows[row]) if value != "")
    return put_xlsx(raw, {grid.cell(row, first): _OUT + shown(grid.value(row, first))})


def alike(one: Plain, other: Plain) -> bool:
    """True when two files say the same, but for what sheets cannot tell apart."""
    if {**one, "posts": ()} != {**other, "posts": ()} or len(one["posts"]) != len(other["posts"]):
        return False
    return all(
        mine == yours or _meaning(mine) == _meaning(yours)
        for mine, yours in zip(one["posts"], other["posts"], strict=True)
    )


def _meaning(fields: Plain) -> Mapping[Keys, Any]:
    return {keys: meant_by(column, value) for keys, (column, value) in said(fields).items()}


def check_sayable(fields: Plain, file: str) -> None:
    """Raises NotSaved when a value cannot stand in a cell of this kind of file."""
    for column, value in said(fields).values():
        try:
            written(column, value, kind=_kind(file))
        except Unsayable as error:
            raise _unsayable(str(column.keys[0])) from error


def said(fields: Plain) -> Said:
    """The values by their keys, with the columns they belong in. Raises NotSaved."""
    found: dict[Keys, tuple[Column, Any]] = {}
    for key, value in fields.items():
        try:
            mine = {column.keys: (column, each) for column, each in values_of({key: value})}
        except _ODD as error:
            raise _unsayable(key) from error
        if not all(_fits(column, each) for column, each in mine.values()):
            raise _unsayable(key)
        found |= mine
    return found


def _fits(column: Column, value: Any) -> bool:
    """True when the value has the form its column's cells have."""
    if column.kind in _LISTS:
        one = (str, Mapping) if column.kind is Kind.IDS else str
        return isinstance(value, list) and all(isinstance(item, one) for item in value)
    if column.kind is Kind.PAIRS:
        return isinstance(value, Mapping) and all(isinstance(one, str) for one in value.values())
    return isinstance(value, str)


def _unsayable(key: str) -> NotSaved:
    return NotSaved(_("No cell can hold this value so that it stays the same."), field=key)


def _kind(file: str) -> str:
    return file.rpartition(".")[2]


def _tables(raw: bytes, files: Files, file: str) -> list[Table]:
    """The sheets with posts. Raises ValueError without one."""
    grids, _problems = (read_csv if file.endswith(".csv") else read_xlsx)(raw, file)
    sheets = Sheets(file=file, zone=files.zone)
    sheets.read(grids)
    if not sheets.tables:
        raise ValueError("no calendar")
    return sheets.tables


def _table(tables: Sequence[Table], sheet: str) -> Table:
    return next(table for table in tables if table.grid.sheet == sheet)


def _end(table: Table, kind: str) -> int:
    """The first row behind all that are filled; of a CSV file behind all there are."""
    rows = table.grid.rows
    if kind == "csv":
        return len(rows)
    filled = [row for row, line in enumerate(rows) if any(value != "" for value in line)]
    return filled[-1] + 1


@dataclass(kw_only=True)
class _Row:
    """One row, and what is to stand in its cells; headings that are missing are added."""

    table: Table
    row: int
    kind: str  # "xlsx" or "csv"
    model: int | None = None  # a row whose formats a new one takes
    made: dict[str, Value] = field(default_factory=dict)
    like: dict[str, str] = field(default_factory=dict)

    def into(self, raw: bytes) -> bytes:
        if self.kind == "xlsx":
            return put_xlsx(raw, self.made, self.like)
        return put_csv(raw, {cell: str(value or "") for cell, value in self.made.items()})

    def put(self, column: Column, value: Any) -> None:
        """Sets what the entry says under a column; None: nothing."""
        places = self._places(column)
        try:
            if column.keys == ("at",):
                if value is not None:
                    written(column, value, kind=self.kind)  # refuses what is no time
                self._put_time(places, value)
            elif column.kind in _LISTS and value is not None:
                self._put_list(column, places, meant_by(column, value))
            else:
                text = None if value is None else written(column, value, kind=self.kind)
                self._set(places[0], text)
                for index in places[1:]:
                    self._clear(index)
        except Unsayable as error:
            raise _unsayable(str(column.keys[0])) from error

    def _places(self, column: Column) -> list[int]:
        """Where values of these keys stand, by the headings; a new one where there is none."""
        columns = self.table.columns
        found = [index for index, known in columns.items() if known.keys == column.keys]
        if found:
            return found
        grid = self.table.grid
        index = max(len(line) for line in grid.rows)
        while index in columns:
            index += 1
        heading, last = grid.cell(self.table.heads, index), max(columns)
        self.made[heading] = column.heading
        self.like[heading] = grid.cell(self.table.heads, last)
        columns[index] = column
        return [index]

    def _put_time(self, places: Sequence[int], value: str | None) -> None:
        """Sets the time, in one cell or in those of day and clock."""
        columns = self.table.columns
        kinds = {columns[index].kind: index for index in places}
        day, _blank, clock = (value or "").partition(" ")
        if Kind.MOMENT in kinds or Kind.CLOCK not in kinds or cells.relative(value or ""):
            chosen = kinds.get(Kind.MOMENT, kinds.get(Kind.DAY, places[0]))
            said = {chosen: value}
        else:
            said = {kinds[Kind.DAY]: day or None, kinds[Kind.CLOCK]: clock or None}
        for index in places:
            if said.get(index) is None:
                self._clear(index)
            else:
                self._set(index, said[index])

    def _put_list(self, column: Column, places: Sequence[int], items: list[str]) -> None:
        """Sets the items, one in each cell and the rest in the last; what is right stays."""
        labels = self._labels(places) if column.kind is Kind.IDS else {}
        rest, first = list(items), True
        for index in places:
            there = self._items(column, index)
            room = len(there) if there and rest[: len(there)] == there else 1
            mine = rest if index == places[-1] else rest[:room]
            rest = rest[len(mine) :]
            if mine and mine == there:
                pass
            elif mine or (first and not items):
                self._set(index, self._listed(column, mine, labels))
            else:
                self._clear(index)
            first = False

    def _items(self, column: Column, index: int) -> list[str]:
        value = self.table.grid.value(self.row, index)
        try:
            read = cells.ids if column.kind is Kind.IDS else cells.names
            return read(value) if value != "" else []
        except cells.Refused:
            return []

    def _listed(self, column: Column, items: list[str], labels: Mapping[str, str]) -> str:
        text = "、".join(labels.get(item, item) for item in items)
        if labels.keys() & set(items) and cells.ids(text) == items:
            return text
        return written(column, items, kind=self.kind)

    def _labels(self, places: Sequence[int]) -> Mapping[str, str]:
        """How accounts are written elsewhere in the sheet: “u01-wechat 健康澜汀（微信）”."""
        found: dict[str, str] = {}
        for line in self.table.grid.rows[self.table.heads + 1 :]:
            for index in places:
                value = line[index] if index < len(line) else ""
                for piece in cells.names(value) if isinstance(value, str) and value else ():
                    if " " in piece and cells.ids(piece) == piece.split()[:1]:
                        found.setdefault(piece.split()[0], piece)
        return found

    def _clear(self, index: int) -> None:
        if self.table.grid.value(self.row, index) != "":
            self.made[self.table.grid.cell(self.row, index)] = None

    def _set(self, index: int, text: str | None) -> None:
        if text is None:
            self._clear(index)
            return
        grid = self.table.grid
        cell = grid.cell(self.row, index)
        held = grid.value(self.row, index)
        if held == "" and self.model is not None:
            self.like[cell] = grid.cell(self.model, index)
            held = grid.value(self.model, index)
        dated = self.table.columns[index].kind in _TIMES and self.kind == "xlsx"
        self.made[cell] = _as_held(text, held) if dated and not grid.epoch_1904 else text


def _as_held(text: str, held: Held) -> Value:
    """A time as a real one where the sheet has such, not as text."""
    try:
        if isinstance(held, time):
            return time.fromisoformat(text)
        if not isinstance(held, date):
            return text
        moment = datetime.fromisoformat(text)  # of no zone, as a sheet's times are
    except ValueError:  # counted from another post
        return text
    if moment.year not in _YEARS:
        return text
    if len(text) <= len("2026-05-06"):
        return moment.date()
    # Midnight would look like a day without a time.
    return moment if moment.time() != time() else text
