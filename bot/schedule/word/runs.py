"""The content of one paragraph: words, links, pictures, and what is not taken along."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final
from xml.etree.ElementTree import Element

from bot.schedule.word import fields, signs
from bot.schedule.word.fields import Fields
from bot.schedule.word.inline import Shown, Span
from bot.schedule.word.parts import Package
from bot.schedule.word.styles import Looks, Styles, looks_of, number, value

_SMALL: Final = 360_000  # EMU, 1 cm: a picture no higher than that is a sign within its line
_WRAPPERS: Final = frozenset(
    {"w:smartTag", "w:customXml", "w:dir", "w:bdo", "w:sdtContent", "w:fldSimple"}
)
_DELETED: Final = frozenset({"w:del", "w:moveFrom"})
_INSERTED: Final = frozenset({"w:ins", "w:moveTo"})
_COMMENTS: Final = frozenset({"w:commentRangeStart", "w:commentReference"})
_GRAPHIC: Final = {"c:chart": "chart", "dgm:relIds": "diagram"}
# Names that programs give; nobody wrote them for readers.
_NO_WORDS: Final = re.compile(
    r".*\.(?:jpe?g|png|gif|bmp|webp|tiff?|emf|wmf)|(?:图片|图像|Picture|Image|图形)\s*\d*|"
    r".*(?:微信图片|IMG|DSC|截图)[\d_-]*.*|.*(?:已自动生成|automatically generated).*|[\d_-]+",
    re.IGNORECASE | re.DOTALL,
)
_ONCE: Final = frozenset({"docx-tracked-changes", "docx-comments"})
_MOST_FOUND: Final = 50
_CROPPED: Final = 1_000  # of 100 000: what programs leave by rounding is less


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something in the text that must be told; `words` say which."""

    code: str
    paragraph: int = 1
    kind: str = ""  # of what is not taken: "text box", "chart", …
    words: str = ""


@dataclass(kw_only=True)
class Runs:
    """Reads paragraphs of one part; fields may reach over several of them."""

    package: Package
    file: str
    part: str
    styles: Styles
    found: dict[Finding, None] = field(default_factory=dict)  # in the order of the text
    notes: list[tuple[str, str]] = field(default_factory=list)  # "footnote" or "endnote", id
    pictures: dict[str, Shown] = field(default_factory=dict)  # part → as it is shown first
    places: dict[str, int] = field(default_factory=dict)  # path of a picture → its paragraph
    fields: Fields = field(default_factory=Fields)
    paragraph: int = 1

    def spans(self, parent: Element, below: Looks, link: str = "") -> Iterator[Span]:
        """What stands in a paragraph or a wrapper within it."""
        for child in parent:
            if child.tag == "w:r":
                yield from self._run(child, below, link)
            elif child.tag == "w:hyperlink":
                yield from self.spans(child, below, self._target(child.get("r:id")) or link)
            elif child.tag in _INSERTED:
                self.tell("docx-tracked-changes")
                yield from self.spans(child, below, link)
            elif child.tag in _WRAPPERS:
                asked = child.get("w:instr", "")
                if not fields.left_out(asked):
                    yield from self.spans(child, below, fields.address(asked) or link)
            elif child.tag == "w:sdt":
                yield from self._control(child, below, link)
            elif child.tag == "mc:AlternateContent":
                yield from self.spans(chosen(child), below, link)
            else:
                self.aside(child)

    def tell(self, code: str, kind: str = "", words: str = "") -> None:
        """Notes something about the paragraph being read; about the whole text, only once."""
        if code in _ONCE and any(finding.code == code for finding in self.found):
            return
        said = " ".join(words.split())[:40]
        if len(self.found) < _MOST_FOUND:
            finding = Finding(code=code, paragraph=self.paragraph, kind=kind, words=said)
            self.found[finding] = None

    def aside(self, element: Element) -> None:
        """What stands beside the words."""
        if element.tag in _DELETED:
            self.tell("docx-tracked-changes")
        elif element.tag in _COMMENTS:
            self.tell("docx-comments")
        elif element.tag in ("m:oMath", "m:oMathPara"):
            said = "".join(each.text or "" for each in element.iter("m:t"))
            self.tell("docx-not-taken", "equation", said)

    def _control(self, element: Element, below: Looks, link: str) -> Iterator[Span]:
        """A field of a form; “click here to enter text” is not text."""
        properties = element.find("w:sdtPr")
        empty = properties is not None and properties.find("w:showingPlcHdr") is not None
        content = element.find("w:sdtContent")
        if content is not None and not empty:
            yield from self.spans(content, below, link)

    def _run(self, run: Element, below: Looks, link: str) -> Iterator[Span]:
        properties = run.find("w:rPr")
        style = value(properties, "w:rStyle")
        named = self.styles.get(style).looks if style is not None else Looks()
        looks = looks_of(properties).over(named).over(below)
        if looks.hidden:
            self._turn(run)
            return
        for span in self._pieces(run):
            if self.fields.shows:
                yield replace(
                    span,
                    text=signs.shifted(span.text, looks.shift),
                    bold=bool(looks.bold),
                    italic=bool(looks.italic),
                    strike=bool(looks.strike),
                    link=self.fields.link or link,
                )

    def _turn(self, run: Iterable[Element]) -> None:
        """Fields begin and end within hidden words, too."""
        for child in run:
            if child.tag == "w:fldChar":
                self.fields.turn(child.get("w:fldCharType", ""))
            elif child.tag == "w:instrText":
                self.fields.ask(child.text or "")

    def _pieces(self, run: Element) -> Iterator[Span]:
        for child in run:
            if child.tag in ("w:fldChar", "w:instrText"):
                self._turn([child])
            elif child.tag == "mc:AlternateContent":
                yield from self._pieces(chosen(child))
            elif child.tag in ("w:drawing", "w:pict", "w:object"):
                yield from self._graphic(child)
            elif child.tag in ("w:footnoteReference", "w:endnoteReference"):
                yield self._note(child)
            elif child.tag == "w:ruby":
                for base in child.iter("w:rubyBase"):
                    yield Span(text="".join(each.text or "" for each in base.iter("w:t")))
            elif child.tag in _COMMENTS:
                self.tell("docx-comments")
            elif text := self._sign(child):
                yield Span(text=text)

    def _sign(self, element: Element) -> str:
        """The words of a simple piece of a run, "" for what has none."""
        kind = element.tag
        if kind == "w:t":
            return (element.text or "").replace("\n", " ")
        if kind in ("w:br", "w:cr"):
            return "" if element.get("w:type") in ("page", "column") else "\n"
        if kind in ("w:tab", "w:ptab"):
            return " "
        if kind == "w:noBreakHyphen":
            return "-"
        if kind == "w:sym":
            said = signs.drawn(element.get("w:font", ""), element.get("w:char", ""))
            if not said:
                self.tell("docx-not-taken", "sign", element.get("w:font", ""))
            return said
        return ""

    def _note(self, element: Element) -> Span:
        kind = element.tag.removeprefix("w:").removesuffix("Reference")
        self.notes.append((kind, element.get("w:id", "")))
        return Span(text=f"〔注{len(self.notes)}〕")

    def _target(self, name: str | None) -> str:
        relation = self.package.relations(self.part).get(name or "")
        return relation.target if relation is not None and relation.external else ""

    def _graphic(self, element: Element) -> Iterator[Span]:
        """Pictures of a drawing; shapes without words are decoration."""
        for box in element.iter("w:txbxContent"):
            said = "".join(each.text or "" for each in box.iter("w:t"))
            if said.strip() or next(box.iter("a:blip"), None) is not None:
                self.tell("docx-not-taken", "text box", said)
        for each in element.iter():
            if each.tag in _GRAPHIC:
                self.tell("docx-not-taken", _GRAPHIC[each.tag])
            elif each.tag == "v:textpath":
                self.tell("docx-not-taken", "word art", each.get("string", ""))
            elif each.tag == "o:OLEObject":
                self.tell("docx-not-taken", "object", each.get("ProgID", ""))
        if element.tag == "w:object":
            return
        yield from self._drawn(element)

    def _drawn(self, element: Element) -> Iterator[Span]:
        in_boxes = {id(each) for box in element.iter("w:txbxContent") for each in box.iter()}
        names = [*element.iter("wp:docPr")]
        said = _alternative(names[0].get("descr", "")) if names else ""
        small = _is_small(element)
        for each in element.iter():
            if each.tag in ("a:blip", "v:imagedata") and id(each) not in in_boxes:
                said = said or _alternative(each.get("o:title", ""))
                shown = self._picture(each, said, small=small)
                if shown is not None:
                    yield Span(picture=shown)
        for cut in element.iter("a:srcRect"):
            if any(number(cut.get(side), 0) > _CROPPED for side in "ltrb"):
                self.tell("docx-picture-cropped")

    def _picture(self, blip: Element, said: str, *, small: bool) -> Shown | None:
        name = blip.get("r:embed") or blip.get("r:id") or blip.get("r:link")
        if name is None:  # a frame to be filled
            return None
        relation = self.package.relations(self.part).get(name)
        if relation is None or relation.external:
            self.tell("docx-linked-picture", words=relation.target if relation else "")
            return None
        path = f"{self.file}#{len(self.pictures) + 1}"
        known = self.pictures.setdefault(relation.target, Shown(path=path))
        self.places.setdefault(known.path, self.paragraph)
        return Shown(path=known.path, words=said, small=small)


def chosen(element: Element) -> Element:
    """Of several forms of the same thing the one to read: pictures first, then words."""
    forms = list(element)
    for wanted in ("a:blip", "v:imagedata", "w:t"):
        for form in forms:
            if next(form.iter(wanted), None) is not None:
                return form
    return forms[0] if forms else element


def _alternative(said: str) -> str:
    said = " ".join(said.split())
    return "" if _NO_WORDS.fullmatch(said) else said


def _is_small(element: Element) -> bool:
    extent = next(element.iter("wp:extent"), None)
    inline = next(element.iter("wp:inline"), None)
    return inline is not None and extent is not None and 0 < number(extent.get("cy"), 0) <= _SMALL
