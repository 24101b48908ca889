"""What an item has of a key text, and how far that goes.

The limits of all rules stand here. Whoever changes one raises `RULE_VERSION` in
`bot.domain.matching` and looks at the figures in docs/matching.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from bot.domain import normalise as norm
from bot.domain.keytext import KeyText, Version
from bot.domain.passages import Alignment, align
from bot.domain.reading import Reading
from bot.domain.titles import SAME_TITLE, Title, ratio

FULL = 0.80  # c from which a copy is taken for complete
CUT = 0.40  # c from which it is taken for the text cut short
SOME = 0.25  # c from which a person should have a look
MOSTLY = 0.70  # e from which an item is little else than the key text
PARTLY = 0.50  # e that is enough under the item's title or with its source
PIECE = 0.80  # e from which an item is taken for a piece of the key text
DENSE = 0.60  # share of what follows the title that must be the key text's
SECTION = 150  # characters behind the title that are looked at
MIN_GRAMS = 30  # fewer own grams decide nothing
MIN_PIECE = 46  # own grams of 50 characters: a piece that short may be a common phrase
IDENTICAL = 0.97  # c_all of a text that was copied as it is
COMMON = 3  # a gram in this many of our texts belongs to the template, not to the text
SAME_TEXT = 0.90  # Jaccard from which two of our posts have one text
MAX_TIMES = 20  # a candidate this many times longer is a collection, not a reprint
PICTURE = 25  # characters an item has whose article is a picture: 长图, 点开看看
TELLING = 10  # characters of a title that only one article has; 义诊通知 stands over many
OTHER_TEXT = 200  # grams from which an item has a text of its own …
OTHER_NOTE = 140  # … and with a pointer in it: all that a Weibo post can say

_RECALLS = re.compile(r"撤回|撤稿|[勿停]止?转发|作废|失实")  # what points at it to take it back
# How much of the key item an item carries: all, a shortened text, a piece, one of several articles
# in one item, or its short form (Weibo text, video caption); "" when no text tells.
Form = Literal["full", "cut", "excerpt", "digest", "caption", ""]

Standing = Literal["own", "explained", "ambiguous"]


@dataclass(frozen=True)
class Known:
    """A key text with what is the same for every candidate."""

    key: KeyText
    title: Title
    title_grams: frozenset[str]
    marker: re.Pattern[str] | None
    own: tuple[frozenset[str], ...]  # per version: its grams that are not of a template
    shares_title: bool  # another key item has the same title
    rivals: tuple[frozenset[str], ...]  # grams of our other texts that share a good part with it


@dataclass(frozen=True)
class Hit:
    """What a candidate's text has of the best version of a key text."""

    known: Known
    read: Reading
    edition: int
    shared: int  # |K ∩ X|

    @property
    def version(self) -> Version:
        return self.known.key.versions[self.edition]

    @property
    def own(self) -> frozenset[str]:
        return self.known.own[self.edition]

    @cached_property
    def carried(self) -> frozenset[str]:
        """The key text's own grams that are in the candidate."""
        return self.own & self.read.grams

    @property
    def c(self) -> float:
        """Share of the key text's own grams that the candidate has."""
        return len(self.carried) / len(self.own) if self.own else 0.0

    @property
    def c_all(self) -> float:
        """The same of all its grams."""
        return self.shared / max(1, len(self.version.grams))

    @cached_property
    def e(self) -> float:
        """Share of the candidate that is the key text or its title."""
        known = self.version.grams | self.known.title_grams
        return len(self.read.grams & known) / max(1, len(self.read.grams))

    @cached_property
    def alignment(self) -> Alignment:
        return align(self.version.text, self.read.normal)

    @cached_property
    def identical(self) -> bool:
        return self.c_all >= IDENTICAL and not self.alignment.changes

    @cached_property
    def titled(self) -> bool:
        """Whether the candidate has the key item's title."""
        return same_title(self.known, self.read)

    @cached_property
    def under_title(self) -> bool:
        """Whether the key text stands where the candidate has the key item's title as a line."""
        for section in self.read.sections(self.known.title, SECTION):
            grams = norm.grams(section)
            if len(grams) >= MIN_GRAMS and len(grams & self.version.grams) >= DENSE * len(grams):
                return True
        return False

    @property
    def form(self) -> Form:
        if len(self.carried) < min(MIN_GRAMS, len(self.own)) or not self.shared:
            return ""
        if self.version.caption:
            return "caption"
        if self.e < PARTLY and len(self.read.grams) - self.shared >= OTHER_TEXT:
            return "digest"
        return "full" if self.c >= FULL else "cut" if self.c >= CUT else "excerpt"


def rank(hit: Hit) -> tuple[int, bool, bool]:
    return (hit.shared, hit.version.newest, not hit.version.caption)


def same_title(known: Known, read: Reading) -> bool:
    if ratio(known.title.plain, read.title.plain) < SAME_TITLE:
        return False
    return known.title.bare_marks == read.title.bare_marks


def has_other_text(hit: Hit) -> bool:
    """A pointer in an article that has nothing else of the key item: 延伸阅读, a line left over.

    Or in a note that takes the item back.
    """
    size = len(hit.read.grams)
    if size < OTHER_NOTE and _RECALLS.search(hit.read.normal):
        return hit.c_all < CUT
    return size >= OTHER_NOTE and hit.c_all < 0.1 and not hit.titled


def may_be_it(hit: Hit) -> bool:
    """Not another text under that title: last year's article, the next notice."""
    if hit.c_all >= CUT or hit.e >= PARTLY:
        return True
    if hit.known.shares_title:
        return False  # the title does not tell which one
    if hit.read.own_words < PICTURE:
        return True
    half = min((len(version.grams) for version in hit.known.key.versions), default=0) / 2
    telling = len(hit.known.title.plain) >= TELLING
    return telling and len(hit.read.grams) < min(half, OTHER_TEXT)


def is_cut(hit: Hit, *, sourced: bool) -> bool:
    """Whether a text with a good part of the key text is that text cut short."""
    if hit.e >= MOSTLY:
        return True
    dense = hit.alignment.density >= MOSTLY  # else its sentences stand among others
    if hit.titled:
        return dense and hit.e >= PARTLY / 2
    return (sourced and dense and hit.e >= CUT) or hit.under_title


def is_piece(hit: Hit, *, sourced: bool) -> bool:
    """Whether a text with a small part of the key text is a piece of it, and meant to be."""
    if hit.titled:  # then all of the item should be it
        return hit.e >= MOSTLY or (hit.e >= PARTLY and hit.alignment.density >= MOSTLY)
    return (sourced and hit.e >= PIECE) or hit.under_title


def is_worth_a_look(hit: Hit) -> bool:
    """Whether a person should see a piece that has neither title nor source."""
    if len(hit.carried) >= MIN_GRAMS and hit.e >= PIECE:
        return True
    if len(hit.carried) < MIN_PIECE or hit.known.title.is_rival(hit.read.title):
        return False  # the other part of a series has the same introduction
    return hit.e >= PARTLY or hit.c >= SOME


def standing_of(hit: Hit) -> Standing:
    """Whether what the candidate has of the key text is not rather a text of ours like it."""
    if hit.shared < MIN_GRAMS // 2:
        return "own"
    against = (_against(hit, rival) for rival in hit.known.rivals)
    return next((found for found in against if found != "own"), "own")


def _against(hit: Hit, rival: frozenset[str]) -> Standing:
    theirs = len(rival & hit.read.grams)
    if theirs < 0.9 * hit.shared:
        return "own"
    mine, rest = len(hit.carried - rival), len(hit.own - rival)
    if mine >= MIN_GRAMS and (mine >= 0.7 * len(hit.carried) or mine >= 0.35 * rest):
        return "own"
    if hit.shared < theirs:
        return "explained"
    whole = hit.identical and theirs < hit.shared
    return "own" if whole or hit.c_all >= theirs / len(rival) + 0.1 else "ambiguous"
