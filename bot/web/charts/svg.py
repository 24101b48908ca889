"""Elements of an SVG: escaped, without script, and styled by classes alone (static/charts.css)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache

from markupsafe import Markup, escape

_NARROW = 0.56  # of the type size, about: Latin letters and digits
_MORE = "…"


def el(name: str, *inside: str, **attributes: object) -> Markup:
    """An element; its strings are escaped unless they are Markup already.

    `class_` is the class, an underscore within a name a hyphen, None leaves the attribute out.
    """
    pairs = "".join(
        f' {_name(key)}="{_value(value)}"' for key, value in attributes.items() if value is not None
    )
    body = "".join(map(escape, inside))
    # Every part is escaped above.
    return Markup(f"<{name}{pairs}>{body}</{name}>" if body else f"<{name}{pairs}/>")  # noqa: S704


def together(parts: Iterable[str]) -> Markup:
    """Elements one after the other."""
    return Markup("").join(parts)


def text(x: float, y: float, words: str, class_: str = "") -> Markup:
    """Words that begin at x, or end or are centred there with the class "e" or "m"."""
    return el("text", words, x=x, y=y, class_=class_ or None)


def box(x: float, y: float, width: float, height: float, **more: object) -> Markup:
    """A rectangle."""
    return el("rect", x=x, y=y, width=max(width, 0), height=max(height, 0), **more)


def path(d: str, class_: str, **more: object) -> Markup:
    """A path; the many marks of one kind are one path, which keeps pages small."""
    return el("path", d=d, class_=class_, **more)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """A straight line."""
    return path(f"M{num(x1)} {num(y1)}L{num(x2)} {num(y2)}", class_)


def square(x: float, y: float, width: float, height: float) -> str:
    """A rectangle as part of a path."""
    return f"M{num(x)} {num(y)}h{num(width)}v{num(height)}h{num(-width)}z"


def num(value: float) -> str:
    """A coordinate: a tenth of a unit is enough."""
    return f"{value:.1f}".removesuffix(".0").replace("-0", "0", 1) if value else "0"


@cache
def _name(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def _value(value: object) -> str:
    if isinstance(value, float):
        return num(value)
    return str(value) if isinstance(value, int) else escape(value)


def width_of(words: str, size: float) -> float:
    """About how wide words are; Chinese characters are as wide as they are high."""
    wide = sum(unicodedata.east_asian_width(one) in "WF" for one in words)
    return size * (wide + _NARROW * (len(words) - wide))


@lru_cache(maxsize=4096)  # the same names on every page
def fitted(words: str, width: float, size: float) -> str:
    """The words, cut short where they are wider than `width`."""
    if width_of(words, size) <= width:
        return words
    kept = words
    while kept and width_of(kept + _MORE, size) > width:
        kept = kept[:-1]
    return kept.rstrip() + _MORE
