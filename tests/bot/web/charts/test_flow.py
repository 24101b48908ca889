"""The flow: everything planned leaves on one side as much as arrives on the other."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from xml.etree import ElementTree as ET

from bot.domain.charting import Flow, Outcome
from bot.domain.post import Kind
from bot.web.charts import flow
from tests.bot.web.charts.reading import check, drawings

SINCE, UNTIL = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)


def values(counts: dict[tuple[Kind, Outcome], int]) -> Flow:
    return Flow(since=SINCE, until=UNTIL, zone=UTC, counts=counts)


ALL = {(kind, one): 1 + 40 * number for kind in Kind for number, one in enumerate(Outcome)}


def boxes(drawing: ET.Element) -> dict[str, list[tuple[float, float]]]:
    """By where a column stands: top and bottom of its nodes."""
    found: dict[str, list[tuple[float, float]]] = {}
    for one in drawing.iter("rect"):
        top, height = float(one.attrib["y"]), float(one.attrib["height"])
        found.setdefault(one.attrib["x"], []).append((top, top + height))
    return found


def test_all_outcomes_are_rows_and_their_sums_agree() -> None:
    chart = flow.chart(values(ALL), "f")
    check(chart)
    assert len(chart.rows) == len(Outcome)
    sums = [int(row[3].replace(",", "")) for row in chart.rows]
    assert sums == [2 * (1 + 40 * number) for number in range(len(Outcome))]


def test_nodes_do_not_touch_and_both_sides_are_as_high() -> None:
    counts = {
        (Kind.ORIGINAL, Outcome.PUBLISHED): 400,
        (Kind.REPRINT, Outcome.PUBLISHED): 400,
        (Kind.REPRINT, Outcome.FAILED): 200,
    }
    for drawing in drawings(flow.chart(values(counts), "f")):
        left, right = boxes(drawing).values()
        for column in (left, right):
            assert all(above[1] < below[0] for above, below in pairwise(column))
        highs = [sum(bottom - top for top, bottom in column) for column in (left, right)]
        assert abs(highs[0] - highs[1]) < 0.5
        assert sum("stream" in one.get("class", "") for one in drawing.iter("path")) == 3


def test_one_kind_alone_and_nothing_at_all_are_drawn_too() -> None:
    check(flow.chart(values({(Kind.REPRINT, Outcome.UNKNOWN): 1}), "f"))
    chart = flow.chart(values({}), "f")
    check(chart)
    assert chart.rows == []
