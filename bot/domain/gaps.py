"""Accounts that fall silent: 断更, the pass/fail check on official accounts.

    gap_days     = days from the last post to the day looked at, by the office's calendar
    lapsed 断更  = a gap longer than `fail_days`
    更新达标率   = accounts whose longest gap is within the limit / accounts that are known

"No update in the two weeks before the check" fails an account (检查指标 of 国办秘函〔2019〕19号),
so day 14 still passes and day 15 fails; some districts use ten days, which is when we warn. An
account nobody could read is unknown, never silent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from itertools import pairwise


class GapState(StrEnum):
    """How an account stands on the last day looked at."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"  # not read, so nobody can say
    NOT_STARTED = "not_started"  # opened later


@dataclass(frozen=True, kw_only=True)
class Limits:
    """From how many days on there is a warning, and beyond how many the account fails."""

    warn_days: int = 10
    fail_days: int = 14


@dataclass(frozen=True, kw_only=True)
class GapRules:
    """Limits by the unit's regime, and how old a reading may be."""

    default: Limits = Limits()
    by_regime: Mapping[str, Limits] = field(default_factory=dict)
    # Readings older than this leave a long gap unproven. WeChat tells of a day's mass sends on the
    # next morning, so what is known of an account is always up to 32 hours old.
    fresh: timedelta = timedelta(hours=34)

    def of(self, regime: str) -> Limits:
        """The limits for units of `regime`."""
        return self.by_regime.get(regime, self.default)


@dataclass(frozen=True, kw_only=True)
class AccountPosts:
    """When an account posted, and how far that is known."""

    account: str
    unit: str
    platform: str
    regime: str = "sector_institution"
    opened: date | None = None
    posted: Sequence[datetime] = ()  # any order; also the last one before the period
    read_from: datetime | None = None  # None: complete since the oldest post, or the period's start
    read_until: datetime | None = None  # readings are complete to here; None: never read


@dataclass(frozen=True, kw_only=True)
class Lapse:
    """A gap beyond the limit."""

    from_day: date  # of the post before it, or where knowledge begins
    to_day: date  # of the post that ended it, or the last day known
    days: int
    ended: bool  # a post ended it; False: it still lasts


@dataclass(frozen=True, kw_only=True)
class AccountGap:
    """An account's gaps; None where nobody knows."""

    account: str
    unit: str
    platform: str
    state: GapState
    limits: Limits
    last_post_at: datetime | None
    gap_days: int | None  # to the last day looked at: for "ok" at most this, else at least this
    max_gap_days: int | None  # the longest proven gap that reaches into the period
    met: bool | None  # no gap beyond the limit in the period
    lapsed: tuple[Lapse, ...]  # proven, oldest first


@dataclass(frozen=True, kw_only=True)
class UpdateRate:
    """更新达标率 and what it is made of."""

    met: int
    known: int
    unknown: int

    @property
    def rate(self) -> float | None:
        """0 to 1; None when no account is known."""
        return self.met / self.known if self.known else None


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What is known of one account in one period; `since` <= `end`, both looked at."""

    posts: AccountPosts
    posted: tuple[datetime, ...]  # up to the end, oldest first
    since: datetime
    end: datetime
    zone: tzinfo

    @property
    def opened_at(self) -> datetime | None:
        day = self.posts.opened
        return None if day is None else datetime(day.year, day.month, day.day, tzinfo=self.zone)

    @property
    def start(self) -> datetime:
        """Where counting begins: the oldest post or the period's start, not before the opening."""
        start = min(self.posted[0], self.since) if self.posted else self.since
        return max(start, self.opened_at or start)

    @property
    def floor(self) -> datetime:
        """From here on the readings are complete …"""
        return max(self.start, self.posts.read_from or self.start)

    @property
    def ceiling(self) -> datetime:
        """… up to here; not after `floor` when there are none."""
        return min(self.end, self.posts.read_until or self.floor)

    def day(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def days(self, first: datetime, last: datetime) -> int:
        return (self.day(last) - self.day(first)).days

    def silences(self) -> list[tuple[datetime, datetime]]:
        """From each post to the next and to the end, those that reach into the period."""
        points = sorted({self.start, *self.posted, self.end})
        return [(first, last) for first, last in pairwise(points) if last > self.since]


def account_gap(
    posts: AccountPosts,
    *,
    since: datetime,
    until: datetime,
    as_of: datetime,
    zone: tzinfo,
    rules: GapRules,
) -> AccountGap:
    """The account's gaps in the period [since, until), as known at `as_of`.

    Days are those of `zone`, the office's calendar. An account that posted lately is ok even when
    its readings are old: reading more could only make the gap shorter.
    """
    end = min(as_of, until - timedelta(microseconds=1))
    posted = tuple(sorted(moment for moment in posts.posted if moment <= end))
    known = _Known(posts=posts, posted=posted, since=since, end=end, zone=zone)
    limits = rules.of(posts.regime)
    started = known.opened_at is None or known.opened_at <= end
    state, gap_days = GapState.NOT_STARTED, None
    if started:
        state, gap_days = _now(known, limits, rules.fresh)
    proven = _proven(known) if started else []
    lapsed = tuple(gap for gap in proven if gap.days > limits.fail_days)
    return AccountGap(
        account=posts.account,
        unit=posts.unit,
        platform=posts.platform,
        state=state,
        limits=limits,
        last_post_at=posted[-1] if posted else None,
        gap_days=gap_days,
        max_gap_days=max((gap.days for gap in proven), default=None),
        met=_met(known, limits, bool(lapsed)) if started else None,
        lapsed=lapsed,
    )


def _now(known: _Known, limits: Limits, fresh: timedelta) -> tuple[GapState, int | None]:
    """The state on the last day, and the days since the last post as far as they are sure."""
    last = known.posted[-1] if known.posted else known.opened_at
    if last is not None and (at_most := known.days(last, known.end)) < limits.warn_days:
        return GapState.OK, at_most
    at_least = known.days(max(last or known.floor, known.floor), known.end)
    is_read = known.posts.read_until is not None and known.posts.read_until >= known.end - fresh
    if not is_read or at_least < limits.warn_days:
        return GapState.UNKNOWN, None
    return (GapState.FAIL if at_least > limits.fail_days else GapState.WARN), at_least


def _proven(known: _Known) -> list[Lapse]:
    """The silences as far as readings cover them."""
    gaps = []
    for first, last in known.silences():
        begin, end = max(first, known.floor), min(last, known.ceiling)
        if begin < end:
            gaps.append(
                Lapse(
                    from_day=known.day(begin),
                    to_day=known.day(end),
                    days=known.days(begin, end),
                    ended=end in known.posted,
                )
            )
    return gaps


def _met(known: _Known, limits: Limits, lapsed: bool) -> bool | None:
    if lapsed:
        return False
    if not known.posted and known.posts.read_until is None:
        return None
    longest = max((known.days(first, last) for first, last in known.silences()), default=0)
    return True if longest <= limits.fail_days else None


def update_rate(gaps: Iterable[AccountGap]) -> UpdateRate:
    """更新达标率 over `gaps`; unknown accounts are counted apart, unopened ones not at all."""
    started = [gap for gap in gaps if gap.state is not GapState.NOT_STARTED]
    known = [gap.met for gap in started if gap.met is not None]
    return UpdateRate(met=sum(known), known=len(known), unknown=len(started) - len(known))


class Saving(StrEnum):
    """Whether something planned comes before the account fails."""

    FAILED = "failed"  # it has failed already
    NONE = "none"  # nothing is planned
    TOO_LATE = "too_late"  # something is, but after it has failed
    IF_DONE = "if_done"  # in time, once a person has done their part
    SAVED = "saved"  # in time, by itself


_URGENCY = list(Saving)


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A publication still to come."""

    account: str
    post: str
    at: datetime
    sure: bool  # nobody has to do anything for it


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """When an account will be warned about and fail, if nothing comes; None where nobody knows."""

    account: str
    unit: str
    platform: str
    state: GapState
    warns_on: date | None
    fails_on: date | None  # the first day on which it has failed; earlier than today: it has
    saving: Saving | None
    planned: Planned | None  # what saves it, or else what comes next


def forecast(
    gaps: Iterable[AccountGap], planned: Iterable[Planned], *, today: date, zone: tzinfo
) -> list[Forecast]:
    """Who fails next, most urgent first; accounts of which nothing is known come last.

    `gaps` are those up to `today`. A post that was not read yet can only put the day off.
    """
    coming: dict[str, list[Planned]] = {}
    for one in sorted(planned, key=lambda one: (one.at, one.post)):
        coming.setdefault(one.account, []).append(one)
    found = [
        _forecast(gap, coming.get(gap.account, []), today, zone)
        for gap in gaps
        if gap.state is not GapState.NOT_STARTED
    ]
    return sorted(found, key=_urgency)


def _urgency(one: Forecast) -> tuple[bool, bool, date, int, str]:
    saved = one.saving is Saving.SAVED
    rank = 0 if one.saving is None else _URGENCY.index(one.saving)
    return (one.fails_on is None, saved, one.fails_on or date.max, rank, one.account)


def _forecast(gap: AccountGap, coming: Sequence[Planned], today: date, zone: tzinfo) -> Forecast:
    warns_on = fails_on = saving = None
    planned = coming[0] if coming else None
    if gap.gap_days is not None:
        last = today - timedelta(days=gap.gap_days)
        warns_on = last + timedelta(days=gap.limits.warn_days)
        fails_on = last + timedelta(days=gap.limits.fail_days + 1)
        saving, planned = _saving(coming, fails_on, today, zone)
    return Forecast(
        account=gap.account,
        unit=gap.unit,
        platform=gap.platform,
        state=gap.state,
        warns_on=warns_on,
        fails_on=fails_on,
        saving=saving,
        planned=planned,
    )


def _saving(
    coming: Sequence[Planned], fails_on: date, today: date, zone: tzinfo
) -> tuple[Saving, Planned | None]:
    """What becomes of the account, and the publication that decides it."""
    first = coming[0] if coming else None
    if fails_on <= today:
        return Saving.FAILED, first
    in_time = [one for one in coming if one.at.astimezone(zone).date() < fails_on]
    sure = next((one for one in in_time if one.sure), None)
    if sure is not None:
        return Saving.SAVED, sure
    if in_time:
        return Saving.IF_DONE, in_time[0]
    return (Saving.TOO_LATE if first else Saving.NONE), first
