"""What notices say, in a few lines: what it is about, what to do, by when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain import words
from bot.domain.authorisation import Authorisation
from bot.domain.coverage import CellState, ItemCoverage, UnitRow
from bot.domain.notices import ADMINISTRATOR, MANAGERS, OFFICER, REVIEWERS
from bot.domain.publication import Role
from bot.domain.roster import Roster
from bot.domain.tasks import Task, TaskKind
from bot.i18n import N_, _

_ASK = {
    TaskKind.ACCEPT: N_("Please say whether {account} carries it."),
    TaskKind.HAND_OFF: N_(
        "The package is ready. Please publish it by hand on {account}, then report its link."
    ),
    TaskKind.LOOK: N_(
        "Nobody can tell whether it went out on {account}. Please look there, then record it."
    ),
    TaskKind.CORRECT: N_(
        "It was corrected. Please bring what {account} carries up to the new version."
    ),
    TaskKind.WITHDRAW: N_("It was withdrawn. Please take it down on {account}."),
}
_STILL = {
    TaskKind.CORRECT: N_("It was corrected. {count} accounts may still carry the old version:"),
    TaskKind.WITHDRAW: N_("It was withdrawn. {count} accounts may still carry it:"),
}
_PARTIES = {
    MANAGERS: N_("Managers"),
    OFFICER: N_("Publicity officer"),
    ADMINISTRATOR: N_("Account administrator"),
    REVIEWERS: N_("Reviewers"),
}
_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
_NEARLY = 5  # minutes; a reminder comes some time after its moment
_NAMED = 20  # units in one notice; `bot coverage` has them all


def party(name: str, roster: Roster) -> str:
    """A party in words: a unit's short name, or a role of the office."""
    if name in _PARTIES:
        return _(_PARTIES[name])
    unit = roster.units.get(name)
    return unit.short if unit else name


def task(
    task: Task, roster: Roster, left: timedelta | None, by: datetime | None, zone: ZoneInfo
) -> str:
    """What one task asks for. `left`: until `by`, where that is what the notice is about."""
    lines = [heading(task.title, left), _(_ASK[task.kind]).format(account=_account(task, roster))]
    if task.why:
        lines.append(words.reason(task.why))
    if task.again and task.kind is TaskKind.HAND_OFF:
        lines.append(_("What was recorded as published was taken back: it did not carry this."))
    if by is not None:
        lines.append(due(by, left, zone))
    elif left is not None and task.since is not None:
        when, length = moment(task.since, zone), _length(-left)
        lines.append(_("Asked at {when}, {length} ago.").format(when=when, length=length))
    return "\n".join(lines)


def asked_again() -> str:
    """A line for a notice that an officer wants told."""
    return _("The publicity office asks for this once more.")


def text_changed() -> str:
    """A line for a notice that was given before, about another text."""
    return _("The text was changed after the first notice. Use the new one only.")


def still_shown(tasks: Sequence[Task], roster: Roster, zone: ZoneInfo) -> str:
    """Which accounts have not taken down or corrected a post, and since when they are asked.

    `tasks`: of one post and kind, at least one.
    """
    first = tasks[0]
    lines = [
        _("[Overdue] “{title}”").format(title=first.title),
        _(_STILL[first.kind]).format(count=len(tasks)),
        *(_asked(one, roster, zone) for one in tasks[:_NAMED]),
    ]
    if len(tasks) > _NAMED:
        lines.append(_("… and {count} more.").format(count=len(tasks) - _NAMED))
    lines.append(_("All of it: `bot recalls`"))
    return "\n".join(lines)


def _asked(task: Task, roster: Roster, zone: ZoneInfo) -> str:
    return _("- {unit}: {account}, asked at {when}").format(
        unit=party(task.unit, roster),
        account=_account(task, roster),
        when=moment(task.since, zone) if task.since else "",
    )


def heading(title: str, left: timedelta | None) -> str:
    """The first line of a notice about a post."""
    if left is None:
        return _("“{title}”").format(title=title)
    if left <= timedelta(0):
        return _("[Overdue] “{title}”").format(title=title)
    return _("[Reminder] “{title}”").format(title=title)


def _account(task: Task, roster: Roster) -> str:
    known = roster.accounts.get(task.account)
    return _("{platform} “{name}”").format(
        platform=words.platform(task.platform), name=known.name if known else task.account
    )


def due(by: datetime, left: timedelta | None, zone: ZoneInfo) -> str:
    """By when it should be done, and how far that is where `left` is known."""
    when = moment(by, zone)
    if left is None:
        return _("By: {when}").format(when=when)
    if left <= timedelta(0):
        return _("It was due by {when}, {length} ago.").format(when=when, length=_length(-left))
    return _("By: {when}, in {length}").format(when=when, length=_length(left))


def moment(at: datetime, zone: ZoneInfo) -> str:
    """A moment of the office's day, e.g. "05-07 10:00"."""
    return f"{at.astimezone(zone):%m-%d %H:%M}"


def _length(span: timedelta) -> str:
    """About how long: to the minute, and to the hour where it is nearly one or days."""
    days, rest = divmod(round(span / _HOUR), 24)
    if days > 1:
        text = _("{days} days {hours} h") if rest else _("{days} days")
        return text.format(days=days, hours=rest)
    minutes = max(round(span / _MINUTE), 1)
    hours, rest = divmod(minutes + _NEARLY, 60)
    if hours and rest <= 2 * _NEARLY:
        return _("{count} hours").format(count=hours)
    hours, rest = divmod(minutes, 60)
    if hours:
        return _("{hours} h {minutes} min").format(hours=hours, minutes=rest)
    return _("{count} minutes").format(count=rest)


def escalation(
    item: ItemCoverage,
    lacking: Sequence[tuple[UnitRow, Role]],
    unread: Sequence[str],
    roster: Roster,
    zone: ZoneInfo,
) -> str:
    """Which units have not carried a key item, and whose move it is."""
    lines = [
        _("[Overdue] “{title}”").format(title=item.title),
        _("Due by {when}. {count} of {required} units lack it:").format(
            when=moment(item.deadline_at, zone), count=len(lacking), required=item.required
        ),
        *(_unit(row, role, roster) for row, role in lacking[:_NAMED]),
    ]
    if len(lacking) > _NAMED:
        lines.append(_("… and {count} more.").format(count=len(lacking) - _NAMED))
    if unread:
        lines.append(
            _("Not read yet, so not counted as missing: {units}").format(
                units=_names(unread, roster)
            )
        )
    lines.append(_("All of it: `bot coverage {post}`").format(post=item.post))
    return "\n".join(lines)


def _unit(row: UnitRow, role: Role, roster: Roster) -> str:
    state = _("missing") if row.state is CellState.MISSING else _("nobody can tell yet")
    return _("- {unit}: {state}, next move: {role}").format(
        unit=party(row.unit, roster), state=state, role=words.role(role)
    )


def _names(units: Iterable[str], roster: Roster) -> str:
    names = [party(unit, roster) for unit in units]
    shown = _(", ").join(names[:_NAMED])
    more = len(names) - _NAMED
    return shown + _(" and {count} more").format(count=more) if more > 0 else shown


def authorisation(found: Authorisation, roster: Roster, zone: ZoneInfo) -> str:
    """What the administrator of an account has to do."""
    account = roster.accounts.get(found.account)
    if account is None:
        return found.warning(zone)
    name = _("{platform} “{name}”").format(
        platform=words.platform(account.platform), name=account.name
    )
    return f"{name}\n{found.warning(zone)}"
