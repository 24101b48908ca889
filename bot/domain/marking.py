"""Two texts beside each other, as they were written, with what they share marked in both."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.domain.normalise import fold
from bot.domain.passages import SHORTEST, align


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A part of a text."""

    text: str
    shared: bool


@dataclass(frozen=True, kw_only=True)
class Marked:
    """Both texts, cut where shared runs begin and end; joined again they are what was given."""

    key: Sequence[Piece]
    other: Sequence[Piece]

    @property
    def shared(self) -> int:
        """How many characters of `other` stand in runs that both share."""
        return sum(len(piece.text) for piece in self.other if piece.shared)


def marked(key: str, other: str) -> Marked:
    """The runs of at least `SHORTEST` letters that both share; punctuation does not part them."""
    key_letters, key_at = _letters(key)
    other_letters, other_at = _letters(other)
    blocks = [
        block for block in align(key_letters, other_letters).blocks if block.length >= SHORTEST
    ]
    in_key = ((block.key_at, block.length) for block in blocks)
    in_other = ((block.at, block.length) for block in blocks)
    return Marked(
        key=tuple(_pieces(key, key_at, in_key)),
        other=tuple(_pieces(other, other_at, in_other)),
    )


def _letters(text: str) -> tuple[str, list[int]]:
    """The letters and figures of `text` in one script, width and case, and where each stood."""
    letters: list[str] = []
    places: list[int] = []
    for place, sign in enumerate(text):
        for one in unicodedata.normalize("NFKC", sign).lower():
            if one.isalnum():
                letters.append(one)
                places.append(place)
    plain = "".join(letters)
    folded = fold(plain)
    return (folded if len(folded) == len(plain) else plain), places


def _pieces(text: str, places: Sequence[int], runs: Iterable[tuple[int, int]]) -> Iterator[Piece]:
    done = 0
    for at, length in sorted(runs):
        start, end = max(places[at], done), places[at + length - 1] + 1
        if end <= done:
            continue
        if start > done:
            yield Piece(text=text[done:start], shared=False)
        yield Piece(text=text[start:end], shared=True)
        done = end
    if done < len(text):
        yield Piece(text=text[done:], shared=False)
