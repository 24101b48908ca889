"""What became of what was planned: from originals and reprints to published, held, failed …"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from bot.domain.charting import Flow, Outcome
from bot.domain.post import Kind
from bot.i18n import N_, _
from bot.web.charts import words
from bot.web.charts.figure import SMALL, Chart, Frame, drawing, frames
from bot.web.charts.svg import box, el, fitted, num, path, text

_TOP = 8.0
_FULL = 190.0  # as high as all publications together
_GAP = 5.0  # between two ends
_LABEL = 19.0  # each end has at least this for its label
_BAR = 9.0
_THIN = 6.0  # streams below this are drawn darker, or they would not be seen
_LEAST = 1.4  # what is one of thousands is seen, too
_NAMES = {
    Outcome.PUBLISHED: N_("published"),
    Outcome.CARRIED_BY_HAND: N_("carried by the unit itself"),
    Outcome.WAITING: N_("to come"),
    Outcome.HANDED_OFF: N_("handed off"),
    Outcome.HELD: N_("held"),
    Outcome.UNKNOWN: N_("outcome unknown"),
    Outcome.FAILED: N_("failed"),
    Outcome.MISSED: N_("missed"),
    Outcome.CANCELLED: N_("cancelled"),
}
_LOOKS = {
    Outcome.PUBLISHED: "done",
    Outcome.CARRIED_BY_HAND: "done",
    Outcome.WAITING: "calm",
    Outcome.CANCELLED: "calm",
    Outcome.FAILED: "alarm",
    Outcome.MISSED: "alarm",
}  # the others wait for a person
_KINDS = {Kind.ORIGINAL: N_("originals"), Kind.REPRINT: N_("reprints")}


def chart(values: Flow, key: str) -> Chart:
    """The flow of one period."""
    wide, narrow = frames(key)
    title = _("From planned to published")
    summary = _summary(values)
    drawn = [_draw(values, frame, title=title, desc=summary) for frame in (wide, narrow)]
    return Chart(
        key=key,
        title=title,
        summary=summary,
        wide=drawn[:1],
        narrow=drawn[1:],
        columns=(_("outcome"), *(_(_KINDS[kind]) for kind in _KINDS), _("all"), _("share")),
        rows=_rows(values),
    )


def _summary(values: Flow) -> str:
    every = sum(values.counts.values())
    if not every:
        return _("Nothing was planned in this time.")
    ends = _by_outcome(values)
    done = ends.get(Outcome.PUBLISHED, 0) + ends.get(Outcome.CARRIED_BY_HAND, 0)
    return _(
        "Of {all} planned publications {done} are out ({share}), {by_unit} of them by hand."
    ).format(
        all=words.number(every),
        done=words.number(done),
        share=words.share(done, every),
        by_unit=words.number(ends.get(Outcome.CARRIED_BY_HAND, 0)),
    )


def _by_outcome(values: Flow) -> dict[Outcome, int]:
    """The outcomes there are, in their order."""
    sums = {one: sum(values.counts.get((kind, one), 0) for kind in _KINDS) for one in Outcome}
    return {one: count for one, count in sums.items() if count}


def _by_kind(values: Flow) -> dict[Kind, int]:
    """The kinds there are."""
    sums = {one: sum(values.counts.get((one, end), 0) for end in Outcome) for one in _KINDS}
    return {one: count for one, count in sums.items() if count}


@dataclass(frozen=True, kw_only=True)
class _Node:
    """An end of streams."""

    top: float
    height: float
    count: int


def _rooms(counts: Sequence[int], every: int) -> list[float]:
    """How high the room of each end is, with its label."""
    return [max(_FULL * count / every, _LABEL) for count in counts]


def _height_of(counts: Sequence[int], every: int) -> float:
    return sum(_rooms(counts, every)) + _GAP * (len(counts) - 1)


def _stacked(counts: Sequence[int], every: int, height: float) -> list[_Node]:
    """Nodes one below the other, each in its room, together in the middle of the height."""
    top = _TOP + (height - _height_of(counts, every)) / 2
    nodes = []
    for count, room in zip(counts, _rooms(counts, every), strict=True):
        high = max(_FULL * count / every, _LEAST)
        nodes.append(_Node(top=top + (room - high) / 2, height=high, count=count))
        top += room + _GAP
    return nodes


def _draw(values: Flow, frame: Frame, *, title: str, desc: str) -> Markup:
    every = sum(values.counts.values())
    ends = _by_outcome(values)
    kinds = _by_kind(values)
    height = max(
        (_height_of(list(some.values()), every) for some in (ends, kinds) if some), default=0
    )
    left, right = (68.0, 180.0) if frame.narrow else (84.0, 520.0)
    froms = dict(zip(kinds, _stacked(list(kinds.values()), every, height), strict=True))
    tos = dict(zip(ends, _stacked(list(ends.values()), every, height), strict=True))
    return drawing(
        frame,
        height + 2 * _TOP,
        *_streams(values, froms, tos, (left + _BAR, right)),
        *(_kind(kind, node, left) for kind, node in froms.items()),
        *(_end(one, node, right) for one, node in tos.items()),
        *_names(tos, every, right + _BAR + 10, frame),
        title=title,
        desc=desc,
    )


def _end(one: Outcome, node: _Node, x: float) -> Markup:
    return box(x, node.top, _BAR, node.height, class_=f"end {_look(one)}")


def _look(one: Outcome) -> str:
    return _LOOKS.get(one, "person")


def _kind(kind: Kind, node: _Node, left: float) -> Markup:
    middle = node.top + node.height / 2
    return el(
        "g",
        box(left, node.top, _BAR, node.height, class_="end from"),
        text(left - 10, middle - 3, _(_KINDS[kind]), "e"),
        text(left - 10, middle + 14, words.number(node.count), "e q"),
    )


def _streams(
    values: Flow,
    froms: Mapping[Kind, _Node],
    tos: Mapping[Outcome, _Node],
    xs: tuple[float, float],
) -> list[Markup]:
    """One stream from each kind to each of its outcomes."""
    begins = {kind: node.top for kind, node in froms.items()}
    ends = {one: node.top for one, node in tos.items()}
    found = []
    for one, to in tos.items():
        for kind, source in froms.items():
            count = values.counts.get((kind, one), 0)
            if count:
                out, in_ = (node.height * count / node.count for node in (source, to))
                d = _stream(xs, (begins[kind], out), (ends[one], in_))
                strong = "thick" if out > _THIN else "thin"
                found.append(path(d, f"stream {strong} {_look(one)}"))
                begins[kind] += out
                ends[one] += in_
    return found


def _stream(xs: tuple[float, float], begin: tuple[float, float], end: tuple[float, float]) -> str:
    """A band that keeps its thickness, as near as may be; both ends are top and height."""
    x0, x1 = map(num, xs)
    middle = num(sum(xs) / 2)
    (top0, high0), (top1, high1) = begin, end
    there = f"M{x0} {num(top0)}C{middle} {num(top0)} {middle} {num(top1)} {x1} {num(top1)}"
    low0, low1 = num(top0 + high0), num(top1 + high1)
    return f"{there}V{low1}C{middle} {low1} {middle} {low0} {x0} {low0}z"


def _names(tos: Mapping[Outcome, _Node], every: int, x: float, frame: Frame) -> list[Markup]:
    marks = []
    for one, node in tos.items():
        y = node.top + node.height / 2 + 4.5
        count = words.number(node.count)
        if frame.narrow:
            name = fitted(_(_NAMES[one]), frame.width - x - 44, SMALL)
            marks.append(text(x, y, name))
            marks.append(text(frame.width, y, count, "e"))
        else:
            marks.append(text(x, y, _(_NAMES[one])))
            marks.append(text(x + 170, y, count, "e"))
            marks.append(text(x + 228, y, words.share(node.count, every), "e q"))
    return marks


def _rows(values: Flow) -> list[tuple[str, ...]]:
    every = sum(values.counts.values())
    rows = []
    for one, count in _by_outcome(values).items():
        kinds = [words.number(values.counts.get((kind, one), 0)) for kind in _KINDS]
        share = words.share(count, every)
        rows.append((_(_NAMES[one]), *kinds, words.number(count), share))
    return rows
