"""A Word text: its paragraphs, lists and tables, its pictures, and what was left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element

from bot.schedule.digests import Stamp
from bot.schedule.media import Look, look_at
from bot.schedule.word import inline
from bot.schedule.word.blocks import Block, Kind, Row, parted, with_captions
from bot.schedule.word.inline import Span
from bot.schedule.word.numbering import Mark, Numbering
from bot.schedule.word.parts import MAX_FILE, Package, Refused, open_package, parsed
from bot.schedule.word.runs import Finding, Runs, chosen
from bot.schedule.word.styles import Style, Styles, list_of, outline, value
from bot.schedule.word.tables import grid

_MOST_CELLS: Final = 5_000
_TRANSPARENT: Final = frozenset({"w:customXml", "w:smartTag", "w:ins", "w:moveTo", "w:sdtContent"})
_DEEPEST: Final = 6
_DRAWINGS: Final = (".emf", ".wmf", ".tif", ".tiff", ".svg")


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture in the file as the text names it, and what it turned out to be."""

    path: str  # "posts/a.docx#1"
    paragraph: int  # where it stands first
    look: Look


@dataclass(frozen=True, kw_only=True)
class Word:
    """What a Word file says."""

    blocks: tuple[Block, ...] = ()
    pictures: tuple[Picture, ...] = ()
    found: tuple[Finding, ...] = ()
    refused: str = ""  # the code of why nothing of it could be read


@lru_cache(maxsize=16_384)
def read_word(full: Path, file: str, seen: Stamp) -> Word:
    """The file's content, remembered while its stamp is the same; `file` is its name for people.

    Whatever is in the file: nothing is raised but OSError when it cannot be read.
    """
    if seen[0] > MAX_FILE:
        return Word(refused="too-large")
    with full.open("rb") as stream:
        try:
            package = open_package(stream)
            return _reader(package, file).word()
        except Refused as refused:
            return Word(refused=refused.code)


@lru_cache(maxsize=32)
def _styles(raw: bytes | None) -> Styles:
    """Most texts of an office have the same styles, which are longer than the texts."""
    return Styles(parsed(raw) if raw is not None else None)


def _reader(package: Package, file: str) -> _Reader:
    styles = _styles(package.related("styles"))
    numbering = package.related("numbering")
    return _Reader(
        package=package,
        styles=styles,
        numbering=Numbering(parsed(numbering) if numbering is not None else None),
        runs=Runs(package=package, file=file, part=package.main, styles=styles),
    )


@dataclass(kw_only=True)
class _Reader:
    package: Package
    styles: Styles
    numbering: Numbering
    runs: Runs
    carried: list[Span] = field(default_factory=list)  # of a paragraph whose end was deleted
    cells: int = 0

    def word(self) -> Word:
        """Everything of the file."""
        root = self.package.tree(self.package.main)
        body = root.find("w:body") if root is not None else None
        if body is None:
            raise Refused("docx-damaged")
        blocks = [*self._blocks(body)]
        blocks += self._notes()
        return Word(
            blocks=tuple(with_captions(blocks)),
            pictures=tuple(self._pictures()),
            found=tuple(self.runs.found),
        )

    def _blocks(self, parent: Element) -> Iterator[Block]:
        for child in parent:
            if child.tag == "w:p":
                yield from self._paragraph(child)
            elif child.tag == "w:tbl":
                yield from self._table(child)
            elif child.tag == "w:sdt":
                if not _is_left_out(child):
                    yield from self._blocks(child)
            elif child.tag in _TRANSPARENT:
                yield from self._blocks(child)
            elif child.tag == "mc:AlternateContent":
                yield from self._blocks(chosen(child))
            elif child.tag == "w:altChunk":
                self.runs.tell("docx-not-taken", "inserted file")
            else:
                self.runs.aside(child)
        if self.carried:
            rest = Block(kind=Kind.TEXT, paragraph=self.runs.paragraph)
            lines, self.carried = inline.lines(self.carried), []
            yield from parted(rest, lines)

    def _paragraph(self, element: Element) -> Iterator[Block]:
        properties = element.find("w:pPr")
        style = self.styles.get(value(properties, "w:pStyle"))
        told = len(self.runs.found)
        level = outline(properties, style.level)
        # A heading's own style is bold, a quote's slanted; that is no emphasis.
        special = level is not None or style.quote or style.title
        below = replace(style.looks, bold=False, italic=False) if special else style.looks
        spans = [*self.carried, *self.runs.spans(element, below)]
        self.carried = []
        if self._goes_on(properties):
            self.carried = spans
            return
        mark = self._mark(properties, style.list)
        lines = [] if style.contents else inline.lines(spans)
        paragraph = self.runs.paragraph
        # Readers of the file do not count empty ones.
        self.runs.paragraph += bool(lines) or len(self.runs.found) > told
        head = Block(kind=Kind.TEXT, paragraph=paragraph, mark=mark, caption=style.caption)
        yield from parted(_of_kind(head, style, level), lines)

    def _goes_on(self, properties: Element | None) -> bool:
        """True when the paragraph's end was deleted while changes were tracked."""
        marks = properties.find("w:rPr") if properties is not None else None
        if marks is None:
            return False
        if any(marks.find(name) is not None for name in ("w:ins", "w:moveTo")):
            self.runs.tell("docx-tracked-changes")
        gone = any(marks.find(name) is not None for name in ("w:del", "w:moveFrom"))
        if gone:
            self.runs.tell("docx-tracked-changes")
        return gone

    def _mark(self, properties: Element | None, below: tuple[str, int] | None) -> Mark | None:
        used = list_of(properties, below)
        return self.numbering.mark(*used) if used is not None else None

    def _table(self, element: Element) -> Iterator[Block]:
        first = self.runs.paragraph
        made = grid(element)
        if made.changed:
            self.runs.tell("docx-tracked-changes")
        self.cells += sum(map(len, made.rows))
        if self.cells > _MOST_CELLS:
            raise Refused("too-large")
        rows = [[self._cell(cell) for cell in row] for row in made.rows]
        if len(rows) == 1 and len(rows[0]) == 1:  # a frame around some paragraphs
            yield from rows[0][0]
            return
        blocks = [block for row in rows for cell in row for block in cell]
        if made.merged or any(block.is_table for block in blocks):
            self.runs.found[Finding(code="docx-table", paragraph=first)] = None
        if blocks:
            yield Block(kind=Kind.TABLE, paragraph=first, rows=tuple(_rows(rows, first)))

    def _cell(self, cell: Element | None) -> list[Block]:
        return [*self._blocks(cell)] if cell is not None else []

    def _notes(self) -> list[Block]:
        """The foot notes and end notes, in the order of their signs."""
        made: list[Block] = []
        trees = {kind: self._note_parts(kind) for kind in ("footnote", "endnote")}
        main = self.runs.part
        for index, (kind, name) in enumerate([*self.runs.notes], start=1):
            part, notes = trees[kind]
            self.runs.part = part
            blocks = [*self._blocks(notes[name])] if name in notes else []
            mark = Mark(level=0, text=f"〔注{index}〕")
            made += [
                replace(block, mark=mark if not place else block.mark, kind=Kind.TEXT)
                for place, block in enumerate(blocks)
                if block.lines
            ]
        self.runs.part = main
        return made

    def _note_parts(self, kind: str) -> tuple[str, Mapping[str, Element]]:
        every = self.package.relations(self.package.main).values()
        part = next((each.target for each in every if each.kind == f"{kind}s"), "")
        root = self.package.tree(part)
        found = [each for each in root if each.tag == f"w:{kind}"] if root is not None else []
        return part, {each.get("w:id", ""): each for each in found}

    def _pictures(self) -> Iterator[Picture]:
        for part, shown in self.runs.pictures.items():
            raw = self.package.picture(part)
            look = look_at(raw) if raw is not None else Look(code="media-damaged")
            if look.media is None and part.lower().endswith(_DRAWINGS):
                look = Look(code="docx-picture-kind")
            yield Picture(path=shown.path, paragraph=self.runs.places[shown.path], look=look)


def _of_kind(head: Block, style: Style, level: int | None) -> Block:
    """The block as the heading, list item or quote that its style makes it."""
    if style.title or level is not None:
        # The highest heading of an article is the post's own title.
        depth = 1 if style.title else min((level or 0) + 2, _DEEPEST)
        return replace(head, kind=Kind.HEADING, level=depth)
    if head.mark is not None and not head.mark.text:
        return replace(head, kind=Kind.ITEM)
    return replace(head, kind=Kind.QUOTE) if style.quote else head


def _rows(rows: list[list[list[Block]]], first: int) -> Iterator[Row]:
    for row in rows:
        first = next((block.paragraph for cell in row for block in cell), first)
        cells = (" ".join(block.in_one_line() for block in cell) for cell in row)
        yield Row(cells=tuple(cells), paragraph=first)


def _is_left_out(control: Element) -> bool:
    """True for a table of contents, and for “click here to enter text”."""
    properties = control.find("w:sdtPr")
    if properties is None:
        return False
    gallery = value(properties.find("w:docPartObj"), "w:docPartGallery") or ""
    return gallery == "Table of Contents" or properties.find("w:showingPlcHdr") is not None
