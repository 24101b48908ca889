"""Where two texts run alike: the evidence a person is shown, and what was changed in between."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

COUNT = 3
SHORTEST = 8  # characters of a run that is shown; shorter ones are chance
SHOWN = 120  # characters of a run that are kept
_SEED = 6  # characters from which a run is followed up; next to another run no chance
_STARTS = 20  # places looked at per run, or a text that repeats itself would cost a lot
_NEAR = 60  # characters between two runs for what lies between to be a change of the same place
_TELLING = 12  # characters of a run that is hardly ever chance
_EDGE = 20  # characters in front of the first run that are compared, for a name that stands there
_ROUND = 4  # characters around a place by which it is known again
_SLACK = 10  # characters more than the key text has in front of the first run: no header yet


@dataclass(frozen=True, kw_only=True)
class Block:
    """One run both texts share."""

    key_at: int
    at: int
    length: int


@dataclass(frozen=True, kw_only=True)
class Change:
    """Between two shared runs the key text says `was`, the other text `now`."""

    was: str
    now: str
    before: str  # what both say in front of it
    after: str  # … and behind


@dataclass(frozen=True)
class Alignment:
    """A key text laid beside another text, both normalised."""

    key: str
    other: str
    blocks: tuple[Block, ...]  # in the order of `other`, where they do not overlap

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """Places where something else stands; what was only left out or added is none."""
        blocks = self.blocks
        if blocks and blocks[0].at <= blocks[0].key_at + _SLACK:
            blocks = (Block(key_at=0, at=0, length=0), *blocks)
        found = (self._between(*pair) for pair in itertools.pairwise(blocks))
        return tuple(change for change in found if change is not None)

    @cached_property
    def edge(self) -> Change | None:
        """What stands right in front of the key text's first run, where a header may go before."""
        if not self.blocks:
            return None
        first = min(self.blocks, key=lambda block: block.key_at)
        return Change(
            was=self.key[max(0, first.key_at - _EDGE) : first.key_at],
            now=self.other[max(0, first.at - _EDGE) : first.at],
            before="",
            after=self.other[first.at : first.at + first.length],
        )

    def _between(self, left: Block, right: Block) -> Change | None:
        key_from, other_from = left.key_at + left.length, left.at + left.length
        was, now = self.key[key_from : right.key_at], self.other[other_from : right.at]
        if not (0 < len(was) <= _NEAR and 0 < len(now) <= _NEAR):
            return None
        if self.key[max(0, key_from - _ROUND) : right.key_at + _ROUND] in self.other:
            return None  # it stands there as well, elsewhere: the other place is another article
        return Change(
            was=was,
            now=now,
            before=self.other[left.at : other_from],
            after=self.other[right.at : right.at + right.length],
        )

    @cached_property
    def changed(self) -> float:
        """Share of the text both have in common that says something else, 0 to 1."""
        changed = sum(max(len(change.was), len(change.now)) for change in self.changes)
        alike = sum(block.length for block in self.blocks)
        return changed / (changed + alike) if changed else 0.0

    @cached_property
    def density(self) -> float:
        """Share of `other` that is shared, from the first telling run to the last, 0 to 1."""
        runs = [block for block in self.blocks if block.length >= _TELLING]
        if not runs:
            return 0.0
        length = runs[-1].at + runs[-1].length - runs[0].at
        return sum(block.length for block in runs) / length

    @cached_property
    def passages(self) -> tuple[str, ...]:
        """Up to three longest shared runs, longest first, long ones cut with "…"."""
        runs = {self.other[b.at : b.at + b.length] for b in self.blocks if b.length >= SHORTEST}
        best = sorted(runs, key=lambda run: (-len(run), run))[:COUNT]
        return tuple(run if len(run) <= SHOWN else run[:SHOWN] + "…" for run in best)


def align(key: str, other: str) -> Alignment:
    """`key` beside `other`, both normalised: from left to right always the longest shared run.

    Takes time with the length of `other` alone.
    """
    places = _places(key)
    blocks: list[Block] = []
    at = behind = 0
    while at <= len(other) - _SEED:
        starts = places.get(other[at : at + _SEED])
        if starts is None:
            at += 1
            continue
        key_at, length = _longest(key, starts, other, at, behind)
        blocks.append(Block(key_at=key_at, at=at, length=length))
        at += length
        behind = key_at + length
    return Alignment(key, other, tuple(blocks))


def common_passages(key: str, other: str) -> tuple[str, ...]:
    """Up to three longest runs of `key` found in `other`, longest first, long ones cut with "…"."""
    return align(key, other).passages


@lru_cache(maxsize=128)
def _places(key: str) -> dict[str, list[int]]:
    """Where each run of `_SEED` characters begins; kept, as one key text meets many others."""
    places: dict[str, list[int]] = {}
    for start in range(len(key) - _SEED + 1):
        starts = places.setdefault(key[start : start + _SEED], [])
        if len(starts) < _STARTS:
            starts.append(start)
    return places


def _longest(key: str, starts: Sequence[int], other: str, at: int, behind: int) -> tuple[int, int]:
    """The start whose run is longest; of equals the one nearest `behind` the run before."""
    runs = [(_alike(key, start, other, at), -abs(start - behind), start) for start in starts]
    length, _distance, start = max(runs)
    return start, length


def _alike(key: str, start: int, other: str, at: int) -> int:
    length = _SEED
    limit = min(len(key) - start, len(other) - at)
    while length < limit and key[start + length] == other[at + length]:
        length += 1
    return length
