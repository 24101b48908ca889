"""A table of cells as a sheet or a CSV file holds it, before anybody asks what the cells mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache, cached_property
from typing import Final, TypeAlias

from bot.domain.problem import Place

# What a cell can hold; "" when it is empty.
Value: TypeAlias = str | int | float | bool | date | datetime | time | timedelta
MAX_ROWS: Final = 20_000
MAX_COLUMNS: Final = 1_000
Spot: TypeAlias = tuple[int, int]  # row and column, from 0


@cache
def letters(column: int) -> str:
    """The name of a column counted from 0: A, B, … Z, AA, …"""
    before, last = divmod(column, 26)
    return (letters(before - 1) if before else "") + chr(ord("A") + last)


@dataclass(frozen=True, kw_only=True)
class Merge:
    """Cells joined into one; the value stands in the first."""

    top: int
    left: int
    bottom: int  # inclusive, like `right`
    right: int


@dataclass(frozen=True, kw_only=True)
class Grid:
    """One sheet. Rows and columns count from 0 here, and as Excel shows them in `cell`."""

    file: str
    rows: list[list[Value]]  # each as long as its last value needs, or longer
    sheet: str = ""  # its name, "" where the file has only one
    title: str = ""  # its name in any case
    concealed: bool = False  # a sheet that is hidden as a whole
    merges: tuple[Merge, ...] = ()
    hidden: frozenset[int] = frozenset()  # rows somebody has hidden
    filtered: frozenset[int] = frozenset()  # rows a filter does not show at the moment
    # Cells that look empty to the reader and are not: spot -> "formula" or "error".
    unread: Mapping[Spot, str] = field(default_factory=dict)
    ragged: bool = False  # a text file: a value too many means that a comma is not quoted
    epoch_1904: bool = False

    def cell(self, row: int, column: int) -> str:
        """The cell's name: "B7", or "五月!B7" where there are several sheets."""
        return f"{self._prefix}{letters(column)}{row + 1}"

    @cached_property
    def _prefix(self) -> str:
        return f"{self.sheet}!" if self.sheet else ""

    def place(self, row: int, column: int) -> Place:
        """The cell as a place."""
        return Place(file=self.file, line=row + 1, cell=self.cell(row, column))

    def value(self, row: int, column: int) -> Value:
        """What stands in the cell; "" when nothing does."""
        line = self.rows[row] if row < len(self.rows) else []
        return line[column] if column < len(line) else ""


@dataclass(frozen=True, kw_only=True)
class Cells(Mapping[str, str]):
    """What stands in the cells, as text, by their names; looked up only when asked."""

    grids: tuple[Grid, ...]

    def __getitem__(self, name: str) -> str:
        sheet, _mark, cell = name.rpartition("!")
        column = cell.rstrip("0123456789")
        row = cell[len(column) :]
        for grid in self.grids:
            if grid.sheet == sheet and row and column.isalpha() and column.isascii():
                return shown(grid.value(int(row) - 1, _number(column)))
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        for grid in self.grids:
            for row, line in enumerate(grid.rows):
                yield from (grid.cell(row, column) for column in range(len(line)))

    def __len__(self) -> int:
        return sum(len(line) for grid in self.grids for line in grid.rows)


def _number(column: str) -> int:
    number = 0
    for letter in column:
        number = 26 * number + ord(letter.upper()) - ord("A") + 1
    return number - 1


def shown(value: Value) -> str:
    """A value as a person would read it in the cell."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}" + (f":{value:%S}" if value.second else "")
    if isinstance(value, time):
        return f"{value:%H:%M}" + (f":{value:%S}" if value.second else "")
    return str(value)
