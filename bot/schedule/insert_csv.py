"""Puts ids into a CSV calendar; encoding, line ends, quotes and other cells stay as they are."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from typing import Final

from bot.schedule.csvfile import parted
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
