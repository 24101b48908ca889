"""The manager's one screen: how far a key item got, who has not carried it, whose move it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.markup import escape

from bot.cli import marks
from bot.cli.output import local
from bot.domain import coverage_words, words
from bot.domain.coverage import CellState, ItemCoverage
from bot.domain.lacking import Lack, Todo
from bot.domain.publication import Role
from bot.domain.roster import Roster
from bot.i18n import _
from bot.settings import Settings

_Cause = tuple[CellState, Role, Todo]


def lines_of(
    item: ItemCoverage, lacks: Sequence[Lack], members: Roster, settings: Settings
) -> Iterator[str]:
    """The screen, line by line, as rich markup: units with the same cause stand together."""
    yield f"[bold]{escape(item.title)}[/]  {escape(item.post)}"
    yield _rates(item)
    yield _times(item, settings)
    if not lacks:
        yield _("Nobody lacks: every unit that must has carried it.")
    causes: dict[_Cause, list[Lack]] = {}
    for lack in lacks:
        causes.setdefault((lack.state, lack.role, lack.todo), []).append(lack)
    for cause, mine in causes.items():
        yield _cause(cause, mine, settings)
        yield "  ".join(escape(_name(lack, members)) for lack in mine)


def _rates(item: ItemCoverage) -> str:
    carried = item.on_time + item.late
    rates = _("coverage {coverage} ({carried} of {required}), on time {timeliness}").format(
        coverage=coverage_words.percent(item.coverage),
        carried=carried,
        required=item.required,
        timeliness=coverage_words.percent(item.timeliness),
    )
    numbers = "  ".join(
        f"{marks.mark(state)} {coverage_words.state(state)} {getattr(item, state.value)}"
        for state in CellState
        if state is not CellState.NOT_EXPECTED and getattr(item, state.value)
    )
    return f"{rates}\n{numbers}"


def _times(item: ItemCoverage, settings: Settings) -> str:
    released = local(item.released_at, settings.zone) or _("not yet")
    return _("first release {released}; deadline {deadline}{passed}; as of {as_of}").format(
        released=released,
        deadline=local(item.deadline_at, settings.zone),
        passed=_(" (passed)") if item.as_of > item.deadline_at else "",
        as_of=f"{item.as_of.astimezone(settings.zone):%Y-%m-%d %H:%M}",
    )


def _cause(cause: _Cause, mine: Sequence[Lack], settings: Settings) -> str:
    state, role, todo = cause
    head = _("{mark} [bold]{state}, {count} units: {role}: {todo}[/]").format(
        mark=marks.mark(state),
        state=coverage_words.state(state),
        count=len(mine),
        role=words.role(role) or _("nobody"),
        todo=coverage_words.todo(todo),
    )
    since = min((lack.since for lack in mine if lack.since), default=None)
    reminded = max((lack.reminded_at for lack in mine if lack.reminded_at), default=None)
    return f"{head} [bright_black]({_when(since, reminded, settings)})[/]"


def _when(since: datetime | None, reminded: datetime | None, settings: Settings) -> str:
    zone = settings.zone
    told = [_("since {since}").format(since=local(since, zone))] if since else []
    if reminded is None:
        told.append(_("nobody reminded yet"))
    else:
        told.append(_("last reminded {reminded}").format(reminded=local(reminded, zone)))
    return _(", ").join(told)


def _name(lack: Lack, members: Roster) -> str:
    unit = members.units[lack.unit]
    if lack.role is Role.LIAISON and unit.liaison:
        return _("{unit} ({liaison})").format(unit=unit.short, liaison=unit.liaison)
    return unit.short
