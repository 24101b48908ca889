"""Changes entries of a YAML calendar; what is not changed stays as it is, sign by sign.

All functions take text that was read as a calendar before, and raise ValueError or LookupError
where something cannot be done safely; who calls them looks at what the outcome says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

from bot.schedule.exports import Dumper, Plain
from bot.schedule.spans import Span, line_end, spans

_BOM: Final = "\ufeff"
_LINE_END: Final = re.compile(r"\r\n|\n|\r")
_INDENT: Final = re.compile(r"[ \t]*")
_TAIL: Final = re.compile(r"[ \t]*(?:#[^\r\n]*)?")  # what may stand behind a value in its line
_HEAD_NOTE: Final = re.compile(r"[|>][-+0-9]*(?P<note>[ \t]+#[^\r\n]*)?")
_Piece = tuple[int, int, str]  # from, to, what stands there then
# What the library does not write as lines below each other.
_NO_BLOCK: Final = re.compile(
    "^ | \n|[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010fffe]"
)
_MAP: Final = "tag:yaml.org,2002:map"
_SEQ: Final = "tag:yaml.org,2002:seq"
_STR: Final = "tag:yaml.org,2002:str"


@dataclass(frozen=True, kw_only=True)
class _Text:
    text: str
    end: str  # its line end
    mark: str  # a byte order mark, or ""

    def bytes(self, pieces: Sequence[_Piece]) -> bytes:
        """The text with the pieces in it; of those at one place the first stays first."""
        made, at = [], 0
        for begin, stop, piece in sorted(pieces, key=lambda one: one[:2]):
            if begin < at:
                raise ValueError("two changes at one place")
            made += [self.text[at:begin], piece]
            at = stop
        return (self.mark + "".join(made) + self.text[at:]).encode()

    def line_start(self, at: int) -> int:
        before = max(self.text.rfind("\n", 0, at), self.text.rfind("\r", 0, at))
        return before + 1

    def line_before(self, begin: int) -> str:
        """The line that ends where this one begins, with its line end."""
        end = begin - (2 if self.text.startswith("\r\n", begin - 2) else 1)
        return self.text[self.line_start(end) : begin]

    def next_line(self, at: int) -> int:
        """Behind the line end of the line `at` stands in."""
        end = line_end(self.text, at)
        found = _LINE_END.match(self.text, end)
        return found.end() if found is not None else end


def change_yaml(raw: bytes, index: int, old: Plain, new: Plain, order: Sequence[str]) -> bytes:
    """The file whose entry `index` says `new` instead of `old`; `order` is that of its keys."""
    text = _text(raw)
    entry = _posts(text).items[index]
    return text.bytes(list(_group(text, entry, old, new, order)))


def drop_yaml(raw: bytes, index: int) -> bytes:
    """The file without its entry `index`."""
    text = _text(raw)
    posts = _posts(text)
    entry = posts.items[index]
    if posts.flow:
        kept = [item for at, item in enumerate(posts.items) if at != index]
        said = ", ".join(text.text[item.start : item.stop] for item in kept)
        return text.bytes([(posts.start, posts.stop, f"[{said}]")])
    begin = _dash(text, posts, entry)
    first = stop = text.next_line(entry.stop)
    while stop < len(text.text) and not text.text[stop : line_end(text.text, stop)].strip():
        stop = text.next_line(stop)  # the empty lines that part it from the next one
    while stop == first and begin > posts.start and not text.line_before(begin).strip():
        begin -= len(text.line_before(begin))
    return text.bytes([(begin, stop, "")])


def add_yaml(raw: bytes, post: Plain, after: int | None) -> bytes:
    """The file with one more entry, behind the entry `after`; None: behind all of them."""
    text = _text(raw)
    root = spans(text.text)
    posts = root.get("posts") if root is not None else None
    if posts is None:
        gap = "" if not text.text or text.text.endswith(("\n", "\r")) else text.end
        said = _entry(post, 2, text.end)
        return text.bytes([(len(text.text), len(text.text), f"{gap}posts:{text.end}{said}")])
    if not posts.items:
        at = posts.stop if posts.listed else line_end(text.text, posts.stop)
        begin = posts.start if posts.listed else at
        return text.bytes(
            [(begin, at, text.end + _entry(post, 2, text.end).removesuffix(text.end))]
        )
    index = len(posts.items) - 1 if after is None else after
    before = posts.items[index]
    if posts.flow:
        return text.bytes([(before.stop, before.stop, f", {_flow(post)}")])
    at = line_end(text.text, before.stop)
    gap = text.end * (2 if _spaced(text, posts, index) else 1)
    said = _entry(post, posts.column, text.end).removesuffix(text.end)
    return text.bytes([(at, at, gap + said)])


def _text(raw: bytes) -> _Text:
    text = raw.decode("utf-8")
    mark = _BOM if text.startswith(_BOM) else ""
    text = text.removeprefix(_BOM)
    found = _LINE_END.search(text)
    return _Text(text=text, end=found[0] if found else "\n", mark=mark)


def _posts(text: _Text) -> Span:
    root = spans(text.text)
    posts = root.get("posts") if root is not None else None
    if posts is None:
        raise ValueError("no posts")
    return posts


def _dash(text: _Text, posts: Span, entry: Span) -> int:
    """The beginning of the line with the dash of an entry."""
    begin = text.line_start(entry.start)
    while True:
        indent = text.text[begin : begin + posts.column]
        if not indent.strip() and text.text[begin + posts.column : begin + posts.column + 1] == "-":
            return begin
        if begin <= posts.start:
            raise ValueError("no dash")
        begin -= len(text.line_before(begin))


def _spaced(text: _Text, posts: Span, index: int) -> bool:
    """True where an empty line parts this entry from one beside it."""
    for before, entry in zip(posts.items, posts.items[1:], strict=False):
        if posts.items[index] in (before, entry):
            between = text.text[line_end(text.text, before.stop) : entry.start]
            return len(_LINE_END.findall(between)) > 1
    return True


def _group(
    text: _Text, span: Span, old: Plain, new: Plain, order: Sequence[str]
) -> Iterator[_Piece]:
    """How a group that says `old` is made to say `new`."""
    if span.pairs is None or not span.pairs:
        raise ValueError("no group")
    gone = [key for key in old if key not in new]
    added = [key for key in new if key not in old]
    kept = [pair for pair in span.pairs if pair[0].text in new]
    if (span.flow and (gone or added)) or not kept:
        yield from _whole(text, span, new)
        return
    for key, value in _own_pairs(span):
        assert key.text is not None
        if key.text in gone:
            yield _without(text, span, key, value)
        elif key.text in new and new[key.text] != old.get(key.text):
            yield from _value(text, key, value, old.get(key.text), new[key.text], span)
    for key_name in sorted(added, key=lambda name: _rank(name, order)):
        yield _with(text, kept, key_name, new[key_name], order, span.column)


def _own_pairs(span: Span) -> Iterator[tuple[Span, Span]]:
    """Each key once: of one that stands twice the first counts."""
    seen = set()
    for key, value in span.pairs or ():
        if key.text is not None and key.text not in seen:
            seen.add(key.text)
            yield key, value


def _rank(name: str, order: Sequence[str]) -> int:
    return order.index(name) if name in order else len(order)


def _whole(text: _Text, span: Span, new: Plain) -> Iterator[_Piece]:
    if span.flow:
        yield span.start, span.stop, _flow(new)
    else:
        said = _indented(_dumped(_node(new, flow=False)), span.column, text.end)
        yield span.start, span.stop, said.strip(" \r\n")


def _without(text: _Text, span: Span, key: Span, value: Span) -> _Piece:
    """Takes out the line or lines of a key."""
    stop = _line_of(text, value)
    begin = text.line_start(key.start)
    if not text.text[begin : key.start].strip():
        return begin, text.next_line(stop), ""
    behind = text.next_line(stop)  # it stands behind a dash: what follows comes up to it
    found = _INDENT.match(text.text, behind)
    assert found is not None
    return key.start, found.end(), ""


def _line_of(text: _Text, value: Span) -> int:
    """The end of the last line of a value, behind which nothing else may stand in it."""
    found = _TAIL.match(text.text, value.stop)
    assert found is not None
    if found.end() != line_end(text.text, value.stop):
        raise ValueError("something else stands in the line")
    return found.end()


def _with(
    text: _Text,
    kept: Sequence[tuple[Span, Span]],
    name: str,
    value: Any,
    order: Sequence[str],
    column: int,
) -> _Piece:
    """A further key, behind the last one that comes before it in the usual order."""
    rank = _rank(name, order)
    before = [pair for pair in kept if _rank(pair[0].text or "", order) <= rank]
    _key, last = (before or list(kept))[-1]
    at = _line_of(text, last)
    indent = " " * column
    said = _scalar(name, "", flow=False) + ":" + _block(value, column, text.end)
    return at, at, text.end + indent + said.removesuffix(text.end)


def _value(
    text: _Text, key: Span, span: Span, old: Any, new: Any, parent: Span
) -> Iterator[_Piece]:
    """How the value of a key is made to be another one."""
    group = isinstance(old, Mapping) and isinstance(new, Mapping)
    if group and new and span.pairs:
        yield from _group(text, span, old, new, ())
    elif parent.flow or span.flow or (isinstance(new, list) and not span.listed):
        yield span.start, span.stop, _spaced_out(span, _flow(new))
    elif isinstance(new, str) and span.pairs is None and not span.listed:
        yield from _text_value(text, span, new, parent.column)
    elif span.listed and isinstance(new, list) and new:
        lines = _dumped(_node(new, flow=False, block_list=True))
        said = _indented(lines, span.column, text.end).removesuffix(text.end)
        yield span.start, span.stop, said.lstrip(" ")
    elif text.text[span.stop : _line_of(text, span)].strip():  # a note stands there
        yield span.start, span.stop, _spaced_out(span, _flow(new))
    else:
        said = _block(new, parent.column, text.end).removesuffix(text.end)
        yield key.stop, _line_of(text, span), ":" + said


def _spaced_out(span: Span, said: str) -> str:
    return said if span.stop > span.start else f" {said}"


def _text_value(text: _Text, span: Span, new: str, column: int) -> Iterator[_Piece]:
    """A text in place of another one, quoted as that was; a note in its line stays there."""
    block = span.style in ("|", ">")
    if block:
        found = _HEAD_NOTE.match(text.text, span.start)
        note = (found["note"] or "") if found is not None else ""
        stop = span.stop
    else:
        tail = _TAIL.match(text.text, span.stop)
        assert tail is not None
        note, stop = tail[0], tail.end()
    style = "" if block else span.style
    if "\n" not in new:
        said = _scalar(new, style, flow=False)
        yield span.start, span.stop, _spaced_out(span, said) + (note if block else "")
        return
    head, *lines = _block(new, column, text.end).removesuffix(text.end).split(text.end)
    if not head.startswith((" |", " >")):  # in quotation marks
        said = text.end.join([head, *lines]).removeprefix(" ")
        yield span.start, span.stop, _spaced_out(span, said) + (note if block else "")
        return
    said = _spaced_out(span, head.removeprefix(" ")) + note.rstrip()
    yield span.start, stop, text.end.join([said, *lines])


def _entry(post: Plain, column: int, end: str) -> str:
    """An entry of a list of lines, with its dash."""
    said = _indented(_dumped(_node(dict(post), flow=False)), column + 2, end)
    return " " * column + "- " + said[column + 2 :]


def _block(value: Any, column: int, end: str) -> str:
    """What stands behind the colon of a key that stands in `column`, its line end included."""
    dumped = _dumped(yaml.MappingNode(_MAP, [(_node("k"), _node(value, flow=False))]))
    first, rest = dumped.removeprefix("k:").split("\n", 1)
    return first + end + _indented(rest, column, end)


def _indented(lines: str, column: int, end: str) -> str:
    indent = " " * column
    return (
        "".join(
            f"{indent}{line}{end}" if line else end for line in lines.removesuffix("\n").split("\n")
        )
        if lines
        else ""
    )


def _flow(value: Any) -> str:
    """The value in one line, in brackets where it is a list or a group."""
    said = _dumped(yaml.SequenceNode(_SEQ, [_node(value, flow=True)], flow_style=True))
    return said.strip()[1:-1]


def _scalar(text: str, style: str, *, flow: bool) -> str:
    """The text so that it is read as itself, in one line."""
    node = yaml.ScalarNode(_STR, text, style=style or None)
    if flow:
        return _dumped(yaml.SequenceNode(_SEQ, [node], flow_style=True)).strip()[1:-1]
    return _dumped(yaml.SequenceNode(_SEQ, [node], flow_style=False)).removeprefix("- ").strip("\n")


def _node(value: Any, *, flow: bool = True, block_list: bool = False) -> yaml.Node:
    if isinstance(value, Mapping):
        pairs = [(_node(str(key)), _node(said, flow=flow)) for key, said in value.items()]
        return yaml.MappingNode(_MAP, pairs, flow_style=flow or not pairs)
    if isinstance(value, list):
        items = [_node(item, flow=flow or not _long(item)) for item in value]
        short = not block_list and not any(map(_long, value))
        return yaml.SequenceNode(_SEQ, items, flow_style=flow or short)
    return yaml.ScalarNode(_STR, value, style=_style(value, flow))


def _style(value: str, flow: bool) -> str | None:
    if "\n" not in value:
        return None
    return '"' if flow or _NO_BLOCK.search(value) else "|"


def _long(item: Any) -> bool:
    """True for a group that needs lines of its own."""
    return isinstance(item, Mapping) and len(item) > 1


class _Dumper(Dumper):
    """Lists below a key are indented, as in the documents."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _dumped(node: yaml.Node) -> str:
    text: str = yaml.serialize(node, Dumper=_Dumper, allow_unicode=True, width=1_000_000)
    return text
