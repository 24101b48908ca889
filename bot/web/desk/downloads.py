"""Tables as files: xlsx and csv that open in Excel and WPS as they should."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

import xlsxwriter
from aiohttp import web

Cell = str | int | float | datetime | None
KINDS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
_WIDE = 60
_CELL_MAX = 32_000  # Excel takes 32,767 signs
# A text that a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A table with its headings; `notes` stand above them, one a line."""

    name: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()


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
    if isinstance(cell, str) and cell.lstrip(" ").startswith(_FORMULA):
        return f"'{cell}"
    return "" if cell is None else cell


def as_xlsx(sheets: Sequence[Sheet], zone: ZoneInfo) -> bytes:
    """All sheets; times are times, numbers are numbers, texts are never formulas."""
    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        note = book.add_format({"italic": True, "font_color": "#545e68"})
        time = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        for sheet in sheets:
            page = book.add_worksheet(sheet.name[:31])
            top = len(sheet.notes)
            for at, text in enumerate(sheet.notes):
                page.write_string(at, 0, text, note)
            page.write_row(top, 0, sheet.headings, head)
            page.freeze_panes(top + 1, 0)
            for at, row in enumerate(sheet.rows, top + 1):
                for column, cell in enumerate(row):
                    _write(page, at, column, cell, zone, time)
            for column, width in enumerate(_widths(sheet)):
                page.set_column(column, column, width)
            page.set_paper(9)  # A4
            page.set_landscape()
            page.fit_to_pages(1, 0)
            page.repeat_rows(top)
    return file.getvalue()


def _write(
    page: xlsxwriter.worksheet.Worksheet,
    row: int,
    column: int,
    cell: Cell,
    zone: ZoneInfo,
    time: xlsxwriter.format.Format,
) -> None:
    if isinstance(cell, datetime):
        page.write_datetime(row, column, cell.astimezone(zone).replace(tzinfo=None), time)
    elif isinstance(cell, str):
        page.write_string(row, column, cell[:_CELL_MAX])
    elif cell is not None:
        page.write_number(row, column, cell)


def _widths(sheet: Sheet) -> list[int]:
    widths = [_width(heading) for heading in sheet.headings]
    for row in sheet.rows[:500]:
        for column, cell in enumerate(row):
            widths[column] = max(widths[column], _width(cell))
    return [min(width + 2, _WIDE) for width in widths]


def _width(cell: Cell) -> int:
    if isinstance(cell, datetime):
        return 16
    return sum(2 if ord(sign) > 0x2E7F else 1 for sign in str(cell if cell is not None else ""))
