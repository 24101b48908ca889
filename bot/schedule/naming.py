"""Ids for new entries that have none, made of what stands in the entry.

The same entry gets the same id each time. When an editor that had the file open saves it once more
without the id, the post is still known, and does not go out a second time.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from bot.schedule.sources import Source

_DAY: Final = re.compile(r"\d{4}-(\d{2})-(\d{2})", re.ASCII)
_TRIES: Final = 2  # with 24 bits and a few posts a day the second is hardly ever needed


@dataclass(frozen=True, kw_only=True)
class Gap:
    """An entry without an id that has what one is made of."""

    file: str
    index: int  # among the file's posts
    cell: str | None  # of a sheet: where the id belongs
    when: str  # as it is written: a time, the day of a slot, or “T+4h”
    title: str


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
                found.append(Gap(file=file, index=index, cell=cell, when=when, title=title))
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
    front = f"{day[1]}{day[2]}" if day is not None else "p"  # “T+4h” has no day
    made = []
    for number in range(_TRIES):
        said = f"{gap.when}\n{gap.title}" + (f"\n{number}" if number else "")
        made.append(f"{front}-{hashlib.sha256(said.encode()).hexdigest()[:6]}")
    return made


def name(found: Iterable[Gap], taken: set[str], titles: Mapping[str, str]) -> dict[Gap, str]:
    """An id for each entry, none of them in `taken`; an entry without a free one gets none.

    `titles` are those of posts planned before, by id: with the same title it is the same post.
    """
    taken, made = set(taken), dict[Gap, str]()
    for gap in found:
        for proposal in proposals(gap):
            if proposal not in taken and titles.get(proposal, gap.title) == gap.title:
                made[gap] = proposal
                taken.add(proposal)
                break
    return made
