"""What needs a person, the most urgent first: each with the one thing that helps."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import quote

from bot.domain import account_words, review_words, task_words, words
from bot.domain.authorisation import Authorisation, Outlook
from bot.domain.gaps import Forecast, GapState, Saving
from bot.domain.people import Right
from bot.domain.publication import Hold, State
from bot.domain.review import Level
from bot.domain.tasks import Task
from bot.engine.desk_today import Today
from bot.engine.reviewing import Case, CaseState
from bot.i18n import N_, _
from bot.ledger.agenda import Asked, Blocked, Stuck
from bot.web.desk.standing import Tone, day_name, moment_name, named
from bot.web.desk.visit import Visit

_EACH = 12  # of one kind; the number of the rest is told
_STILL_NEWS = timedelta(days=7)  # what was due before that is hardly to be published now
_ASKED = {
    "accept": N_("{count} reprints wait for their units' word"),
    "hand_off": N_("{count} packages to be published by hand"),
    "recall": N_("{count} withdrawals and corrections to be done by hand"),
}
_ENDS = {
    Outlook.SOON: N_("its authorisation ends on {date}"),
    Outlook.RUN_OUT: N_("its authorisation has run out"),
    Outlook.REFUSED: N_("the platform refuses its authorisation"),
}


_ENDED = frozenset({Outlook.REFUSED, Outlook.RUN_OUT})


@dataclass(frozen=True, kw_only=True)
class Need:
    """One row: what it is, what it is about, and the button."""

    tone: Tone
    word: str
    title: str
    href: str  # below the root
    text: str
    label: str = ""  # of the button; "": this person has none
    target: str = ""  # where the button leads, or where its form is sent
    form: tuple[tuple[str, str], ...] = ()  # its fields; none: a link
    sure: str = ""  # what is asked before


@dataclass(frozen=True, kw_only=True)
class Needs:
    """All rows that are shown, and how many are not."""

    rows: Sequence[Need]
    more: int
    over: tuple[int, int]  # posts that did not go out long ago, and on how many accounts
    since: date

    @property
    def until(self) -> date:
        """The last day of what is told as a number, as the list of it says."""
        return self.since - timedelta(days=1)


def needs(visit: Visit, made: Today, levels: Collection[Level]) -> Needs:
    """What this person, who may review at `levels` now, is to see of what needs a person."""
    teller = _Teller(visit, made, levels)
    rows: list[Need] = []
    more = 0
    for kind in (
        map(teller.review, filter(teller.is_mine, made.reviews)),  # first what waits for them
        map(teller.stuck, [one for one in made.stuck if one.state is not State.HELD]),
        map(teller.task, made.tasks),
        map(teller.blocked, made.blocked),
        map(teller.authorised, _apart(made)),
        map(teller.review, [one for one in made.reviews if not teller.is_mine(one)]),
        map(teller.stuck, [one for one in made.stuck if one.state is State.HELD]),
        map(teller.asked, () if made.tasks else made.asked),
        map(teller.silent, made.slow.silent),
    ):
        found = list(kind)
        rows += found[:_EACH]
        more += len(found) - len(found[:_EACH])
    since = made.slow.since.astimezone(visit.zone).date()
    return Needs(rows=rows, more=more, over=made.slow.over, since=since)


def _apart(made: Today) -> list[Authorisation]:
    """Those that no row about what waits for the account tells already."""
    told = {one.account for one in made.blocked}
    return [one for one in made.slow.authorised if one.account not in told]


class _Teller:
    """Words and buttons for one person."""

    def __init__(self, visit: Visit, made: Today, levels: Collection[Level]) -> None:
        self.visit = visit
        self.made = made
        self.levels = levels
        self.today = visit.now.astimezone(visit.zone).date()
        self.writes = visit.may(Right.WRITE)

    def stuck(self, one: Stuck) -> Need:
        """A post that does not go on by itself."""
        href = f"posts/{quote(one.post, safe='')}"
        label, target, form, sure = self._help(one, href)
        due = moment_name(one.due_at.astimezone(self.visit.zone), self.today)
        return Need(
            tone="warn" if one.state is State.HELD else "bad",
            word=words.state(one.state),
            title=self.made.titles[one.post],
            href=href,
            text=_("; ").join(
                part
                for part in (
                    self._where(one),
                    self._why(one),
                    _("planned: {time}").format(time=due),
                )
                if part
            ),
            label=label,
            target=target,
            form=form,
            sure=sure,
        )

    def _why(self, one: Stuck) -> str:
        if one.reason == Hold.CHECK:  # not in the words of the command line
            return _("an error was found in it; it goes on by itself once that is mended")
        return words.reason(one.reason)

    def _where(self, one: Stuck) -> str:
        if one.count > 1:
            return _("{count} accounts").format(count=one.count)
        account = self.made.members.accounts[one.account]
        return named(account)

    def _help(self, one: Stuck, href: str) -> tuple[str, str, tuple[tuple[str, str], ...], str]:
        """The button: its label, where it leads, its fields, and what it asks first."""
        state = f"{href}?state={one.state.value}#accounts"
        if not self.writes:
            return "", "", (), ""
        if one.state is State.UNKNOWN:
            return _("look and confirm"), f"{href}?pub={one.id}#pub", (), ""
        if one.state is State.HELD:
            if one.reason == Hold.CHECK:
                return _("mend it"), f"{href}/edit", (), ""
            return _("look at it"), state, (), ""
        if (mending := self._mending(one, href)) is not None:
            return *mending, (), ""
        if one.count > 1:
            return _("look at all {count}").format(count=one.count), state, (), ""
        if one.in_doubt:
            return _("look and confirm"), f"{href}?pub={one.id}#pub", (), ""
        if one.due_at < self.visit.now - _STILL_NEWS:  # it can be sent from there all the same
            return _("look at it"), f"{href}?pub={one.id}#pub", (), ""
        sure = _("Send it once more, now?")
        form = (("do", "retry"), ("back", "today"))
        return _("try again"), f"publications/{one.id}", form, sure

    def _mending(self, one: Stuck, href: str) -> tuple[str, str] | None:
        """The button where trying again cannot help before something is mended: label, target."""
        if one.reason == Hold.CHECK:
            return _("mend it"), f"{href}/edit"
        if one.count > 1 or one.in_doubt or one.due_at < self.visit.now - _STILL_NEWS:
            return None
        account = f"accounts/{quote(one.account, safe='')}"
        if one.reason == "rejected":
            return _("mend it"), f"{href}/edit"
        ends = {found.account for found in self.made.slow.authorised if found.state in _ENDED}
        if one.reason == Hold.PAUSED and one.account in ends:
            return _("authorise it"), account
        if one.reason == Hold.REGISTRY and self._bars(one.account):
            return _("look at the account"), account
        return None

    def task(self, one: Task) -> Need:
        """What the person's own unit is asked for."""
        late = one.deadline_at is not None and one.deadline_at < self.visit.now
        due = one.deadline_at or one.until
        account = self.made.members.accounts[one.account]
        text = named(account)
        if due is not None:
            at = moment_name(due.astimezone(self.visit.zone), self.today)
            text += _("; ") + _("by {time}").format(time=at)
        return Need(
            tone="bad" if late else "warn",
            word=_("late") if late else task_words.task(one.kind),
            title=one.title,
            href=f"posts/{quote(one.post, safe='')}",
            text=f"{task_words.task(one.kind)}{_('; ')}{text}" if late else text,
            label=_("do it") if self.visit.may(Right.ANSWER) else "",
            target=f"tasks/{one.id}",
        )

    def asked(self, one: Asked) -> Need:
        """What units are asked for, as a number."""
        text = _("{units} units").format(units=one.units)
        if one.late:
            text += _("; ") + _("{count} past their deadline").format(count=one.late)
        return Need(
            tone="bad" if one.late else "",
            word=_("with the units"),
            title=_(_ASKED[one.kind]).format(count=one.count),
            href="tasks" if self.visit.may(Right.ANSWER) else "",
            text=text,
            label=_("see the tasks") if self.visit.may(Right.ANSWER) else "",
            target="tasks",
        )

    def blocked(self, one: Blocked) -> Need:
        """An account that holds publications up."""
        at = moment_name(one.due_at.astimezone(self.visit.zone), self.today)
        text = _("{reason}; {count} publications wait, the first since {time}")
        paused = one.reason == Hold.PAUSED
        why = words.reason(one.reason) if paused else self._unregistered(one.account)
        return self._account(
            one.account,
            tone="bad",
            word=_("authorise") if paused else _("registry"),
            text=text.format(reason=why, count=one.count, time=at),
            label=_("authorise it") if paused else _("look at it"),
        )

    def _unregistered(self, name: str) -> str:
        """Which part of the account's registration keeps it from publishing."""
        return _("; ").join(self._bars(name)) or _("it is in order again and goes on by itself")

    def _bars(self, name: str) -> Sequence[str]:
        members = self.made.members
        account = members.accounts[name]
        unit = members.units[account.unit]
        return list(account_words.bars(account, unit, self.visit.now).values())

    def authorised(self, one: Authorisation) -> Need:
        """An account that must be authorised again."""
        until = one.until.astimezone(self.visit.zone).date() if one.until else self.today
        text = _(_ENDS[one.state]).format(date=f"{until:%m-%d}")
        if one.posts_after:
            text += _("; ") + _("{count} planned later").format(count=one.posts_after)
        soon = one.state is Outlook.SOON
        return self._account(
            one.account,
            tone="warn" if soon else "bad",
            word=_("authorise"),
            text=text,
            label=_("authorise it"),
        )

    def _account(self, name: str, *, tone: Tone, word: str, text: str, label: str) -> Need:
        account = self.made.members.accounts[name]
        href = f"accounts/{quote(name, safe='')}"
        return Need(
            tone=tone,
            word=word,
            title=named(account),
            href=href,
            text=text,
            label=label if self.visit.may(Right.CONNECT) else "",
            target=href,
        )

    def is_mine(self, one: Case) -> bool:
        """True for a version whose next word is this person's."""
        return one.state is CaseState.WAITING and one.next_level in self.levels

    def review(self, one: Case) -> Need:
        """A version that waits for a level of review, or was refused."""
        href = f"posts/{quote(one.post, safe='')}"
        refused = one.state is CaseState.REFUSED
        level = review_words.level(one.next_level) if one.next_level else ""
        due = moment_name(one.deadline_at.astimezone(self.visit.zone), self.today)
        text = _("{level} by {time}").format(level=level, time=due)
        label, target = "", ""
        if self.visit.may(Right.REVIEW) and self.is_mine(one):
            label, target = _("review it"), f"reviews/{quote(one.post, safe='')}"
        elif self.writes:
            label = _("mend it") if refused else _("look at it")
            target = f"{href}/edit" if refused else href
        return Need(
            tone="bad" if one.late or refused else "warn",
            word=_("sent back") if refused else _("waits for review"),
            title=one.title,
            href=href,
            text=text,
            label=label,
            target=target,
        )

    def silent(self, one: Forecast) -> Need:
        """An account near its limit of silence, or beyond it."""
        failed = one.state is GapState.FAIL
        parts = []
        if one.fails_on is not None:
            since = _("fails since {date}") if failed else _("fails on {date}")
            parts.append(since.format(date=day_name(one.fails_on, self.today)))
        if one.planned is not None:
            at = moment_name(one.planned.at.astimezone(self.visit.zone), self.today)
            late = one.saving is Saving.TOO_LATE
            told = _("planned too late: {time}") if late else _("planned: {time}")
            parts.append(told.format(time=at))
        else:
            parts.append(_("nothing is planned"))
        account = self.made.members.accounts[one.account]
        href = f"accounts/{quote(one.account, safe='')}"
        return Need(
            tone="bad" if failed else "warn",
            word=_("silent too long") if failed else _("silent"),
            title=named(account),
            href=href,
            text=_("; ").join(parts),
            label=_("plan a post") if self.writes else "",
            target=f"posts/new?account={quote(one.account, safe='')}",
        )
