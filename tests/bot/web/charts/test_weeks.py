"""Posts a week: columns stand on each other, small platforms are joined, the table has all."""

from __future__ import annotations

import re
from datetime import date, timedelta

from bot.domain.charting import Weeks
from bot.web.charts import weeks
from tests.bot.web.charts.reading import check, drawings

MONDAY = date(2026, 1, 5)
NAMES = ("wechat", "weibo", "douyin", "website", "channels", "toutiao", "zhihu")


def values(number: int, *, begun: int, platforms: tuple[str, ...] = NAMES) -> Weeks:
    mondays = tuple(MONDAY + timedelta(days=7 * at) for at in range(number))
    counts = {
        name: tuple((10 - rank) if at < begun else 0 for at in range(number))
        for rank, name in enumerate(platforms)
    }
    today = MONDAY + timedelta(days=7 * begun - 3)
    return Weeks(weeks=mondays, today=today, known=(True,) * number, platforms=counts)


def test_small_platforms_are_joined_in_the_drawing_and_not_in_the_table() -> None:
    chart = weeks.chart(values(53, begun=40), "w")
    check(chart)
    wide, narrow = drawings(chart)
    assert len([one for one in wide.iter("path") if " s" in one.get("class", "")]) == 5
    assert len(chart.columns) == 1 + len(NAMES) + 1
    assert [row[1:] for row in chart.rows] == [("10", "9", "8", "7", "6", "5", "4", "49")] * 40
    columns = [one for one in narrow.iter("path") if one.get("class", "").startswith("s ")]
    assert [one.attrib["d"].count("M") for one in columns] == [26] * 5


def test_each_column_stands_on_the_one_below() -> None:
    wide, _narrow = drawings(weeks.chart(values(4, begun=4, platforms=NAMES[:2]), "w"))
    lower, upper = (
        one.attrib["d"].split("M")[1].split("h")
        for one in wide.iter("path")
        if one.get("class", "").startswith("s ")
    )
    top_of_lower = float(lower[0].split()[1])
    upper_top, upper_high = float(upper[0].split()[1]), float(upper[1].split("v")[1])
    assert abs(upper_top + upper_high - top_of_lower) < 0.2


def test_weeks_nobody_read_are_hatched_and_in_no_average() -> None:
    """Two weeks were not read; of one of them a post is known all the same."""
    known = (True, False, False, True, True)
    some = Weeks(
        weeks=values(5, begun=5).weeks,
        today=MONDAY + timedelta(days=40),
        known=known,
        platforms={"wechat": (30, 0, 1, 40, 50)},
    )
    chart = weeks.chart(some, "w")
    check(chart)
    cells = [row[-1] for row in chart.rows]
    assert (cells[0], cells[2], cells[3]) == ("30", "≥1", "40")
    assert cells[1] not in {"0", "≥0"}
    assert [int(one) for one in re.findall(r"\d+", chart.summary)] == [121, 3, 40, 30, 50, 2]
    wide, _narrow = drawings(chart)
    (hatched,) = [one for one in wide.iter("path") if one.get("class") == "s u"]
    assert hatched.attrib["d"].count("M") == 2


def test_weeks_to_come_and_a_matrix_without_posts_are_drawn_too() -> None:
    check(weeks.chart(values(53, begun=0), "w"))
    check(weeks.chart(values(2, begun=1, platforms=()), "w"))
