"""What stands below a phone: who shows it, when and how, how long it is, what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

from adapters.looks.parts import length_s, size_words
from bot.contract import Length
from bot.domain.planning import Desired
from bot.domain.post import Kind, Media, Method
from bot.domain.problem import Problem, Severity
from bot.domain.roster import Roster
from bot.i18n import N_, _
from bot.preview.frames import Frame, Showing

_WEEKDAYS = "一二三四五六日"
_FEW = 4  # accounts listed without being asked for
_NAMES = {
    Severity.ERROR: N_("error"),
    Severity.WARNING: N_("warning"),
    Severity.INFO: N_("note"),
}


def day(at: datetime, zone: ZoneInfo) -> str:
    """A moment with its weekday, e.g. 5月20日 周三 15:00; the page is Chinese."""
    local = at.astimezone(zone)
    weekday = _WEEKDAYS[local.weekday()]
    return f"{local.year}年{local.month}月{local.day}日 周{weekday} {local:%H:%M}"


def badges(frame: Frame) -> str:
    """What matters at a glance, beside the platform's name."""
    wants = [showing.want for showing in frame.showings]
    named = []
    if any(want.method is Method.PUSH for want in wants):
        named.append(("push", _("mass send")))
    if all(want.by_hand for want in wants):
        named.append(("hand", _("by hand")))
    if any(want.blocked for want in wants):
        named.append(("bad", _("held back: has errors")))
    return "".join(f'<span class="badge {kind}">{escape(text)}</span>' for kind, text in named)


def panel(frame: Frame, roster: Roster, zone: ZoneInfo) -> str:
    """Everything below the phones of a frame."""
    rows = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{content}</dd></div>"
        for name, content in _rows(frame, roster, zone)
        if content
    )
    return f'<div class="panel"><dl>{rows}</dl>{problems(_named(frame))}</div>'


def problems(found: Iterable[tuple[Problem, Sequence[str]]]) -> str:
    """Problems as a list, each with the accounts it is about where those are not all."""
    items = "".join(_problem(problem, names) for problem, names in found)
    return f'<ul class="problems">{items}</ul>' if items else ""


def _problem(problem: Problem, names: Sequence[str]) -> str:
    hint = f'<span class="hint">→ {escape(problem.hint)}</span>' if problem.hint else ""
    about = f'<span class="hint">{escape("、".join(names))}</span>' if names else ""
    place = f" <small>{escape(str(problem.place))}</small>" if problem.place.file else ""
    return (
        f'<li class="{problem.severity.value}"><b>{escape(_(_NAMES[problem.severity]))}</b> '
        f"<code>{escape(problem.code)}</code>{place} {escape(problem.message)}{hint}{about}</li>"
    )


def _named(frame: Frame) -> Iterator[tuple[Problem, Sequence[str]]]:
    for problem, names in frame.problems.items():
        yield problem, names if len(names) < len(frame.showings) else ()


def _rows(frame: Frame, roster: Roster, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    """Terms, and what is said of them as HTML."""
    variant = frame.variant
    yield _("planned time"), escape(_when(frame.showings, zone))
    yield _("accounts"), _who(frame.showings, roster, zone)
    yield _("length"), "".join(_length(one) for one in frame.lengths)
    if frame.kind is Kind.REPRINT:
        yield _("label"), escape(variant.label)
        intro = roster.units[frame.showings[0].want.account.unit].intro if variant.body else ""
        yield _("the unit's own line"), escape(intro)
    elif variant.marker:
        yield _("marker"), escape(variant.marker)
    yield _("not as in the post"), _differences(frame)
    yield _("video"), escape(_video(variant.video))
    yield _("further articles"), _list(escape(article.title) for article in variant.more)


def _when(showings: Sequence[Showing], zone: ZoneInfo) -> str:
    times = sorted(showing.want.due_at for showing in showings)
    first, last = (moment.astimezone(zone) for moment in (times[0], times[-1]))
    if f"{first:%F %H:%M}" == f"{last:%F %H:%M}":
        return day(first, zone)
    end = f"{last:%H:%M}" if first.date() == last.date() else day(last, zone)
    return _("{first} to {last}").format(first=day(first, zone), last=end)


def _who(showings: Sequence[Showing], roster: Roster, zone: ZoneInfo) -> str:
    lines = [_account(showing.want, roster, zone) for showing in showings]
    shown, rest = _list(lines[:_FEW]), lines[_FEW:]
    if not rest:
        return shown
    more = _("{count} more show the same").format(count=len(rest))
    return f"{shown}<details><summary>{escape(more)}</summary>{_list(rest)}</details>"


def _account(want: Desired, roster: Roster, zone: ZoneInfo) -> str:
    unit = roster.units[want.account.unit]
    facts = [unit.short or unit.name, f"{want.due_at.astimezone(zone):%H:%M}", *_how(want)]
    return f"<bdi>{escape(want.account.name)}</bdi> <small>{escape(' · '.join(facts))}</small>"


def _how(want: Desired) -> Iterator[str]:
    if want.by_hand:
        yield _("by hand")
    else:
        yield _("mass send") if want.method is Method.PUSH else _("automatically")
    if want.needs_acceptance:
        yield _("after the unit has agreed")


def _length(one: Length) -> str:
    over = one.length > one.limit
    share = min(100, 100 * one.length // one.limit) if one.limit else 100
    kind = "over" if over else "near" if share > 90 else ""
    said = _("{length} of {limit}").format(length=one.length, limit=one.limit)
    warn = " " + _("too long") if over else ""
    return (
        f'<div class="length {kind}"><span>{escape(one.name)}</span>'
        f'<span class="meter" aria-hidden="true"><i style="width:{share}%"></i></span>'
        f"<span>{escape(said)}{escape(warn)}</span></div>"
    )


def _differences(frame: Frame) -> str:
    lines = []
    for one in frame.differences:
        main = _("in the post: {text}").format(text=one.main) if one.main else ""
        below = f"<br><small>{escape(main)}</small>" if main else ""
        lines.append(f"{escape(one.field)}：{escape(one.here) or '—'}{below}")
    return _list(lines)


def _video(video: Media | None) -> str:
    if video is None:
        return ""
    facts = [f"{video.width}×{video.height}", length_s(video.duration_s), video.codec]
    facts.append(size_words(video.size))
    return " · ".join([*filter(None, facts), video.path])


def _list(items: Iterable[str]) -> str:
    """A list of pieces of HTML; "" for none."""
    lines = "".join(f"<li>{item}</li>" for item in items)
    return f"<ul>{lines}</ul>" if lines else ""
