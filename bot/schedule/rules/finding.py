"""What a rule of wording finds in one text, and the sentences in which it finds nothing wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from bot.domain.problem import Place, Severity

# Field, a piece of its text, how often that stands before the one meant -> where it stands.
Where = Callable[[str, str, int], Place]

# A sentence that denies or warns of a claim makes none.
_DENIED: Final = re.compile(
    r"(?:不能|无法|难以|不可|没有|没法|尚无|并非|并不|不会|未能|不等于|不代表|能不能|能否)"
    r"[^。！？!?；;，,\n]{0,10}$"
)
_WARNED: Final = re.compile(
    r"谣言|骗局|骗子|虚假|误区|不要相信|别信|勿信|不可信|警惕|号称|声称|宣称|自称|所谓|夸大|严禁|禁止|"
    r"不得|谨防|当心|诈骗|误导|违法|违规|小心|不轻信|不要轻信|切勿"
)
_SENTENCE_END: Final = "。！？!?；;\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """One thing a rule objects to: where it stands in the text, and what to say of it."""

    code: str
    start: int
    end: int
    message: str
    hint: str
    severity: Severity = Severity.WARNING


Finder = Callable[[str], Iterable[Found]]


@dataclass(frozen=True, kw_only=True)
class Family:
    """Rules that are looked for together."""

    find: Finder
    pairs: frozenset[str]  # each finding contains one of these neighbouring characters


def pairs(words: str) -> frozenset[str]:
    """The first two characters of each of the words, which are parted by blanks."""
    return frozenset(word[:2] for word in words.split())


def sentence(text: str, start: int, end: int) -> tuple[int, int]:
    """Where the sentence around text[start:end] begins and ends."""
    first = max(text.rfind(mark, 0, start) for mark in _SENTENCE_END) + 1
    ends = [text.find(mark, end) for mark in _SENTENCE_END]
    return first, min((index for index in ends if index >= 0), default=len(text))


def harmless(text: str, found: re.Match[str]) -> bool:
    """True when the sentence denies the claim or warns of it."""
    first, end = sentence(text, found.start(), found.end())
    return bool(_DENIED.search(text[first : found.start()]) or _WARNED.search(text[first:end]))


def first_of_each(patterns: Iterable[re.Pattern[str]], text: str) -> Iterator[re.Match[str]]:
    """The matches that are not harmless; of overlapping ones the first and longest."""
    end = -1
    matches = (found for pattern in patterns for found in pattern.finditer(text))
    for found in sorted(matches, key=lambda match: (match.start(), -match.end())):
        if found.start() >= end and not harmless(text, found):
            end = found.end()
            yield found
