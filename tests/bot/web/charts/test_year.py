"""The year as a calendar: none, some, not known and to come look different."""

from __future__ import annotations

from datetime import date, timedelta
from xml.etree import ElementTree as ET

from bot.domain.charting import Day, Year
from bot.web.charts import year
from tests.bot.web.charts.reading import check, drawings

TODAY = date(2028, 3, 10)


def made(**posts: int | None) -> Year:
    """2028, a leap year; by default two posts on each day gone by."""
    first = date(2028, 1, 1)
    days = [first + timedelta(days=number) for number in range(366)]
    return Year(
        title="市<疾控>中心",
        year=2028,
        today=TODAY,
        unreadable=1,
        days=tuple(
            Day(
                day=day,
                posts=None if day > TODAY else posts.get(f"d{day:%m%d}", 2),
                health=("世界无烟日",) if day == date(2028, 5, 31) else (),
            )
            for day in days
        ),
    )


def squares(drawing: ET.Element, class_: str) -> int:
    return sum(
        one.attrib["d"].count("M") for one in drawing.iter("path") if one.get("class") == class_
    )


def test_none_some_and_not_known_are_told_apart_and_what_is_to_come_is_blank() -> None:
    chart = year.chart(made(d0101=0, d0102=None, d0103=40), "y")
    check(chart)
    for drawing in drawings(chart):
        assert squares(drawing, "day none") == 1
        assert squares(drawing, "s u") == 1
        assert squares(drawing, "day") == 31 + 29 + 10 - 2
        assert squares(drawing, "health") == 1
    posts = [row[2] for row in chart.rows]
    assert len(posts) == 31 + 29 + 10 + 1
    assert (posts[0], posts[-1]) == ("0", "–")


def test_more_posts_are_a_bigger_square() -> None:
    chart = year.chart(made(d0101=1, d0102=9, d0103=40, d0104=200), "y")
    wide, _narrow = drawings(chart)
    sides = {
        one.attrib["d"].split("h")[1].split("v")[0]
        for one in wide.iter("path")
        if one.get("class") == "day"
    }
    assert len(sides) >= 2


def test_a_year_without_any_post_is_drawn_too() -> None:
    first = date(2026, 1, 1)
    days = tuple(Day(day=first + timedelta(days=n), posts=None) for n in range(365))
    check(year.chart(Year(title="", year=2026, today=first, days=days, unreadable=0), "y"))
