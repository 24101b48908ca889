"""The kinds of calendar files; each is read into the same tree of nodes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from bot.domain.problem import Place, Problem
from bot.schedule.csvfile import read_csv
from bot.schedule.folder import MAX_BYTES, Folder
from bot.schedule.grid import Cells, Grid
from bot.schedule.lined import Node, parse
from bot.schedule.rows import Findings
from bot.schedule.sheets import Sheets
from bot.schedule.xlsx import read_xlsx

_MOST_KEPT: Final = 200_000  # characters of a file whose tree is kept for the next reading
_LINE_ENDS = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")


@dataclass(frozen=True, kw_only=True)
class Source:
    """What a calendar file holds: the tree its posts are made of, and how to show a place of it."""

    root: Node | None  # None when the file could not be read to its end
    problems: list[Problem] = field(default_factory=list)
    lines: tuple[str, ...] = ()  # of a text file
    cells: Mapping[str, str] = field(default_factory=dict)  # of a sheet: "B7" -> what stands there
    spoilt: tuple[Place, ...] = ()  # entries here are not planned, beside those with problems
    partial: bool = False  # some is left out on purpose: what is missing was not taken out

    def may_hold(self, key: str) -> bool:
        """True when a file that could not be read may have this key at its top."""
        return not self.lines or any(line.startswith(key) for line in self.lines)

    def excerpt(self, place: Place) -> str:
        """The line or cell the place means, "" when it has none."""
        if place.cell is not None:
            return self.cells.get(place.cell, "")
        inside = place.line is not None and place.line <= len(self.lines)
        return self.lines[place.line - 1] if inside and place.line else ""


GridReader = Callable[[bytes, str], tuple[list[Grid], list[Problem]]]
Reader = Callable[[Folder, str, str], Source]  # folder, file, timezone of files that name none


def _yaml(folder: Folder, file: str, _zone: str) -> Source:
    text, problems = folder.read_text(file, Place(file=file))
    if text is None:
        return Source(root=None, problems=problems)
    root, problems = _tree(text, file)
    return Source(root=root, problems=problems, lines=tuple(_LINE_ENDS.split(text)))


def _tree(text: str, file: str) -> tuple[Node | None, list[Problem]]:
    if len(text) > _MOST_KEPT:
        return parse(text, file)
    try:
        return _sound(text, file), []
    except _Unsound as unsound:
        return unsound.root, unsound.problems


class _Unsound(Exception):
    """There are problems to tell, in the language of the moment."""

    def __init__(self, root: Node | None, problems: list[Problem]) -> None:
        super().__init__()
        self.root = root
        self.problems = problems


@lru_cache(maxsize=64)
def _sound(text: str, file: str) -> Node:
    """The tree of a file without problems; nobody changes it. Raises _Unsound."""
    root, problems = parse(text, file)
    if root is None or problems:
        raise _Unsound(root, problems)
    return root


def _sheets(read: GridReader) -> Reader:
    """The reader of a kind of file that is made of sheets."""

    def source(folder: Folder, file: str, zone: str) -> Source:
        raw, problems = folder.read_bytes(file, Place(file=file), MAX_SHEET_BYTES)
        if raw is None:
            return Source(root=None, problems=problems)
        grids, problems = read(raw, file)
        if not grids and problems:
            return Source(root=None, problems=problems)
        found = Findings(problems=problems)
        root = Sheets(file=file, zone=zone, findings=found).read(grids)
        return Source(
            root=root,
            problems=found.problems,
            cells=Cells(grids=tuple(grids)),
            spoilt=tuple(found.spoilt),
            partial=found.partial,
        )

    return source


MAX_SHEET_BYTES: Final = 5 * MAX_BYTES  # a workbook also holds its formats
READERS: Final[Mapping[str, Reader]] = {
    ".yaml": _yaml,
    ".xlsx": _sheets(read_xlsx),
    ".csv": _sheets(read_csv),
}


def is_calendar(name: str) -> bool:
    """True when a file of this name is read as a calendar."""
    stem, dot, suffix = name.rpartition(".")
    return dot + suffix in READERS and bool(stem) and name not in RESERVED and not is_passing(name)


def is_passing(name: str) -> bool:
    """True for what programs leave beside a file while it is open: locks and half-saved copies."""
    return name.startswith((".", "~$")) or name.endswith(("~", ".tmp", ".part"))


# Files of the folder with another purpose.
RESERVED: Final = frozenset(
    {
        *(f"roster.{suffix}" for suffix in ("yaml", "xlsx", "csv")),
        "health-days.csv",
        "holidays.csv",
    }
)


def read_source(folder: Folder, file: str, zone: str) -> Source:
    """The calendar file of any kind; never raises for what is wrong in it."""
    return READERS["." + file.rpartition(".")[2]](folder, file, zone)
