"""A chart's markup as a tree, and what must hold of every chart."""

from __future__ import annotations

import re
from collections import Counter
from xml.etree import ElementTree as ET

from bot.web.charts.figure import Chart
from bot.web.charts.svg import width_of

_REFERENCE = re.compile(r"url\(#([^)]+)\)")


def tree(chart: Chart) -> ET.Element:
    """The whole figure; that it can be read at all shows that it is well-formed."""
    return ET.fromstring(str(chart.figure))


def drawings(chart: Chart) -> tuple[ET.Element, ET.Element]:
    """The first drawing for wide and for narrow screens."""
    return ET.fromstring(str(chart.wide[0])), ET.fromstring(str(chart.narrow[0]))


def texts(drawing: ET.Element) -> list[str]:
    """The words that are drawn."""
    return [one.text or "" for one in drawing.iter("text")]


def check(chart: Chart) -> None:
    """Raises AssertionError where a chart breaks what holds for all of them."""
    figure = tree(chart)
    every = list(figure.iter())
    assert not {one.tag for one in every} & {"script", "style", "a", "foreignObject"}
    attributes = {name for one in every for name in one.attrib}
    assert not {name for name in attributes if name == "style" or name.startswith("on")}
    ids = Counter(one.attrib["id"] for one in every if "id" in one.attrib)
    assert max(ids.values()) == 1
    assert all(name == chart.key or name.startswith(f"{chart.key}-") for name in ids)
    _check_names(figure, set(ids))
    for drawing in (ET.fromstring(str(one)) for one in [*chart.wide, *chart.narrow]):
        _check_inside(drawing)
    head, *rows = figure.iter("tr")
    assert len(head) == len(chart.columns)
    assert [len(row) for row in rows] == [len(chart.columns)] * len(chart.rows)
    assert not any(one in {"None", "nan"} for row in chart.rows for one in row)


def _check_names(figure: ET.Element, ids: set[str]) -> None:
    """Who does not see a drawing is told its name and what it says; all references lead there."""
    named = [one for one in figure.iter("svg") if one.get("aria-hidden") != "true"]
    assert len(named) >= 2
    for one in named:
        assert one.get("role") == "img"
        assert {one.attrib["aria-labelledby"], one.attrib["aria-describedby"]} <= ids
    text = ET.tostring(figure, encoding="unicode")
    assert set(_REFERENCE.findall(text)) <= ids


def _check_inside(drawing: ET.Element) -> None:
    """No words stand outside of the drawing."""
    width, height = map(float, drawing.attrib["viewBox"].split()[2:])
    for one in drawing.iter("text"):
        classes = one.get("class", "").split()
        size = width_of(one.text or "", 12.0)
        share = 1.0 if "e" in classes else 0.5 if "m" in classes else 0.0
        begin = float(one.attrib["x"]) - share * size
        assert begin >= -6, one.text
        assert begin + size <= width + 6, one.text
        assert 0 <= float(one.attrib["y"]) <= height, one.text
