"""A text's sketch: the few hashes by which it is found again among a million others.

Winnowing (Schleimer, Wilkerson, Aiken, SIGMOD 2003, https://doi.org/10.1145/872757.872770): of
every `WINDOW` neighbouring 5-grams the one with the smallest hash is kept. What is kept depends on
the neighbourhood alone, so two texts that share `SURE` characters in a row keep a hash in common,
whatever stands before and after. That is what an excerpt, a round-up and a copy between header and
footer need; MinHash and SimHash look at texts as wholes and lose them. About 2 in `WINDOW` + 1
grams are kept: 32 of 500 characters.

A sketch finds candidates and decides nothing: that is done on the texts (`bot.domain.matching`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from zlib import crc32

from bot.domain import normalise as norm

VERSION = norm.VERSION * 100 + 1  # raise it with any change here: stored sketches are made anew
GRAM = 5  # the grams of the rules
WINDOW = 30
# A shared run of so many characters is always seen. It has 30 grams, and no rule knows a shorter
# excerpt (`MIN_GRAMS` in bot/domain/matching.py).
SURE = WINDOW + GRAM - 1

_CHARACTER = 4  # bytes, in UTF-32
_HALF = 1 << 31


def sketch(normal: str) -> frozenset[int]:
    """The kept hashes of a normalised text, each from -2³¹ to 2³¹ - 1; none below five characters.

    The same in every process and on every machine.
    """
    return frozenset(kept - _HALF for kept in _winnowed(_hashes(normal)))


def _hashes(normal: str) -> list[int]:
    data = normal.encode("utf-32-le", "surrogatepass")
    size = GRAM * _CHARACTER
    ends = range(size, len(data) + 1, _CHARACTER)
    return [crc32(data[end - size : end]) for end in ends]


def _winnowed(hashes: Sequence[int]) -> Iterator[int]:
    """The smallest hash of every window, each time it changes; of equals the last one."""
    smallest, at = 1 << 32, -1
    for place, value in enumerate(hashes):
        if value <= smallest:
            smallest, at = value, place
        elif at <= place - WINDOW:
            window = hashes[place - WINDOW + 1 : place + 1]
            smallest = min(window)
            at = place - window[::-1].index(smallest)
        else:
            continue
        if place >= WINDOW - 1:
            yield smallest
    # The first whole window may end without a change; a text shorter than one is a window itself.
    if hashes:
        yield min(hashes[:WINDOW])
