"""The long texts in posts/ (Markdown, Word, plain text) and the pictures they hold."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.domain.post import Media
from bot.domain.problem import Place, Problem
from bot.i18n import _
from bot.schedule.digests import sha256, stamp
from bot.schedule.escaping import plain_body
from bot.schedule.folder import Folder, no_such_file, not_utf8, unreadable
from bot.schedule.media import Gallery, unfit
from bot.schedule.word import blocks, faults
from bot.schedule.word.document import Picture, read_word
from bot.schedule.word.runs import Finding

_MARKDOWN = MarkdownIt("commonmark").enable("table")
_MARKDOWN_ENDINGS: Final = ("md", "markdown")
_CHINESE: Final = "gb18030"  # takes all of GBK and GB 2312
_NEVER: Final = frozenset({"Cc", "Cn", "Co"})  # control, unknown and private characters


@dataclass(frozen=True, kw_only=True)
class Body:
    """A text as Markdown and its pictures, each once, in the order of the text."""

    text: str
    inline: tuple[Media, ...] = ()
    # The line or paragraph of the file that each line of `text` comes from, where the file is no
    # Markdown itself.
    origins: tuple[int, ...] = ()


Found = tuple[Body | None, list[Problem]]


def read_body(file: str, gallery: Gallery, place: Place, post: str | None, title: str) -> Found:
    """The body at `file`, None when it cannot be read; `place` is where the calendar names it.

    A Word text that begins with `title` is given without it, as platforms show the title anyway.
    """
    ending = file.rpartition(".")[2].lower()
    if ending in _MARKDOWN_ENDINGS:
        body, problems = _markdown(file, gallery, place, post)
    elif ending == "txt":
        body, problems = _plain(file, gallery.folder, place)
    elif ending == "docx":
        body, problems = _word(file, gallery.folder, place, title)
    else:
        full, why = gallery.folder.locate(file)
        missing = [no_such_file(why, place)]
        refused = [faults.refused("body-kind", file, place)]
        body, problems = None, missing if full is None else refused
    return body, [replace(problem, post=post) for problem in problems]


def _markdown(file: str, gallery: Gallery, place: Place, post: str | None) -> Found:
    text, problems = gallery.folder.read_text(file, place)
    if text is None:
        return None, problems
    inline: dict[str, Media] = {}
    for path, line in _pictures(text):
        where = Place(file=file, line=line)
        if "://" in path or path.startswith(("//", "data:")):
            problems.append(_not_local(path, where))
            continue
        media, found = gallery.picture(path, where, post)
        problems += found
        if media is not None:
            inline[path] = media
    return Body(text=text, inline=tuple(inline.values())), problems


def _pictures(text: str) -> Sequence[tuple[str, int]]:
    """Each picture's path and its line, as the article's own renderer sees them."""
    # Most texts hold none, and parsing is half of all the reading.
    return _parsed(text) if "![" in text else ()


@lru_cache(maxsize=1024)  # the folder is read again and again while somebody writes one post
def _parsed(text: str) -> Sequence[tuple[str, int]]:
    return tuple(_shown(text))


def _shown(text: str) -> Iterator[tuple[str, int]]:
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


def _not_local(path: str, place: Place) -> Problem:
    return Problem(
        code="picture-not-local",
        message=_("The picture {path} is not in the schedules folder.").format(path=path[:80]),
        hint=_("Save the picture in media/ and refer to it as ![…](media/name.jpg)."),
        place=place,
    )


def _plain(file: str, folder: Folder, place: Place) -> Found:
    raw, problems = folder.read_bytes(file, place)
    if raw is None:
        return None, problems
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        said = _chinese(raw)
        if said is None:
            return None, [not_utf8(file, raw.count(b"\n", 0, error.start) + 1)]
        text = said
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return Body(text=plain_body(text), origins=tuple(range(1, text.count("\n") + 2))), []


def _chinese(raw: bytes) -> str | None:
    """The text in the encoding of older Chinese programs, None when it is none.

    Nearly any bytes can be decoded so; what then has characters nobody types was something else.
    """
    try:
        text = raw.decode(_CHINESE)
    except UnicodeDecodeError:
        return None
    strange = (
        sign for sign in text if sign not in "\t\r\n" and unicodedata.category(sign) in _NEVER
    )
    return text if next(strange, None) is None else None


def _word(file: str, folder: Folder, place: Place, title: str) -> Found:
    full, why = folder.locate(file)
    if full is None:
        return None, [no_such_file(why, place)]
    try:
        seen = stamp(full.stat())
        word = read_word(full, file, seen)
        folder.seen[file] = sha256(full, seen)
    except OSError as error:
        folder.shut.add(file)
        return None, [unreadable(file, error, place)]
    if word.refused:
        return None, [faults.refused(word.refused, file, place)]
    lines = blocks.body(blocks.without_title(word.blocks, title))
    inline, problems = _from_word(file, word.pictures)
    problems += [faults.found(finding, file) for finding in word.found]
    text = "".join(f"{line.text}\n" for line in lines)
    origins = tuple(line.paragraph for line in lines)
    return Body(text=text, inline=inline, origins=origins), problems


def _from_word(file: str, pictures: Sequence[Picture]) -> tuple[tuple[Media, ...], list[Problem]]:
    problems: list[Problem] = []
    inline: list[Media] = []
    for picture in pictures:
        code = picture.look.code
        if picture.look.media is not None:
            inline.append(replace(picture.look.media, path=picture.path))
        elif code == "docx-picture-kind":
            problems.append(faults.found(Finding(code=code, paragraph=picture.paragraph), file))
        else:
            where = Place(file=file, line=picture.paragraph)
            problems.append(unfit(code, picture.path, where, None))
    return tuple(inline), problems
