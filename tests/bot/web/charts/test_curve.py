"""The repost curve: share of the required units, unknown ones as a band, never as missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from bot.domain.charting import Curve
from bot.web.charts import curve
from bot.web.charts.figure import Chart
from tests.bot.web.charts.reading import check, drawings

OUT = datetime(2026, 5, 18, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
CLOSED = Curve(
    title="<世界无烟日>",
    released_at=OUT,
    deadline_at=OUT + 24 * HOUR,
    as_of=OUT + 80 * HOUR,
    zone=UTC,
    required=10,
    carried=(OUT, OUT + HOUR, OUT + HOUR, OUT + 30 * HOUR),
    open=0,
    missing=4,
    unknown=2,
    exempt=1,
    optional=1,
)


def hatched(chart: Chart) -> int:
    return sum("fill" in one.attrib for one in drawings(chart)[0].iter("path"))


def test_each_step_is_a_row_and_the_band_is_there() -> None:
    chart = curve.chart(CLOSED, "c")
    check(chart)
    assert [row[1:] for row in chart.rows] == [
        ("0.0", "1", "10%"),
        ("1.0", "3", "30%"),
        ("30.0", "4", "40%"),
    ]
    assert hatched(chart) == 1
    assert hatched(curve.chart(replace(CLOSED, unknown=0, missing=6), "c")) == 0


def test_the_line_rises_by_the_share_of_one_unit() -> None:
    wide, _narrow = drawings(curve.chart(CLOSED, "c"))
    d = next(one.attrib["d"] for one in wide.iter("path") if one.get("class") == "curve")
    heights = [float(part.split("H")[0]) for part in d.split("V")[1:]]
    steps = [before - after for before, after in pairwise(heights)]
    assert all(abs(step - steps[0]) < 0.2 for step in steps)


def test_what_is_not_released_or_asked_of_nobody_has_a_deadline_and_no_curve() -> None:
    early = replace(CLOSED, released_at=None, carried=(), as_of=OUT - HOUR, missing=0, unknown=0)
    for one in (early, replace(CLOSED, required=0, carried=(), missing=0, unknown=0)):
        chart = curve.chart(one, "c")
        check(chart)
        assert not [
            path for path in drawings(chart)[0].iter("path") if path.get("class") == "curve"
        ]
        assert chart.rows == []


def test_a_unit_that_was_earlier_than_the_first_release_stands_at_its_hour() -> None:
    chart = curve.chart(replace(CLOSED, carried=(OUT - HOUR, OUT)), "c")
    check(chart)
    assert chart.rows[0][1] == "0.0"
