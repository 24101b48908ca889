"""A key item as it is looked for: its pointers, and the texts a copy of it may carry."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache

from bot.domain import normalise as norm

SHORTEST_CAPTION = 35  # normalised characters; a shorter one is a phrase anybody may use


@dataclass(frozen=True, kw_only=True)
class Version:
    """One state of a key text; corrections make a new one."""

    hash: str  # of the normalised text
    text: str  # normalised
    caption: bool = False  # a short form of it (Weibo text, digest, video caption), not the article
    newest: bool = True  # no correction came after it

    @cached_property
    def grams(self) -> frozenset[str]:
        """The distinct 5-grams of the text."""
        return norm.grams(self.text)


@dataclass(frozen=True, kw_only=True)
class KeyText:
    """A released key item, ready to be looked for. `key_text` makes one."""

    post: str
    title: str
    marker: str  # 稿号; "" when it has none
    urls: frozenset[str]  # canonical links of the first release, older versions included
    platform_ids: frozenset[str]
    released_at: datetime
    deadline_at: datetime
    versions: tuple[Version, ...]  # articles, then captions; each oldest first

    @property
    def newest(self) -> str:
        """The normalised article in force, "" for an item without one."""
        return next((v.text for v in self.versions if v.newest and not v.caption), "")


@lru_cache(maxsize=1024)
def known_text(text: str) -> str:
    """One of our own texts normalised; kept, as the same ones are looked for at each reading."""
    return norm.normalise(text)


def key_text(
    *,
    post: str,
    title: str,
    texts: Sequence[str],
    released_at: datetime,
    deadline_at: datetime,
    marker: str = "",
    urls: Iterable[str] = (),
    platform_ids: Iterable[str] = (),
    captions: Sequence[Collection[str]] = (),
) -> KeyText:
    """A key item from its plain texts, oldest version first (Markdown: `bot.domain.plain`).

    `captions` are the short forms it goes out in, one collection per version, oldest first.
    """
    read = ({known_text(caption) for caption in some} for some in captions)
    short = [{text for text in some if len(text) >= SHORTEST_CAPTION} for some in read]
    return KeyText(
        post=post,
        title=title,
        marker=norm.fold(marker),
        urls=frozenset(norm.canonical_url(url) for url in urls) - {""},
        platform_ids=frozenset(platform_ids) - {""},
        released_at=released_at,
        deadline_at=deadline_at,
        versions=(
            *_states([{known_text(text)} for text in texts], caption=False),
            *_states(short, caption=True),
        ),
    )


def _states(texts: Sequence[Collection[str]], *, caption: bool) -> list[Version]:
    newest = texts[-1] if texts else ()
    distinct = dict.fromkeys(text for some in texts for text in sorted(some))
    return [
        Version(hash=norm.text_hash(text), text=text, caption=caption, newest=text in newest)
        for text in distinct
    ]
