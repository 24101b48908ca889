"""Reads calendars in CSV, as Excel, WPS and text editors save them, into a grid."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator
from typing import Final

from bot.domain.problem import Place, Problem
from bot.i18n import _
from bot.schedule.folder import not_utf8
from bot.schedule.grid import MAX_COLUMNS, MAX_ROWS, Grid, Value
from bot.schedule.headings import column_of
from bot.schedule.lined import too_large

_DELIMITERS: Final = ",\t;"
_SEARCHED: Final = 20
_SEP: Final = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)
Known = Callable[[str], bool]  # is a cell one of the headings?
_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_csv(raw: bytes, file: str, known: Known | None = None) -> tuple[list[Grid], list[Problem]]:
    """The file as one sheet, [] when it cannot be read; never raises.

    `known` tells headings of a file that is no calendar.
    """
    place, known = Place(file=file, line=1), known or _is_calendar_heading
    text, problem = _decoded(raw, file, known)
    if text is None:
        return [], [problem] if problem is not None else []
    begin, mark = parted(text, known)
    rows, broken = _rows(text[begin:], mark)
    if begin:
        rows.insert(0, [])  # Excel counts the line
    if len(rows) > MAX_ROWS or max(map(len, rows), default=0) > MAX_COLUMNS:
        return [], [too_large(place)]
    grid = Grid(file=file, rows=rows, ragged=True)
    if broken:
        return [grid], [_unclosed(grid.place(max(len(rows) - 1, 0), 0))]
    return [grid], []


def parted(text: str, known: Known | None = None) -> tuple[int, str]:
    """Where the rows begin, behind a line that says “sep=;”, and what parts their cells."""
    told = _SEP.match(text)
    if told is not None:
        return told.end(), told[1]
    known = known or _is_calendar_heading
    return 0, max(_DELIMITERS, key=lambda mark: _known(text, mark, known))


def _decoded(raw: bytes, file: str, known: Known) -> tuple[str | None, Problem | None]:
    """The text in whichever encoding it is; none may turn it into other words."""
    if raw.startswith(_UTF_16):
        return raw.decode("utf-16", "replace"), None
    try:
        return raw.decode("utf-8-sig"), None
    except UnicodeDecodeError as error:
        problem = not_utf8(file, raw.count(b"\n", 0, error.start) + 1)
    try:
        text = raw.decode("gb18030")
    except UnicodeDecodeError:
        return None, problem
    # Nearly any bytes are some Chinese text to GB 18030; the headings show whether they are ours.
    if max(_known(text, mark, known) for mark in _DELIMITERS) < 2:
        return None, problem
    return text, None


def _known(text: str, mark: str, known: Known) -> int:
    """How many known headings the best of the first rows has when parted at `mark`."""
    lines = text.lstrip("\ufeff").split("\n", _SEARCHED)[:_SEARCHED]
    rows = (line.rstrip("\r")[:10_000].split(mark) for line in lines)
    return max(
        (sum(_is_heading(cell.strip(' "'), known) for cell in row[:MAX_COLUMNS]) for row in rows),
        default=0,
    )


def _is_heading(cell: str, known: Known) -> bool:
    return 0 < len(cell) < 40 and known(cell)


def _is_calendar_heading(cell: str) -> bool:
    return column_of(cell) is not None


def _rows(text: str, mark: str) -> tuple[list[list[Value]], bool]:
    """The rows, and whether the last one does not end as it should."""
    rows: list[list[Value]] = []
    try:
        for row in _reader(text, mark):
            rows.append(list(row))
            if len(rows) > MAX_ROWS:
                break
    except csv.Error:
        rows.append([])
        return rows, True
    return rows, False


def _reader(text: str, mark: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)


def _unclosed(place: Place) -> Problem:
    return Problem(
        code="csv-syntax",
        message=_("The file cannot be read on from this row: a quotation mark is not closed."),
        hint=_("Close it, and write a quotation mark within a text twice."),
        place=place,
    )
