"""Words: outdated names and delicate wording that come along, and the office's own lists."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from operator import add
from typing import Final

from bot.domain.problem import Severity
from bot.i18n import _
from bot.schedule.rules.finding import Family, Found, sentence

SEVERITIES: Final = {one.value: one for one in Severity}
# 原卫计委, 时任…, and what is told of a year in which the name was right.
_OF_THEN: Final = re.compile(r"(?:原|前|时任|“|「|旧称)$")
_YEAR: Final = re.compile(r"(?:19\d\d|200\d|201[0-7])年")


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """One word of a list."""

    text: str
    severity: Severity = Severity.WARNING
    reason: str = ""


def parse_line(line: str) -> Word | None:
    """The word of a line `word` or `word = severity reason`; None for blanks and comments.

    Raises ValueError with a line that is not understood. One character alone stands everywhere.
    """
    line = line.strip()
    if not line or line.startswith("#"):
        return None
    text, _sign, rest = (part.strip() for part in line.partition("="))
    severity, _blank, reason = rest.partition(" ")
    if len(text) < 2 or severity not in {"", *SEVERITIES}:
        raise ValueError(line)
    return Word(
        text=text,
        severity=SEVERITIES.get(severity, Severity.WARNING),
        reason=reason.strip(),
    )


class Words:
    """Finds many words in a text at a cost that does not grow with their number."""

    def __init__(self, code: str, words: Iterable[Word], *, of_then: bool = False) -> None:
        self._code = code
        self._of_then = of_then  # old names are right of old times
        by_pair: dict[str, list[Word]] = defaultdict(list)
        for word in words:
            by_pair[word.text[:2]].append(word)
        self._by_pair: Mapping[str, list[Word]] = by_pair
        self.family = Family(find=self.find, pairs=frozenset(by_pair))

    def find(self, text: str) -> Iterator[Found]:
        taken = -1
        for start, pair in enumerate(map(add, text, text[1:])):
            if start < taken or pair not in self._by_pair:
                continue
            fits = [word for word in self._by_pair[pair] if text.startswith(word.text, start)]
            longest = max(fits, key=lambda word: len(word.text), default=None)
            if longest is None or (self._of_then and _right_then(text, start)):
                continue
            taken = start + len(longest.text)
            yield self._found(longest, start)

    def _found(self, word: Word, start: int) -> Found:
        reason = word.reason or _("it stands on a list of words to avoid")
        return Found(
            code=self._code,
            start=start,
            end=start + len(word.text),
            message=_("“{word}”: {reason}").format(word=word.text, reason=reason),
            hint=_("Put it differently."),
            severity=word.severity,
        )


def _right_then(text: str, start: int) -> bool:
    first, end = sentence(text, start, start)
    return bool(_OF_THEN.search(text[first:start]) or _YEAR.search(text[first:end]))


@cache
def _shipped(name: str) -> tuple[Word, ...]:
    file = resources.files("bot.schedule").joinpath("words", name)
    lines = file.read_text(encoding="utf-8").splitlines()
    return tuple(word for word in map(parse_line, lines) if word is not None)


FAMILIES: Final = (
    Words("outdated-name", _shipped("institutions.txt"), of_then=True).family,
    Words("delicate-wording", _shipped("wording.txt")).family,
)
