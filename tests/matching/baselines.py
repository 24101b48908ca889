"""Simpler ways to tell a reprint, for comparison on the same pairs.

Each gives a number per pair that grows with likeness; `best_limit` chooses on the dev half from
which number on it says "reprinted".
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz

from bot.domain.normalise import normalise
from bot.domain.titles import plain_title
from tests.matching.corpus import Pair, corpus
from tests.matching.texts import Split, library

_BITS = 64
_LANE = 16  # bits per counter: a text of 65,535 runs fits
# A byte spread out: one counter for each of its bits.
_SPREAD = [sum(1 << (_LANE * bit) for bit in range(8) if byte >> bit & 1) for byte in range(256)]
# What is decided by the clock or by a pointer; no method here looks at either.
_NO_TEXT = frozenset({"pointer, no text", "before the first release", "long after the deadline"})

Likeness = Callable[[str, str], float]  # of two normalised texts


@dataclass(frozen=True, kw_only=True)
class Tried:
    """How one method fares with one limit."""

    method: str
    limit: float
    precision: float
    recall: float


def title_equality(pair: Pair, split: Split) -> float:
    """1 for the same plain title."""
    title = plain_title(library(split).key(pair.key).title)
    return float(plain_title(pair.candidate.title) == title)


def simhash_likeness(left: str, right: str) -> float:
    """64 less the number of bits in which two fingerprints differ."""
    return _BITS - (simhash(left) ^ simhash(right)).bit_count()


@lru_cache(maxsize=4096)
def simhash(text: str) -> int:
    """Charikar's 64-bit fingerprint over runs of four characters."""
    grams = [text[at : at + 4] for at in range(len(text) - 3)]
    ones = [0] * 8
    for gram in grams[:60_000]:
        for place, byte in enumerate(hashlib.blake2b(gram.encode(), digest_size=8).digest()):
            ones[place] += _SPREAD[byte]
    mask = (1 << _LANE) - 1
    counts = [total >> (_LANE * bit) & mask for total in ones for bit in range(8)]
    return sum(1 << bit for bit, count in enumerate(counts) if 2 * count > len(grams))


TEXT_METHODS: dict[str, Likeness] = {
    "rapidfuzz ratio": fuzz.ratio,
    "rapidfuzz partial_ratio": fuzz.partial_ratio,
    "SimHash 64": simhash_likeness,
}


def scored(split: Split, likeness: Likeness) -> list[tuple[float, bool]]:
    """Likeness and right answer for each pair a text method can be asked about."""
    texts = {key.id: normalise(key.body) for key in library(split).keys}
    return [
        (likeness(texts[pair.key], normalise(pair.candidate.text)), pair.label == "reprinted")
        for pair in _asked(split)
    ]


def by_title(split: Split) -> list[tuple[float, bool]]:
    """The same for the title alone."""
    return [(title_equality(p, split), p.label == "reprinted") for p in _asked(split)]


def _asked(split: Split) -> list[Pair]:
    return [p for p in corpus(split) if p.label != "doubtful" and p.kind not in _NO_TEXT]


def rates(scores: Sequence[tuple[float, bool]], limit: float) -> tuple[float, float]:
    """Precision and recall with a limit; precision is 1 when nothing is said."""
    said = [right for score, right in scores if score >= limit]
    wanted = sum(right for _score, right in scores)
    return (sum(said) / len(said) if said else 1.0), sum(said) / wanted


def best_limit(scores: Sequence[tuple[float, bool]]) -> float:
    """The limit with the highest F1, the strictest of equals."""

    def f1(limit: float) -> float:
        precision, recall = rates(scores, limit)
        return 2 * precision * recall / (precision + recall) if recall else 0.0

    return max(sorted({score for score, _right in scores}, reverse=True), key=f1)


def safe_limit(scores: Sequence[tuple[float, bool]]) -> float:
    """The lowest limit at which nothing false is said."""
    worst = max(score for score, right in scores if not right)
    return min((score for score, right in scores if right and score > worst), default=101.0)
