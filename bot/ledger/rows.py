"""Rows as frozen classes.

The constructor of a frozen class sets every field through a call of its own, which is most of what
a list of hundreds costs; here they are made without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Row

T = TypeVar("T")


def made(kind: type[T], values: Mapping[str, Any]) -> T:
    """An object with exactly these fields; nothing is checked, and no default is filled in."""
    one = object.__new__(kind)
    one.__dict__.update(values)
    return one


def each(kind: type[T], rows: Iterable[Row[Any]], **convert: Callable[[Any], Any]) -> list[T]:
    """An object for each row of a query whose columns are the class's fields.

    `convert` makes what the field holds of what the column holds. Raises TypeError where a column
    is no field, or a field without a default is no column.
    """
    found: list[T] = []
    names: tuple[str, ...] = ()
    key: Any = kind
    for row in rows:
        names = names or row._fields
        values = dict(zip(names, row, strict=True))
        for name, converted in convert.items():
            values[name] = converted(values[name])
        found.append(made(kind, {**_defaults(key, names), **values}))
    return found


@cache
def _defaults(kind: Any, names: tuple[str, ...]) -> Mapping[str, Any]:
    lacking = {one.name: one.default for one in fields(kind) if one.name not in names}
    extra = set(names) - {one.name for one in fields(kind)}
    if extra or MISSING in lacking.values():
        raise TypeError(f"{kind.__name__} is not what the query gives: {sorted(extra)} {lacking}")
    return lacking
