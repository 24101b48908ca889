"""Planned against actual time: when it was planned, and how many minutes later it was public."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import copysign, log2, sqrt

from markupsafe import Markup

from bot.domain.charting import Delays, Punctuality
from bot.i18n import _
from bot.web.charts import words
from bot.web.charts.figure import Chart, Entry, Frame, drawing, frames
from bot.web.charts.scale import Scale, first_of
from bot.web.charts.svg import box, el, line, num, path, text

_HEIGHT, _TOP, _FOOT = 300.0, 14.0, 30.0
_LEFT, _RIGHT = 74.0, 10.0
_NAMED_MIN = (-1440, -240, -60, -15, -5, 0, 5, 15, 60, 240, 1440, 4320, 10080)
_STEPS_DAYS = (1, 2, 5, 7, 10, 14, 30)
_LONG_DAYS = 62  # a longer period has its months named
_ACROSS, _DOWN = 12.0, 8.0  # publications nearer than this to each other are one dot
_SMALLEST, _BIGGEST = 1.9, 5.9
_EARLY, _LATE = -6, 60  # minutes that are shown in any case
_DAY = timedelta(days=1)


def chart(values: Punctuality, key: str) -> Chart:
    """Each dot some publications; the further up, the later they were. Hours are drawn shorter
    than minutes, or the few late ones would press all others flat."""
    wide, narrow = frames(key)
    title = _("Planned and actual time")
    summary = _summary(values)
    drawn = [
        drawing(frame, _HEIGHT, *_inside(values, frame), title=title, desc=summary)
        for frame in (wide, narrow)
    ]
    dots = [(1, _("one")), (10, _("ten"))]
    return Chart(
        key=key,
        title=title,
        summary=summary,
        wide=drawn[:1],
        narrow=drawn[1:],
        legend=[
            *(Entry(mark=path(_dot(9, 7, _radius(n)), "dot"), words=name) for n, name in dots),
            Entry(mark=path(_dot(9, 7, 4), "dot ring"), words=_("published by a person")),
            Entry(mark=box(0, 3, 18, 8, class_="band"), words=_window(values.on_time_min)),
        ],
        columns=(
            *(_("day"), _("published"), _("on time"), _("share")),
            *(_("later"), _("earlier"), _("latest")),
        ),
        rows=_rows(values),
    )


def _window(on_time_min: int) -> str:
    return _("on time: within {count} minutes").format(count=on_time_min)


@dataclass(frozen=True, kw_only=True)
class _Sum:
    """How punctual some publications were."""

    all: int
    on_time: int
    later: int
    earlier: int
    latest: int | None  # minutes


def _sum(delays: Iterable[Delays], on_time_min: int) -> _Sum:
    found: Counter[str] = Counter()
    latest = None
    for one in delays:
        late = one.delay_min > on_time_min
        found["later" if late else "earlier" if one.delay_min < 0 else "on_time"] += one.count
        latest = one.delay_min if latest is None else max(latest, one.delay_min)
    return _Sum(
        all=found.total(),
        on_time=found["on_time"],
        later=found["later"],
        earlier=found["earlier"],
        latest=latest,
    )


def _summary(values: Punctuality) -> str:
    total = _sum(values.delays, values.on_time_min)
    if not values.planned:
        return _("Nothing was planned in this time.")
    if total.latest is None:
        return _("Nothing that was planned in this time is public.")
    return _(
        "{all} planned publications are public: {on_time} on time ({share}), {later} later, "
        "{earlier} earlier. The latest was {latest} late."
    ).format(
        all=words.number(total.all),
        on_time=words.number(total.on_time),
        share=words.share(total.on_time, total.all),
        later=words.number(total.later),
        earlier=words.number(total.earlier),
        latest=words.length(max(total.latest, 0)),
    )


def _bent(minutes: float) -> float:
    """Minutes on an axis where each doubling is as long as the last."""
    return copysign(log2(1 + abs(minutes)), minutes)


def _inside(values: Punctuality, frame: Frame) -> list[Markup]:
    low = min([_EARLY, *(one.delay_min for one in values.delays)])
    high = max([_LATE, values.on_time_min, *(one.delay_min for one in values.delays)])
    y = Scale(low=_bent(low) * 1.15, high=_bent(high) * 1.04, start=_HEIGHT - _FOOT, end=_TOP)
    span = (values.until - values.since) / _DAY
    x = Scale(low=0, high=span, start=_LEFT, end=frame.width - _RIGHT)
    top = y(_bent(values.on_time_min))
    window = box(_LEFT, top, x.end - _LEFT, y(0) - top, class_="band")
    return [window, _minutes(x, y, low, high), _days(values, x, frame), *_dots(values, x, y)]


def _minutes(x: Scale, y: Scale, low: float, high: float) -> Markup:
    marks = []
    for value in _NAMED_MIN:
        if low <= value <= high:
            height = y(_bent(value))
            marks.append(line(x.start, height, x.end, height, "grid" if value else "axis"))
            marks.append(text(x.start - 8, height + 4, _named(value), "e"))
    return el("g", *marks, class_="q")


def _named(minutes: int) -> str:
    if minutes == 0:
        return _("as planned")
    return words.length(minutes) if minutes > 0 else f"−{words.length(-minutes)}"


def _days(values: Punctuality, x: Scale, frame: Frame) -> Markup:
    bottom = _HEIGHT - _FOOT
    marks = [line(x.start, bottom, x.end, bottom, "grid")]
    for at, name in _named_days(values, frame):
        place = x(at)
        marks.append(line(place, bottom, place, bottom + 4, "axis"))
        marks.append(text(place, bottom + 18, name, "m"))
    return el("g", *marks, class_="q")


def _named_days(values: Punctuality, frame: Frame) -> list[tuple[int, str]]:
    """Which days of the period are named, and how."""
    first = values.since.astimezone(values.zone).date()
    span = round((values.until - values.since) / _DAY)
    if span > _LONG_DAYS:
        days = [(number, first + number * _DAY) for number in range(span)]
        months = [(number, words.month(day.month)) for number, day in days if day.day == 1]
        return months[:: 2 if frame.narrow else 1]
    step = first_of(_STEPS_DAYS, span, 5 if frame.narrow else 10)
    # The last name must not stand beyond the edge.
    shown = [number for number in range(0, span, step) if span - number >= span / 16]
    return [(number, words.day(first + number * _DAY)) for number in shown]


def _dots(values: Punctuality, x: Scale, y: Scale) -> list[Markup]:
    """One path of what the bot published, one of what people did; near ones are one dot."""
    places: dict[bool, Counter[tuple[int, int]]] = {False: Counter(), True: Counter()}
    for one in values.delays:
        across = x((one.due_at - values.since) / _DAY)
        spot = int(across / _ACROSS), round(y(_bent(one.delay_min)) / _DOWN)
        places[one.by_hand][spot] += one.count
    drawn = []
    for by_hand, class_ in ((False, "dot"), (True, "dot ring")):
        d = "".join(
            _dot((across + 0.5) * _ACROSS, down * _DOWN, _radius(count))
            for (across, down), count in sorted(places[by_hand].items())
        )
        drawn += [path(d, class_)] if d else []
    return drawn


def _radius(count: int) -> float:
    return min(_SMALLEST * sqrt(count), _BIGGEST)


def _dot(x: float, y: float, r: float) -> str:
    r_, wide = num(r), num(2 * r)
    return f"M{num(x - r)} {num(y)}a{r_} {r_} 0 1 0 {wide} 0a{r_} {r_} 0 1 0 -{wide} 0z"


def _rows(values: Punctuality) -> list[tuple[str, ...]]:
    by_day: dict[date, list[Delays]] = defaultdict(list)
    for one in values.delays:
        by_day[_day(one.due_at, values)].append(one)
    return [_row(day, _sum(by_day[day], values.on_time_min)) for day in sorted(by_day)]


def _day(at: datetime, values: Punctuality) -> date:
    return at.astimezone(values.zone).date()


def _row(day: date, total: _Sum) -> tuple[str, ...]:
    return (
        words.full_day(day),
        str(total.all),
        str(total.on_time),
        words.share(total.on_time, total.all),
        str(total.later),
        str(total.earlier),
        words.length(max(total.latest or 0, 0)),
    )
