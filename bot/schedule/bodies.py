"""The long texts in posts/*.md and the pictures they refer to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.domain.post import Media
from bot.domain.problem import Place, Problem
from bot.i18n import _
from bot.schedule.media import Gallery

_MARKDOWN = MarkdownIt("commonmark").enable("table")


@dataclass(frozen=True, kw_only=True)
class Body:
    """A body file's text and its pictures, each once, in the order of the text."""

    text: str
    inline: tuple[Media, ...]


def read_body(
    file: str, gallery: Gallery, place: Place, post: str | None
) -> tuple[Body | None, list[Problem]]:
    """The body at `file`, None when it cannot be read; `place` is where the calendar names it."""
    text, problems = gallery.folder.read_text(file, place)
    if text is None:
        return None, [replace(problem, post=post) for problem in problems]
    inline: dict[str, Media] = {}
    for path, line in _pictures(text):
        where = Place(file=file, line=line)
        if "://" in path or path.startswith(("//", "data:")):
            problems.append(_not_local(path, where, post))
            continue
        media, found = gallery.picture(path, where, post)
        problems += found
        if media is not None:
            inline[path] = media
    return Body(text=text, inline=tuple(inline.values())), problems


def _pictures(text: str) -> Iterator[tuple[str, int]]:
    """Each picture's path and its line, as the article's own renderer sees them."""
    for token in _MARKDOWN.parse(text):
        if token.type == "inline" and token.children and token.map:
            yield from _in_block(token.children, token.map[0] + 1)


def _in_block(tokens: Sequence[Token], line: int) -> Iterator[tuple[str, int]]:
    for token in tokens:
        if token.type in ("softbreak", "hardbreak"):
            line += 1
        elif token.type == "image":
            # The parser percent-encodes Chinese file names.
            yield unquote(str(token.attrs.get("src", ""))), line


def _not_local(path: str, place: Place, post: str | None) -> Problem:
    return Problem(
        code="picture-not-local",
        message=_("The picture {path} is not in the schedules folder.").format(path=path[:80]),
        hint=_("Save the picture in media/ and refer to it as ![…](media/name.jpg)."),
        place=place,
        post=post,
    )
