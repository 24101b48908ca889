"""How a post and its publications stand, in a few words and one of three tones."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal

from bot.domain import words
from bot.domain.publication import State
from bot.domain.roster import Account
from bot.engine.desk_today import BAD, UNDER_WAY, Line
from bot.i18n import N_, _

Tone = Literal["good", "warn", "bad", ""]
_TONES: Mapping[State, Tone] = {
    State.HELD: "warn",
    State.UNKNOWN: "bad",
    State.WAITING: "warn",
    State.HANDED_OFF: "warn",
    State.PUBLISHED: "good",
    State.FAILED: "bad",
    State.MISSED: "bad",
}
# In the order in which they are told; what was called off is not counted.
_PARTS = (
    State.PUBLISHED,
    State.FAILED,
    State.MISSED,
    State.UNKNOWN,
    *(state for state in State if state not in {State.PUBLISHED, State.CANCELLED, *BAD}),
)
_WEEKDAYS = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))


def tone(state: State) -> Tone:
    """How good or bad a state is."""
    return _TONES.get(state, "")


def of_line(line: Line) -> tuple[str, Tone]:
    """A post on all its accounts: what matters most of it."""
    done, total = line.count(State.PUBLISHED), line.total
    if total == 0:
        return words.state(State.CANCELLED), ""
    bad = line.count(*BAD)
    if bad:
        text = _("{count} not out").format(count=bad)
        out = _("out {done}/{total}").format(done=done, total=total)
        return (f"{text} · {out}" if total > 1 else _only(line)), "bad"
    if done == total:
        text = words.state(State.PUBLISHED)
        return (f"{text} {done}/{total}" if total > 1 else text), "good"
    if done:
        return _("out {done}/{total}").format(done=done, total=total), ""
    if line.count(*UNDER_WAY):
        return words.state(State.SENDING), ""
    return _not_begun(line)


def parts_of(line: Line) -> str:
    """How many accounts stand how, which add up to all; "" where all of them stand alike."""
    counts = {state: count for state, count in line.counts.items() if state in _PARTS}
    if len(counts) < 2:
        return ""
    parts = [f"{words.state(state)} {counts[state]}" for state in _PARTS if state in counts]
    return " · ".join(parts)


def _only(line: Line) -> str:
    return words.state(next(state for state in line.counts if state is not State.CANCELLED))


def _not_begun(line: Line) -> tuple[str, Tone]:
    """Nothing of it is out: the first of these that holds for any of its accounts."""
    for state in (State.HELD, State.HANDED_OFF, State.WAITING):
        count = line.count(state)
        if count == line.total:
            return words.state(state), tone(state)
        if count:
            return f"{words.state(state)} {count}/{line.total}", tone(state)
    return words.state(State.PLANNED), ""


def named(account: Account) -> str:
    """An account and its platform."""
    return _("{name} ({platform})").format(
        name=account.name, platform=words.platform(account.platform)
    )


def weekday(day: date) -> str:
    """周一 … 周日."""
    return _(_WEEKDAYS[day.weekday()])


def weekdays() -> list[str]:
    """All of them, from Monday."""
    return [_(name) for name in _WEEKDAYS]


def day_name(day: date, today: date) -> str:
    """A day as people speak of it near to it: today, tomorrow, 05-08 周五."""
    near = {-1: _("yesterday"), 0: _("today"), 1: _("tomorrow")}
    return near.get((day - today).days) or f"{day:%m-%d} {weekday(day)}"


def moment_name(moment: datetime, today: date) -> str:
    """A moment in the office's zone, its day only where it is not today's."""
    day = moment.date()
    return f"{moment:%H:%M}" if day == today else f"{day_name(day, today)} {moment:%H:%M}"
