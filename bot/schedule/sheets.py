"""From the sheets of a file to the tree its posts are made of, as the YAML reader gives it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.domain.problem import Place, Severity
from bot.i18n import _
from bot.schedule.column_sheet import TITLES as COLUMN_SHEETS
from bot.schedule.column_sheet import read_columns
from bot.schedule.grid import Grid, shown
from bot.schedule.headings import SETTINGS, column_of, squeezed
from bot.schedule.lined import Node
from bot.schedule.rows import Findings, Keys, Maker, Told, Tree
from bot.schedule.sheet import Table

_SEARCHED: Final = 20  # rows among which the headings must stand
_SETTINGS: Final = frozenset({"设置", "settings", "Settings"})
_ASIDE: Final = frozenset({"说明", "选项"})  # sheets with another purpose
_SETTING_OF: Final = {
    squeezed(word): setting
    for keys, setting in SETTINGS.items()
    for word in (*setting.words, ".".join(keys))
}


@dataclass(kw_only=True)
class Sheets:
    """Makes the tree of a file's grids."""

    file: str
    zone: str  # of a file that names none
    findings: Findings = field(default_factory=Findings)
    settings: dict[Keys, Node] = field(default_factory=dict)
    columns: Tree = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)  # the sheets with posts

    def read(self, grids: Sequence[Grid]) -> Node | None:
        """The tree; None when no sheet is a calendar."""
        found = False
        for grid in grids:
            heads = _heading_row(grid)
            if grid.title in _SETTINGS:
                self._settings(grid, len(grid.rows))
            elif squeezed(grid.title) in COLUMN_SHEETS:
                self.columns |= read_columns(grid, self.findings)
                found = True
            elif grid.title in _ASIDE:
                continue
            elif heads is None:
                self._no_calendar(grid)
            elif grid.concealed:
                self._concealed(grid, heads)
                found = True
            else:
                self._settings(grid, heads)
                self.tables.append(Table(findings=self.findings, grid=grid, heads=heads))
                self.tables[-1].read()
                found = True
        if not found:
            self.findings.say(
                grids[0].place(0, 0) if grids else Place(file=self.file), _no_headings()
            )
            return None
        return self._root()

    def _root(self) -> Node:
        zone = self.settings.get(("timezone",), Node(line=1, end_line=1, value=self.zone))
        tree: Tree = {"timezone": (zone.line, zone)}
        for keys, node in self.settings.items():
            if len(keys) > 1:
                group = Node(line=node.line, end_line=node.line, value={}, cell=node.cell)
                group = tree.setdefault(str(keys[0]), (node.line, group))[1]
                assert isinstance(group.value, dict)
                group.value[str(keys[1])] = (node.line, node)
            else:
                tree[str(keys[0])] = (node.line, node)
        if self.columns:
            line = min(line for line, _node in self.columns.values())
            settled = tree["columns"][1].value if "columns" in tree else None
            value = {**settled, **self.columns} if isinstance(settled, dict) else self.columns
            tree["columns"] = (line, Node(line=line, end_line=line, value=value))
        tree["posts"] = (1, Node(line=1, end_line=1, value=self.findings.posts))
        return Node(line=1, end_line=1, value=tree)

    def _settings(self, grid: Grid, end: int) -> None:
        """Takes “时区 | Asia/Shanghai” of the rows before `end`."""
        for row in range(min(end, len(grid.rows))):
            filled = [column for column, value in enumerate(grid.rows[row]) if value != ""]
            name = squeezed(shown(grid.value(row, filled[0]))) if filled else ""
            if name not in _SETTING_OF or len(filled) < 2:
                continue
            column = _SETTING_OF[name].column
            node = Maker(findings=self.findings, grid=grid, row=row).node(filled[1], column.kind)
            if node is not None:
                self.settings[column.keys] = node

    def _no_calendar(self, grid: Grid) -> None:
        """Tells of a sheet that is left out although it looks like a calendar."""
        for row in range(min(_SEARCHED, len(grid.rows))):
            for column, value in enumerate(grid.rows[row]):
                if isinstance(value, str) and squeezed(value) in ("标题", "title"):
                    told = (
                        "sheet-ignored",
                        _(
                            "The sheet {sheet} is not read: it has no headings of a calendar."
                        ).format(sheet=grid.title),
                        _("Give it at least the headings 编号, 发布时间 and 标题."),
                    )
                    self.findings.say(grid.place(row, column), told, Severity.INFO)
                    return

    def _concealed(self, grid: Grid, heads: int) -> None:
        if not any(value != "" for row in grid.rows[heads + 1 :] for value in row):
            return
        self.findings.partial = True
        told = (
            "hidden-sheet",
            _("The sheet {sheet} is hidden; nothing in it is planned or taken back.").format(
                sheet=grid.title
            ),
            _("Show it, or delete what is not meant any more."),
        )
        self.findings.say(grid.place(heads, 0), told, Severity.WARNING)


def _no_headings() -> Told:
    return (
        "no-headings",
        _("No row of the file has the headings of a calendar."),
        _("Write them above the posts; `bot export xlsx --template` makes a file that has them."),
    )


def _heading_row(grid: Grid) -> int | None:
    """The row with the most known headings, time or title among them; None without one."""
    best, most = None, 1
    for row in range(min(_SEARCHED, len(grid.rows))):
        known = [
            column
            for value in grid.rows[row]
            if isinstance(value, str) and value and len(value) < 40
            for column in [column_of(value)]
            if column is not None and column.keys
        ]
        names = {column.name for column in known}
        if len(known) > most and names & {"at", "title"}:
            best, most = row, len(known)
    return best
