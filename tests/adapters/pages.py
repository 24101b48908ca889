"""HTML taken apart, so that tests ask what is in it and not how it is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = {"br", "hr", "img", "meta", "input"}


@dataclass(kw_only=True)
class Element:
    """One element: its attributes, the tags around it, all text within it."""

    tag: str
    attributes: dict[str, str]
    parents: tuple[str, ...]  # outermost first
    texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.texts)

    @property
    def style(self) -> dict[str, str]:
        """The style attribute's declarations."""
        pairs = (part.partition(":") for part in self.attributes.get("style", "").split(";"))
        return {name.strip(): value.strip() for name, _colon, value in pairs if name.strip()}


class Page(HTMLParser):
    """Every element of a page or a fragment; raises AssertionError when tags do not match."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(source)
        self.close()
        assert not self._open, f"not closed: {[element.tag for element in self._open]}"

    def all(self, *tags: str) -> list[Element]:
        """The elements with one of these tags, in order; all of them when none is named."""
        return [element for element in self.elements if not tags or element.tag in tags]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        parents = tuple(element.tag for element in self._open)
        element = Element(tag=tag, attributes=attributes, parents=parents)
        self.elements.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop().tag == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.texts.append(data)
