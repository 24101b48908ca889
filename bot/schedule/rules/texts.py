"""What the office may not say, looked for in each of a post's texts. Pure: a post in, problems out.

Most texts hold nothing of interest, so each is cut into its pairs of neighbouring characters once,
and only the rules run of which a pair is there.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from operator import add
from typing import Final

from bot.domain.post import Post
from bot.domain.problem import Problem
from bot.schedule.rules import claims, origin, patients, wording
from bot.schedule.rules.finding import Family, Finder, Found, Where

FAMILIES: Final = (*claims.FAMILIES, *patients.FAMILIES, *wording.FAMILIES, *origin.FAMILIES)
_HAS_DIGITS: Final = re.compile(r"\d")


class Looker:
    """The rules that are in force, ready to look through texts; `more` are the office's own."""

    def __init__(self, more: Sequence[Family] = ()) -> None:
        found: dict[str, list[Finder]] = defaultdict(list)
        for family in (*FAMILIES, *more):
            for pair in family.pairs:
                found[pair].append(family.find)
        self._finders: Mapping[str, list[Finder]] = found
        self._pairs = frozenset(found)
        # With thousands of words the pairs themselves are faster than a pattern of them.
        self._any = None if more else _pattern(self._pairs)

    def look(self, text: str) -> Iterable[Found]:
        """All that is wrong in one text."""
        hits: Collection[str] = ()
        if self._any is None or self._any.search(text):
            hits = self._pairs.intersection(map(add, text, text[1:]))
        digits = _HAS_DIGITS.search(text)
        if not hits and not digits:
            return ()
        finders = dict.fromkeys(finder for pair in hits for finder in self._finders[pair])
        found = [one for finder in finders for one in finder(text)]
        if digits:
            found += patients.NUMBERS.find(text)
        return sorted(found, key=lambda one: (one.start, one.end)) if len(found) > 1 else found

    def check(self, post: Post, where: Where) -> list[Problem]:
        """What is wrong in the words of a post."""
        return [
            _problem(post, name, text, one, where)
            for name, text in texts(post)
            for one in self.look(text)
            if not (one.code == origin.AI and post.ai_generated)
        ]


def _pattern(pairs: Iterable[str]) -> re.Pattern[str]:
    """Finds the first of the pairs; grouped by first character, which is how `re` gets on fast."""
    seconds: dict[str, str] = defaultdict(str)
    for pair in sorted(pairs):
        seconds[pair[0]] += re.escape(pair[1])
    return re.compile("|".join(f"{re.escape(one)}[{two}]" for one, two in seconds.items()))


@cache
def usual() -> Looker:
    """The rules that come along, without words of the office."""
    return Looker()


def texts(post: Post) -> Iterator[tuple[str, str]]:
    """All a post says, by field; nothing empty."""
    for name, text in _fields(post):
        if text:
            yield name, text


def _fields(post: Post) -> Iterator[tuple[str, str]]:
    yield "title", post.title
    yield "digest", post.digest
    yield "text", post.text
    yield "body", post.body
    for platform, override in post.overrides.items():
        for name in ("title", "digest", "text"):
            yield f"variants.{platform}.{name}", getattr(override, name) or ""
    for index, article in enumerate(post.more):
        for name in ("title", "digest", "body"):
            yield f"more.{index}.{name}", getattr(article, name)


def _problem(post: Post, name: str, text: str, one: Found, where: Where) -> Problem:
    piece = text[one.start : one.end]
    return Problem(
        code=one.code,
        message=one.message,
        hint=one.hint,
        severity=one.severity,
        place=where(name, piece, text.count(piece, 0, one.start)),
        post=post.id,
    )
