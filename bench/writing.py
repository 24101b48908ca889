"""Texts like an office's, as many as wanted: phrases of the sample month among ever new words.

Each account ends its items with the same lines, as real ones do. Every text comes with what
`normalise` makes of it, put together from its pieces, because normalising a million texts is not
what is measured; `check` holds the two equal.
"""

from __future__ import annotations

import random
import re
import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bot.domain.normalise import normalise
from bot.domain.plain import plain_text
from bot.domain.sketch import sketch

ACCOUNTS = 400
POPULAR = 60  # articles …
_CARRIED = 0.006  # … that together are this share of all items: 100 copies each of a million
# They are written as figures where they stand before a measure: pieces with them do not add up.
_NUMERALS = frozenset("零〇一二两三四五六七八九十百千万0123456789")
_POSTS = Path(__file__).resolve().parents[1] / "schedules" / "posts"
_CHECKED = 100  # texts of each part that are normalised for real
_SEEN = 0.2  # of an article's sentences have been used in others
_NOTICE = (
    "各位居民朋友：为进一步方便群众就近就医，{0}定于{1}月{2}日在{3}举办{4}义诊咨询活动，届时将有多位"
    "具有丰富临床经验的专家为大家答疑解惑，免费测量血压血糖，发放健康宣传资料。请有需要的居民携带本人"
    "身份证、医保卡以及近期检查报告前来参加，现场按照先后次序领取号码，请自觉排队，注意看管好随身物品。"
)


@dataclass(frozen=True)
class Text:
    """What an account shows, and its letters and numbers."""

    account: int
    raw: str
    normal: str


@cache
def _sentences() -> Sequence[tuple[str, str]]:
    texts = [plain_text(path.read_text(encoding="utf-8")) for path in sorted(_POSTS.glob("*.md"))]
    found = {one for text in texts for one in re.findall(r"[^。！？\n]{12,}[。！？]", text)}
    pairs = [(one, normalise(one)) for one in sorted(found)]
    return [pair for pair in pairs if pair[1][-1] not in _NUMERALS]


@cache
def _phrases() -> Sequence[str]:
    """Runs of two to five characters, by their frequency, and single ones for everything else."""
    words = []
    for _raw, normal in _sentences():
        words += [normal[at : at + 2 + at % 4] for at in range(0, len(normal) - 5, 2)]
    plain = [word for word in words if re.fullmatch(r"[一-龥]+", word)]
    return [word for word in [*plain, *_rare()] if not _NUMERALS & set(word)]


def _rare() -> list[str]:
    return [
        chr(code) for code in range(0x4E00, 0x4E00 + 6000, 3) if normalise(chr(code)) == chr(code)
    ]


@cache
def popular(number: int) -> Sequence[tuple[str, str]]:
    """One of the articles that many accounts have carried."""
    return Writer(-1 - number).article()


@cache
def _footer(account: int) -> tuple[str, str]:
    raw = (
        f"\n健康第{account}号是本单位唯一官方发布平台，为您提供预约挂号、报告查询、就医指南和权威"
        f"科普。地址：{_phrases()[account]}路{account}号，总机 6{account:03d}1200，全年无休急诊。"
    )
    return raw, normalise(raw)


class Writer:
    """Writes one text after the other; the same seed gives the same texts."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def one(self) -> Text:
        """An article, a short post, a notice from a template, or an article many have carried."""
        account = self._random.randrange(ACCOUNTS)
        kind = self._random.random()
        if kind < _CARRIED:
            return _joined(account, [*popular(self._random.randrange(POPULAR)), _footer(account)])
        if kind < 0.08:
            return self._notice(account)
        if kind < 0.50:
            return _joined(account, self._sentences(2, 5))
        return _joined(account, [*self._sentences(10, 36), _footer(account)])

    def article(self) -> list[tuple[str, str]]:
        """An article's sentences, without the lines of an account."""
        return self._sentences(10, 36)

    def _sentences(self, least: int, most: int) -> list[tuple[str, str]]:
        return [self._sentence() for _ in range(self._random.randrange(least, most))]

    def _sentence(self) -> tuple[str, str]:
        if self._random.random() < _SEEN:
            return self._random.choice(_sentences())
        words = self._random.choices(_phrases(), k=self._random.randrange(6, 14))
        half = len(words) // 2
        first, second = "".join(words[:half]), "".join(words[half:])
        return f"{first}，{second}。", first + second

    def _notice(self, account: int) -> Text:
        month, day = self._random.randrange(1, 13), self._random.randrange(1, 29)
        words = ["".join(self._random.choices(_phrases(), k=3)) for _ in range(3)]
        raw = _NOTICE.format(words[0], month, day, words[1], words[2])
        return _joined(account, [(raw, normalise(raw)), _footer(account)])


def _joined(account: int, pieces: Sequence[tuple[str, str]]) -> Text:
    raw, normal = zip(*pieces, strict=True)
    return Text(account, "".join(raw), "".join(normal))


def check(texts: Sequence[Text]) -> None:
    """Raises when more than one text in fifty is not what normalising it gives."""
    wrong = sum(normalise(text.raw) != text.normal for text in texts)
    if wrong > len(texts) / 50:
        raise SystemExit(f"the bench's own normalising is wrong for {wrong} of {len(texts)} texts")


@dataclass(frozen=True)
class Part:
    """Some items with their sketches."""

    texts: list[tuple[int, str]]  # account, raw text
    hashes: list[bytes]
    seconds: float  # what their sketches took


def make_part(number: int, size: int) -> Part:
    """The part of this number; meant for a process of its own."""
    writer = Writer(number)
    texts = [writer.one() for _ in range(size)]
    check(texts[:_CHECKED])
    begin = time.perf_counter()
    hashes = [array("i", sketch(text.normal)).tobytes() for text in texts]
    seconds = time.perf_counter() - begin
    return Part([(text.account, text.raw) for text in texts], hashes, seconds)
