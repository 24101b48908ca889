"""Days since the last post, an account a line, with the limits drawn."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from markupsafe import Markup

from bot.domain import words as fixed
from bot.domain.charting import Silences, SilentAccount
from bot.domain.gaps import GapState
from bot.i18n import _
from bot.web.charts import words
from bot.web.charts.figure import SIZE, SMALL, Chart, Entry, Frame, drawing, frames
from bot.web.charts.scale import Scale
from bot.web.charts.svg import box, el, fitted, line, num, path, square, text
from bot.web.charts.textures import alarm, calm, series, unknown

_ROW, _NARROW_ROW = 22.0, 40.0
_TOP, _FOOT = 26.0, 8.0
_BAR = 10.0
_LINES = 40  # of one drawing: so many fit on a sheet
_END = 1.5  # the axis reaches so many times as far as the limit
_UNITS, _NAMES, _BARS = 0.0, 118.0, 372.0
_LABEL = 118.0  # room behind the bars
_SHOWN = (GapState.OK, GapState.WARN, GapState.FAIL)


def chart(values: Silences, key: str) -> Chart:
    """The accounts in the order given; nobody is ranked."""
    wide, narrow = frames(key)
    desc = _summary(values.accounts)
    title = _("Days since the last post")
    drawn = {
        frame.key: [
            _draw(part, frame, title=title, desc=desc, number=number)
            for number, part in enumerate(_parts(values.accounts))
        ]
        for frame in (wide, narrow)
    }
    return Chart(
        key=key,
        title=title,
        summary=desc,
        wide=drawn[wide.key],
        narrow=drawn[narrow.key],
        legend=_legend(key),
        notes=[_("As of {when}.").format(when=words.full_moment(values.as_of, values.zone))],
        columns=(
            *(_("account"), _("unit"), _("platform"), _("state"), _("last post")),
            *(_("days since"), _("warned from"), _("fails beyond")),
        ),
        rows=[_row(one, values) for one in values.accounts],
        numbers=5,
    )


def _summary(accounts: Sequence[SilentAccount]) -> str:
    count = {state: sum(one.state is state for one in accounts) for state in GapState}
    return _(
        "{all} accounts: {ok} have posted lately, {warn} are near the limit, {fail} beyond it, "
        "of {unknown} nobody knows."
    ).format(
        all=len(accounts),
        ok=count[GapState.OK],
        warn=count[GapState.WARN],
        fail=count[GapState.FAIL],
        unknown=count[GapState.UNKNOWN],
    )


def _look(key: str, state: GapState) -> dict[str, str]:
    if state is GapState.OK:
        return calm()
    return series(key, 2) if state is GapState.WARN else alarm()


def _parts(accounts: Sequence[SilentAccount]) -> list[Sequence[SilentAccount]]:
    """As many lines as fit on a sheet; at least one part, which may be empty."""
    starts = range(0, max(len(accounts), 1), _LINES)
    return [accounts[start : start + _LINES] for start in starts]


def _legend(key: str) -> list[Entry]:
    def sample(look: dict[str, str]) -> Markup:
        return box(0.5, 2, 17, 10, **look)

    return [
        Entry(mark=sample(_look(key, GapState.OK)), words=_("posted lately")),
        Entry(mark=sample(_look(key, GapState.WARN)), words=_("near the limit")),
        Entry(mark=sample(_look(key, GapState.FAIL)), words=_("beyond the limit")),
        Entry(mark=sample(unknown(key)), words=_("not known: not read")),
        Entry(mark=line(9, 0, 9, 14, "warn"), words=_("warned from here")),
        Entry(mark=line(9, 0, 9, 14, "limit"), words=_("fails beyond this")),
    ]


def _draw(
    accounts: Sequence[SilentAccount], frame: Frame, *, title: str, desc: str, number: int
) -> Markup:
    row = _NARROW_ROW if frame.narrow else _ROW
    high = max((one.limits.fail_days * _END for one in accounts), default=20)
    start, end = (0.0, frame.width) if frame.narrow else (_BARS, frame.width - _LABEL)
    scale = Scale(low=0, high=high, start=start, end=end)
    bottom = _TOP + row * len(accounts)
    lines = [_line(one, frame, scale, _TOP + row * at) for at, one in enumerate(accounts)]
    return drawing(
        frame,
        bottom + _FOOT,
        _axis(accounts, scale, bottom),
        *lines,
        *_bars(accounts, frame, scale, row),
        _limits(accounts, frame, scale, warn=True),
        _limits(accounts, frame, scale, warn=False),
        *_groups(accounts, frame, row),
        title=title,
        desc=desc,
        part=number,
    )


def _axis(accounts: Sequence[SilentAccount], scale: Scale, bottom: float) -> Markup:
    """The days of the limits are named, and where the axis begins and ends."""
    limits = {one.limits for one in accounts}
    named = {0, *(each.warn_days for each in limits), *(each.fail_days for each in limits)}
    marks = [
        text(
            scale(value),
            _TOP - 10,
            _("day {count}").format(count=value) if value else "0",
            _at(value),
        )
        for value in sorted(named)
    ]
    return el("g", line(scale.start, _TOP - 4, scale.start, bottom, "axis"), *marks, class_="q")


def _at(value: int) -> str:
    return "m" if value else ""


def _line(one: SilentAccount, frame: Frame, scale: Scale, top: float) -> Markup:
    """The words of an account's line."""
    label, class_ = _label(one)
    platform = fixed.platform(one.platform)
    if frame.narrow:
        name = fitted(f"{one.name} · {platform}", frame.width * 0.66, SIZE)
        return el("g", text(0, top + 16, name), text(frame.width, top + 16, label, f"e {class_}"))
    middle = top + _ROW / 2 + 4.5
    room = _BARS - _NAMES - 90
    return el(
        "g",
        text(_NAMES, middle, fitted(one.name, room, SIZE)),
        text(_BARS - 10, middle, fitted(platform, 80, SMALL), "e q"),
        text(scale.end + 12, middle, label, class_),
    )


def _label(one: SilentAccount) -> tuple[str, str]:
    """The days and the state in words, and how strong they are set."""
    if one.state is GapState.UNKNOWN:
        return _("not known"), "q"
    if one.days is None:
        return _("not opened yet"), "q"
    days = _("{count} days").format(count=one.days)
    if one.state is GapState.FAIL:
        return _("{days}, silent").format(days=days), "strong"
    if one.state is GapState.WARN:
        return _("{days}, near").format(days=days), "strong"
    return days, ""


def _bars(
    accounts: Sequence[SilentAccount], frame: Frame, scale: Scale, row: float
) -> list[Markup]:
    """The bars of each state as one path; an arrow's head where one is cut off."""
    down = 22.0 if frame.narrow else (row - _BAR) / 2
    drawn = dict.fromkeys(_SHOWN, "")
    unread = ""
    for at, one in enumerate(accounts):
        top = _TOP + row * at + down
        if one.state is GapState.UNKNOWN:
            to = scale(one.limits.fail_days)
            unread += square(scale.start, top + 3, to - scale.start, _BAR - 6)
        elif one.days is not None:
            drawn[one.state] += _bar(scale, top, one.days)
    found = [path(d, **_look(frame.chart, state)) for state, d in drawn.items() if d]
    return [*found, path(unread, **unknown(frame.chart))] if unread else found


def _bar(scale: Scale, top: float, days: int) -> str:
    end = max(scale(days), scale.start + 1.5)  # nought days are seen, too
    if days <= scale.high:
        return square(scale.start, top, end - scale.start, _BAR)
    half = num(_BAR / 2)
    body = num(end - scale.start - _BAR / 2)
    return f"M{num(scale.start)} {num(top)}h{body}l{half} {half}l-{half} {half}h-{body}z"


def _limits(accounts: Sequence[SilentAccount], frame: Frame, scale: Scale, *, warn: bool) -> Markup:
    """One line through accounts that have the same limit; on a phone beside each bar alone."""
    drawn = ""
    for at, one in enumerate(accounts):
        days = one.limits.warn_days if warn else one.limits.fail_days
        row, top, height = (_NARROW_ROW, 19.0, 16.0) if frame.narrow else (_ROW, 0.0, _ROW)
        drawn += f"M{num(scale(days))} {num(_TOP + row * at + top)}v{num(height)}"
    if not drawn:
        return Markup("")
    # Kept apart from the bars it crosses, also where all is black.
    return path(drawn, "gap") + path(drawn, "warn" if warn else "limit")


def _groups(accounts: Sequence[SilentAccount], frame: Frame, row: float) -> list[Markup]:
    """Each unit's name beside its first account, and a line above it."""
    found, at = [], 0
    for unit, group in groupby(accounts, key=lambda one: one.unit):
        top = _TOP + row * at
        found.append(line(0, top, frame.width, top, "grid"))
        if not frame.narrow:
            name = fitted(unit, _NAMES - _UNITS - 12, SIZE)
            found.append(text(_UNITS, top + _ROW / 2 + 4.5, name, "strong"))
        at += len(list(group))
    return found


_STATES = {
    GapState.OK: lambda: _("posted lately"),
    GapState.WARN: lambda: _("near the limit"),
    GapState.FAIL: lambda: _("beyond the limit"),
    GapState.UNKNOWN: lambda: _("not known: not read"),
    GapState.NOT_STARTED: lambda: _("not opened yet"),
}


def _row(one: SilentAccount, values: Silences) -> tuple[str, ...]:
    return (
        one.name,
        one.unit,
        fixed.platform(one.platform),
        _STATES[one.state](),
        words.full_moment(one.last_post_at, values.zone),
        "–" if one.days is None else str(one.days),
        str(one.limits.warn_days),
        str(one.limits.fail_days),
    )
