"""Ids for new entries that have none, made of what stands in the entry.

The same entry gets the same id each time. When an editor that had the file open saves it once more
without the id, the post is still known, and does not go out a second time.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from bot.schedule.sources import Source

_DAY: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_NEAR: Final = timedelta(days=31)  # a post is not moved farther, as a rule
_TRIES: Final = 2  # with 24 bits and a few posts a day the second is hardly ever needed


@dataclass(frozen=True, kw_only=True)
class Gap:
    """An entry without an id that has what one is made of."""

    file: str
    index: int  # among the file's posts
    cell: str | None  # of a sheet: where the id belongs
    when: str  # as it is written: a time, the day of a slot, or “T+4h”
    title: str
    after: str = ""  # the post that “T+4h” counts from


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A post the ledger has."""

    title: str
    day: date


def gaps(sources: Mapping[str, Source]) -> list[Gap]:
    """The entries that can be given an id, in the order of the files."""
    found = []
    for file, source in sources.items():
        posts = source.root.get("posts") if source.root is not None else None
        for index, node in enumerate(posts.items() if posts is not None else ()):
            name, title = node.get("id"), node.text("title").strip()
            when = (node.text("at") or node.text("slot")).strip()
            empty = name is None or name.value is None or name.value == ""
            if empty and when and title:
                cell = name.cell if name is not None else None
                after = node.text("after").strip()
                found.append(
                    Gap(file=file, index=index, cell=cell, when=when, title=title, after=after)
                )
    return found


def ids(sources: Mapping[str, Source]) -> set[str]:
    """The ids that stand in the files."""
    return {
        node.text("id")
        for source in sources.values()
        if source.root is not None and (posts := source.root.get("posts")) is not None
        for node in posts.items()
    } - {""}


def proposals(gap: Gap) -> list[str]:
    """Ids for the entry, the best first: its day and a sum over time and title."""
    day = _DAY.match(gap.when)
    front = f"{day[2]}{day[3]}" if day is not None else "p"  # “T+4h” has no day
    made = []
    for number in range(_TRIES):
        parts = [gap.when, gap.title, gap.after, str(number or "")]
        said = "\n".join(part for part in parts if part)
        made.append(f"{front}-{hashlib.sha256(said.encode()).hexdigest()[:6]}")
    return made


def name(found: Iterable[Gap], taken: set[str], known: Mapping[str, Planned]) -> dict[Gap, str]:
    """An id for each entry, none of them in `taken`; an entry without a free one gets none.

    `known` are posts planned before, by id. One with the same title is the same post, and so is
    one of about that day: it has been given another title since.
    """
    taken, made = set(taken), dict[Gap, str]()
    for gap in found:
        for proposal in proposals(gap):
            if proposal not in taken and _may_be(gap, known.get(proposal)):
                made[gap] = proposal
                taken.add(proposal)
                break
    return made


def _may_be(gap: Gap, planned: Planned | None) -> bool:
    """False when the id belongs to another post, by chance: ids are short."""
    if planned is None or planned.title == gap.title:
        return True
    day = _DAY.match(gap.when)
    try:
        return day is not None and abs(date(*map(int, day.groups())) - planned.day) <= _NEAR
    except ValueError:  # no such day
        return False
