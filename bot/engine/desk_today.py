"""What the desk's first page tells: what went out, what is due, and what needs a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from bot.domain.authorisation import Authorisation, Outlook
from bot.domain.gaps import (
    AccountPosts,
    Forecast,
    GapRules,
    GapState,
    Planned,
    Saving,
    account_gap,
    forecast,
)
from bot.domain.publication import Hold, State
from bot.domain.roster import AccountStatus, Roster
from bot.domain.tasks import Task
from bot.engine import answers, reviewing, tasks, tokens
from bot.engine.ports import Core
from bot.engine.reviewing import Case
from bot.ledger import agenda, controls, posts, roster, watch
from bot.ledger.agenda import Asked, Blocked, Share, Stuck
from bot.ledger.connection import Connection
from bot.ledger.controls import Freeze
from bot.ledger.posts import StoredPost

_LATELY = timedelta(days=14)  # what failed before that is told as a number only
_OVERDUE = timedelta(days=2)  # so long something due is looked for among what comes next
_FURTHER = timedelta(days=30)  # when nothing is due today or tomorrow
_SHOWN = 60  # lines of one list
_INSTANT = timedelta(microseconds=1)
_BACK = timedelta(days=60)  # of an account that showed nothing in so long, that much is told
_TO_COME = frozenset({State.PLANNED, State.HELD, State.QUEUED, State.WAITING})
UNDER_WAY = frozenset({State.SENDING, State.PENDING})
BAD = frozenset({State.FAILED, State.MISSED, State.UNKNOWN})


@dataclass(frozen=True, kw_only=True)
class Line:
    """One post, and how far it is on all its accounts."""

    post: str
    title: str
    key_item: bool
    at: datetime
    shares: tuple[Share, ...]
    today: int = 0  # how many of its publications went out today
    late: int = 0  # how many were due before today and are tried again

    @property
    def platforms(self) -> list[str]:
        """Where it goes; what was called off is not among them."""
        wanted = [one.platform for one in self.shares if one.state is not State.CANCELLED]
        return list(dict.fromkeys(wanted or [one.platform for one in self.shares]))

    @cached_property
    def counts(self) -> Mapping[State, int]:
        """How many of its publications stand in each state."""
        found: dict[State, int] = {}
        for one in self.shares:
            found[one.state] = found.get(one.state, 0) + one.count
        return found

    def count(self, *states: State) -> int:
        """How many of them stand in one of these states."""
        return sum(self.counts.get(state, 0) for state in states)

    @property
    def total(self) -> int:
        """How many there are, but for those called off."""
        return sum(self.counts.values()) - self.count(State.CANCELLED)


@dataclass(frozen=True, kw_only=True)
class Slow:
    """What changes in hours and is dear to find out; of one unit, or of all."""

    members: Roster
    authorised: Sequence[Authorisation]  # those that must be given again
    unauthorised: int  # accounts that never were
    silent: Sequence[Forecast]  # accounts near their limit, or beyond it
    over: tuple[int, int]  # posts that did not go out before `since`, and on how many accounts
    since: datetime  # a midnight


@dataclass(frozen=True, kw_only=True)
class Today:
    """A day at the desk; of one unit, or of all."""

    at: datetime
    slow: Slow
    members: Roster
    out: Sequence[Line]  # by time
    coming: Sequence[Line]
    titles: Mapping[str, str]  # of posts that do not go on
    stuck: Sequence[Stuck]
    blocked: Sequence[Blocked]
    asked: Sequence[Asked]
    tasks: Sequence[Task]  # of one unit; of all there may be too many
    reviews: Sequence[Case]
    freeze: Freeze | None
    untried_since: datetime | None  # since when something due waits for its first try


async def slowly(
    core: Core, *, unit: str, zone: ZoneInfo, rules: GapRules, warn: timedelta
) -> Slow:
    """What need not be looked at for every visitor."""
    now = core.clock.now()
    authorised = await tokens.authorisations(core, warn=warn)
    async with core.ledger.read() as conn:
        members = await roster.load(conn)
        mine = [one for one in authorised if unit in {"", members.accounts[one.account].unit}]
        since = datetime.combine((now - _LATELY).astimezone(zone).date(), time(), zone)
        return Slow(
            members=members,
            authorised=[one for one in mine if one.state not in {Outlook.FINE, Outlook.MISSING}],
            unauthorised=sum(one.state is Outlook.MISSING for one in mine),
            silent=await _silent(conn, members, now, zone, rules, unit),
            over=await agenda.over_before(conn, since, unit=unit),
            since=since,
        )


async def today(core: Core, slow: Slow, *, unit: str, zone: ZoneInfo) -> Today:
    """All of it, as the ledger has it now but for what is slow."""
    now = core.clock.now()
    async with core.ledger.read() as conn:
        out, coming = await _lines(conn, now, zone, unit)
        stuck = await agenda.stuck(conn, since=slow.since, unit=unit)
        blocked = await agenda.blocked(conn, unit=unit)
        mine = await tasks.open_tasks(conn, units=[unit]) if unit else []
        named = {one.account for one in stuck} | {one.account for one in blocked}
        named |= {one.account for one in mine}
        known = named <= slow.members.accounts.keys()
        lease = timedelta(seconds=core.options.lease_s)
        stored = await posts.some_posts(conn, {one.post for one in stuck})
        return Today(
            at=now,
            slow=slow,
            members=slow.members if known else await roster.load(conn),
            out=out,
            coming=coming,
            titles={post.id: post.title for post in stored.values()},
            stuck=[one for one in stuck if not _waits(one, now)],
            blocked=blocked,
            asked=await agenda.asked(conn, now, unit=unit),
            tasks=mine,
            reviews=[] if unit else await reviewing.cases(core, conn),
            freeze=await controls.freeze(conn),
            untried_since=await watch.untried_since(conn, now, lease=lease),
        )


def _waits(one: Stuck, now: datetime) -> bool:
    """True for what waits in good order, or is told elsewhere on the page."""
    told = {Hold.ACCEPTANCE, Hold.FROZEN, Hold.PAUSED, Hold.REGISTRY}
    if one.state is not State.HELD:
        return False
    return one.reason in told or (one.reason == Hold.FIRST_RELEASE and one.due_at > now)


async def _lines(
    conn: Connection, now: datetime, zone: ZoneInfo, unit: str
) -> tuple[list[Line], list[Line]]:
    day = datetime.combine(now.astimezone(zone).date(), time(), zone)
    gone = await agenda.went_out(conn, day, day + timedelta(days=1), unit=unit)
    late = await agenda.late(conn, day, unit=unit)
    due = await _due(conn, now, day + timedelta(days=2), unit)
    out = _first(gone)
    ids = {*out, *due, *_first(late)}
    stored = await posts.some_posts(conn, ids)
    shares: dict[str, list[Share]] = {name: [] for name in ids}
    for one in await agenda.of_posts(conn, ids, unit=unit) if ids else ():
        shares[one.post].append(one)
    new = [name for name in due if not any(one.state is State.PUBLISHED for one in shares[name])]
    comes = {name: due[name] for name in new} | _first(late)
    today, again = _counted(gone), _counted(late)
    went = [_line(stored[name], at, shares[name], today=today[name]) for name, at in out.items()]
    come = [_line(stored[name], at, shares[name], late=again[name]) for name, at in comes.items()]
    return _by_time(went)[-_SHOWN:], _by_time(come)[:_SHOWN]


def _first(found: Sequence[Share]) -> dict[str, datetime]:
    """Post → the earliest of its moments."""
    first: dict[str, datetime] = {}
    for one in found:
        first[one.post] = min(first.get(one.post, one.at), one.at)
    return first


def _counted(found: Sequence[Share]) -> Counter[str]:
    """Post → how many publications these are."""
    counts: Counter[str] = Counter()
    for one in found:
        counts[one.post] += one.count
    return counts


def _line(
    post: StoredPost, at: datetime, shares: Sequence[Share], *, today: int = 0, late: int = 0
) -> Line:
    return Line(
        post=post.id,
        title=post.title,
        key_item=post.key_item,
        at=at,
        shares=tuple(shares),
        today=today,
        late=late,
    )


def _by_time(lines: Sequence[Line]) -> list[Line]:
    return sorted(lines, key=lambda one: (one.at, one.post))


async def _due(conn: Connection, now: datetime, until: datetime, unit: str) -> dict[str, datetime]:
    """Post → when the first of what is still to come of it is due; the next day's when none is."""
    found = await _open(conn, now - _OVERDUE, until, unit)
    if not found:
        found = await _open(conn, until, until + _FURTHER, unit)
        first = min(found.values(), default=until)
        found = {post: at for post, at in found.items() if at < first + timedelta(days=1)}
    return found


async def _open(
    conn: Connection, since: datetime, until: datetime, unit: str
) -> dict[str, datetime]:
    found = await agenda.planned(conn, since, until, unit=unit)
    return _first([one for one in found if one.state in _TO_COME | UNDER_WAY])


async def _silent(
    conn: Connection, members: Roster, now: datetime, zone: ZoneInfo, rules: GapRules, unit: str
) -> list[Forecast]:
    """Accounts near their limit that nothing planned saves by itself; the most urgent first."""
    newest, health = await agenda.last_posts(conn), await roster.health(conn)
    gaps = [
        account_gap(
            AccountPosts(
                account=one.id,
                unit=one.unit,
                platform=one.platform,
                regime=members.units[one.unit].regime,
                opened=one.opened,
                posted=[newest[one.id]] if one.id in newest else (),
                read_from=health[one.id].read_from,
                read_until=health[one.id].read_until,
            ),
            since=now - _BACK,
            until=now + _INSTANT,
            as_of=now,
            zone=zone,
            rules=rules,
        )
        for one in members.accounts.values()
        if one.status_at(now) is AccountStatus.ACTIVE and unit in {"", one.unit}
    ]
    near = [gap for gap in gaps if gap.state in {GapState.WARN, GapState.FAIL}]
    last = now + timedelta(days=max((gap.limits.fail_days for gap in near), default=0) + 1)
    coming = await agenda.coming_on(conn, [gap.account for gap in near], last)
    planned = [
        Planned(
            account=pub.account, post=pub.post, at=max(pub.due_at, now), sure=answers.is_sure(pub)
        )
        for pub in coming
    ]
    found = forecast(near, planned, today=now.astimezone(zone).date(), zone=zone)
    return [one for one in found if one.saving is not Saving.SAVED]
