"""Puts values into a CSV file; encoding, line ends, quotes and other cells stay as they are."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from typing import Final

from bot.schedule.csvfile import Known, parted
from bot.schedule.naming import Gap
from bot.schedule.xlsx import spot

# Byte order mark and encoding, as the reader tries them.
_ENCODINGS: Final = (
    (codecs.BOM_UTF16_LE, "utf_16_le"),
    (codecs.BOM_UTF16_BE, "utf_16_be"),
    (codecs.BOM_UTF8, "utf-8"),
    (b"", "utf-8"),
    (b"", "gb18030"),
)
Span = tuple[int, int]
_LINE_END: Final = re.compile(r"\r\n|\n|\r")


def insert_csv(raw: bytes, named: Mapping[Gap, str]) -> bytes:
    """The file with each id in the cell where it is missing.

    For a file that was read as a calendar before. Raises ValueError or IndexError where a cell is
    not what was read, or where the text cannot be written back byte for byte.
    """
    bom, encoding, text = _decoded(raw)
    begin, mark = parted(text)
    rows = _rows(text, begin, mark)
    pieces = [_piece(text, rows, mark, gap.cell, name) for gap, name in named.items()]
    for first, last, piece in sorted(pieces, reverse=True):
        text = text[:first] + piece + text[last:]
    return bom + text.encode(encoding)


def put_csv(raw: bytes, cells: Mapping[str, str], known: Known | None = None) -> bytes:
    """The file with these values by the names of their cells, whatever stood there before.

    A row behind the last one is made, and one that ends early is made longer. Raises ValueError or
    IndexError where that cannot be done.
    """
    bom, encoding, text = _decoded(raw)
    begin, mark = parted(text, known)
    rows = _rows(text, begin, mark)
    wanted: dict[int, dict[int, str]] = {}
    for cell, value in cells.items():
        line, column = spot(cell)
        wanted.setdefault(line, {})[column] = _quoted(value, mark)
    pieces: list[_Piece] = []
    for line, values in wanted.items():
        if line == len(rows):
            text = _ended(text) + _line(values, mark) + _line_end(text)
        else:
            pieces += _set(rows[line], mark, values)
    for first, last, _column, piece in sorted(pieces, reverse=True):
        text = text[:first] + piece + text[last:]
    return bom + text.encode(encoding)


def drop_csv(raw: bytes, line: int) -> bytes:
    """The file without one of its rows, counted from 0. Raises ValueError or IndexError."""
    bom, encoding, text = _decoded(raw)
    begin, mark = parted(text)
    row = _rows(text, begin, mark)[line]
    end = _LINE_END.match(text, row[-1][1])
    stop = end.end() if end is not None else row[-1][1]
    return bom + (text[: row[0][0]] + text[stop:]).encode(encoding)


_Piece = tuple[int, int, int, str]  # from, to, column, what stands there then


def _set(row: list[Span], mark: str, values: Mapping[int, str]) -> Iterator[_Piece]:
    """What to put in place of the text between two indexes; of one index the last column first."""
    for column, value in values.items():
        if column < len(row):
            yield *row[column], column, value
    if max(values) >= len(row):  # it ends before that column
        end = row[-1][1]
        further = range(len(row), max(values) + 1)
        yield end, end, len(row), "".join(mark + values.get(column, "") for column in further)


def _line(values: Mapping[int, str], mark: str) -> str:
    return mark.join(values.get(column, "") for column in range(max(values) + 1))


def _line_end(text: str) -> str:
    found = _LINE_END.search(text)
    return found[0] if found is not None else "\r\n"


def _ended(text: str) -> str:
    return text if not text or text.endswith(("\n", "\r")) else text + _line_end(text)


def _quoted(value: str, mark: str) -> str:
    if any(sign in value for sign in (mark, '"', "\n", "\r")):
        return '"' + value.replace('"', '""') + '"'
    return value


def _decoded(raw: bytes) -> tuple[bytes, str, str]:
    for bom, encoding in _ENCODINGS:
        try:
            text = raw[len(bom) :].decode(encoding) if raw.startswith(bom) else None
        except UnicodeDecodeError:
            continue
        if text is not None and bom + text.encode(encoding) == raw:
            return bom, encoding, text
    raise ValueError("no encoding gives the same bytes back")


def _rows(text: str, begin: int, mark: str) -> list[list[Span]]:
    """Where each cell of each row stands, quotation marks included."""
    plain = rf"[^{re.escape(mark)}\r\n]*"
    cell = re.compile(rf'(?:"[^"]*(?:""[^"]*)*")?{plain}')
    rows: list[list[Span]] = [[]] if begin else []
    row: list[Span] = []
    at = begin
    while at < len(text):
        found = cell.match(text, at)
        assert found is not None  # it fits on nothing, too
        row.append(found.span())
        at = found.end()
        if text.startswith(mark, at):
            at += len(mark)
            continue
        rows.append(row)
        row = []
        at += 2 if text.startswith("\r\n", at) else 1
    if row:  # the text ends behind a separator
        rows.append([*row, (at, at)])
    return rows


def _piece(
    text: str, rows: list[list[Span]], mark: str, cell: str | None, name: str
) -> tuple[int, int, str]:
    """What to put in place of the text between two indexes."""
    line, column = spot(cell or "")
    if line < 0:
        raise ValueError("no cell")
    row = rows[line]
    if column >= len(row):  # the row ends before that column
        end = row[-1][1]
        return end, end, mark * (column + 1 - len(row)) + name
    first, last = row[column]
    before = text[first:last]
    if before.strip(' \t"'):
        raise ValueError("the cell is not empty")
    return first, last, f'"{name}"' if before.startswith('"') else name
