"""What a rehearsal came to; plain data, taken from the ledger it left behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from bot.domain.coverage import CellState, ItemCoverage
from bot.domain.gaps import AccountGap, GapRules, GapState
from bot.domain.post import Kind, Method
from bot.domain.publication import Hold, Publication, State
from bot.domain.quota import Budget, Key, Period, period_start
from bot.engine import answers
from bot.engine.check import quotas_of
from bot.ledger import budgets, publications
from bot.rehearsal.player import Rehearsal
from bot.rehearsal.score import Score

_PROMPT = timedelta(minutes=10)  # a platform's own review takes minutes; that is no delay
_POSTPONED = "publication.postponed"
_HELD = "publication.held"
_LOST = "publication.lost"
_QUOTA = "quota"
BY_HAND = "by_hand"  # people took their time
_CLOSED = "window_passed"  # says less than what it waited for


class TroubleKind(StrEnum):
    """Why a publication does not go out as planned."""

    LATE = "late"
    REFUSED = "refused"
    HELD = "held"  # `bot check` finds an error in it
    MISSED = "missed"
    OPEN = "open"  # not settled when the last window closed


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """One publication that does not go out as planned."""

    kind: TroubleKind
    pub: Publication
    reason: str  # a fixed word, e.g. "quota"; bot/domain/words.py has it in words
    error: Mapping[str, object]  # what the platform said, as `PlatformError.facts`
    problems: tuple[str, ...] = ()  # codes, where it is held


@dataclass(frozen=True, kw_only=True)
class Postponed:
    """A publication that found a quota spent."""

    post: str
    account: str
    asked_at: datetime
    until: datetime  # when it may ask again
    came_at: datetime | None  # None: it never went out
    by_platform: bool  # the platform refused it, although the ledger's count left room


@dataclass(frozen=True, kw_only=True)
class Lack:
    """A unit that does not carry a key item in time."""

    unit: str
    state: CellState
    accounts: tuple[tuple[str, str], ...]  # account and why, a fixed word; none: none suits


@dataclass(frozen=True, kw_only=True)
class KeyItemRow:
    """A key item's coverage by unit."""

    item: ItemCoverage
    lacks: tuple[Lack, ...]  # late, missing or without an account


@dataclass(frozen=True, kw_only=True)
class QuotaLeft:
    """A quota of an account in the fullest period of the span."""

    account: str
    budget: Budget
    start: datetime
    used: int

    @property
    def left(self) -> int:
        """How many more it would have borne."""
        return max(self.budget.limit - self.used, 0)


@dataclass(frozen=True, kw_only=True)
class Report:
    """The whole answer."""

    score: Score
    until: datetime
    planned: int  # publications the calendar asks for, those out already left out
    already: int  # public before the rehearsal began
    went_out: tuple[Publication, ...]  # by time
    troubles: tuple[Trouble, ...]  # by planned time
    postponed: tuple[Postponed, ...]
    key_items: tuple[KeyItemRow, ...]
    silent: tuple[AccountGap, ...]
    quotas: tuple[QuotaLeft, ...]

    @property
    def unread(self) -> tuple[str, ...]:
        """Files with something in them that could not be read."""
        broken = self.score.reading.broken
        return tuple(file for file in self.score.reading.files if file in broken)

    @property
    def as_planned(self) -> bool:
        """True when everything goes out as planned and every unit carries every key item."""
        lacks = any(row.lacks for row in self.key_items)
        return not (self.troubles or lacks or self.unread)


async def report(played: Rehearsal, score: Score, rules: GapRules) -> Report:
    """What came of `played`, once it was played to its end."""
    core, zone = played.app.core, played.stage.settings.zone
    ids = [post.id for post in score.reading.posts]
    async with core.ledger.read() as conn:
        pubs = await publications.of_posts(conn, ids)
        events = await publications.news(conn, 0, {_POSTPONED, _HELD, _LOST})
        spent = await budgets.spent_since(conn, period_start(score.start, Period.MONTH))
    covered, _members = await answers.coverage(core, ids=ids)
    silent, _members = await answers.gaps(
        core, since=score.start, until=score.last_day, zone=zone, rules=rules
    )
    wanted = [pub for pub in pubs if pub.state is not State.CANCELLED]
    mine = [pub for pub in wanted if not (pub.published_at and pub.published_at < score.start)]
    public = [(pub.published_at, pub.id, pub) for pub in mine if pub.published_at]
    return Report(
        score=score,
        until=played.end,
        planned=len(mine),
        already=len(wanted) - len(mine),
        went_out=tuple(pub for _at, _id, pub in sorted(public, key=lambda one: one[:2])),
        troubles=_troubles(mine, score, events),
        postponed=_postponed(events, {pub.id: pub for pub in mine}),
        key_items=tuple(_key_item(item, pubs) for item in covered),
        silent=tuple(gap for gap in silent if gap.lapsed or gap.state is GapState.FAIL),
        quotas=_quotas(score, quotas_of(score.reading.roster, core.platforms), spent),
    )


def _troubles(
    pubs: Sequence[Publication], score: Score, events: Sequence[Mapping[str, Any]]
) -> tuple[Trouble, ...]:
    deadlines = {
        post.id: post.due_at + post.key.deadline for post in score.reading.posts if post.key
    }
    codes: dict[str, list[str]] = {}
    for problem in score.problems:
        codes.setdefault(problem.post or "", []).append(problem.code)
    reasons, errors = _last(events, "reason"), _last(events, "error")
    found = []
    for pub in sorted(pubs, key=lambda one: (one.due_at, one.post, one.account)):
        error = pub.error if pub.error.get("code") else errors.get(pub.id, pub.error)
        kind = _kind(pub, error, deadlines)
        if kind is None:
            continue
        held_by = codes.get(pub.post, []) if kind is TroubleKind.HELD else []
        reason = pub.reason
        if reason in {"", _CLOSED}:
            reason = reasons.get(pub.id, BY_HAND if pub.by_hand else reason)
        found.append(
            Trouble(
                kind=kind,
                pub=pub,
                reason=reason,
                error=error,
                problems=tuple(dict.fromkeys(held_by)),
            )
        )
    return tuple(found)


def _last(events: Sequence[Mapping[str, Any]], fact: str) -> dict[int, Any]:
    """Publication → the last of these facts that says anything."""
    return {
        event["publication"]: event["facts"][fact] for event in events if event["facts"].get(fact)
    }


def _kind(
    pub: Publication, error: Mapping[str, object], deadlines: Mapping[str, datetime]
) -> TroubleKind | None:
    if pub.published_at is not None:
        return TroubleKind.LATE if pub.published_at > _in_time(pub, deadlines) else None
    if pub.state is State.FAILED or (pub.state is State.UNKNOWN and error.get("code")):
        return TroubleKind.REFUSED
    if pub.reason == Hold.CHECK:
        return TroubleKind.HELD
    return TroubleKind.MISSED if pub.state is State.MISSED else TroubleKind.OPEN


def _in_time(pub: Publication, deadlines: Mapping[str, datetime]) -> datetime:
    """Until when it counts as on time: a reprint to its deadline, a person within the window."""
    if pub.kind is Kind.REPRINT and pub.post in deadlines:
        return deadlines[pub.post]
    return pub.not_after if pub.by_hand else pub.due_at + _PROMPT


def _postponed(
    events: Sequence[Mapping[str, Any]], pubs: Mapping[int, Publication]
) -> tuple[Postponed, ...]:
    return tuple(
        Postponed(
            post=event["post"],
            account=event["account"],
            asked_at=event["at"],
            until=datetime.fromisoformat(event["facts"]["until"]),
            came_at=pubs[event["publication"]].published_at,
            by_platform=bool(event["facts"]["error"].get("code")),
        )
        for event in events
        if event["name"] == _POSTPONED
        and event["facts"]["reason"] == _QUOTA
        and event["publication"] in pubs
    )


def _key_item(item: ItemCoverage, pubs: Sequence[Publication]) -> KeyItemRow:
    why = {pub.account: _stands(pub) for pub in pubs if pub.post == item.post}
    lacks = [
        Lack(
            unit=row.unit,
            state=row.state,
            accounts=tuple(
                (one.account, why.get(one.account, ""))
                for one in item.accounts
                if one.unit == row.unit and one.state is not CellState.NOT_EXPECTED
            ),
        )
        for row in item.units
        if row.state not in {CellState.ON_TIME, CellState.EXEMPT}
    ]
    return KeyItemRow(item=item, lacks=tuple(lacks))


def _stands(pub: Publication) -> str:
    return "" if pub.state is State.PUBLISHED else pub.reason or pub.state.value


def _quotas(
    score: Score,
    quotas: Callable[[str, Method], tuple[Budget, ...]],
    spent: Mapping[Key, int],
) -> tuple[QuotaLeft, ...]:
    found = []
    for account in score.reading.roster.accounts:
        limited = dict.fromkeys(budget for method in Method for budget in quotas(account, method))
        for budget in limited:
            used, start = _fullest(account, budget, spent, score.start)
            found.append(QuotaLeft(account=account, budget=budget, start=start, used=used))
    return tuple(found)


def _fullest(
    account: str, budget: Budget, spent: Mapping[Key, int], since: datetime
) -> tuple[int, datetime]:
    """How much was used in the period it was used most, and when that began."""
    name = (account, str(budget.action), budget.period.value)
    first = period_start(since, budget.period)
    rows = [(used, key[3]) for key, used in spent.items() if key[:3] == name and key[3] >= first]
    return max(rows, default=(0, first))
