"""Puts values into a roster in YAML; comments, order, quotes and line ends stay as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import yaml

from bot.schedule.exports import Dumper

_Loader: Final = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_BOM: Final = "\ufeff"
_LINE_END: Final = re.compile(r"\r\n|\n|\r")
_REST: Final = re.compile(r"[^\r\n]*")
_Piece = tuple[int, int, str]  # from, to, what stands there then
Values = Mapping[str, str]  # by key


def put_yaml(
    raw: bytes, changed: Mapping[str, Values], added: Sequence[tuple[str, Values]]
) -> bytes:
    """The roster with other values in accounts, by id, and with further accounts, by unit.

    For text that was read as a roster before. Raises ValueError where that cannot be done safely.
    """
    text = raw.decode("utf-8")
    mark = _BOM if text.startswith(_BOM) else ""
    text = text.removeprefix(_BOM)
    found = _LINE_END.search(text)
    end = found[0] if found else "\n"
    units = dict(_units(text))
    accounts = {name: node for unit in units.values() for name, node in _named(unit, "accounts")}
    pieces = [
        _set(accounts[account], key, value, end)
        for account, values in changed.items()
        for key, value in values.items()
    ]
    pieces += [_add(text, units[unit], values, end) for unit, values in added]
    if len({piece[0] for piece in pieces}) < len(pieces):
        raise ValueError("two changes at one place")
    for begin, stop, piece in sorted(pieces, reverse=True):
        text = text[:begin] + piece + text[stop:]
    return (mark + text).encode("utf-8")


def _units(text: str) -> Iterator[tuple[str, yaml.MappingNode]]:
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise ValueError("no YAML") from error
    if isinstance(root, yaml.MappingNode):
        yield from _named(root, "units")


def _named(node: yaml.MappingNode, key: str) -> Iterator[tuple[str, yaml.MappingNode]]:
    """The entries of a list of this node, by their ids."""
    listed = _value(node, key)
    for entry in listed.value if isinstance(listed, yaml.SequenceNode) else ():
        name = _value(entry, "id") if isinstance(entry, yaml.MappingNode) else None
        if isinstance(name, yaml.ScalarNode):
            yield name.value, entry


def _value(node: yaml.MappingNode, wanted: str) -> yaml.Node | None:
    return next((value for key, value in node.value if key.value == wanted), None)


def _set(entry: yaml.MappingNode, key: str, value: str, end: str) -> _Piece:
    there = _value(entry, key)
    if there is not None:
        if not isinstance(there, yaml.ScalarNode) or there.style in ("|", ">"):
            raise ValueError("not one value")
        begin, stop = there.start_mark.index, there.end_mark.index
        return begin, stop, _scalar(value) if stop > begin else f" {_scalar(value)}"
    first = entry.value[0][0].start_mark
    if entry.flow_style:
        return first.index, first.index, f"{key}: {_scalar(value)}, "
    return first.index, first.index, f"{key}: {_scalar(value)}{end}{' ' * first.column}"


def _add(text: str, unit: yaml.MappingNode, said: Values, end: str) -> _Piece:
    """A further account behind the unit's last one, in one line."""
    listed = _value(unit, "accounts")
    if not isinstance(listed, yaml.SequenceNode) or listed.flow_style or not listed.value:
        raise ValueError("no list of lines")
    last = _end(listed.value[-1])
    rest = _REST.match(text, last)
    at = rest.end() if rest is not None else last
    dash = " " * listed.start_mark.column + "- "
    pairs = ", ".join(f"{key}: {_scalar(value)}" for key, value in said.items())
    return at, at, f"{end}{dash}{{{pairs}}}"


def _end(node: yaml.Node) -> int:
    """Where the last sign of a node stands, without the empty lines behind it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        raise ValueError("a block of text")
    return int(node.end_mark.index)


def _scalar(value: str) -> str:
    """The text so that it is read as itself, also within braces."""
    text: str = yaml.dump(
        [value], Dumper=Dumper, allow_unicode=True, default_flow_style=True, width=1_000_000
    )
    return text.strip()[1:-1]
