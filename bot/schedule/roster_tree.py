"""A roster file of any kind as a tree of nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from bot.domain.problem import Place, Problem
from bot.schedule.csvfile import read_csv
from bot.schedule.folder import MAX_BYTES, Folder
from bot.schedule.grid import Cells, Grid
from bot.schedule.lined import Node, parse
from bot.schedule.roster_headings import is_heading
from bot.schedule.roster_sheet import RosterSheets
from bot.schedule.rows import Findings
from bot.schedule.xlsx import read_xlsx

ROSTER_FILES: Final = ("roster.yaml", "roster.xlsx", "roster.csv")
MAX_SHEET_BYTES: Final = 5 * MAX_BYTES  # a workbook also holds its formats


@dataclass(frozen=True, kw_only=True)
class RosterTree:
    """What a roster file holds."""

    root: Node | None  # None when the file could not be read to its end
    problems: list[Problem] = field(default_factory=list)
    homeless: frozenset[str] = frozenset()  # ids of accounts that stand there without their unit
    cells: Mapping[str, str] = field(default_factory=dict)  # of a sheet
    sheets: RosterSheets | None = None


def read_tree(folder: Folder, file: str, *, kind: str = "") -> RosterTree:
    """The file in the folder; never raises for what is wrong in it.

    `kind` is a file name that says how it is read, where its own does not.
    """
    kind = kind or file
    if kind.endswith(".yaml"):
        text, problems = folder.read_text(file, Place(file=file))
        if text is None:
            return RosterTree(root=None, problems=problems)
        root, problems = parse(text, file)
        return RosterTree(root=root, problems=problems)
    raw, problems = folder.read_bytes(file, Place(file=file), MAX_SHEET_BYTES)
    if raw is None:
        return RosterTree(root=None, problems=problems)
    grids, problems = grids_of(raw, kind)
    if not grids and problems:
        return RosterTree(root=None, problems=problems)
    found = RosterSheets(file=file, findings=Findings(problems=problems))
    root = found.read(grids)
    return RosterTree(
        root=root,
        problems=found.findings.problems,
        homeless=frozenset(found.homeless),
        cells=Cells(grids=tuple(grids)),
        sheets=found,
    )


def grids_of(raw: bytes, file: str) -> tuple[list[Grid], list[Problem]]:
    """The sheets of a workbook or CSV file."""
    if file.endswith(".csv"):
        return read_csv(raw, file, is_heading)
    return read_xlsx(raw, file)
