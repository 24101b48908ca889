"""What differs between two versions of a post: field by field, line by line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

Sign = Literal[" ", "-", "+"]
_MEDIA = {"path", "sha256"}
_SHORT = 8  # characters of a file's hash that tell two files apart


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a field: as before, taken out, or put in."""

    sign: Sign
    text: str


@dataclass(frozen=True, kw_only=True)
class FieldDiff:
    """A field that differs, with all its lines."""

    field: str  # "title", "body", "cover", "overrides.weibo.text", "more.1.title", …
    lines: tuple[Line, ...]


def field_diffs(
    old: Mapping[str, Any], new: Mapping[str, Any], *, without: Sequence[str]
) -> list[FieldDiff]:
    """The fields that differ between two posts as plain JSON data, in the post's order.

    `without` names what is no content. Of a picture or video the path and its content count.
    """
    before, after = _fields(old, without), _fields(new, without)
    names = list(dict.fromkeys([*after, *before]))
    return [
        FieldDiff(field=name, lines=tuple(_lines(before.get(name, ""), after.get(name, ""))))
        for name in names
        if before.get(name, "") != after.get(name, "")
    ]


def _fields(post: Mapping[str, Any], without: Sequence[str]) -> dict[str, str]:
    return {
        name: text
        for field, value in post.items()
        if field not in without
        for name, text in _flat(field, value)
    }


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Leaves by their dotted names; a file is a leaf, and so is a list of files."""
    if isinstance(value, Mapping) and not value.keys() >= _MEDIA:
        for key, inner in value.items():
            yield from _flat(f"{name}.{key}", inner)
    elif isinstance(value, list) and not all(_is_file(each) for each in value):
        for number, inner in enumerate(value, 1):
            yield from _flat(f"{name}.{number}", inner)
    elif value not in (None, "", [], False):
        yield name, _text(value)


def _is_file(value: Any) -> bool:
    return isinstance(value, Mapping) and value.keys() >= _MEDIA


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "\n".join(_text(each) for each in value)
    return f"{value['path']} ({value['sha256'][:_SHORT]})" if _is_file(value) else str(value)


def _lines(old: str, new: str) -> Iterator[Line]:
    before, after = old.splitlines(), new.splitlines()
    for tag, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from (Line(sign=" ", text=text) for text in before[i:j])
        else:
            yield from (Line(sign="-", text=text) for text in before[i:j])
            yield from (Line(sign="+", text=text) for text in after[k:m])
