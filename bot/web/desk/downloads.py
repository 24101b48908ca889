"""Tables as files: xlsx and csv that open in Excel and WPS as they should."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

import xlsxwriter
from aiohttp import web
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet


class Share(float):
    """A part of a whole, 0 to 1; shown as a percentage with one decimal."""


Cell = str | int | float | Share | datetime | None
Formats = Mapping[str, Format]
KINDS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
_WIDE = 60
_NARROW = 12  # so wide at most a heading makes a column, where they are many
_ACROSS = 20  # so many of them on a sheet of paper
_CELL_MAX = 32_000  # Excel takes 32,767 signs
# A text that a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A table with its headings; `notes` stand above them, one a line.

    One that is wider than paper has `many` columns: the first stays in sight and is on every page.
    """

    name: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()
    many: bool = False


async def download(name: str, kind: str, sheets: Sequence[Sheet], zone: ZoneInfo) -> web.Response:
    """The file NAME.xlsx or NAME.csv (its first sheet), made in a thread."""
    make = as_xlsx if kind == "xlsx" else as_csv
    body = await asyncio.to_thread(make, sheets, zone)
    plain = f"download.{kind}"
    headers = {
        "Content-Type": KINDS[kind],
        "Content-Disposition": (
            f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(f'{name}.{kind}')}"
        ),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return web.Response(body=body, headers=headers)


def as_csv(sheets: Sequence[Sheet], zone: ZoneInfo) -> bytes:
    """The first sheet, with the mark by which Excel knows UTF-8; no cell is a formula."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    sheet = sheets[0]
    writer.writerows([[_plain(note, zone)] for note in sheet.notes])
    writer.writerow([_plain(heading, zone) for heading in sheet.headings])
    for row in sheet.rows:
        writer.writerow([_plain(cell, zone) for cell in row])
    return text.getvalue().encode("utf-8-sig")


def _plain(cell: Cell, zone: ZoneInfo) -> str | int | float:
    if isinstance(cell, datetime):
        return f"{cell.astimezone(zone):%Y-%m-%d %H:%M}"
    if isinstance(cell, Share):
        return f"{cell:.1%}"
    if isinstance(cell, str) and cell.lstrip(" ").startswith(_FORMULA):
        return f"'{cell}"
    return "" if cell is None else cell


def as_xlsx(sheets: Sequence[Sheet], zone: ZoneInfo) -> bytes:
    """All sheets; times are times, numbers are numbers, texts are never formulas."""
    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        looks = {
            "head": {"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"},
            "note": {"italic": True, "font_color": "#545e68"},
            "time": {"num_format": "yyyy-mm-dd hh:mm"},
            "share": {"num_format": "0.0%"},
        }
        formats = {name: book.add_format(look) for name, look in looks.items()}
        for sheet in sheets:
            page = book.add_worksheet(sheet.name[:31])
            _fill(page, sheet, zone, formats)
            _lay_out(page, sheet)
    return file.getvalue()


def _fill(page: Worksheet, sheet: Sheet, zone: ZoneInfo, formats: Formats) -> None:
    top = len(sheet.notes)
    for at, text in enumerate(sheet.notes):
        page.write_string(at, 0, text, formats["note"])
    for column, heading in enumerate(sheet.headings):
        page.write_string(top, column, heading[:_CELL_MAX], formats["head"])
    for at, row in enumerate(sheet.rows, top + 1):
        for column, cell in enumerate(row):
            _write(page, at, column, cell, zone, formats)


def _lay_out(page: Worksheet, sheet: Sheet) -> None:
    top, fixed = len(sheet.notes), int(sheet.many)
    page.freeze_panes(top + 1, fixed)
    for column, width in enumerate(_widths(sheet)):
        page.set_column(column, column, width)
    page.set_paper(9)  # A4
    page.set_landscape()
    page.fit_to_pages(-(-len(sheet.headings) // _ACROSS) if sheet.many else 1, 0)
    page.repeat_rows(top)
    if fixed:
        page.repeat_columns(0)


def _write(
    page: Worksheet, row: int, column: int, cell: Cell, zone: ZoneInfo, formats: Formats
) -> None:
    if isinstance(cell, datetime):
        local = cell.astimezone(zone).replace(tzinfo=None)
        page.write_datetime(row, column, local, formats["time"])
    elif isinstance(cell, Share):  # rounded as the pages round it; a spreadsheet rounds otherwise
        page.write_number(row, column, round(100 * cell, 1) / 100, formats["share"])
    elif isinstance(cell, str):
        page.write_string(row, column, cell[:_CELL_MAX])
    elif cell is not None:
        page.write_number(row, column, cell)


def _widths(sheet: Sheet) -> list[int]:
    most = _NARROW if sheet.many else _WIDE
    widths = [min(_width(heading), most) for heading in sheet.headings]
    for row in sheet.rows[:500]:
        for column, cell in enumerate(row):
            widths[column] = max(widths[column], _width(cell))
    return [min(width + 2, _WIDE) for width in widths]


def _width(cell: Cell) -> int:
    if isinstance(cell, datetime):
        return 16
    if isinstance(cell, Share):
        return 6
    return sum(2 if ord(sign) > 0x2E7F else 1 for sign in str(cell if cell is not None else ""))
