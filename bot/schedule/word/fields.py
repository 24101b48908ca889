"""Word's fields: what the text shows is their last result; what they were asked is not text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

_ADDRESS: Final = re.compile(r'\bHYPERLINK\s+(?:\\[a-z]\s+)*"([^"]+)"', re.IGNORECASE)
_LEFT_OUT: Final = re.compile(r"\s*(?:TOC|INDEX|PAGE|NUMPAGES|SECTIONPAGES)\b", re.IGNORECASE)


@dataclass(kw_only=True)
class _Field:
    asked: str = ""
    answers: bool = False  # its result has begun


@dataclass(kw_only=True)
class Fields:
    """The fields that are open where the text is being read, innermost last."""

    _open: list[_Field] = field(default_factory=list)

    def turn(self, kind: str) -> None:
        """A field begins, its result begins, or it ends."""
        if kind == "begin":
            self._open.append(_Field())
        elif kind == "separate" and self._open:
            self._open[-1].answers = True
        elif kind == "end" and self._open:
            self._open.pop()

    def ask(self, words: str) -> None:
        """Some of the innermost field's instruction."""
        if self._open and not self._open[-1].answers:
            self._open[-1].asked += words

    @property
    def shows(self) -> bool:
        """True where text is part of what readers see."""
        return all(each.answers and not left_out(each.asked) for each in self._open)

    @property
    def link(self) -> str:
        """The address the words lead to, "" for none."""
        return next(filter(None, (address(each.asked) for each in reversed(self._open))), "")


def address(asked: str) -> str:
    """The address in an instruction HYPERLINK, "" for others."""
    found = _ADDRESS.search(asked)
    return found[1] if found else ""


def left_out(asked: str) -> bool:
    """True for the table of contents and page numbers."""
    return _LEFT_OUT.match(asked) is not None
