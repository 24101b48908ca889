"""A text's blocks put one below the other as Markdown, each line knowing its paragraph."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from bot.schedule.escaping import line_start
from bot.schedule.word import inline
from bot.schedule.word.inline import Shown, Span
from bot.schedule.word.numbering import Mark

_CAPTION: Final = re.compile(r"(?:图|照片|Figure|Fig\.)\s*[\d一二三四五六七八九十]+", re.IGNORECASE)
_LONGEST_CAPTION: Final = 80


class Kind(StrEnum):
    """What a block is."""

    TEXT = "text"
    HEADING = "heading"
    ITEM = "item"
    QUOTE = "quote"
    PICTURE = "picture"
    TABLE = "table"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of a table: its cells in Markdown, and the paragraph it begins with."""

    cells: tuple[str, ...]
    paragraph: int


@dataclass(frozen=True, kw_only=True)
class Block:
    """A paragraph, a picture that stands alone, or a table."""

    kind: Kind
    paragraph: int
    lines: tuple[tuple[Span, ...], ...] = ()
    level: int = 1  # of a heading
    mark: Mark | None = None  # of a list's item, or a sign in front of the words
    picture: Shown | None = None
    title: str = ""  # the words below a picture
    rows: tuple[Row, ...] = ()
    caption: bool = False  # styled as the words below a picture

    @property
    def words(self) -> str:
        """The text alone, in one line."""
        return "".join(inline.words(line) for line in self.lines)

    @property
    def is_table(self) -> bool:
        """True for a table."""
        return self.kind is Kind.TABLE

    def in_one_line(self) -> str:
        """The block within a table's cell."""
        if self.kind is Kind.PICTURE and self.picture is not None:
            return inline.picture(self.picture, self.title)
        if self.kind is Kind.TABLE:
            return " ".join(cell for row in self.rows for cell in row.cells if cell)
        return " ".join((_sign(self.mark) + " ".join(map(inline.markdown, self.lines))).split())


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of the body and the paragraph it comes from."""

    text: str
    paragraph: int


def with_captions(blocks: Sequence[Block]) -> list[Block]:
    """The blocks, words below a picture (图1 …) being the picture's own."""
    found: list[Block] = []
    for block in blocks:
        last = found[-1] if found else None
        if last is not None and last.kind is Kind.PICTURE and not last.title and _is_caption(block):
            found[-1] = replace(last, title=_sign(block.mark) + block.words)
        else:
            found.append(block)
    return found


def _is_caption(block: Block) -> bool:
    said = _sign(block.mark) + block.words
    fits = block.caption or _CAPTION.match(said) is not None
    pictures = any(span.picture is not None for line in block.lines for span in line)
    return block.kind is Kind.TEXT and fits and len(said) <= _LONGEST_CAPTION and not pictures


def parted(head: Block, lines: Sequence[Sequence[Span]]) -> Iterator[Block]:
    """The paragraph `head` with these lines, its larger pictures standing by themselves."""
    text: list[tuple[Span, ...]] = []
    for line in lines:
        rest: list[Span] = []
        for span in line:
            if span.picture is None or span.picture.small:
                rest.append(span)
                continue
            text += [tuple(trimmed)] if (trimmed := inline.trimmed(rest)) else []
            if text:
                yield replace(head, lines=tuple(text))
                head = replace(head, mark=None, kind=_after(head.kind))
            text, rest = [], []
            yield Block(kind=Kind.PICTURE, paragraph=head.paragraph, picture=span.picture)
        text += [tuple(trimmed)] if (trimmed := inline.trimmed(rest)) else []
    if text:
        yield replace(head, lines=tuple(text))


def _after(kind: Kind) -> Kind:
    """What the rest of a paragraph is that a picture parts."""
    return Kind.TEXT if kind in (Kind.ITEM, Kind.HEADING) else kind


def without_title(blocks: Sequence[Block], title: str) -> Sequence[Block]:
    """The blocks without the post's title above them, which platforms show by themselves."""
    wanted, said = "".join(title.split()), ""
    for count, block in enumerate(blocks[:3], start=1):
        if block.kind not in (Kind.TEXT, Kind.HEADING) or block.mark is not None:
            break
        said += "".join(block.words.split())
        if wanted and said == wanted:
            return blocks[count:]
    return blocks


def body(blocks: Sequence[Block]) -> list[Line]:
    """The blocks as Markdown."""
    made: list[Line] = []
    before: Block | None = None
    items = _Items()
    for block in blocks:
        item = block.kind is Kind.ITEM and block.mark is not None
        items = items if item else _Items()
        close = before is not None and block.kind is before.kind is Kind.ITEM
        if before is not None and not close:
            quoted = block.kind is before.kind is Kind.QUOTE
            made.append(Line(text=">" if quoted else "", paragraph=before.paragraph))
        made += _table(block.rows) if block.kind is Kind.TABLE else _written(block, items)
        before = block
    return made


def _written(block: Block, items: _Items) -> list[Line]:
    lines = (
        items.add(block, block.mark) if block.kind is Kind.ITEM and block.mark else _plain(block)
    )
    return [Line(text=line, paragraph=block.paragraph) for line in lines]


def _plain(block: Block) -> Iterator[str]:
    if block.kind is Kind.PICTURE and block.picture is not None:
        yield inline.picture(block.picture, block.title)
    elif block.kind is Kind.HEADING:
        said = _sign(block.mark) + " ".join(inline.words(line) for line in block.lines)
        plain = inline.markdown([Span(text=said)])
        yield f"{'#' * block.level} {_no_closing(plain)}"
    else:
        front = "> " if block.kind is Kind.QUOTE else ""
        yield from (front + line for line in _broken(block))


def _no_closing(heading: str) -> str:
    # Signs at a heading's end are taken for its closing marks.
    return re.sub(r"(?<=\s)(#+)$", r"\\\1", line_start(heading))


def _broken(block: Block) -> list[str]:
    """The words line for line, each but the last ended on purpose."""
    made = [inline.markdown(line) for line in block.lines]
    made[0] = inline.markdown([Span(text=_sign(block.mark))]) + made[0]
    made = [line_start(line) for line in made]
    return [f"{line}\\" for line in made[:-1]] + made[-1:]


def _sign(mark: Mark | None) -> str:
    """The written sign in front of the words; a list's own is Markdown's."""
    if mark is None or mark.bullet:
        return ""
    return mark.text or (f"{mark.number}. " if mark.number else "")


def _table(rows: Sequence[Row]) -> Iterator[Line]:
    for index, row in enumerate(rows):
        said = " | ".join(cell.replace("|", "\\|") for cell in row.cells)
        yield Line(text=f"| {said} |", paragraph=row.paragraph)
        if index == 0:
            yield Line(text="|" + " --- |" * len(row.cells), paragraph=row.paragraph)


class _Items:
    """A list as it grows: what each level's items begin with."""

    def __init__(self) -> None:
        self._open: list[tuple[Mark, str]] = []  # the last item of each level and its front

    def add(self, block: Block, mark: Mark) -> list[str]:
        """The item's lines."""
        last: tuple[Mark, str] | None = None
        while self._open and self._open[-1][0].level >= mark.level:
            last = self._open.pop()
        indent = " " * sum(len(front) for _mark, front in self._open)
        front = _front(mark, last)
        self._open.append((mark, front))
        made = _broken(replace(block, mark=None))
        return [indent + front + made[0], *(indent + " " * len(front) + line for line in made[1:])]


def _front(mark: Mark, last: tuple[Mark, str] | None) -> str:
    """ "- " or "3. "; another sign where Markdown would go on counting wrongly."""
    if mark.bullet:
        return "- "
    sign = "."
    if last is not None and not last[0].bullet:
        sign = last[1].rstrip()[-1]
        if mark.number != last[0].number + 1 or mark.level != last[0].level:
            sign = ")" if sign == "." else "."
    return f"{mark.number}{sign} "
