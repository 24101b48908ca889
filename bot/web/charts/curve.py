"""How a key item spread: the share of required units that had carried it, hour by hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup

from bot.domain.charting import Curve
from bot.i18n import _
from bot.web.charts import words
from bot.web.charts.figure import SIZE, Chart, Entry, Frame, drawing, frames
from bot.web.charts.scale import Scale, first_of, spread
from bot.web.charts.svg import box, el, line, num, path, text, width_of
from bot.web.charts.textures import unknown

_HEIGHT, _TOP, _FOOT = 320.0, 34.0, 44.0
_LEFT, _RIGHT = 44.0, 128.0
_NARROW_RIGHT = 14.0
_STEPS_H = (1, 2, 3, 4, 6, 12, 24, 48, 72, 168, 336)
_HOUR = timedelta(hours=1)
_GAP = 18.0  # between two labels, one below the other


def chart(values: Curve, key: str) -> Chart:
    """The curve of one key item. Units of unknown state are a band above it, never missing."""
    wide, narrow = frames(key)
    title = _("How “{title}” spread").format(title=values.title)
    summary = _summary(values)
    drawn = [
        drawing(frame, _HEIGHT, *_inside(values, frame), title=title, desc=summary)
        for frame in (wide, narrow)
    ]
    return Chart(
        key=key,
        title=title,
        summary=summary,
        wide=drawn[:1],
        narrow=drawn[1:],
        legend=_legend(values, key),
        notes=_notes(values),
        columns=(_("time"), _("hours after the first release"), _("units"), _("share")),
        rows=_rows(values),
    )


def _summary(values: Curve) -> str:
    if values.released_at is None:
        return _("The key item is not released yet; the deadline is {deadline}.").format(
            deadline=words.moment(values.deadline_at, values.zone)
        )
    done, now = values.by(values.deadline_at), len(values.carried)
    if values.as_of <= values.deadline_at:
        return _(
            "{done} of {required} required units have carried it ({share}); the deadline is "
            "{deadline}."
        ).format(
            done=now,
            required=values.required,
            share=words.share(now, values.required),
            deadline=words.moment(values.deadline_at, values.zone),
        )
    return _(
        "Of {required} required units {done} carried it by the deadline ({share}) and {late} "
        "later; {missing} did not, of {unknown} nobody knows."
    ).format(
        required=values.required,
        done=done,
        share=words.share(done, values.required),
        late=now - done,
        missing=values.missing,
        unknown=values.unknown,
    )


def _legend(values: Curve, key: str) -> list[Entry]:
    found = [
        Entry(mark=line(0, 7, 18, 7, "curve"), words=_("carried it")),
        Entry(mark=line(9, 0, 9, 14, "limit dash"), words=_("deadline")),
    ]
    if values.unknown:
        mark = box(0.5, 2, 17, 10, **unknown(key))
        found.append(Entry(mark=mark, words=_("may have carried it: not known")))
    return found


def _notes(values: Curve) -> list[str]:
    beside = values.exempt + values.optional
    found = [_("As of {when}.").format(when=words.full_moment(values.as_of, values.zone))]
    if beside:
        found.append(
            _("Not required, and not in it: {exempt} exempt, {optional} that may carry it.").format(
                exempt=values.exempt, optional=values.optional
            )
        )
    return found


@dataclass(frozen=True, kw_only=True)
class _Plot:
    """The area between the axes."""

    begin: datetime
    end: datetime
    hours: Scale
    shares: Scale

    def x(self, at: datetime) -> float:
        return self.hours((at - self.begin) / _HOUR)


def _plot(values: Curve, frame: Frame) -> _Plot:
    begin = values.released_at or values.deadline_at - 24 * _HOUR
    last = max((*values.carried, begin + _HOUR))
    # A day after the deadline all that matters has happened, unless somebody was later still.
    end = max(values.deadline_at, last, min(values.as_of, values.deadline_at + 6 * _HOUR))
    hours = (end - begin) / _HOUR
    right = frame.width - (_NARROW_RIGHT if frame.narrow else _RIGHT)
    return _Plot(
        begin=begin,
        end=min(end, max(values.as_of, begin)),
        hours=Scale(low=0, high=hours * 1.02, start=_LEFT, end=right),
        shares=Scale(low=0, high=1, start=_HEIGHT - _FOOT, end=_TOP),
    )


def _inside(values: Curve, frame: Frame) -> list[Markup]:
    plot = _plot(values, frame)
    found = [_shares(plot), _hours(plot, frame)]
    if values.released_at is None or not values.required:
        return [*found, *_deadline(values, plot)]
    if values.unknown:
        found.append(path(_band(values, plot), **unknown(frame.chart)))
    found.append(path(_steps(values, plot), "curve"))
    return [*found, *_deadline(values, plot), *_labels(values, plot, frame)]


def _shares(plot: _Plot) -> Markup:
    start, end = plot.hours.start, plot.hours.end
    marks = []
    for percent in (0, 25, 50, 75, 100):
        y = plot.shares(percent / 100)
        marks.append(line(start, y, end, y, "axis" if percent == 0 else "grid"))
        marks.append(text(start - 8, y + 4, f"{percent}%", "e"))
    return el("g", *marks, class_="q")


def _hours(plot: _Plot, frame: Frame) -> Markup:
    bottom = plot.shares.start
    step = first_of(_STEPS_H, plot.hours.high, 6 if frame.narrow else 12)
    marks = []
    for hour in range(0, int(plot.hours.high) + 1, step):
        x = plot.hours(hour)
        marks.append(line(x, bottom, x, bottom + 4, "axis"))
        marks.append(text(x, bottom + 18, str(hour), "m"))
    words_ = _("hours after the first release")
    marks.append(text(plot.hours.start, bottom + 36, words_))
    return el("g", *marks, class_="q")


def _steps(values: Curve, plot: _Plot) -> str:
    """A line that rises where a unit carried it."""
    d = f"M{num(plot.hours.start)} {num(plot.shares(0))}"
    for count, at in enumerate(values.carried, start=1):
        d += f"H{num(plot.x(at))}V{num(plot.shares(count / values.required))}"
    return d + f"H{num(plot.x(plot.end))}"


def _band(values: Curve, plot: _Plot) -> str:
    """From the curve up to where it would be had all unknown units carried it."""

    def height(count: int) -> str:
        return num(plot.shares(min(count, values.required) / values.required))

    start, end = num(plot.hours.start), num(plot.x(plot.end))
    up = f"M{start} {height(values.unknown)}"
    down = f"V{height(len(values.carried))}"
    for count, at in enumerate(values.carried, start=1):
        up += f"H{num(plot.x(at))}V{height(count + values.unknown)}"
    for count in range(len(values.carried), 0, -1):
        down += f"H{num(plot.x(values.carried[count - 1]))}V{height(count - 1)}"
    return f"{up}H{end}{down}H{start}z"


def _deadline(values: Curve, plot: _Plot) -> list[Markup]:
    x = plot.x(values.deadline_at)
    label = _("deadline {when}").format(when=words.moment(values.deadline_at, values.zone))
    half = width_of(label, SIZE) / 2
    middle = min(max(x, plot.hours.start + half), plot.hours.end - half)
    return [
        line(x, _TOP - 6, x, plot.shares.start, "limit dash"),
        text(middle, _TOP - 14, label, "m strong"),
    ]


def _labels(values: Curve, plot: _Plot, frame: Frame) -> list[Markup]:
    """What the curve has come to, beside its end; on a phone within the area, below the curve."""
    count = len(values.carried)
    ends = [(count, _("{count} carried it").format(count=count), "strong")]
    if values.unknown:
        unknown_ = _("{count} not known").format(count=values.unknown)
        ends.insert(0, (count + values.unknown, unknown_, "q"))
    wanted = [plot.shares(of / values.required) + 4 for of, _label, _class in ends]
    x = plot.x(plot.end)
    if frame.narrow and x > frame.width / 2:
        below = plot.shares(count / values.required) + 20
        places = [below + _GAP * at for at in range(len(ends))][::-1]
        return [
            text(x - 6, y, label, f"e halo {class_}")
            for y, (_of, label, class_) in zip(places, ends, strict=True)
        ]
    places = spread(wanted, _GAP, _TOP, plot.shares.start)
    return [
        text(x + 8, y, label, f"halo {class_}")
        for y, (_of, label, class_) in zip(places, ends, strict=True)
    ]


def _rows(values: Curve) -> list[tuple[str, ...]]:
    """Each step, units that did it at the same minute together."""
    if values.released_at is None:
        return []
    rows: dict[str, tuple[str, ...]] = {}
    for count, at in enumerate(values.carried, start=1):
        hours = max((at - values.released_at) / _HOUR, 0.0)
        when = words.full_moment(at, values.zone)
        rows[when] = (when, f"{hours:.1f}", str(count), words.share(count, values.required))
    return list(rows.values())
