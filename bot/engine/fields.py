"""Which key of an entry a problem is about, so that a form can show it there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from bot.domain.problem import Place, Problem
from bot.schedule.lined import Node

# What is told where the reason for it stands; the way out is another key, often one not written.
_OF_CODE: Final[Mapping[str, str]] = {
    "science-without-reviewer": "reviewer",
    "science-without-origin": "author",
    "reprint-without-source": "source",
    "reprint-not-approved": "source_url",
    "consent-missing": "consent",
    "ai-unlabelled": "ai_generated",
    "key-without-flagship": "accounts",
    "quota-exceeded": "at",
    "reprints-too-many": "key.deadline",
    "slot-twice": "at",
}
# By the words of the codes of what platforms object to; the first one that is found counts.
_OF_WORD: Final[Mapping[str, str]] = {
    "title": "title",
    "author": "author",
    "digest": "digest",
    "cover": "cover",
    "video": "video",
    "caption": "text",
    "text": "text",
    "body": "article",
    "picture": "images",
    "pictures": "images",
    "images": "images",
    "gallery": "images",
    "option": "variants",
    "theme": "variants",
    "tags": "variants",
    "tid": "variants",
    "link": "link",
    "more": "more",
    "articles": "more",
    "source": "source",
    "ai": "ai_generated",
    "topics": "text",
    "topic": "text",
    "media": "images",
}


def field_of(problem: Problem, node: Node, file: str, body: str = "") -> str:
    """The key, dotted ("variants.weibo.text"), "article" for the long text, "" when unknown.

    `node` is the entry as it stands in `file`, `body` the file of its long text.
    """
    place = problem.place
    if body and place.file == body:
        return "article"
    if problem.code in _OF_CODE:
        return _OF_CODE[problem.code]
    whole = (place.line, place.cell) == (node.line, node.cell) and place.column is None
    if place.file == file and not whole:
        return key_at(node, place)
    words = problem.code.split("-")
    return next((_OF_WORD[word] for word in words if word in _OF_WORD), "")


def key_at(node: Node, place: Place) -> str:
    """The key whose value stands there, "" when it is none of the entry's."""
    best, nearest = "", (-1, -1)
    for keys, line, value in _values(node, ()):
        if place.cell is not None:
            fits = value.cell == place.cell
        else:
            fits = line <= (place.line or 0) <= max(value.end_line, line)
        column = value.column or 0
        before = place.column is None or column <= place.column or line < (place.line or 0)
        # The deepest value that begins last before the place.
        if fits and before and (line, len(keys)) >= nearest:
            best, nearest = ".".join(keys), (line, len(keys))
    return best


def _values(node: Node, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int, Node]]:
    if isinstance(node.value, Mapping):
        for key, (line, below) in node.value.items():
            yield (*keys, key), line, below
            yield from _values(below, (*keys, key))
    else:
        for index, below in enumerate(node.items()):
            yield (*keys, str(index)), below.line, below
            yield from _values(below, (*keys, str(index)))
