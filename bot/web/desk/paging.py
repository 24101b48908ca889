"""Long lists, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from bot.web.desk.visit import Visit

T = TypeVar("T")
ROWS = 200


@dataclass(frozen=True, kw_only=True)
class Pages(Generic[T]):
    """One page of a list; `before` and `after` are addresses, "" for none."""

    rows: Sequence[T]
    count: int  # of all
    first: int  # number of the first row, from 1
    before: str
    after: str

    @property
    def last(self) -> int:
        """Number of the last row."""
        return self.first + len(self.rows) - 1


def pages(visit: Visit, found: Sequence[T], size: int = ROWS) -> Pages[T]:
    """The page that the address asks for (?page=2), or the last one there is."""
    asked = visit.query("page")
    number = int(asked) if asked.isdecimal() and asked.isascii() and len(asked) < 7 else 1
    number = max(1, min(number, -(-len(found) // size)))
    first = (number - 1) * size
    here = visit.request.rel_url
    return Pages(
        rows=found[first : first + size],
        count=len(found),
        first=first + 1,
        before=f"?{here.update_query(page=number - 1).raw_query_string}" if number > 1 else "",
        after=(
            f"?{here.update_query(page=number + 1).raw_query_string}"
            if first + size < len(found)
            else ""
        ),
    )
