"""Which notices are due: read off the open tasks, the coverage and the authorisations.

Nothing is remembered here. At any moment each task is at one stage; what was told already is the
ledger's to know. So whoever was away, for an hour or a week, tells the stage that is reached now
and none of those that were passed, and what was done meanwhile is not reminded of.

Two choices beside the settings:

- **Quiet hours** put everything off until they end, because nobody acts at night. An urgent task
  (due within four hours of its release) whose deadline comes before they end is told at once: in
  the morning it would be too late, and such a deadline was chosen for an emergency. So is what
  must come down or be corrected, and that it still is not: it is public now. A reminder of any
  other task whose deadline falls in the night comes half an hour before the night instead of
  after the deadline.
- **A freeze** puts off what asks a unit to publish, and the escalation of it: nobody may be pressed
  to publish in a time of mourning. Corrections, withdrawals and accounts go on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain import wording
from bot.domain.authorisation import Authorisation, Outlook
from bot.domain.coverage import CellState, ItemCoverage, UnitRow
from bot.domain.notices import ADMINISTRATOR, MANAGERS, OFFICER, Notice, party_of
from bot.domain.publication import Role
from bot.domain.quiet import Quiet
from bot.domain.roster import Roster
from bot.domain.tasks import Task, TaskKind

ASKED = "asked"
LATE = "late"
ESCALATED = "escalated"
URGED = "urged"
REFUSED = Outlook.REFUSED.value
ACCOUNT = "account-"
_URGENT = timedelta(hours=4)
_BEFORE_NIGHT = timedelta(minutes=30)
_WORTH_TELLING = timedelta(days=1)  # after the deadline
_PUBLISHING = {TaskKind.ACCEPT, TaskKind.HAND_OFF}
_URGED = {*_PUBLISHING, TaskKind.LOOK}
_AT_ONCE = {TaskKind.CORRECT, TaskKind.WITHDRAW}
_TEXT = "text-"  # before the version in a stage
_VERSION_LENGTH = 12
_OWED_BY_PEOPLE = {
    *(Role.LIAISON, Role.OFFICER, Role.AUTHOR, Role.REVIEWER, Role.ADMINISTRATOR),
}


@dataclass(frozen=True, kw_only=True)
class Terms:
    """When to tell; docs/notifications.md explains each."""

    zone: ZoneInfo
    remind: tuple[timedelta, ...] = (timedelta(hours=4), timedelta(hours=1))  # before the deadline
    late: timedelta = timedelta(hours=2)  # after it, once more
    escalate: timedelta = timedelta(hours=4)  # after it, to the managers
    quiet: Quiet | None = None


@dataclass(frozen=True, kw_only=True)
class Stage:
    """How far a task has come."""

    name: str
    # Reminders: until the deadline, negative once it has passed; without one, since it was asked.
    left: timedelta | None = None


def by_when(task: Task) -> datetime | None:
    """The moment it should be done by; None: at any time, or as soon as can be."""
    return None if task.kind in _AT_ONCE else task.deadline_at or task.until


def urgent(task: Task) -> bool:
    """True when it was to be done within four hours of its release."""
    by = by_when(task)
    return by is not None and task.since is not None and by - task.since <= _URGENT


def stage_of(task: Task, terms: Terms, now: datetime) -> Stage | None:
    """The last stage a task has reached; None before the first, and once it is too late to tell."""
    by = by_when(task)
    since = task.since or datetime.min.replace(tzinfo=UTC)
    if now < since or (by is not None and now > by + _WORTH_TELLING):
        return None
    if by is None:
        if task.kind in _AT_ONCE and task.since and now >= since + terms.late:
            return Stage(name=_named(task, LATE, since), left=since - now)
        return Stage(name=_named(task, ASKED))
    if now >= by + terms.late:
        return Stage(name=_named(task, LATE, by), left=by - now)
    quiet = None if urgent(task) else terms.quiet
    passed = [lead for lead in sorted(terms.remind) if since < _reminded_at(by, lead, quiet) <= now]
    if not passed:
        return Stage(name=_named(task, ASKED))
    return Stage(name=_named(task, f"remind-{int(passed[0].total_seconds())}s", by), left=by - now)


def _named(task: Task, name: str, moment: datetime | None = None) -> str:
    """A stage by all that makes it worth telling again: once more, another deadline or text."""
    parts = [f"{name}-{task.again}" if task.again else name]
    if moment is not None:
        parts.append(_minute(moment))
    if task.version and task.kind in _PUBLISHING:
        parts.append(text_mark(task.version))
    return " ".join(parts)


def text_mark(version: str) -> str:
    """The end of a stage that is told anew of another version; `renewed` says that it is one."""
    return f"{_TEXT}{version[:_VERSION_LENGTH]}"


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%MZ}"


def renewed(notice: Notice, stages: Iterable[str]) -> Notice:
    """The notice, saying that the text was changed where another text was told at `stages`."""
    mine = _version(notice.stage)
    others = {_version(stage) for stage in stages} - {"", mine}
    if not mine or not others:
        return notice
    return replace(notice, text=f"{notice.text}\n{wording.text_changed()}")


def _version(stage: str) -> str:
    last = stage.rpartition(" ")[2]
    return last.removeprefix(_TEXT) if last.startswith(_TEXT) else ""


def _reminded_at(by: datetime, lead: timedelta, quiet: Quiet | None) -> datetime:
    night = quiet.around(by - lead) if quiet else None
    if night is not None and by <= night[1]:
        return night[0] - _BEFORE_NIGHT
    return by - lead


def of_tasks(
    tasks: Iterable[Task],
    roster: Roster,
    terms: Terms,
    now: datetime,
    *,
    carried: Collection[tuple[str, str]] = (),
    exempt: Collection[tuple[str, str]] = (),
    frozen: bool = False,
) -> list[Notice]:
    """What the open tasks give to tell now.

    `carried`: (post, unit) that need no reminder; `exempt`: that are not asked to reprint at all.
    """
    found = []
    for task in tasks:
        stage = stage_of(task, terms, now)
        if stage is None:
            continue
        reprint = task.kind in _PUBLISHING and task.deadline_at is not None
        if reprint and (task.post, task.unit) in exempt:
            continue
        by = by_when(task)
        # Without a deadline it is no reminder to publish, and carrying it may be what is wrong.
        if by and not stage.name.startswith(ASKED) and (task.post, task.unit) in carried:
            continue
        found.append(
            Notice(
                what=task.id,
                party=party_of(task.role, task.unit),
                stage=stage.name,
                text=wording.task(task, roster, stage.left, by, terms.zone),
                until=(by or now) + _WORTH_TELLING,
                task=task,
                waits=_task_waits(task, terms, now) or (frozen and task.kind in _PUBLISHING),
            )
        )
    return found


@dataclass(frozen=True, kw_only=True)
class Urged:
    """That an officer wants units reminded of a key item now."""

    post: str
    units: Collection[str]
    at: datetime


def is_urged(task: Task) -> bool:
    """True for what a unit can be asked for once more."""
    return task.role is Role.LIAISON and task.kind in _URGED


def of_urged(
    wishes: Iterable[Urged],
    tasks: Sequence[Task],
    roster: Roster,
    terms: Terms,
    now: datetime,
    *,
    frozen: bool = False,
) -> list[Notice]:
    """What officers want told, quiet hours or not; of each task once an hour, not in a freeze."""
    found: dict[tuple[str, str, str], Notice] = {}
    for wish in wishes:
        for task in tasks:
            if (task.post, task.unit in wish.units, is_urged(task)) != (wish.post, True, True):
                continue
            by = by_when(task)
            text = wording.task(task, roster, by - now if by else None, by, terms.zone)
            notice = Notice(
                what=task.id,
                party=task.unit,
                stage=f"{URGED} {_minute(wish.at.replace(minute=0))}",
                text=f"{text}\n{wording.asked_again()}",
                until=wish.at + _WORTH_TELLING,
                task=task,
                waits=frozen and task.kind in _PUBLISHING,
            )
            found[notice.key] = notice
    return list(found.values())


def _task_waits(task: Task, terms: Terms, now: datetime) -> bool:
    night = terms.quiet.around(now) if terms.quiet else None
    if night is None or task.kind in _AT_ONCE:
        return False
    by = by_when(task)
    return not (urgent(task) and by is not None and by <= night[1])


def to_escalate(deadline: datetime, terms: Terms, now: datetime) -> bool:
    """True while the managers should hear of what is missing after this deadline."""
    first = deadline + terms.escalate
    return first <= now <= first + _WORTH_TELLING


def of_items(
    items: Sequence[ItemCoverage],
    moves: Mapping[tuple[str, str], Role],
    roster: Roster,
    terms: Terms,
    now: datetime,
    *,
    frozen: bool = False,
) -> Iterator[Notice]:
    """One notice to the managers for each key item that units lack well after its deadline.

    `moves`: (post, unit) → whose move it is. What nobody could read is not counted as missing; it
    is named apart, and only where a person has something to do it is a reason to tell.
    """
    for item in items:
        if not to_escalate(item.deadline_at, terms, now) or item.released_at is None:
            continue
        lacking = [row for row in item.units if _lacks(item, row, moves)]
        if not lacking:
            continue
        unread = [
            row.unit for row in item.units if row.state is CellState.UNKNOWN and row not in lacking
        ]
        yield Notice(
            what=f"post-{item.post}",
            party=MANAGERS,
            stage=f"{ESCALATED} {_minute(item.deadline_at)}",
            text=wording.escalation(
                item,
                [(row, moves.get((item.post, row.unit), Role.LIAISON)) for row in lacking],
                unread,
                roster,
                terms.zone,
            ),
            until=item.deadline_at + terms.escalate + _WORTH_TELLING,
            waits=frozen or _quiet(terms, now),
        )


def _lacks(item: ItemCoverage, row: UnitRow, moves: Mapping[tuple[str, str], Role]) -> bool:
    if row.state is CellState.MISSING:
        return True
    owed = moves.get((item.post, row.unit), Role.NOBODY)
    return row.state is CellState.UNKNOWN and owed in _OWED_BY_PEOPLE


def of_recalls(
    tasks: Iterable[Task], roster: Roster, terms: Terms, now: datetime
) -> Iterator[Notice]:
    """To officer and managers, by day and night: where what was to come down long ago still is.

    One notice for each post, and another when further accounts have become late since; those of
    one hour are one.
    """
    groups: dict[tuple[str, TaskKind], list[Task]] = {}
    for task in tasks:
        if task.kind in _AT_ONCE and task.since is not None:
            groups.setdefault((task.post, task.kind), []).append(task)
    for (post, kind), mine in groups.items():
        late = [one.since for one in mine if one.since and one.since + terms.escalate <= now]
        if not late:
            continue
        hour = max(late).replace(minute=0)
        for party in (OFFICER, MANAGERS):
            yield Notice(
                what=f"post-{post}",
                party=party,
                stage=f"{kind.value}-{ESCALATED} {_minute(hour)}",
                text=wording.still_shown(mine, roster, terms.zone),
                until=now + _WORTH_TELLING,
            )


def of_accounts(
    found: Iterable[Authorisation], roster: Roster, terms: Terms, now: datetime
) -> Iterator[Notice]:
    """What the account administrator must know: refused, run out, or ending soon; each once."""
    for one in found:
        if one.state in {Outlook.FINE, Outlook.MISSING}:
            continue
        ends = f" {one.until:%Y-%m-%d}" if one.until and one.state is not Outlook.REFUSED else ""
        yield Notice(
            what=f"{ACCOUNT}{one.account}",
            party=ADMINISTRATOR,
            stage=f"{one.state.value}{ends}",
            text=wording.authorisation(one, roster, terms.zone),
            until=now + _WORTH_TELLING,
            waits=_quiet(terms, now),
        )


def _quiet(terms: Terms, now: datetime) -> bool:
    return terms.quiet is not None and terms.quiet.around(now) is not None
