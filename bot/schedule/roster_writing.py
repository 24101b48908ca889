"""Writes single values into the office's own roster, and changes nothing else in it."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from bot.i18n import _
from bot.schedule.exports import Unsayable
from bot.schedule.folder import Folder
from bot.schedule.insert_csv import put_csv
from bot.schedule.insert_xlsx import put_xlsx
from bot.schedule.put_yaml import Values, put_yaml
from bot.schedule.replacing import NotReplaced, Why, replace_file
from bot.schedule.roster_export import cell_of
from bot.schedule.roster_headings import Table, field_at, is_heading
from bot.schedule.roster_sheet import RosterSheets, Spot
from bot.schedule.roster_tree import ROSTER_FILES, RosterTree, read_tree
from bot.schedule.writing import NotWritten


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What is to be other than before, all at once."""

    values: Mapping[str, Values] = field(default_factory=dict)  # account → key → value
    added: Sequence[tuple[str, Values]] = ()  # unit → what a new account's row says


def write_roster(root: Path, changes: Changes) -> str:
    """Writes into the folder's roster file, whichever kind it is; its name. Raises NotWritten."""
    there = [name for name in ROSTER_FILES if (root / name).exists()]
    if len(there) != 1:
        raise NotWritten(_("There must be exactly one roster in the folder."), passing=False)
    file = there[0]
    path, (_code, message, _hint) = Folder(root=root).locate(file)
    if path is None:
        raise NotWritten(message)
    try:
        _write(root, path, file, changes)
    except NotReplaced as error:
        raise _refusal(error, file) from error
    except OSError as error:
        message = _("{file} cannot be written: {why}")
        raise NotWritten(message.format(file=file, why=error.strerror or error)) from error
    return file


def _write(root: Path, path: Path, file: str, changes: Changes) -> None:
    wanted: Any = None

    def change(raw: bytes) -> bytes:
        nonlocal wanted
        tree = read_tree(Folder(root=root), file)
        if tree.root is None:
            raise ValueError("no roster")
        wanted = _wanted(tree.root.plain(), changes)
        if file.endswith(".yaml"):
            return put_yaml(raw, changes.values, changes.added)
        assert tree.sheets is not None
        return _into_sheets(raw, file, tree.sheets, changes)

    def is_right(fresh: Path) -> bool:
        name = fresh.relative_to(root.resolve()).as_posix()
        return bool(_said(read_tree(Folder(root=root), name, kind=file)) == wanted)

    replace_file(path, change, is_right)


def _said(tree: RosterTree) -> object:
    return tree.root.plain() if tree.root is not None else None


def _wanted(plain: Any, changes: Changes) -> Any:
    """What the file is to say: the same as now, and the changes."""
    wanted = copy.deepcopy(plain)
    units = {unit["id"]: unit for unit in wanted["units"]}
    known = {one["id"]: one for unit in units.values() for one in unit.get("accounts") or ()}
    for account, values in changes.values.items():
        known[account].update(values)
    for unit, said in changes.added:
        units[unit]["accounts"].append(dict(said))
    return wanted


def _into_sheets(raw: bytes, file: str, sheets: RosterSheets, changes: Changes) -> bytes:
    try:
        if file.endswith(".csv"):
            return put_csv(raw, dict(_cells(sheets, changes, kind="csv")), is_heading)
        dated: dict[str, str | date] = {}
        for name, text in _cells(sheets, changes, kind="xlsx"):
            dated[name] = _as_there(sheets, name, text)
        return put_xlsx(raw, dated)
    except Unsayable as error:
        raise ValueError("no such cell") from error


def _cells(sheets: RosterSheets, changes: Changes, *, kind: str) -> Iterator[tuple[str, str]]:
    for account, values in changes.values.items():
        for key, value in values.items():
            yield _cell(sheets.spots[account], key, value, kind)
    spot = sheets.free
    for unit, said in changes.added:
        if spot is None:
            raise ValueError("no room for a row")
        for key, value in {**said, "unit": unit}.items():
            yield _cell(spot, key, value, kind)
        spot = spot.next()


def _cell(spot: Spot, key: str, value: str, kind: str) -> tuple[str, str]:
    """The cell's name and its text. Raises LookupError where there is no column for it."""
    one = field_at(Table.ACCOUNTS, key)
    text = cell_of(Table.ACCOUNTS, one, value, kind=kind)
    return spot.grid.cell(spot.row, spot.columns[key]), text


def _as_there(sheets: RosterSheets, cell: str, text: str) -> str | date:
    """A day as a real date where one stands now."""
    if isinstance(sheets.value(cell), date | datetime):
        return date.fromisoformat(text)
    return text


def _refusal(error: NotReplaced, file: str) -> NotWritten:
    if error.why is Why.OPEN:
        return NotWritten(
            _(
                "{file} is open on somebody's screen. Please close it and try again. If nobody has "
                "it open, delete {lock}."
            ).format(file=file, lock=error.detail)
        )
    if error.why is Why.CHANGED:
        return NotWritten(_("{file} was changed just now; please try again.").format(file=file))
    if error.why is Why.OWNER:
        return NotWritten(
            _(
                "{file} belongs to somebody else, and would belong to you afterwards. Let its "
                "owner run the command."
            ).format(file=file),
            passing=False,
        )
    return NotWritten(
        _(
            "This cannot be put into {file} safely. Write it in yourself; a sheet needs a column "
            "for it. The next `bot accounts sync` then finds that both agree."
        ).format(file=file),
        passing=False,
    )
