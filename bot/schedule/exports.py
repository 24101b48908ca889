"""Writes a calendar as rows of cells, as CSV and as YAML: what the readers read back the same."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import yaml

from bot.i18n import _
from bot.schedule import cells
from bot.schedule.cells import NONE_WORD, Refused
from bot.schedule.headings import SETTINGS, TOPICS, Column, Kind, column_at, post_columns
from bot.schedule.rows import topic

Plain: TypeAlias = Mapping[str, Any]  # a post's values as a calendar file has them
_MAX_CHARS: Final = {"xlsx": 32_767, "csv": 131_000}  # of one cell
_INERT: Final = tuple("=+-@\t\r")  # what begins so is a formula to Excel when it opens a CSV file
_NO_XML: Final = re.compile("[\ufffe\uffff]")
_FIRST: Final = ("id", "at", "title", "accounts")
_ALWAYS: Final = frozenset(_FIRST)


class Unsayable(Exception):
    """A value cannot be written so that it is read back the same; its text says which one."""


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """What a calendar file says, whatever its kind."""

    zone: str
    defaults: Plain = field(default_factory=dict)
    columns: Plain = field(default_factory=dict)
    posts: Sequence[Plain] = ()


def values_of(post: Plain) -> Iterator[tuple[Column, Any]]:
    """Every value of a post with the column it belongs in."""
    for name, value in post.items():
        if value is None:
            continue
        if name == "variants":
            for platform, override in value.items():
                # Nothing said differently is still said, so that the post stays the same.
                for key, said in (override or {"options": {}}).items():
                    yield column_at(name, platform, key), said
        elif name == "more":
            for index, article in enumerate(value):
                for key, said in article.items():
                    yield column_at(name, index, key), said
        elif name == "key":
            for key, said in value.items():
                yield column_at(name, key), said
        else:
            yield column_at(name), value


def columns_for(posts: Sequence[Plain], wanted: Sequence[Column] = ()) -> list[Column]:
    """The columns these posts need, and those `wanted` in any case, in the order of the format."""
    used = {column.keys: column for post in posts for column, _value in values_of(post)}
    used |= {column.keys: column for column in wanted}
    own = [column for column in post_columns() if column.keys in used or column.name in _ALWAYS]
    rest = [column for keys, column in used.items() if keys[0] in ("variants", "more")]
    return own + sorted(rest, key=lambda column: [str(key) for key in column.keys[:2]])


def written(column: Column, value: Any, *, kind: str) -> str:
    """The text of a cell which is read back as `value`. `kind` is "xlsx" or "csv".

    Raises Unsayable when there is none.
    """
    meant = meant_by(column, value)
    for text in _ways(column, meant):
        sound = not (text.startswith(_INERT) if kind == "csv" else _NO_XML.search(text))
        if text and sound and len(text) <= _MAX_CHARS[kind] and _read(column, text) == meant:
            return text
    raise Unsayable(f"{column.heading}: {str(value)[:60]}")


def meant_by(column: Column, value: Any) -> Any:
    """The value without what no reader keeps."""
    if column.kind in (Kind.NAMES, Kind.IDS):
        return [_item(item) for item in value]
    if column.kind is Kind.TREE:
        return json.loads(json.dumps(value))
    if column.kind is Kind.PAIRS:
        return {name: str(said or "").strip() for name, said in value.items()}
    if column.kind is Kind.FLAG:
        return "true" if str(value).lower() in ("true", "yes") else "false"
    return str(value).strip()


def _item(item: Any) -> str:
    """An item of a list; `{u01-weibo: T+30m}` as a sheet says it."""
    if isinstance(item, Mapping):
        return " ".join(f"{name} {delay}" for name, delay in item.items())
    return str(item).strip()


def _ways(column: Column, meant: Any) -> Iterator[str]:
    """How the value might be written, the plainest way first."""
    if column.kind in (Kind.NAMES, Kind.IDS):
        ways = ["、".join(meant), NONE_WORD, json.dumps(meant, ensure_ascii=False)]
    elif column.kind is Kind.PAIRS:
        said = [f"{name}：{value}" for name, value in meant.items()]
        ways = ["；".join(said), "\n".join(said), json.dumps(meant, ensure_ascii=False)]
    elif column.kind is Kind.TREE:
        ways = [json.dumps(meant, ensure_ascii=False)]
    elif column.kind is Kind.FLAG:
        ways = ["是", "否"]
    elif column.kind is Kind.TOPIC:
        ways = [*TOPICS.get(meant, ())[:1], meant]
    else:
        ways = [meant or NONE_WORD]
    yield from ways
    yield from (f"{mark}{way}" for mark in ("'", "''") for way in ways)


def _read(column: Column, text: str) -> Any:
    try:
        return _READERS[column.kind](text)
    except Refused:
        return None


def _moment(text: str) -> str:
    return cells.relative(text) or str(cells.together([cells.moment(text)], [text]))


_READERS: Final[Mapping[Kind, Callable[[str], Any]]] = {
    Kind.TEXT: cells.words,
    Kind.FLAG: cells.flag,
    Kind.MOMENT: _moment,
    Kind.INSTANT: _moment,
    Kind.DATE: cells.day,
    Kind.SPAN: cells.span,
    Kind.DEADLINE: cells.deadline,
    Kind.NAMES: cells.names,
    Kind.IDS: cells.ids,
    Kind.PAIRS: cells.pairs,
    Kind.TOPIC: topic,
    Kind.TREE: cells.tree,
}


def settings_of(calendar: Calendar, *, kind: str) -> list[tuple[str, str]]:
    """The rows of settings: their names and values."""
    given: dict[tuple[str, ...], Any] = {("timezone",): calendar.zone}
    given |= {("defaults", name): value for name, value in calendar.defaults.items()}
    if calendar.columns:
        given["columns",] = calendar.columns
    return [
        (setting.words[0], written(setting.column, given[keys], kind=kind))
        for keys, setting in SETTINGS.items()
        if given.get(keys)
    ]


def to_csv(calendar: Calendar) -> bytes:
    """The calendar as CSV that Excel opens as what it is. Raises Unsayable."""
    columns = columns_for(calendar.posts)
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerows(settings_of(calendar, kind="csv"))
    writer.writerow([column.heading for column in columns])
    for post in calendar.posts:
        said = {
            column.keys: written(column, value, kind="csv") for column, value in values_of(post)
        }
        writer.writerow([said.get(column.keys, "") for column in columns])
    return stream.getvalue().encode("utf-8-sig")


class Dumper(yaml.SafeDumper):
    """Quotes only what the reader would not take as the text it is."""

    yaml_implicit_resolvers: Final = {  # type: ignore[misc]
        first: [resolver for resolver in resolvers if resolver[0].endswith(":null")]
        for first, resolvers in yaml.SafeDumper.yaml_implicit_resolvers.items()
    }

    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


Dumper.add_representer(str, _text)


def to_yaml(calendar: Calendar) -> bytes:
    """The calendar as YAML, a post a paragraph."""
    head: dict[str, Any] = {"timezone": calendar.zone}
    head |= {"defaults": dict(calendar.defaults)} if calendar.defaults else {}
    head |= {"columns": dict(calendar.columns)} if calendar.columns else {}
    parts = [_entries(head, 0), "posts:\n" if calendar.posts else "posts: []\n"]
    parts.append("\n".join(_post(post) for post in calendar.posts))
    return "".join(parts).encode()


def _post(post: Plain) -> str:
    text = _entries({name: value for name, value in post.items() if value is not None}, 4)
    return "  - " + text[4:]


def _entries(data: Plain, indent: int) -> str:
    """The keys with their values; short lists and groups in one line."""
    return "".join(
        _indented(
            yaml.dump(
                {name: value},
                Dumper=Dumper,
                allow_unicode=True,
                sort_keys=False,
                width=1_000_000,
                default_flow_style=None if isinstance(value, list) else False,
            ),
            indent,
        )
        for name, value in data.items()
    )


def _indented(text: str, indent: int) -> str:
    lines = text.removesuffix("\n").split("\n")
    return "".join(f"{' ' * indent}{line}\n" if line else "\n" for line in lines)


def unsayable(error: Unsayable) -> str:
    """What is told of a value that cannot be written."""
    return _("This value cannot be written into a sheet so that it stays the same: {value}").format(
        value=error
    )
