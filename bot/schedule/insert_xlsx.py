"""Puts values into cells of an .xlsx workbook; every other part of it stays byte for byte.

Formats, dropdowns, comments, charts and pictures live in parts and elements nobody touches here. A
library that loads and saves a workbook would lose those it does not know.
"""

from __future__ import annotations

import copy
import io
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Final, TypeAlias
from xml.parsers import expat
from xml.sax.saxutils import escape

from bot.schedule.grid import Spot, letters
from bot.schedule.naming import Gap
from bot.schedule.package import Unreadable, unpack
from bot.schedule.xlsx import sheet_parts, spot

Value: TypeAlias = str | date | time | None  # also a day with a time; None: nothing
_DAY_ZERO: Final = date(1899, 12, 30)
_MAX_BYTES: Final = 200_000_000  # of all parts unpacked, pictures and all
_TAG: Final = re.compile(rb"""<[^>"']*(?:"[^"]*"[^>"']*|'[^']*'[^>"']*)*>""")
_ENCODING: Final = re.compile(rb"""^<\?xml[^>]*encoding=["']([A-Za-z0-9-]+)["']""")
_STYLE: Final = re.compile(rb"""\ss=("\d+"|'\d+')""")
_BROKEN: Final = (
    Unreadable,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    RuntimeError,  # what zipfile cannot do, and says so
    expat.ExpatError,
)


def insert_xlsx(raw: bytes, named: Mapping[Gap, str]) -> bytes:
    """The workbook with each id in the cell where it is missing.

    For a file that was read as a calendar before. Raises ValueError or LookupError where that
    cannot be done safely.
    """
    for gap in named:
        if not (gap.cell or "").strip():
            raise ValueError("no cell")
    return put_xlsx(raw, {gap.cell or "": name for gap, name in named.items()})


def put_xlsx(
    raw: bytes, cells: Mapping[str, Value], like: Mapping[str, str] | None = None
) -> bytes:
    """The workbook with these values by the names of their cells; a row that is not there is made.

    `like` names for some of them a cell of the same sheet whose format they take. Raises ValueError
    or LookupError where that cannot be done safely.
    """
    try:
        return _repacked(raw, _changed(raw, cells, like or {}))
    except _BROKEN as error:
        raise ValueError("not a workbook to write in") from error


@dataclass(kw_only=True)
class _Wanted:
    """What is to stand in one sheet."""

    values: dict[Spot, Value] = field(default_factory=dict)
    like: dict[Spot, Spot] = field(default_factory=dict)


def _changed(raw: bytes, named: Mapping[str, Value], like: Mapping[str, str]) -> dict[str, bytes]:
    """The parts that hold the sheets concerned, with the values in them."""
    package = unpack(raw, "")
    parts = {name: part for name, part in sheet_parts(package) if _is_sheet(package.parts[part])}
    wanted: dict[str, _Wanted] = {}
    for cell, value in named.items():
        sheet, _mark, reference = cell.rpartition("!")
        if not sheet and len(parts) > 1:
            raise ValueError("which sheet?")
        part = parts[sheet] if sheet else next(iter(parts.values()))
        here = wanted.setdefault(part, _Wanted())
        here.values[spot(reference)] = value
        if cell in like:
            here.like[spot(reference)] = spot(like[cell].rpartition("!")[2])
    return {part: _with_cells(package.parts[part], cells) for part, cells in wanted.items()}


def _is_sheet(xml: bytes) -> bool:
    return b"sheetData" in xml


def _repacked(raw: bytes, changed: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(out, "w") as new:
        if sum(info.file_size for info in old.infolist()) > _MAX_BYTES:
            raise ValueError("too large")
        new.comment = old.comment
        for info in old.infolist():
            content = changed.get(info.filename)
            new.writestr(copy.copy(info), old.read(info) if content is None else content)
    return out.getvalue()


@dataclass(kw_only=True)
class _Cell:
    """A cell's element. Indexes are those of the part's bytes."""

    column: int
    begin: int
    end: int = 0
    formula: bool = False


@dataclass(kw_only=True)
class _Row:
    """A row's element and its cells."""

    prefix: str
    cells: list[_Cell] = field(default_factory=list)
    end: int = 0  # where its end tag begins


def _with_cells(xml: bytes, wanted: _Wanted) -> bytes:
    told = _ENCODING.match(xml.removeprefix(b"\xef\xbb\xbf"))
    if told is not None and told[1].lower() != b"utf-8":
        raise ValueError("not UTF-8")
    rows = {row for row, _column in wanted.values}
    scan = _Scan(wanted=frozenset({*rows, *(row for row, _column in wanted.like.values())}))
    found = scan.read(xml)
    styles = {at: _style(xml, found, like) for at, like in wanted.like.items()}
    pieces = [
        _piece(xml, found[at[0]], at, value, styles.get(at))
        for at, value in wanted.values.items()
        if at[0] in found
    ]
    pieces += [_new_row(scan, row, wanted.values, styles) for row in rows - found.keys()]
    for begin, end, _column, piece in sorted(pieces, reverse=True):
        xml = xml[:begin] + piece + xml[end:]
    return xml


def _new_row(
    scan: _Scan, row: int, wanted: Mapping[Spot, Value], styles: Mapping[Spot, bytes]
) -> _Piece:
    """A row of its own, in its place among the others."""
    if scan.end is None:
        raise ValueError("no place for a row")
    begin = min((at for number, at in scan.begins.items() if number > row), default=scan.end)
    cells = b"".join(
        _element(scan.prefix, at, value, styles.get(at, b""))
        for at, value in sorted(wanted.items(), key=_spot)
        if at[0] == row
    )
    tag = f"{scan.prefix}row".encode()
    return begin, begin, row, b'<%b r="%d">%b</%b>' % (tag, row + 1, cells, tag)


def _spot(item: tuple[Spot, Value]) -> Spot:
    return item[0]


_Piece = tuple[int, int, int, bytes]  # from, to, column, what stands there then


def _piece(xml: bytes, row: _Row, at: Spot, value: Value, like: bytes | None) -> _Piece:
    """What to put in place of the bytes between two indexes."""
    there = next((cell for cell in row.cells if cell.column == at[1]), None)
    if there is None:
        behind = (cell.begin for cell in row.cells if cell.column > at[1])
        begin = next(behind, row.end)
        return begin, begin, at[1], _element(row.prefix, at, value, like or b"")
    if there.formula:
        raise ValueError("the cell is computed")
    style = _style_of(xml, there) if like is None else like
    return there.begin, there.end, at[1], _element(row.prefix, at, value, style)


def _style(xml: bytes, rows: Mapping[int, _Row], at: Spot) -> bytes:
    """The format of a cell as an attribute; b"" when there is none."""
    cells = rows[at[0]].cells if at[0] in rows else ()
    return next((_style_of(xml, cell) for cell in cells if cell.column == at[1]), b"")


def _style_of(xml: bytes, cell: _Cell) -> bytes:
    style = _STYLE.search(_tag(xml, cell.begin)[0])
    return style[0] if style is not None else b""


def _element(prefix: str, at: Spot, value: Value, style: bytes) -> bytes:
    before = prefix.encode()
    reference = f"{letters(at[1])}{at[0] + 1}".encode()
    if value is None:
        return b'<%bc r="%b"%b/>' % (before, reference, style)
    if isinstance(value, date | time):
        return b'<%bc r="%b"%b><%bv>%b</%bv></%bc>' % (
            *(before, reference, style),
            *(before, _serial(value), before, before),
        )
    name = escape(value)
    return b'<%bc r="%b"%b t="inlineStr"><%bis><%bt>%b</%bt></%bis></%bc>' % (
        *(before, reference, style),
        *(before, before, name.encode(), before, before, before),
    )


def _serial(value: date | time) -> bytes:
    """Days since the sheet's day zero, as programs write them."""
    days = 0 if isinstance(value, time) else (date(*value.timetuple()[:3]) - _DAY_ZERO).days
    if isinstance(value, time | datetime):
        part = (value.hour * 60 + value.minute) / (24 * 60)
        return f"{days + part:.10f}".rstrip("0").rstrip(".").encode()
    return f"{days}".encode()


@dataclass(kw_only=True)
class _Scan:
    """Finds the elements of some rows and of their cells, counted as the reader counts them."""

    wanted: frozenset[int]
    rows: dict[int, _Row] = field(default_factory=dict)
    begins: dict[int, int] = field(default_factory=dict)  # of all rows
    end: int | None = None  # where the end tag of all rows begins
    prefix: str = ""
    _xml: bytes = b""
    _row: int = -1
    _column: int = -1

    def read(self, xml: bytes) -> dict[int, _Row]:
        self._xml = xml
        self._parser = parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.Parse(xml, True)
        return self.rows

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        prefix, colon, plain = name.rpartition(":")
        if plain == "row":
            number = attributes.get("r", "")
            self._row = int(number) - 1 if number.isdecimal() else self._row + 1
            self._column = -1
            self.begins[self._row] = self._parser.CurrentByteIndex
            if self._row in self.wanted:
                self.rows[self._row] = _Row(prefix=prefix + colon)
        elif plain == "c":
            at = spot(attributes.get("r", ""))
            self._column = at[1] if at[1] >= 0 else self._column + 1
            if self._row in self.rows:
                cell = _Cell(column=self._column, begin=self._parser.CurrentByteIndex)
                self.rows[self._row].cells.append(cell)
        elif plain == "f" and self._row in self.rows and self.rows[self._row].cells:
            self.rows[self._row].cells[-1].formula = True

    def _end(self, name: str) -> None:
        prefix, colon, plain = name.rpartition(":")
        index = self._parser.CurrentByteIndex
        if plain == "sheetData" and _tag(self._xml, index)[0].startswith(b"</"):
            self.end, self.prefix = index, prefix + colon
        row = self.rows.get(self._row)
        if row is None:
            return
        if plain == "row":
            row.end = index
        elif plain == "c":
            begins = _tag(self._xml, row.cells[-1].begin)
            empty = begins[0].endswith(b"/>")
            row.cells[-1].end = (begins if empty else _tag(self._xml, index)).end()


def _tag(xml: bytes, index: int) -> re.Match[bytes]:
    """The tag that begins there."""
    found = _TAG.match(xml, index)
    if found is None:
        raise ValueError("no tag")
    return found
