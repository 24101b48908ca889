"""Words with their looks, links and small pictures, as a line of Markdown."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby
from typing import Final

from markdown_it import MarkdownIt

from bot.schedule.escaping import address, bare, escaped, link

_SCHEMES: Final = ("http://", "https://", "mailto:", "tel:")


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A picture of the text."""

    path: str  # "posts/a.docx#1.png"
    words: str = ""  # what it shows, for those who do not see it
    small: bool = False  # stands within its line, as a sign does


@dataclass(frozen=True, kw_only=True)
class Span:
    """Words that look the same, or one picture."""

    text: str = ""  # "\n" is a line end within the paragraph
    bold: bool = False
    italic: bool = False
    strike: bool = False
    link: str = ""
    picture: Shown | None = None

    @property
    def marks(self) -> str:
        """The Markdown in front of it; behind it the same backwards."""
        stars = "*" * ((2 if self.bold else 0) + (1 if self.italic else 0))
        return ("~~" if self.strike else "") + stars


def picture(shown: Shown, title: str = "") -> str:
    """A picture in Markdown, `title` being the words below it."""
    words = escaped(" ".join(shown.words.split()))
    below = " ".join(title.split()).replace("\\", "\\\\").replace('"', '\\"')
    quoted = f' "{below}"' if below else ""
    return f"![{words}]({address(shown.path)}{quoted})"


def words(spans: Sequence[Span]) -> str:
    """The text alone."""
    return "".join(span.text for span in spans)


def lines(spans: Sequence[Span]) -> list[list[Span]]:
    """The paragraph's lines, without blanks around them; empty ones are left out."""
    found: list[list[Span]] = [[]]
    for span in spans:
        pieces = span.text.split("\n")
        found[-1].append(replace(span, text=pieces[0]))
        found += [[replace(span, text=piece, picture=None)] for piece in pieces[1:]]
    return [line for line in map(trimmed, found) if line]


def markdown(line: Sequence[Span]) -> str:
    """One line; when its marks would show as signs, it is given without them."""
    spans = _joined(line)
    if not any(span.marks or span.link for span in spans):
        return "".join(map(_plain, spans))
    made = "".join(_marked(spans))
    if _visible(made) == words(spans):
        return made
    return "".join(map(_plain, spans))


def _plain(span: Span) -> str:
    return picture(span.picture) if span.picture is not None else escaped(span.text)


def trimmed(line: Sequence[Span]) -> list[Span]:
    """The line without blanks at its ends."""
    kept = [span for span in line if span.text or span.picture is not None]
    while kept and kept[0].picture is None and not bare(kept[0].text):
        kept.pop(0)
    while kept and kept[-1].picture is None and not bare(kept[-1].text):
        kept.pop()
    if kept and kept[0].picture is None:
        text = kept[0].text
        kept[0] = replace(kept[0], text=text[text.index(bare(text)) :])
    if kept and kept[-1].picture is None:
        text = kept[-1].text
        kept[-1] = replace(kept[-1], text=text[: text.rindex(bare(text)) + len(bare(text))])
    return kept


def _joined(line: Sequence[Span]) -> list[Span]:
    """Neighbours that look the same are one, so that marks do not stand back to back."""
    found: list[Span] = []
    for span in line:
        last = found[-1] if found else None
        if last is not None and replace(last, text="") == replace(span, text=""):
            found[-1] = replace(last, text=last.text + span.text)
        else:
            found.append(span)
    return found


def _marked(spans: Sequence[Span]) -> Iterator[str]:
    before = ""
    whole = words(spans)
    at = 0
    for url, group in groupby(spans, key=lambda span: span.link):
        inner = ""
        for span in group:
            at += len(span.text)
            inner += _emphasised(span, before, whole[at : at + 1])
            before = span.text[-1:] or before
        yield f"[{inner}]({link(url)})" if url.startswith(_SCHEMES) and inner else inner


def _emphasised(span: Span, before: str, after: str) -> str:
    """The span within its marks.

    A mark between a letter and a punctuation sign counts as none (CommonMark 0.31, 6.2), and
    Chinese has no blanks around bold words; such signs and blanks stay outside the marks.
    """
    if span.picture is not None or not span.marks:
        return _plain(span)
    first, last = 0, len(span.text)
    while first < last and _outside(span.text[first], before):
        first += 1
    while last > first and _outside(span.text[last - 1], after):
        last -= 1
    inner = span.text[first:last]
    if not inner:
        return escaped(span.text)
    return (
        escaped(span.text[:first])
        + span.marks
        + escaped(inner)
        + span.marks[::-1]
        + escaped(span.text[last:])
    )


def _outside(sign: str, neighbour: str) -> bool:
    if sign.isspace():
        return True
    return _is_letter(neighbour) and not _is_letter(sign)


def _is_letter(sign: str) -> bool:
    return bool(sign) and not sign.isspace() and unicodedata.category(sign)[0] not in "PS"


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("strikethrough")


def _visible(made: str) -> str:
    """What readers see of a line."""
    inline = _parser().parseInline(made)[0]
    return "".join(token.content for token in inline.children or () if token.type == "text")
