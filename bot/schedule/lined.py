"""A file of the office as a tree in which every key and value knows its place; YAML as one.

Values stay text ("0506" is not octal, "on" is not true); the shapes decide what they mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import yaml

from bot.domain.problem import Place, Problem
from bot.i18n import _

_Loader: Final = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
MAX_NODES: Final = 200_000  # with every alias counted in full
# Past this depth the parser's own time grows with the square of the input.
MAX_DEPTH: Final = 32
# Characters nobody can see or has meant to write (of the categories Cc and Cs).
CONTROL: Final = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_TAB = re.compile(r"^ *\t\s*\S", re.MULTILINE)
_WIDE_COLON = re.compile(r"^ *(?:- )? *[A-Za-z_]+：", re.MULTILINE)


@dataclass(kw_only=True, slots=True)  # not frozen: a calendar has hundreds of thousands
class Node:
    """A value of the file: text, None, a list of nodes, or a mapping of key to (line, node)."""

    line: int  # 1-based, where the value begins; of a sheet the row
    end_line: int
    value: str | Sequence[Node] | Mapping[str, tuple[int, Node]] | None
    size: int = 1  # nodes below and including this one
    column: int | None = None  # 1-based, where the value begins in its line
    cell: str | None = None  # where a sheet holds it
    file: str = ""  # where it stands, when that is not the file it is read with

    def plain(self) -> object:
        """The value without its lines: str, None, list, dict."""
        value = self.value
        # Asking for `str` first and for `dict` before `Mapping` halves the time of this.
        if isinstance(value, str) or value is None:
            return value
        if isinstance(value, dict) or isinstance(value, Mapping):  # noqa: SIM101
            return {key: entry[1].plain() for key, entry in value.items()}
        return [node.plain() for node in value]

    def items(self) -> Sequence[Node]:
        """The nodes of a list; empty when it is none."""
        value = self.value
        if isinstance(value, list):
            return value
        if isinstance(value, str | dict) or value is None or isinstance(value, Mapping):
            return ()
        return value

    def get(self, *keys: str | int) -> Node | None:
        """The node below, by keys and list indexes; None when there is none."""
        node: Node | None = self
        for key in keys:
            node = _child(node, key) if node is not None else None
        return node

    def key_line(self, *keys: str | int) -> int:
        """The line of the last key of the path that is there; for a list item, of its value."""
        node, line = self, self.line
        for key in keys:
            if isinstance(node.value, Mapping) and key in node.value:
                line = node.value[str(key)][0]
            elif (below := _child(node, key)) is not None:
                line = below.line
            else:
                break
            found = _child(node, key)
            assert found is not None
            node = found
        return line

    def place(self, file: str, *keys: str | int) -> Place:
        """Where the value at the end of the path stands; what is missing has its parent's place."""
        node: Node = self
        for key in keys:
            found = _child(node, key)
            if found is None:
                break
            node = found
        file = node.file or file
        if node.cell is not None:
            return Place(file=file, line=node.line, cell=node.cell)
        if node is self or not isinstance(node.value, str):
            return Place(file=file, line=self.key_line(*keys))
        length = len(node.value) if node.line == node.end_line else 0
        return Place(file=file, line=node.line, column=node.column, length=length)

    def holds(self, place: Place) -> bool:
        """True when a place of the same file lies within this value."""
        inside = self.line <= (place.line or 0) <= self.end_line
        return inside and sheet_of(self.cell) == sheet_of(place.cell)

    def text(self, *keys: str | int) -> str:
        """The text found below; "" when there is none or it is something else."""
        node = self.get(*keys)
        return node.value if node is not None and isinstance(node.value, str) else ""


def sheet_of(cell: str | None) -> str:
    """The sheet of a cell's name, "" where the file has only one."""
    return (cell or "").rpartition("!")[0]


def _child(node: Node, key: str | int) -> Node | None:
    value = node.value
    if isinstance(value, dict) or isinstance(value, Mapping):  # noqa: SIM101 — the first is faster
        entry = value.get(str(key))
        return entry[1] if entry is not None else None
    items = node.items()
    return items[key] if isinstance(key, int) and key < len(items) else None


def parse(text: str, file: str) -> tuple[Node | None, list[Problem]]:
    """The file's only document, None when it could not be read to its end; and its problems."""
    builder = _Builder(file=file)
    try:
        node = builder.document(iter(yaml.parse(text, Loader=_Loader)))
    except _Refused as refused:
        return None, [*builder.problems, refused.problem]
    except yaml.YAMLError as error:
        return None, [*builder.problems, *_syntax(error, text, file)]
    return node, builder.problems


class _Refused(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


@dataclass(kw_only=True)
class _Builder:
    """Makes nodes of the parser's events: unlike composing in C, depth can be refused early."""

    file: str
    problems: list[Problem] = field(default_factory=list)
    anchors: dict[str, Node] = field(default_factory=dict)
    count: int = 0

    def document(self, events: Iterator[yaml.Event]) -> Node:
        root = Node(line=1, end_line=1, value=None)
        seen = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                seen += 1
                if seen > 1:
                    raise _Refused(self._second_document(event))
            elif isinstance(event, yaml.NodeEvent):
                root = self.node(event, events, 0)
        return root

    def node(self, event: yaml.NodeEvent, events: Iterator[yaml.Event], depth: int) -> Node:
        # Called for every word of the file: what is most frequent is asked for first.
        size = 1
        if isinstance(event, yaml.ScalarEvent):
            made = self._scalar(event)
        elif isinstance(event, yaml.AliasEvent):
            made = self._alias(event)
            size = made.size
        elif depth >= MAX_DEPTH:
            raise _Refused(too_large(self.place(event)))
        elif isinstance(event, yaml.MappingStartEvent):
            made = self._mapping(event, events, depth)
        else:
            made = self._sequence(event, events, depth)
        self.count += size
        if self.count > MAX_NODES:
            raise _Refused(too_large(self.place(event)))
        if event.anchor and not isinstance(event, yaml.AliasEvent):
            self.anchors[event.anchor] = made
        return made

    def place(self, event: yaml.Event) -> Place:
        return Place(file=self.file, line=_line(event))

    def _alias(self, event: yaml.AliasEvent) -> Node:
        found = self.anchors.get(event.anchor or "")
        if found is None:
            raise _Refused(
                Problem(
                    code="yaml-syntax",
                    message=_("*{name} refers to an anchor that does not stand before it.").format(
                        name=event.anchor
                    ),
                    hint=_("Put text that begins with * or & in quotation marks."),
                    place=self.place(event),
                )
            )
        return found

    def _sequence(self, start: yaml.NodeEvent, events: Iterator[yaml.Event], depth: int) -> Node:
        items: list[Node] = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            assert isinstance(event, yaml.NodeEvent)
            items.append(self.node(event, events, depth + 1))
        size = 1 + sum(item.size for item in items)
        end = items[-1].end_line if items else _line(start)
        return Node(line=_line(start), end_line=end, value=items, size=size)

    def _mapping(self, start: yaml.NodeEvent, events: Iterator[yaml.Event], depth: int) -> Node:
        entries: dict[str, tuple[int, Node]] = {}
        size = 1
        end = _line(start)
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            assert isinstance(event, yaml.NodeEvent)
            key = self.node(event, events, depth + 1)
            following = next(events)
            assert isinstance(following, yaml.NodeEvent)
            value = self.node(following, events, depth + 1)
            size += value.size + 1
            end = value.end_line
            self._enter(entries, key, value)
        return Node(line=_line(start), end_line=end, value=entries, size=size)

    def _enter(self, entries: dict[str, tuple[int, Node]], key: Node, value: Node) -> None:
        name = "" if key.value is None else key.value
        if not isinstance(name, str):
            message, hint = _("A key must be a plain word."), _("Write it as key: value.")
            place = Place(file=self.file, line=key.line)
            self.problems.append(
                Problem(code="wrong-type", message=message, hint=hint, place=place)
            )
        elif name in entries:
            self.problems.append(
                Problem(
                    code="duplicate-key",
                    message=_("The key “{key}” stands twice in this entry.").format(key=name),
                    hint=_("It stands first in line {line}; keep one of the two.").format(
                        line=entries[name][0]
                    ),
                    place=Place(file=self.file, line=key.line),
                )
            )
        else:
            entries[name] = (key.line, value)

    def _scalar(self, event: yaml.ScalarEvent) -> Node:
        text: str = event.value
        if CONTROL.search(text) is not None:
            text = self._without_controls(text, event)
        begin, end = event.start_mark, event.end_mark
        assert begin is not None
        assert end is not None
        line, column = begin.line + 1, begin.column + 1
        if event.style:
            column += 1  # behind the quotation mark
        value = text if event.style or text not in _NULL else None
        # The mark of a block of text stands at the start of the next line.
        end_line = end.line + 1 if end.column else end.line
        return Node(line=line, end_line=max(line, end_line), value=value, column=column)

    def _without_controls(self, text: str, event: yaml.Event) -> str:
        bad = CONTROL.findall(text)
        self.problems.append(
            Problem(
                code="bad-character",
                message=_("The value contains the invisible character U+{code}.").format(
                    code=f"{ord(bad[0]):04X}"
                ),
                hint=_("Delete it; typing the text again helps when it cannot be seen."),
                place=self.place(event),
            )
        )
        return CONTROL.sub("", text)

    def _second_document(self, event: yaml.Event) -> Problem:
        return Problem(
            code="yaml-syntax",
            message=_("A second document begins here; only one is read."),
            hint=_("Delete the line “---” and put all posts under one “posts:”."),
            place=self.place(event),
        )


def _line(event: yaml.Event) -> int:
    assert event.start_mark is not None
    return event.start_mark.line + 1


def too_large(place: Place) -> Problem:
    """The problem of a file no calendar needs."""
    return Problem(
        code="too-large",
        message=_("The file is too large, too deeply nested or repeats itself too often."),
        hint=_("Split it into several calendar files, and write repeated values out."),
        place=place,
    )


def _syntax(error: Exception, text: str, file: str) -> list[Problem]:
    """What keeps the parser from reading on, told by its usual causes where one is seen."""
    line = min(_error_line(error, text), text.count("\n") + 1)
    causes = _usual_causes(text, file)
    if causes:
        return causes
    what = getattr(error, "problem", None) or getattr(error, "reason", None) or ""
    return [
        Problem(
            code="yaml-syntax",
            message=_("The file cannot be read on from this line: {what}").format(what=what),
            hint=_(
                "Look here and one line above for a missing space after a colon, a missing "
                "quotation mark, an uneven indent, or a value that begins with a sign such as * "
                "or @ and is not in quotation marks."
            ),
            place=Place(file=file, line=line),
        )
    ]


def _error_line(error: Exception, text: str) -> int:
    if isinstance(error, yaml.reader.ReaderError):
        return text.count("\n", 0, int(error.position)) + 1
    mark = getattr(error, "problem_mark", None)
    context = getattr(error, "context", None) or ""
    if mark is None or "simple key" in context or "quoted scalar" in context:
        # The parser notices these only later; the context tells where they begin.
        mark = getattr(error, "context_mark", None) or mark
    return mark.line + 1 if mark is not None else 1


def _usual_causes(text: str, file: str) -> list[Problem]:
    causes: list[Problem] = []
    if (tab := _TAB.search(text)) is not None:
        causes.append(
            Problem(
                code="tab-indent",
                message=_("The line is indented with a tab, which YAML does not allow."),
                hint=_("Indent with spaces, two for each level."),
                place=Place(file=file, line=text.count("\n", 0, tab.start()) + 1),
            )
        )
    if (colon := _WIDE_COLON.search(text)) is not None:
        causes.append(wide_colon(Place(file=file, line=text.count("\n", 0, colon.end()) + 1)))
    return causes


def wide_colon(place: Place) -> Problem:
    """The problem of a key that is followed by “：”."""
    return Problem(
        code="full-width-colon",
        message=_("After the key stands a full-width colon “：”."),
        hint=_("Write a half-width colon and a space: “key: value”."),
        place=place,
    )
