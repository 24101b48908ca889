"""A Word table as a plain grid of cells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element

from bot.schedule.word.parts import Refused
from bot.schedule.word.styles import number, value

_MOST_COLUMNS: Final = 63  # as many as Word allows
_WRAPPERS: Final = frozenset({"w:sdt", "w:sdtContent", "w:customXml", "w:ins", "w:moveTo"})


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Rows of equal length; None where a merged cell reaches to, or nothing stands."""

    rows: list[list[Element | None]]
    merged: bool  # some cells covered several places
    changed: bool  # rows were taken out while changes were tracked


def grid(table: Element) -> Grid:
    """The table's cells in their places; raises Refused when it is absurdly wide."""
    rows: list[list[Element | None]] = []
    merged = changed = False
    for row in _within(table, "w:tr"):
        properties = row.find("w:trPr")
        if properties is not None and properties.find("w:del") is not None:
            changed = True
            continue
        cells, wide = _cells(row, number(value(properties, "w:gridBefore"), 0))
        rows.append(cells)
        merged = merged or wide
    width = max(map(len, rows), default=0)
    filled = [[*row, *[None] * (width - len(row))] for row in rows]
    return Grid(rows=filled, merged=merged, changed=changed)


def _cells(row: Element, before: int) -> tuple[list[Element | None], bool]:
    """The row's places, and whether one cell covers several."""
    places: list[Element | None] = [None] * min(max(before, 0), _MOST_COLUMNS)
    merged = False
    for cell in _within(row, "w:tc"):
        properties = cell.find("w:tcPr")
        span = max(number(value(properties, "w:gridSpan"), 1), 1)
        up = properties.find("w:vMerge") if properties is not None else None
        below = up is not None and up.get("w:val") != "restart"
        merged = merged or span > 1 or up is not None
        if len(places) + span > _MOST_COLUMNS:
            raise Refused("too-large")
        places += [None if below else cell, *[None] * (span - 1)]
    return places, merged


def _within(parent: Element, tag: str) -> Iterator[Element]:
    for child in parent:
        if child.tag == tag:
            yield child
        elif child.tag in _WRAPPERS:
            yield from _within(child, tag)
