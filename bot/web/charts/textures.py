"""Textures that tell series apart without colour: on a black-and-white sheet, and for all eyes.

A pattern is found by its id, so every chart has its own, named after the chart. They must not lie
in a drawing that a page hides: browsers find none there.
"""

from __future__ import annotations

from markupsafe import Markup

from bot.web.charts.svg import box, el, path, together

SERIES = 5  # so many can be told apart at a glance
UNKNOWN = "u"
_MARKS = {
    2: (6, "M-1 7L7 -1M-1 1L1 -1M5 7L7 5"),
    3: (5, "M2.5 1.2v2.6M1.2 2.5h2.6"),
    4: (4, "M0 2h4"),
}


def textures(key: str) -> Markup:
    """The definitions of all textures for the chart `key`."""
    series = (
        _pattern(f"{key}-s{number}", size, marks, f"s{number}")
        for number, (size, marks) in _MARKS.items()
    )
    return el("defs", *series, _pattern(f"{key}-{UNKNOWN}", 5, "M-1 -1L6 6M-1 4L1 6M4 -1L6 1", "u"))


def series(key: str, number: int) -> dict[str, str]:
    """How a mark of series 1 to 5 looks: attributes of its element."""
    if number == 1:
        return {"class_": "s s1 whole"}
    if number in _MARKS:
        return {"class_": f"s s{number}", "fill": f"url(#{key}-s{number})"}
    return {"class_": f"s s{number} empty"}


def calm() -> dict[str, str]:
    """How a mark looks that asks for nobody's attention."""
    return {"class_": "s calm"}


def alarm() -> dict[str, str]:
    """How a mark looks that somebody must do something about."""
    return {"class_": "s alarm"}


def unknown(key: str) -> dict[str, str]:
    """How a mark of what nobody knows looks."""
    return {"class_": "s u", "fill": f"url(#{key}-{UNKNOWN})"}


def _pattern(name: str, size: int, marks: str, class_: str) -> Markup:
    return el(
        "pattern",
        together([box(0, 0, size, size, class_="paper"), path(marks, f"tex {class_}")]),
        id=name,
        width=size,
        height=size,
        patternUnits="userSpaceOnUse",
    )
