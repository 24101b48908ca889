"""A chart as a page shows it: drawing for wide and narrow screens, key, notes, and a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from markupsafe import Markup

from bot.i18n import _
from bot.web.charts.svg import el, together
from bot.web.charts.textures import textures

Row = tuple[str, ...]
# Type sizes in units of a drawing; static/charts.css has the same.
SIZE = 13.0
SMALL = 12.0


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What a drawing is made for: a screen or a sheet of paper, or a phone."""

    key: str  # begins all ids of the drawing
    chart: str  # its chart's, which has the textures
    width: float
    narrow: bool


def frames(key: str) -> tuple[Frame, Frame]:
    """The frames for wide and for narrow screens."""
    return (
        Frame(key=f"{key}-w", chart=key, width=800.0, narrow=False),
        Frame(key=f"{key}-n", chart=key, width=340.0, narrow=True),
    )


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What one mark means."""

    mark: Markup  # drawn in a box of 18 × 14
    words: str


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A drawing and the values it shows. In a template it stands for itself: {{ chart }}."""

    key: str  # an id that no other chart of the page has
    title: str
    summary: str  # what it says, in a sentence or two
    wide: Sequence[Markup]  # drawings, one below the other; a sheet of paper may part them
    narrow: Sequence[Markup]
    legend: Sequence[Entry] = ()
    notes: Sequence[str] = ()
    columns: Row
    rows: Sequence[Row]
    numbers: int = 1  # so many columns at the left are words, the others numbers

    def __html__(self) -> Markup:
        return self.figure

    @cached_property
    def figure(self) -> Markup:
        """All of it."""
        caption = el(
            "figcaption",
            el("strong", self.title, class_="chart-title"),
            el("span", self.summary, class_="chart-summary"),
        )
        return el(
            "figure",
            caption,
            el(
                "svg",
                textures(self.key),
                class_="chart-defs",
                width=0,
                height=0,
                aria_hidden="true",
            ),
            self._legend(),
            el("div", *self.wide, class_="chart-wide"),
            el("div", *self.narrow, class_="chart-narrow"),
            *(el("p", note, class_="chart-note") for note in self.notes),
            self._values(),
            class_="chart",
            id=self.key,
        )

    @cached_property
    def table(self) -> Markup:
        """The values alone."""
        head = el("tr", *(self._cell("th", at, one) for at, one in enumerate(self.columns)))
        body = together(
            el("tr", *(self._cell("td", at, one) for at, one in enumerate(row)))
            for row in self.rows
        )
        caption = el("caption", self.title)
        return el("table", caption, el("thead", head), el("tbody", body), class_="chart-table")

    def _cell(self, name: str, at: int, words: str) -> Markup:
        class_ = None if at < self.numbers else "num"
        if name == "th":
            return el("th", words, scope="col", class_=class_)
        return el("th", words, scope="row") if at == 0 else el("td", words, class_=class_)

    def _legend(self) -> Markup:
        if not self.legend:
            return Markup("")
        entries = (
            el(
                "li",
                el("svg", one.mark, viewBox="0 0 18 14", class_="key", aria_hidden="true"),
                el("span", one.words),
            )
            for one in self.legend
        )
        return el("ul", *entries, class_="chart-legend")

    def _values(self) -> Markup:
        # Scrolls sideways on a phone, so the keyboard must reach it.
        scroll = el(
            "div", self.table, class_="chart-scroll", role="region", tabindex=0,
            aria_label=self.title,
        )  # fmt: skip
        return el("details", el("summary", _("Values as a table")), scroll, class_="chart-values")


def drawing(
    frame: Frame, height: float, *inside: str, title: str, desc: str, part: int = 0
) -> Markup:
    """The SVG itself, with its name and description for those who do not see it."""
    key = f"{frame.key}{part or ''}"
    return el(
        "svg",
        el("title", title, id=f"{key}-t"),
        el("desc", desc, id=f"{key}-d"),
        *inside,
        viewBox=f"0 0 {frame.width:.0f} {height:.0f}",
        role="img",
        aria_labelledby=f"{key}-t",
        aria_describedby=f"{key}-d",
        focusable="false",
    )
