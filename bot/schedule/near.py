"""Known words that are most like a mistyped one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from bot.i18n import _


def nearest(word: str, words: Iterable[str]) -> str:
    """The known word most like a mistyped one, "" when none is near."""
    near = difflib.get_close_matches(word, [known for known in words if known], n=1, cutoff=0.6)
    return near[0] if near else ""


def suggestion(word: str, words: Iterable[str]) -> str:
    """A hint: the nearest known word, or all that are allowed."""
    known = list(words)
    near = nearest(word, known)
    if near:
        return _("Did you mean “{word}”?").format(word=near)
    return _("Known are: {words}").format(words=", ".join(known))
