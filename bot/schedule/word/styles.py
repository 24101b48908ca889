"""The styles of a Word file: what its paragraphs and words are by their style's name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final
from xml.etree.ElementTree import Element

_OFF: Final = frozenset({"0", "false", "off", "none"})
_HEADING: Final = re.compile(r"(?:heading|标题)\s*([1-9])")
_CONTENTS: Final = re.compile(r"(?:toc|目录)(?:\s*\d| heading|标题)?|contents .*")
_QUOTES: Final = frozenset(
    {"quote", "intense quote", "quotations", "block text", "引用", "明显引用"}
)
_CAPTIONS: Final = frozenset({"caption", "题注", "figure", "illustration"})
_TITLES: Final = frozenset({"title", "标题"})
_MAX_LEVEL: Final = 8


@dataclass(frozen=True, kw_only=True)
class Looks:
    """How words look; None where nothing is said."""

    bold: bool | None = None
    italic: bool | None = None
    strike: bool | None = None
    hidden: bool | None = None
    shift: str | None = None  # "superscript", "subscript"; "raised", "lowered" by some points

    def over(self, below: Looks) -> Looks:
        """These where they say something, else those of `below`."""
        return Looks(
            bold=below.bold if self.bold is None else self.bold,
            italic=below.italic if self.italic is None else self.italic,
            strike=below.strike if self.strike is None else self.strike,
            hidden=below.hidden if self.hidden is None else self.hidden,
            shift=below.shift if self.shift is None else self.shift,
        )


@dataclass(frozen=True, kw_only=True)
class Style:
    """A paragraph's style, with what it takes over from those it is based on."""

    level: int | None = None  # of a heading, 0 for the highest
    title: bool = False
    quote: bool = False
    caption: bool = False
    contents: bool = False  # a line of the table of contents
    list: tuple[str, int] | None = None  # numbering and its level
    looks: Looks = field(default_factory=Looks)


class Styles:
    """All styles of one file."""

    def __init__(self, root: Element | None) -> None:
        every = [each for each in root if each.tag == "w:style"] if root is not None else []
        self._elements: Mapping[str, Element] = {each.get("w:styleId", ""): each for each in every}
        self._default = next(
            (
                each.get("w:styleId", "")
                for each in every
                if each.get("w:type") == "paragraph" and is_on(each.get("w:default", "0"))
            ),
            "",
        )
        self._known: dict[str, Style] = {}

    def get(self, name: str | None) -> Style:
        """The style with this id; without one, a paragraph's usual style."""
        name = self._default if name is None else name
        if name not in self._known:
            found = Style()
            for element in reversed([*self._chain(name)]):
                found = _laid_over(found, element)
            self._known[name] = found
        return self._known[name]

    def _chain(self, name: str) -> Iterator[Element]:
        """The style and those it is based on; broken files go round in circles."""
        passed: set[str] = set()
        while name in self._elements and name not in passed:
            passed.add(name)
            element = self._elements[name]
            yield element
            name = value(element, "w:basedOn") or ""


def _laid_over(below: Style, element: Element) -> Style:
    name = (value(element, "w:name") or "").casefold().strip()
    heading = _HEADING.fullmatch(name)
    properties = element.find("w:pPr")
    return replace(
        below,
        level=int(heading[1]) - 1 if heading else outline(properties, below.level),
        # These are a style's own; one that is based on it is another thing.
        title=name in _TITLES,
        quote=name in _QUOTES,
        caption=name in _CAPTIONS,
        contents=_CONTENTS.fullmatch(name) is not None,
        list=list_of(properties, below.list),
        looks=looks_of(element.find("w:rPr")).over(below.looks),
    )


def outline(properties: Element | None, otherwise: int | None) -> int | None:
    """The heading's level a paragraph's properties give, None for plain text."""
    said = value(properties, "w:outlineLvl")
    if said is None:
        return otherwise
    level = number(said, _MAX_LEVEL + 1)
    return level if 0 <= level <= _MAX_LEVEL else None


def list_of(properties: Element | None, below: tuple[str, int] | None) -> tuple[str, int] | None:
    """The numbering and the level a paragraph's properties give; None for none."""
    found = properties.find("w:numPr") if properties is not None else None
    if found is None:
        return below
    name = value(found, "w:numId") or (below[0] if below is not None else "0")
    level = number(value(found, "w:ilvl"), below[1] if below is not None else 0)
    return (name, min(max(level, 0), _MAX_LEVEL)) if name != "0" else None


def looks_of(properties: Element | None) -> Looks:
    """What the properties of words say themselves."""
    if properties is None:
        return Looks()
    strikes = [flag(properties, "w:strike"), flag(properties, "w:dstrike")]
    return Looks(
        bold=flag(properties, "w:b"),
        italic=flag(properties, "w:i"),
        strike=True if True in strikes else strikes[0],
        hidden=flag(properties, "w:vanish"),
        shift=value(properties, "w:vertAlign") or _moved(properties),
    )


def _moved(properties: Element) -> str | None:
    """LibreOffice moves words up or down by so many half points instead of saying why."""
    points = number(value(properties, "w:position"), 0)
    return None if points == 0 else "raised" if points > 0 else "lowered"


def flag(properties: Element, name: str) -> bool | None:
    """True or False where the property stands, None where it does not."""
    found = properties.find(name)
    return None if found is None else is_on(found.get("w:val", "1"))


def is_on(said: str) -> bool:
    """What a switch in the file means."""
    return said not in _OFF


def value(element: Element | None, name: str) -> str | None:
    """The value of a child, None without one."""
    found = element.find(name) if element is not None else None
    return found.get("w:val") if found is not None else None


def number(said: str | None, otherwise: int) -> int:
    """A whole number of the file, `otherwise` where there is none."""
    try:
        return int(said or "")
    except ValueError:
        return otherwise
