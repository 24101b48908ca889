"""Puts ids into a YAML calendar; comments, order, quotes and line ends stay as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import yaml

from bot.schedule.naming import Gap

_Loader: Final = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_BOM: Final = "\ufeff"
_LINE_END = re.compile(r"\r\n|\n|\r")


def insert_yaml(raw: bytes, named: Mapping[Gap, str]) -> bytes:
    """The file with a line `id: …` where each of the entries begins.

    For text that was read as a calendar before, so it is sound and of bearable size. Raises
    ValueError or IndexError where an entry is not what was read.
    """
    text = raw.decode("utf-8")
    mark = _BOM if text.startswith(_BOM) else ""
    text = text.removeprefix(_BOM)
    found = _LINE_END.search(text)
    entries = _entries(text)
    pieces = [
        _piece(entries[gap.index], name, found[0] if found else "\n") for gap, name in named.items()
    ]
    for begin, end, piece in sorted(pieces, reverse=True):
        text = text[:begin] + piece + text[end:]
    return (mark + text).encode("utf-8")


def _entries(text: str) -> list[yaml.Node]:
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise ValueError("no YAML") from error
    for key, value in root.value if isinstance(root, yaml.MappingNode) else ():
        if key.value == "posts" and isinstance(value, yaml.SequenceNode):
            return list(value.value)
    raise ValueError("no posts")


def _piece(entry: yaml.Node, name: str, line_end: str) -> tuple[int, int, str]:
    """What to put in place of the text between two indexes."""
    if not isinstance(entry, yaml.MappingNode) or not entry.value:
        raise ValueError("no entry")
    for key, value in entry.value:
        if key.value == "id":  # there, with nothing behind it
            begin, end = value.start_mark.index, value.end_mark.index
            return begin, end, name if end > begin else f" {name}"
    first = entry.value[0][0].start_mark
    if entry.flow_style:
        return first.index, first.index, f"id: {name}, "
    return first.index, first.index, f"id: {name}{line_end}{' ' * first.column}"
