"""Where each value of a YAML text stands, so that one can be changed and nothing else.

The composer of the library will not do: of an alias it gives the place of what it stands for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import yaml

_Loader: Final = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_REST: Final = re.compile(r"[^\r\n]*")


@dataclass(kw_only=True)
class Span:
    """A value in the text, from `start` up to `stop`; blank lines and comments behind it left out.

    Indexes count characters.
    """

    start: int
    stop: int
    column: int  # from 0
    style: str = ""  # of a text: "", "'", '"', "|" or ">"
    text: str | None = None  # None for what is no text
    flow: bool = False  # a list or group in brackets
    pairs: list[tuple[Span, Span]] | None = None  # of a group
    items: list[Span] = field(default_factory=list)  # of a list
    listed: bool = False  # it is a list

    def get(self, key: str) -> Span | None:
        """The value of the first key of this name; None when there is none."""
        pairs = self.pairs or ()
        return next((value for name, value in pairs if name.text == key), None)


def spans(text: str) -> Span | None:
    """The text's document; None when it is empty. Raises ValueError for what is no YAML."""
    try:
        events = iter(_Loader(text).get_event, None)
        for event in events:
            if isinstance(event, yaml.NodeEvent):
                return _span(text, event, events)
    except yaml.YAMLError as error:
        raise ValueError("no YAML") from error
    return None


def _span(text: str, event: yaml.Event, events: Iterator[yaml.Event]) -> Span:
    assert event.start_mark is not None
    assert event.end_mark is not None
    start, stop = event.start_mark.index, event.end_mark.index
    made = Span(start=start, stop=stop, column=event.start_mark.column)
    if isinstance(event, yaml.ScalarEvent):
        made.text, made.style = event.value, event.style or ""
        if made.style in ("|", ">"):
            made.stop = _without_blank_end(text, start, stop)
    elif isinstance(event, yaml.MappingStartEvent):
        _fill_group(text, made, event, events)
    elif isinstance(event, yaml.SequenceStartEvent):
        _fill_list(text, made, event, events)
    return made


def _fill_group(
    text: str, made: Span, begin: yaml.MappingStartEvent, events: Iterator[yaml.Event]
) -> None:
    made.flow, made.pairs = bool(begin.flow_style), []
    for event in events:
        if isinstance(event, yaml.MappingEndEvent):
            made.stop = _end(event, made.flow, made.pairs[-1][1].stop if made.pairs else made.start)
            return
        key = _span(text, event, events)
        made.pairs.append((key, _span(text, next(events), events)))


def _fill_list(
    text: str, made: Span, begin: yaml.SequenceStartEvent, events: Iterator[yaml.Event]
) -> None:
    made.flow, made.listed = bool(begin.flow_style), True
    for event in events:
        if isinstance(event, yaml.SequenceEndEvent):
            made.stop = _end(event, made.flow, made.items[-1].stop if made.items else made.start)
            return
        made.items.append(_span(text, event, events))


def _end(event: yaml.Event, flow: bool, last: int) -> int:
    """The end of a list or group. One of lines ends for the parser only where the next begins."""
    assert event.end_mark is not None
    return event.end_mark.index if flow else last


def _without_blank_end(text: str, start: int, stop: int) -> int:
    return line_end(text, start + len(text[start:stop].rstrip()))


def line_end(text: str, at: int) -> int:
    """Where the line ends in which `at` stands, its line end left out."""
    found = _REST.match(text, at)
    assert found is not None
    return found.end()
