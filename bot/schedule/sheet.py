"""One sheet that is a calendar: its headings, its merged and hidden rows, its posts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from bot.domain.problem import Severity
from bot.i18n import _
from bot.schedule.grid import Grid, Merge, Value, letters, shown
from bot.schedule.headings import Column, Kind, column_of, near_heading, own_columns
from bot.schedule.near import suggestion
from bot.schedule.rows import Findings, Row, Told

_LISTS: Final = frozenset({Kind.NAMES, Kind.IDS})
# Columns in which a cell merged downwards says that all its rows have the value.
_SPREADING: Final = frozenset(
    {Kind.DAY, "column", "topic", "accounts", "author", "reviewer", "source"}
)


@dataclass(kw_only=True)
class Table:
    """One sheet that is a calendar."""

    findings: Findings
    grid: Grid
    heads: int  # the row of the headings
    columns: dict[int, Column] = field(default_factory=dict)
    doubtful: set[int] = field(default_factory=set)  # columns whose meaning is not known

    def read(self) -> None:
        self._headings()
        if not self._complete():
            return
        first = self.heads + 1
        skipped = self._merges(first)
        unread = {row for row, _column in self.grid.unread}
        for row in range(first, len(self.grid.rows)):
            filled = row in unread or any(value != "" for value in self.grid.rows[row])
            if filled and row not in skipped:
                self._row(row)
        self._filtered()

    def _say(self, row: int, column: int, told: Told) -> None:
        self.findings.say(self.grid.place(row, column), told)

    def _headings(self) -> None:
        seen: dict[str, str] = {}
        for index, value in enumerate(self._heading_texts()):
            column = column_of(shown(value)) if value != "" else None
            if column is None:
                if value != "":
                    self._unknown(index, shown(value))
                continue
            again = seen.setdefault(
                f"{column.name} {column.kind}", self.grid.cell(self.heads, index)
            )
            if (
                again != self.grid.cell(self.heads, index)
                and column.kind not in _LISTS
                and column.keys
            ):
                self._twice(index, shown(value), again)
            else:
                self.columns[index] = column

    def _heading_texts(self) -> list[Value]:
        """The headings; one that is merged over several columns stands over each of them."""
        texts = list(self.grid.rows[self.heads])
        for merge in self.grid.merges:
            if merge.top <= self.heads <= merge.bottom and merge.right > merge.left:
                for index in range(merge.left + 1, min(merge.right + 1, len(texts))):
                    texts[index] = self.grid.value(merge.top, merge.left)
        return texts

    def _unknown(self, index: int, heading: str) -> None:
        near = near_heading(heading)
        if near:
            hint = _("Did you mean “{word}”?").format(word=near)
        else:
            words = dict.fromkeys(column.heading for column in own_columns().values())
            hint = suggestion("", words)
        message = _("The heading “{heading}” is not known.").format(heading=heading)
        self._say(self.heads, index, ("unknown-heading", message, hint))
        self.doubtful.add(index)

    def _twice(self, index: int, heading: str, first: str) -> None:
        message = _("The heading “{heading}” stands twice.").format(heading=heading)
        hint = _("It stands first in {cell}; keep one of the two.").format(cell=first)
        self._say(self.heads, index, ("duplicate-heading", message, hint))
        self.doubtful.add(index)

    def _complete(self) -> bool:
        """True when the headings every calendar needs are there."""
        names = {column.name for column in self.columns.values()}
        names |= {"at"} if "slot" in names else set()
        missing = [own_columns()[name].heading for name in ("at", "title") if name not in names]
        for heading in missing:
            message = _("The heading “{heading}” is missing.").format(heading=heading)
            hint = _("Write it above its column.")
            self._say(self.heads, 0, ("heading-missing", message, hint))
        return not missing

    def _merges(self, first: int) -> set[int]:
        """Fills merged cells where that is meant; the rows that are nothing but a line of text."""
        skipped = set()
        for merge in self.grid.merges:
            if merge.top <= self.heads:
                skipped |= set(range(first, merge.bottom + 1))
            elif merge.right > merge.left and merge.top == merge.bottom and self._alone(merge):
                skipped.add(merge.top)
            elif not self._spread(merge):
                self._merged(merge)
        return skipped

    def _alone(self, merge: Merge) -> bool:
        line = self.grid.rows[merge.top] if merge.top < len(self.grid.rows) else []
        return not any(value != "" for index, value in enumerate(line) if index != merge.left)

    def _spread(self, merge: Merge) -> bool:
        """True when the merge is in order, its value then standing in each row."""
        value = self.grid.value(merge.top, merge.left)
        if value == "" or not any(
            index in self.columns and self.columns[index].keys
            for index in range(merge.left, merge.right + 1)
        ):
            return True
        column = self.columns.get(merge.left)
        if merge.right > merge.left or column is None:
            return False
        if column.kind not in _SPREADING and column.name not in _SPREADING:
            return False
        for row in range(merge.top, min(merge.bottom + 1, len(self.grid.rows))):
            line = self.grid.rows[row]
            if any(other != "" for index, other in enumerate(line) if index != merge.left):
                line += [""] * (merge.left + 1 - len(line))
                line[merge.left] = value
        return True

    def _merged(self, merge: Merge) -> None:
        corner = f"{letters(merge.right)}{merge.bottom + 1}"
        told = (
            "merged-cells",
            _(
                "The cells {first}:{last} are merged, and what belongs to which row cannot be told."
            ).format(first=f"{letters(merge.left)}{merge.top + 1}", last=corner),
            _("Unmerge them and fill in each row."),
        )
        self._say(merge.top, merge.left, told)
        self.findings.spoilt += [
            self.grid.place(row, merge.left) for row in range(merge.top, merge.bottom + 1)
        ]

    def _filtered(self) -> None:
        rows = sorted(row + 1 for row in self.grid.filtered if row > self.heads)
        if rows:
            told = (
                "filtered-rows",
                _("A filter does not show the rows {rows}. They are read like all others.").format(
                    rows=_ranges(rows)
                ),
                _("Nothing has to be done; a row that is not meant any more must be deleted."),
            )
            self.findings.say(self.grid.place(self.heads, 0), told, Severity.INFO)

    def _row(self, row: int) -> None:
        made = Row(
            findings=self.findings,
            grid=self.grid,
            row=row,
            columns=self.columns,
            doubtful=frozenset(self.doubtful),
        )
        if made.is_example():
            return
        if row in self.grid.hidden:
            self._hidden(row)
            return
        made.fill()
        self.findings.posts.append(made.node())

    def _hidden(self, row: int) -> None:
        told = (
            "hidden-row",
            _("Row {row} is hidden; it is neither planned nor taken back.").format(row=row + 1),
            _("Show it, or delete it when it is not meant any more."),
        )
        self.findings.partial = True
        self.findings.say(self.grid.place(row, 0), told, Severity.WARNING)


def _ranges(rows: Iterable[int]) -> str:
    """ "3–5, 9"."""
    found: list[list[int]] = []
    for row in rows:
        if found and row == found[-1][1] + 1:
            found[-1][1] = row
        else:
            found.append([row, row])
    return ", ".join(f"{a}–{b}" if b > a else str(a) for a, b in found)
