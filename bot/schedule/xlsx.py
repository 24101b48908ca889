"""Reads .xlsx workbooks, as Excel, WPS and LibreOffice save them, into grids."""

from __future__ import annotations

import io
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from python_calamine import CalamineSheet, SheetTypeEnum, SheetVisibleEnum, load_workbook

from bot.domain.problem import Place, Problem, Severity
from bot.i18n import _
from bot.schedule.grid import MAX_COLUMNS, MAX_ROWS, Grid, Merge, Spot, Value
from bot.schedule.lined import too_large
from bot.schedule.package import Package, Unreadable, damaged, unpack

_REF: Final = re.compile(r"\$?([A-Za-z]{1,3})\$?(\d{1,7})")
_MAX_CELLS: Final = 2_000_000  # of a sheet, the empty ones between its values counted
# Below row 9999 or right of column ZZ.
_FAR: Final = re.compile(rb' r="(?:[A-Za-z]{3}|[A-Za-z]{0,2}\d{5})')
# What makes a sheet worth a closer look; the reader itself does not tell of it.
_NOTABLE: Final = (
    *(b"hidden", b"<f>", b"<f ", b"<f/", b't="e"', b'ht="0"'),
    *(b"='", b"= ", b" =", b"\nr=", b"\tr=", b"\rr="),  # written in another manner than usual
)
_TRUE: Final = frozenset({"1", "true"})


def read_xlsx(raw: bytes, file: str) -> tuple[list[Grid], list[Problem]]:
    """The sheets of the workbook, [] when it cannot be read; never raises."""
    place = Place(file=file)
    try:
        package = unpack(raw, file)
        grids = _grids(package, file)
    except Unreadable as refused:
        return [], [refused.problem]
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException:  # the reader's own panics are no Exception
        return [], [damaged(place)]
    return grids, [_macros(place)] if package.macros else []


def _macros(place: Place) -> Problem:
    return Problem(
        code="workbook-macros",
        message=_("{file} contains macros. They are not run.").format(file=place.file),
        hint=_("Save it as an Excel workbook without macros (.xlsx)."),
        severity=Severity.WARNING,
        place=place,
    )


def _grids(package: Package, file: str) -> list[Grid]:
    parts = dict(sheet_parts(package))
    facts = {name: _facts(package, part, file) for name, part in parts.items()}
    workbook = load_workbook(io.BytesIO(package.repacked))
    sheets = [sheet for sheet in workbook.sheets_metadata if sheet.typ is SheetTypeEnum.WorkSheet]
    several = len(sheets) > 1
    epoch_1904 = any(
        attributes.get("date1904", "").lower() in _TRUE
        for name, attributes in package.elements(_workbook_part(package))
        if name == "workbookPr"
    )
    return [
        _grid(
            workbook.get_sheet_by_name(sheet.name),
            facts.get(sheet.name, _Facts()),
            Grid(
                file=file,
                rows=[],
                sheet=sheet.name if several else "",
                title=sheet.name,
                concealed=sheet.visible is not SheetVisibleEnum.Visible,
                epoch_1904=epoch_1904,
            ),
        )
        for sheet in sheets
    ]


def _grid(sheet: CalamineSheet, facts: _Facts, plain: Grid) -> Grid:
    rows: list[list[Value]] = sheet.to_python(skip_empty_area=False)
    merges = tuple(
        Merge(top=top, left=left, bottom=bottom, right=right)
        for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()
        if (top, left) != (bottom, right)
    )
    filtered = facts.hidden & facts.filter_rows()
    return Grid(
        file=plain.file,
        rows=rows,
        sheet=plain.sheet,
        title=plain.title,
        concealed=plain.concealed,
        merges=merges,
        hidden=frozenset(facts.hidden - filtered),
        filtered=frozenset(filtered),
        unread=facts.unread,
        epoch_1904=plain.epoch_1904,
    )


def _workbook_part(package: Package) -> str:
    for _name, attributes in package.elements("_rels/.rels"):
        if attributes.get("Type", "").endswith("/officeDocument"):
            return posixpath.normpath(attributes.get("Target", "").lstrip("/"))
    return "xl/workbook.xml"


def sheet_parts(package: Package) -> Iterator[tuple[str, str]]:
    """The name of each sheet and of the part it is in."""
    book = _workbook_part(package)
    targets = _targets(package, book)
    for name, attributes in package.elements(book):
        if name == "sheet" and attributes.get("id") in targets:
            yield attributes.get("name", ""), targets[attributes["id"]]


def _targets(package: Package, part: str) -> Mapping[str, str]:
    """What a part refers to: relation id -> part."""
    folder, _slash, name = part.rpartition("/")
    found = {}
    for _element, attributes in package.elements(f"{folder}/_rels/{name}.rels"):
        target = attributes.get("Target", "")
        path = target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
        found[attributes.get("Id", "")] = posixpath.normpath(path)
    return found


@dataclass(kw_only=True)
class _Facts:
    """What a sheet's own part tells and the reader does not."""

    hidden: set[int] = field(default_factory=set)
    filters: list[tuple[int, int]] = field(default_factory=list)  # first and last row of each
    unread: dict[Spot, str] = field(default_factory=dict)
    last: Spot = (-1, -1)  # the largest row and column that hold a value

    def filter_rows(self) -> set[int]:
        return {row for first, last in self.filters for row in self.hidden if first <= row <= last}


def _facts(package: Package, part: str, file: str) -> _Facts:
    """Raises Unreadable for a sheet that is larger than can be held."""
    xml = package.parts.get(part, b"")
    if _is_plain(xml):
        return _Facts()
    facts = _Scan().read(xml)
    rows, columns = facts.last[0] + 1, facts.last[1] + 1
    if rows > MAX_ROWS or columns > MAX_COLUMNS or rows * columns > _MAX_CELLS:
        raise Unreadable(too_large(Place(file=file)))
    for target in _targets(package, part).values() if facts.hidden else ():
        facts.filters += _table_filter(package, target)
    return facts


def _is_plain(xml: bytes) -> bool:
    """True for a small sheet with nothing hidden, computed or wrong in it, as most are."""
    return (
        b"<sheetData" in xml
        and not any(mark in xml for mark in _NOTABLE)
        and _FAR.search(xml) is None
    )


def _table_filter(package: Package, part: str) -> list[tuple[int, int]]:
    found = package.elements(part) if part in package.parts and "/tables/" in part else []
    if not any(name == "filterColumn" for name, _attributes in found):
        return []
    return [_rows(attributes.get("ref", "")) for name, attributes in found if name == "autoFilter"]


def _rows(reference: str) -> tuple[int, int]:
    """First and last row of "A2:M40", the headings left out."""
    spots = [spot(corner) for corner in reference.split(":")]
    return (spots[0][0] + 1, spots[-1][0])


def spot(reference: str) -> Spot:
    """Row and column of "B7", from 0; (-1, -1) for what names no cell."""
    found = _REF.fullmatch(reference)
    if found is None:
        return (-1, -1)
    column = 0
    for letter in found[1].upper():
        column = 26 * column + ord(letter) - ord("A") + 1
    return int(found[2]) - 1, column - 1


@dataclass(kw_only=True)
class _Scan:
    """Goes through a sheet's part element by element."""

    facts: _Facts = field(default_factory=_Facts)
    row: int = -1
    column: int = -1
    formula: bool = False
    value: bool = False
    filtering: bool = False
    kind: str = ""

    def read(self, xml: bytes) -> _Facts:
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.Parse(xml, True)
        return self.facts

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if name == "c":
            at = spot(attributes.get("r", ""))
            self.column = at[1] if at[1] >= 0 else self.column + 1
            self.row = at[0] if at[0] >= 0 else self.row
            self.kind = attributes.get("t", "")
            self.formula = self.value = False
        elif name in ("v", "is"):
            self.value = True
            last = self.facts.last
            self.facts.last = (max(last[0], self.row), max(last[1], self.column))
        elif name == "f":
            self.formula = True
        elif name == "row":
            self._row(attributes)
        elif name == "sheetPr":
            self.filtering = attributes.get("filterMode", "").lower() in _TRUE
        elif name == "autoFilter" and self.filtering:
            self.facts.filters.append(_rows(attributes.get("ref", "")))

    def _row(self, attributes: dict[str, str]) -> None:
        number = attributes.get("r", "")
        self.row = int(number) - 1 if number.isdecimal() else self.row + 1
        self.column = -1
        flat = attributes.get("ht") == "0"
        if flat or attributes.get("hidden", "").lower() in _TRUE:
            self.facts.hidden.add(self.row)

    def _end(self, name: str) -> None:
        if name.rpartition(":")[2] != "c":
            return
        if self.kind == "e":
            self.facts.unread[self.row, self.column] = "error"
        elif self.formula and not self.value:
            self.facts.unread[self.row, self.column] = "formula"
