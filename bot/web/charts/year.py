"""A year as a calendar: how much was posted each day, and the health days."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, timedelta

from markupsafe import Markup

from bot.domain.charting import Day, Year
from bot.i18n import _
from bot.web.charts import words
from bot.web.charts.figure import Chart, Entry, Frame, drawing, frames
from bot.web.charts.svg import box, el, num, path, square, text
from bot.web.charts.textures import unknown

_SIDES = (2.0, 4.4, 6.6, 8.6, 10.4)  # of 0 posts, and of each step above; areas tell the amount
_WIDE, _NARROW = 14.4, 24.0  # from one day to the next
_LARGER = 1.6  # on a phone
_LEFT, _TOP = 30.0, 24.0
_NARROW_LEFT = 64.0


def chart(values: Year, key: str) -> Chart:
    """One year; the bigger a day's square, the more was posted."""
    wide, narrow = frames(key)
    title = _title(values)
    summary = _summary(values)
    levels = _levels([one.posts or 0 for one in values.days])
    drawn = [
        drawing(frame, _height(frame), *_inside(values, levels, frame), title=title, desc=summary)
        for frame in (wide, narrow)
    ]
    return Chart(
        key=key,
        title=title,
        summary=summary,
        wide=drawn[:1],
        narrow=drawn[1:],
        legend=_legend(levels, key),
        notes=_notes(values),
        columns=(_("day"), _("health day"), _("articles")),
        rows=_rows(values),
        numbers=2,
    )


def _title(values: Year) -> str:
    if values.title:
        return _("{unit}: posts a day in {year}").format(unit=values.title, year=values.year)
    return _("All units: posts a day in {year}").format(year=values.year)


def _summary(values: Year) -> str:
    past = [one for one in values.days if one.day <= values.today]
    busy = max(past, key=lambda one: one.posts or 0, default=None)
    found = _("{posts} posts; on {none} days none, of {unknown} days nobody knows.").format(
        posts=words.number(sum(one.posts or 0 for one in past)),
        none=sum(one.posts == 0 for one in past),
        unknown=sum(one.posts is None for one in past),
    )
    if busy is None or not busy.posts:
        return found
    return found + _(" Most came out on {day}: {posts}.").format(
        day=words.day(busy.day), posts=busy.posts
    )


def _notes(values: Year) -> list[str]:
    if not values.unreadable:
        return []
    return [
        _(
            "{count} accounts are on platforms that cannot be read; of theirs only what the bot "
            "published or a person reported is in here."
        ).format(count=values.unreadable)
    ]


def _levels(posts: Sequence[int]) -> list[int]:
    """From how many posts on each step begins: as many days in each as can be."""
    some = sorted(count for count in posts if count)
    steps = len(_SIDES) - 1
    if not some:
        return [1]
    wanted = {1, *(some[len(some) * number // steps] for number in range(1, steps))}
    return sorted(wanted)


def _level(levels: Sequence[int], posts: int) -> int:
    """0 for none, then the number of the step; the highest is always the biggest square."""
    step = bisect_right(levels, posts)
    return step + len(_SIDES) - 1 - len(levels) if step else 0


def _legend(levels: Sequence[int], key: str) -> list[Entry]:
    found = [Entry(mark=path(_mark(9, 7, _SIDES[0]), "day none"), words=_("none"))]
    for number, low in enumerate(levels):
        side = _SIDES[_level(levels, low)]
        high = levels[number + 1] - 1 if number + 1 < len(levels) else None
        label = f"{low}+" if high is None else str(low) if high == low else f"{low}–{high}"
        found.append(Entry(mark=path(_mark(9, 7, side), "day"), words=label))
    found.append(Entry(mark=box(4, 2, 10, 10, **unknown(key)), words=_("not known")))
    found.append(Entry(mark=path(_under(9, 6, 1.0), "health"), words=_("a health day begins")))
    return found


def _mark(x: float, y: float, side: float) -> str:
    return square(x - side / 2, y - side / 2, side, side)


def _under(x: float, y: float, size: float) -> str:
    """The stroke below a health day."""
    return f"M{num(x - 5.2 * size)} {num(y + 6.6 * size)}h{num(10.4 * size)}"


def _height(frame: Frame) -> float:
    return _TOP + (54 * _NARROW if frame.narrow else 7 * _WIDE) + 4


def _spot(day: date, frame: Frame) -> tuple[float, float]:
    """The middle of a day: weeks from left to right, on a phone from top to bottom."""
    first = date(day.year, 1, 1)
    week = ((day - first).days + first.weekday()) // 7
    if frame.narrow:
        pitch = (frame.width - _NARROW_LEFT) / 7
        return _NARROW_LEFT + pitch * (day.weekday() + 0.5), _TOP + _NARROW * (week + 0.5)
    return _LEFT + _WIDE * (week + 0.5), _TOP + _WIDE * (day.weekday() + 0.5)


def _inside(values: Year, levels: Sequence[int], frame: Frame) -> list[Markup]:
    size = _LARGER if frame.narrow else 1.0
    marks: dict[int, str] = {}
    unread = ""
    for one in values.days:
        x, y = _spot(one.day, frame)
        if one.posts is not None:
            level = _level(levels, one.posts)
            marks[level] = marks.get(level, "") + _mark(x, y, _SIDES[level] * size)
        elif one.day <= values.today:
            unread += _mark(x, y, 10 * size)
    days = [path(d, "day" if level else "day none") for level, d in sorted(marks.items())]
    hatched = [path(unread, **unknown(frame.chart))] if unread else []
    return [
        _weekdays(values.year, frame),
        _months(values.year, frame),
        *hatched,
        *days,
        _health(values, frame),
        *([] if frame.narrow else _tips(values)),
    ]


def _weekdays(year: int, frame: Frame) -> Markup:
    monday = date(year, 1, 8) - timedelta(days=date(year, 1, 8).weekday())
    marks = []
    for number in range(7):
        x, y = _spot(monday + timedelta(days=number), frame)
        if frame.narrow:
            marks.append(text(x, _TOP - 8, words.weekday(number), "m"))
        elif number % 2 == 0:
            marks.append(text(_LEFT - 10, y + 4, words.weekday(number), "e"))
    return el("g", *marks, class_="q")


def _months(year: int, frame: Frame) -> Markup:
    """Each month's name where it begins, and a line around its beginning."""
    marks = []
    for month in range(1, 13):
        first = date(year, month, 1)
        x, y = _spot(first, frame)
        name = words.month(month)
        if frame.narrow:
            marks.append(text(0, y + 4, name))
        else:
            marks.append(text(x - _WIDE / 2 + (_WIDE if first.weekday() else 0), _TOP - 8, name))
        if month > 1:
            marks.append(path(_edge(first, frame), "grid"))
    return el("g", *marks, class_="q")


def _edge(first: date, frame: Frame) -> str:
    """The line between a month and the one before it."""
    x, y = _spot(first, frame)
    if frame.narrow:
        pitch = (frame.width - _NARROW_LEFT) / 7
        top, left = y - _NARROW / 2, x - pitch / 2
        around = f"V{num(top)}H{num(frame.width)}" if first.weekday() else f"H{num(frame.width)}"
        begin = top + _NARROW if first.weekday() else top
        return f"M{num(_NARROW_LEFT)} {num(begin)}H{num(left)}{around}"
    left, top = x - _WIDE / 2, y - _WIDE / 2
    bottom = num(_TOP + 7 * _WIDE)
    if not first.weekday():
        return f"M{num(left)} {num(_TOP)}V{bottom}"
    return f"M{num(left + _WIDE)} {num(_TOP)}V{num(top)}H{num(left)}V{bottom}"


def _health(values: Year, frame: Frame) -> Markup:
    size = _LARGER if frame.narrow else 1.0
    marked = [_spot(one.day, frame) for one in values.days if one.health]
    return path("".join(_under(x, y, size) for x, y in marked), "health")


def _tips(values: Year) -> list[Markup]:
    """What a day was, for who points at it."""
    found = []
    for one in values.days:
        x, y = _spot(one.day, Frame(key="", chart="", width=0, narrow=False))
        tip = " · ".join([words.day(one.day), _posts(one, values), *one.health])
        corner = (x - _WIDE / 2, y - _WIDE / 2)
        found.append(el("rect", el("title", tip), x=corner[0], y=corner[1], class_="tip"))
    return found


def _posts(one: Day, values: Year) -> str:
    if one.day > values.today:
        return "–"
    return _("not known") if one.posts is None else str(one.posts)


def _rows(values: Year) -> list[tuple[str, ...]]:
    return [
        (words.full_day(one.day), _(", ").join(one.health), _posts(one, values))
        for one in values.days
        if one.day <= values.today or one.health
    ]
