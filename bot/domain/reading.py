"""What an account shows, with all that matching works out of it."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from bot.domain import normalise as norm
from bot.domain.titles import Title, title_of

_ROUND_A_TITLE = 25  # characters that may stand around a title in its line
_SOURCE = re.compile(r"(?:来源|转载自|转自|稿源|出处|来自|原载|\bvia\b|文章?[/|])[^\n]{0,40}")
# What stands behind such a line belongs to other articles or to readers.
_APPENDIX = re.compile(
    r"^\W*(?:往期(?:推荐|回顾|精选|内容)|精彩回顾|相关阅读|延伸阅读|推荐阅读|更多阅读|猜你喜欢|"
    r"精选留言|网友留言|留言|评论区?|读者来信)\W*$"
)


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Something an account shows. Short links must be expanded into `source_url` before."""

    account: str
    title: str
    text: str  # plain; "" when the platform gives none
    published_at: datetime
    url: str = ""
    source_url: str = ""  # 原文链接, or what the item points at
    repost_of: str = ""  # platform id of the root original
    own_unit_names: frozenset[str] = frozenset()  # may stand where the key text names a unit


@dataclass(frozen=True)
class Reading:
    """A candidate with everything that is worked out of it, each at most once."""

    item: Candidate

    @cached_property
    def text(self) -> str:
        """Its text as words, without leftovers of HTML."""
        return norm.readable(self.item.text)

    @cached_property
    def folded(self) -> str:
        """Title and text in one script and width, for searching names in."""
        return norm.fold(f"{self.item.title}\n{self.text}")

    @cached_property
    def normal(self) -> str:
        """The normalised text."""
        return norm.normalise(self.text)

    @cached_property
    def grams(self) -> frozenset[str]:
        """The distinct 5-grams of the normalised text."""
        return norm.grams(self.normal)

    @cached_property
    def title(self) -> Title:
        """Its title, or what stands for one."""
        return Title(title_of(self.item.title, self.text))

    @cached_property
    def main(self) -> tuple[str, ...]:
        """Its folded lines up to where other articles are recommended or readers have their say."""
        lines = [line.strip() for line in self.folded.splitlines() if line.strip()]
        for number, line in enumerate(lines):
            if number and _APPENDIX.match(line):
                return tuple(lines[:number])
        return tuple(lines)

    @cached_property
    def links(self) -> frozenset[str]:
        """What it points at: 原文链接 and links in the text, not those to recommended articles."""
        # Folding would lower the case of a path: the lines are counted, not taken, from `main`.
        lines = f"{self.item.title}\n{self.text}".splitlines()
        shown = [line for line in lines if line.strip()][: len(self.main)]
        found = [self.item.source_url, *norm.URL.findall("\n".join(shown))]
        return frozenset(norm.canonical_url(url.rstrip(".,;:!?)'\"")) for url in found) - {""}

    @cached_property
    def signs(self) -> str:
        """Where a marker may stand: title, text and 原文链接, folded."""
        return f"{self.folded}\n{norm.fold(self.item.source_url)}"

    @cached_property
    def said_source(self) -> str:
        """What it says of where it comes from."""
        return "\n".join(_SOURCE.findall("\n".join(self.main)))

    @cached_property
    def own_words(self) -> int:
        """Characters of text it has beside title and source."""
        lines = self.main[1:] if self.item.title.strip() else self.main
        return sum(len(norm.bare_line(_SOURCE.sub("", line))) for line in lines)

    def sections(self, title: Title, length: int) -> list[str]:
        """Behind each line that is `title`: the next normalised characters, at most `length`."""
        least, most = len(title.plain) - 3, len(title.plain) + _ROUND_A_TITLE
        return [
            self._behind(number, length)
            for number, line in enumerate(self.main)
            if least <= len(line) <= most and title.is_line(line)
        ]

    def _behind(self, number: int, length: int) -> str:
        text = ""
        for line in self.main[number + 1 :]:
            text += norm.bare_line(line)
            if len(text) >= length:
                break
        return text[:length]

    def names(self, wanted: Collection[str]) -> frozenset[str]:
        """Those of the folded names `wanted` that stand in its title or text."""
        return frozenset(name for name in wanted if name in self.folded)
