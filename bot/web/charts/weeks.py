"""Posts a week, each platform with a texture of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import repeat

from markupsafe import Markup

from bot.domain import words as fixed
from bot.domain.charting import WEEK, Weeks
from bot.i18n import _
from bot.web.charts import words
from bot.web.charts.figure import Chart, Entry, Frame, drawing, frames
from bot.web.charts.scale import Scale, ticks
from bot.web.charts.svg import box, el, line, path, square, text
from bot.web.charts.textures import SERIES, series, unknown

_HEIGHT, _TOP, _FOOT = 300.0, 14.0, 30.0
_LEFT, _RIGHT = 48.0, 6.0
_FILLED = 0.74  # of a week's place
_ON_PHONES = 26  # weeks
_SUNDAY = timedelta(days=6)


def chart(values: Weeks, key: str) -> Chart:
    """The biggest platforms below, what is left of them on top; the table has each by itself."""
    wide, narrow = frames(key)
    title = _("Posts a week by platform")
    summary = _summary(values)
    shown = _begun(values)
    few = replace(values, platforms=_joined(values.platforms), weeks=values.weeks)
    drawn = [
        drawing(frame, _HEIGHT, *_inside(_last(few, frame), frame), title=title, desc=summary)
        for frame in (wide, narrow)
    ]
    return Chart(
        key=key,
        title=title,
        summary=summary,
        wide=drawn[:1],
        narrow=drawn[1:],
        legend=_legend(few, key),
        notes=_notes(values),
        columns=(_("week"), *map(_name, values.platforms), _("all")),
        rows=[_row(values, at) for at in range(shown)],
    )


def _name(platform: str) -> str:
    return fixed.platform(platform) if platform else _("others")


def _legend(few: Weeks, key: str) -> list[Entry]:
    found = [
        Entry(mark=box(1.5, 1.5, 15, 11, **series(key, number)), words=_name(platform))
        for number, platform in enumerate(few.platforms, start=1)
    ]
    if any(map(_is_unknown, few.weeks, few.known, repeat(few.today))):
        found.append(Entry(mark=box(1.5, 1.5, 15, 11, **unknown(key)), words=_("not known")))
    return found


def _is_over(monday: date, today: date) -> bool:
    return monday + WEEK <= today


def _is_unknown(monday: date, known: bool, today: date) -> bool:
    """True of a week that is over and of which not all is known."""
    return _is_over(monday, today) and not known


def _begun(values: Weeks) -> int:
    """How many of the weeks have begun."""
    return sum(monday <= values.today for monday in values.weeks)


def _summary(values: Weeks) -> str:
    weeks = enumerate(values.weeks)
    over = [at for at, monday in weeks if _is_over(monday, values.today)]
    read = [at for at in over if values.known[at]]
    sums = _sums(values.platforms, len(values.weeks))
    if not over:
        return _("{posts} posts; no week is over yet.").format(posts=words.number(sum(sums)))
    if not read:
        none = _("{posts} posts are known; no week is known in whole.")
        return none.format(posts=words.number(sum(sums)))
    said = _("{posts} posts; in weeks that are over {mean} on average, from {low} to {high}.")
    if len(read) < len(over):
        said = _(
            "{posts} posts are known; in the {weeks} weeks known in whole {mean} on average, from "
            "{low} to {high}; of {unknown} weeks not all is known."
        )
    return said.format(
        posts=words.number(sum(sums)),
        weeks=len(read),
        unknown=len(over) - len(read),
        mean=words.number(round(sum(sums[at] for at in read) / len(read))),
        low=words.number(min(sums[at] for at in read)),
        high=words.number(max(sums[at] for at in read)),
    )


def _notes(values: Weeks) -> list[str]:
    begun = _begun(values)
    unfinished = begun and values.weeks[begun - 1] + WEEK > values.today
    notes = [_("Weeks begin on Monday. Deleted posts do not count.")]
    if any(map(_is_unknown, values.weeks, values.known, repeat(values.today))):
        notes.append(_("≥: not all accounts were read through this week; there may be more."))
    return [*notes, _("The last week is not over yet.")] if unfinished else notes


def _sums(platforms: Mapping[str, Sequence[int]], weeks: int) -> list[int]:
    return [sum(counts[at] for counts in platforms.values()) for at in range(weeks)]


def _joined(platforms: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """The biggest ones, and all others as the platform ""."""
    names = list(platforms)
    if len(names) <= SERIES:
        return dict(platforms)
    rest = [platforms[name] for name in names[SERIES - 1 :]]
    others = tuple(map(sum, zip(*rest, strict=True)))
    return {name: platforms[name] for name in names[: SERIES - 1]} | {"": others}


def _last(values: Weeks, frame: Frame) -> Weeks:
    """The weeks that a phone has room for."""
    if not frame.narrow:
        return values
    end = _begun(values)
    part = slice(max(end - _ON_PHONES, 0), max(end, _ON_PHONES))
    platforms = {name: counts[part] for name, counts in values.platforms.items()}
    return replace(values, weeks=values.weeks[part], known=values.known[part], platforms=platforms)


def _inside(values: Weeks, frame: Frame) -> list[Markup]:
    sums = _sums(values.platforms, len(values.weeks))
    named = ticks(max([*sums, 1]), 5)
    y = Scale(low=0, high=named[-1], start=_HEIGHT - _FOOT, end=_TOP)
    count = max(len(values.weeks), 1)
    x = Scale(low=0, high=count, start=_LEFT, end=frame.width - _RIGHT)
    return [
        _counts(named, x, y),
        *_unread(values, x, y, frame),
        *_columns(values, x, y, frame),
        _months(values.weeks, x),
    ]


def _unread(values: Weeks, x: Scale, y: Scale, frame: Frame) -> list[Markup]:
    """The whole height of weeks that may have had any number."""
    width = x(1) - x(0)
    d = "".join(
        square(x(at), _TOP, width, y.start - _TOP)
        for at, monday in enumerate(values.weeks)
        if _is_unknown(monday, values.known[at], values.today)
    )
    return [path(d, **unknown(frame.chart))] if d else []


def _counts(named: Sequence[int], x: Scale, y: Scale) -> Markup:
    marks = []
    for value in named:
        height = y(value)
        marks.append(line(x.start, height, x.end, height, "grid" if value else "axis"))
        marks.append(text(x.start - 8, height + 4, words.number(value), "e"))
    return el("g", *marks, class_="q")


def _columns(values: Weeks, x: Scale, y: Scale, frame: Frame) -> list[Markup]:
    """One path a platform."""
    width = (x(1) - x(0)) * _FILLED
    below = [0] * len(values.weeks)
    found = []
    for number, counts in enumerate(values.platforms.values(), start=1):
        d = ""
        for at, count in enumerate(counts):
            if count:
                top = y(below[at] + count)
                d += square(x(at + 0.5) - width / 2, top, width, y(below[at]) - top)
                below[at] += count
        found.append(path(d, **series(frame.chart, number)))
    return found


def _months(weeks: Sequence[date], x: Scale) -> Markup:
    """Each month below its first whole week."""
    marks, room = [], x.start - 1
    for at, monday in enumerate(weeks):
        if monday.day <= 7 and x(at) >= room:
            place = x(at)
            marks.append(line(place, _HEIGHT - _FOOT, place, _HEIGHT - _FOOT + 5, "axis"))
            name = words.month(monday.month)
            if place + 40 <= x.end:
                marks.append(text(place + 4, _HEIGHT - _FOOT + 17, name))
            room = place + 40
    return el("g", *marks, class_="q")


def _row(values: Weeks, at: int) -> tuple[str, ...]:
    monday = values.weeks[at]
    label = _("{first} to {last}").format(
        first=words.full_day(monday), last=words.day(monday + _SUNDAY)
    )
    counts = [counts[at] for counts in values.platforms.values()]
    return (label, *(_number(count, values.known[at]) for count in (*counts, sum(counts))))


def _number(count: int, known: bool) -> str:
    if known:
        return words.number(count)
    return f"≥{words.number(count)}" if count else _("not known")
