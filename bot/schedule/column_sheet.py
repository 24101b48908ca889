"""The sheet 栏目: one row for each column the office defines, as the tree YAML would give."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from bot.domain.problem import Place
from bot.i18n import _
from bot.schedule import cells
from bot.schedule.cells import Refused
from bot.schedule.grid import Grid, Value, shown
from bot.schedule.headings import Kind, column_of, squeezed
from bot.schedule.lined import Node
from bot.schedule.near import suggestion
from bot.schedule.rows import Findings, Keys, Maker, Tree

TITLES: Final = frozenset({"栏目", "专栏", "columns"})  # of the sheet
_NAME: Final = ("名称", "栏目", "栏目名称", "name")
# Headings of the column itself; others are those of a post, and mean `defaults`.
_OWN: Final[Mapping[str, tuple[Keys, Kind]]] = {
    **dict.fromkeys(("规则", "周期", "rule"), (("rule",), Kind.TEXT)),
    **dict.fromkeys(("时间", "发布时间", "at"), (("at",), Kind.CLOCK)),
    **dict.fromkeys(("开始", "开始日期", "from"), (("from",), Kind.DATE)),
    **dict.fromkeys(("结束", "结束日期", "until"), (("until",), Kind.DATE)),
    **dict.fromkeys(("除外", "停发日期", "except"), (("except",), Kind.NAMES)),
    **dict.fromkeys(("加期", "增加日期", "extra"), (("extra",), Kind.NAMES)),
    **dict.fromkeys(("节假日", "holidays"), (("holidays",), Kind.TEXT)),
    **dict.fromkeys(("账号", "accounts"), (("accounts",), Kind.IDS)),
    **dict.fromkeys(("发布窗口", "窗口", "window"), (("window",), Kind.SPAN)),
    **dict.fromkeys(("标题模板",), (("template", "title"), Kind.TEXT)),
    **dict.fromkeys(("短文模板", "正文模板"), (("template", "text"), Kind.TEXT)),
    **dict.fromkeys(("摘要模板",), (("template", "digest"), Kind.TEXT)),
}


def read_columns(grid: Grid, findings: Findings) -> Tree:
    """The columns of the sheet, by name; mistakes go into the findings."""
    heads = _headings(grid, findings)
    found: Tree = {}
    name_at = next((index for index, keys in heads.items() if not keys[0]), None)
    if name_at is None:
        told = (
            "heading-missing",
            _("The heading “{heading}” is missing.").format(heading=_NAME[0]),
            _("Write it above its column."),
        )
        findings.say(grid.place(0, 0), told)
        return found
    for row in range(1, len(grid.rows)):
        name = shown(grid.value(row, name_at)).strip()
        if not name:
            continue
        if name in found:
            findings.say(grid.place(row, name_at), _twice(name, grid.place(found[name][0] - 1, 0)))
        found[name] = (row + 1, _row(grid, findings, row, heads))
    return found


def _headings(grid: Grid, findings: Findings) -> dict[int, tuple[Keys, Kind]]:
    """What stands below each heading; the name's keys are empty."""
    heads: dict[int, tuple[Keys, Kind]] = {}
    for index, value in enumerate(grid.rows[0] if grid.rows else []):
        word = squeezed(shown(value))
        post = column_of(shown(value)) if word else None
        if word in _NAME:
            heads[index] = ((), Kind.TEXT)
        elif word in _OWN:
            heads[index] = _OWN[word]
        elif post is not None and post.keys:
            heads[index] = (("defaults", *post.keys), post.kind)
        elif word and post is None:
            message = _("The heading “{heading}” is not known.").format(heading=shown(value))
            told = ("unknown-heading", message, suggestion(word, [*_NAME, *_OWN]))
            findings.say(grid.place(0, index), told)
    return heads


def _row(grid: Grid, findings: Findings, row: int, heads: Mapping[int, tuple[Keys, Kind]]) -> Node:
    maker = Maker(findings=findings, grid=grid, row=row)
    tree: Tree = {}
    for index, (keys, kind) in heads.items():
        value = grid.value(row, index)
        if keys and shown(value).strip():
            node = _cell(maker, index, keys, kind, value)
            if node is not None:
                _put(tree, keys, node)
    return Node(line=row + 1, end_line=row + 1, value=tree, cell=grid.cell(row, 0))


def _cell(maker: Maker, index: int, keys: Keys, kind: Kind, value: Value) -> Node | None:
    grid = maker.grid
    try:
        if kind is Kind.CLOCK:
            clock = cells.moment(value, epoch_1904=grid.epoch_1904).clock
            return maker.leaf(index, f"{clock:%H:%M}" if clock else shown(value))
        if keys in (("except",), ("extra",)):
            days = [value] if isinstance(value, date) else [*cells.names(value)]
            return maker.listed(index, [cells.day(day, epoch_1904=grid.epoch_1904) for day in days])
    except Refused as refused:
        maker.findings.say(grid.place(maker.row, index), refused.told)
        return None
    return maker.node(index, kind, value)


def _put(tree: Tree, keys: Keys, node: Node) -> None:
    for key in keys[:-1]:
        below = tree.setdefault(
            str(key),
            (node.line, Node(line=node.line, end_line=node.line, value={}, cell=node.cell)),
        )
        assert isinstance(below[1].value, dict)
        tree = below[1].value
    tree[str(keys[-1])] = (node.line, node)


def _twice(name: str, first: Place) -> tuple[str, str, str]:
    return (
        "duplicate-column",
        _("The column {name} is defined twice, first at {place}.").format(name=name, place=first),
        _("Delete one of the two; a column is known in all files of the folder."),
    )
