"""What changed between two versions of a post, as a person reads it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Literal

from bot.domain import normalise as norm
from bot.domain.plain import plain_text
from bot.domain.post import Post

_SENTENCE = re.compile(r"[^。！？!?；;\n]*[。！？!?；;]+[”’」』）)]*|[^。！？!?；;\n]+")
_SAME = 0.80  # share of a version's 5-grams from which a text is taken for it

Sign = Literal["-", "+"]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One sentence that was taken out or put in."""

    part: str  # "title", "digest", "text" or "body"
    sign: Sign
    words: str


def differences(old: Post, new: Post) -> list[Difference]:
    """The sentences that differ, in their order; pictures and files are not compared."""
    parts = (
        ("title", old.title, new.title),
        ("digest", old.digest, new.digest),
        ("text", old.text, new.text),
        ("body", plain_text(old.body), plain_text(new.body)),
    )
    return [found for part, was, now in parts for found in _of(part, was, now)]


def _of(part: str, was: str, now: str) -> Iterator[Difference]:
    before, after = _sentences(was), _sentences(now)
    for tag, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            yield from (Difference(part=part, sign="-", words=words) for words in before[i:j])
            yield from (Difference(part=part, sign="+", words=words) for words in after[k:m])


def _sentences(text: str) -> list[str]:
    return [found.strip() for found in _SENTENCE.findall(text) if found.strip()]


Forms = tuple[tuple[str, tuple[str, ...]], ...]  # hash of a version → the texts it goes out as


def forms(versions: Iterable[tuple[str, Post]]) -> Forms:
    """What `carried` compares with; `versions` are oldest first."""
    return tuple((digest, tuple(filter(None, _texts(post)))) for digest, post in versions)


def _texts(post: Post) -> Iterator[str]:
    """Its article, its short text, those for single platforms."""
    yield plain_text(post.body)
    yield post.text
    yield from (override.text or "" for override in post.overrides.values())


@lru_cache(maxsize=4096)  # the same items are asked for every minute
def carried(text: str, versions: Forms) -> str:
    """Which version a text shows, by its hash; "" when none is in it well enough.

    Of two that are in it equally well it is the newer.
    """
    grams = norm.grams(norm.normalise(text))
    best, name = (_SAME, 0), ""
    for digest, texts in versions:
        # Of a text and a shortened one both may be in it whole; then the longer one is it.
        rank = max((_share(each, grams) for each in texts), default=(0.0, 0))
        if rank >= best:
            best, name = rank, digest
    return name


def _share(text: str, grams: frozenset[str]) -> tuple[float, int]:
    own = norm.grams(norm.normalise(text))
    shared = len(own & grams)
    return (shared / len(own), shared) if own else (0.0, 0)
