"""Small CSV tables of the office: each row with its line, whatever program saved them."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from bot.domain.problem import Place, Problem, Severity
from bot.i18n import _
from bot.schedule.faults import suggestion
from bot.schedule.folder import Folder

_ENCODINGS: Final = ("utf-8-sig", "gb18030")  # the second is what Excel in Chinese saves


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of a table."""

    cells: Mapping[str, str]  # by column; stripped, "" for what is not there
    place: Place


@dataclass(kw_only=True)
class Table:
    """A table as far as it can be read. Its mistakes are warnings: they hold back no post."""

    file: str
    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, code: str, message: str, hint: str, place: Place | None = None) -> None:
        """Adds a problem."""
        self.problems.append(
            Problem(
                code=code,
                message=message,
                hint=hint,
                severity=Severity.WARNING,
                place=place or Place(file=self.file, line=1),
            )
        )


def read_table(
    folder: Folder, file: str, *, required: Collection[str], optional: Collection[str] = ()
) -> Table:
    """The rows of a file in the folder; none when there is no such file, which is no mistake."""
    table = Table(file=file)
    if not (folder.root / file).exists():
        folder.seen[file] = ""
        return table
    raw, problems = folder.read_bytes(file, Place(file=file))
    table.problems += [replace(problem, severity=Severity.WARNING) for problem in problems]
    if raw is None:
        return table
    text = _decode(raw)
    if text is None:
        message = _("{path} is not a UTF-8 text.").format(path=file)
        table.wrong("not-utf8", message, _("Save it again as “CSV UTF-8”."))
        return table
    _read_rows(table, text, required, optional)
    return table


def _decode(raw: bytes) -> str | None:
    for encoding in _ENCODINGS:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if "\0" in text else text
    return None


def _read_rows(
    table: Table, text: str, required: Collection[str], optional: Collection[str]
) -> None:
    lines = _lines(table, text)
    _line, heading = next(lines, (1, []))
    names = [name.strip().lower() for name in heading]
    missing = [name for name in required if name not in names]
    if missing:
        message = _("The first line of {file} lacks the column {column}.")
        table.wrong(
            "table-heading",
            message.format(file=table.file, column=", ".join(missing)),
            _("Write it as: {columns}").format(columns=",".join([*required, *optional])),
        )
        return
    known = [*required, *optional]
    for name in names:
        if name and name not in known:
            message = _("The column “{column}” is not known here.").format(column=name)
            table.wrong("unknown-key", message, suggestion(name, known))
    for line, cells in lines:
        _read_row(table, names, line, [cell.strip() for cell in cells])


def _read_row(table: Table, names: list[str], line: int, cells: list[str]) -> None:
    if not any(cells):
        return
    place = Place(file=table.file, line=line)
    if any(cells[len(names) :]):
        message = _("This line has more cells than there are columns.")
        hint = _("Put a text with a comma in it between quotation marks.")
        table.wrong("table-row", message, hint, place)
        return
    padded = cells + [""] * (len(names) - len(cells))
    table.rows.append(Row(cells=dict(zip(names, padded, strict=False)), place=place))


def _lines(table: Table, text: str) -> Iterator[tuple[int, list[str]]]:
    """Each line of cells with the number of its first line."""
    reader = csv.reader(text.replace("\r\n", "\n").replace("\r", "\n").splitlines(keepends=True))
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error:  # a quotation mark that never ends, over more than any cell holds
        message = _("This line cannot be read as a line of a table.")
        hint = _("Look for a quotation mark that has no second one.")
        table.wrong("table-row", message, hint, Place(file=table.file, line=line))
