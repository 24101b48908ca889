"""Where a calendar will exceed quotas before the day comes, and what becomes of what does not fit.

Pure. It plays the grants of bot/ledger/journal.py forward: who comes first spends, who finds a
quota spent waits until it is whole again, and what would wait beyond its window is missed. What
nobody can foresee is left out: outages, refusals, and calls repeated after a lost answer.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.domain.planning import Change, Desired
from bot.domain.post import Kind, Method
from bot.domain.publication import Publication, State
from bot.domain.quota import (
    Budget,
    Key,
    Period,
    exhausted,
    key_of,
    period_end,
    period_start,
    spend,
    unpaid,
)
from bot.domain.step import Step

# What will ask for a grant some day. HELD too: whoever must act first is expected to.
_TO_GO = frozenset({State.PLANNED, State.HELD, State.QUEUED, State.WAITING})


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A publication that will ask for its grant at `at`, and is given up at `not_after`."""

    post: str
    account: str
    due_at: datetime  # as planned; `at` is later when it has been put off already
    at: datetime
    not_after: datetime
    budgets: tuple[Budget, ...]
    paid_at: datetime | None = None  # an earlier call, which has spent its quota already,
    paid: str = ""  # and its method


@dataclass(frozen=True, kw_only=True)
class Late:
    """A post that does not fit, and when it goes instead; None: it will be missed."""

    post: str
    due_at: datetime
    not_after: datetime
    goes_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class QuotaUse:
    """One quota of one account in one period, what goes into it, and the posts that do not fit."""

    account: str
    action: str  # "publish" or "push"
    period: Period
    start: datetime
    end: datetime  # the first moment after the period
    limit: int
    used: int  # granted already, by the ledger
    planned: int  # posts due in this period
    carried: int  # posts put off into it, due in earlier ones
    late: tuple[Late, ...]

    @property
    def left(self) -> int:
        """What is still free once all that fits has gone."""
        return max(0, self.limit - self.used - self.planned - self.carried + len(self.late))


@dataclass
class _Line:
    """One quota in one period while the grants are played."""

    budget: Budget
    start: datetime
    used: int
    planned: set[str] = field(default_factory=set)
    carried: set[str] = field(default_factory=set)
    refused: dict[str, Wish] = field(default_factory=dict)

    def ask(self, wish: Wish, *, refused: bool) -> None:
        """Notes that a post came up in this period; it may do so again, after another quota."""
        (self.planned if wish.due_at >= self.start else self.carried).add(wish.post)
        if refused:
            self.refused[wish.post] = wish


def demand(
    known: Iterable[Publication],
    changes: Iterable[Change],
    quotas: Callable[[str, Method], tuple[Budget, ...]],
    *,
    released: Mapping[str, datetime],
    now: datetime,
) -> list[Wish]:
    """Who will ask for a grant once `changes` are made.

    `quotas` says what a publication of an account by a method spends; `released` when key items
    first came out. What goes by hand spends nothing the bot could count.
    """
    steps = {one.publication: one.step for one in changes if one.publication is not None}
    wishes = [_of_known(pub, steps.get(pub.id), quotas, now) for pub in known]
    wishes += [
        _of_new(one.desired, quotas, released.get(one.post), now)
        for one in changes
        if one.publication is None and one.desired is not None
    ]
    return [wish for wish in wishes if wish and wish.budgets and wish.at < wish.not_after]


def _of_known(
    pub: Publication,
    step: Step | None,
    quotas: Callable[[str, Method], tuple[Budget, ...]],
    now: datetime,
) -> Wish | None:
    """The publication as it will stand after `step`."""
    changed: Mapping[str, Any] = step.changes if step else {}
    state = (step.to if step else None) or pub.state
    if state not in _TO_GO or changed.get("by_hand", pub.by_hand):
        return None
    # The platform or a backoff may have put off what waits; all else goes at its planned time.
    put_off = changed.get("next_at", pub.next_at) if state is State.WAITING else None
    due_at = changed.get("due_at", pub.due_at)
    return Wish(
        post=pub.post,
        account=pub.account,
        due_at=due_at,
        at=max(now, put_off or due_at),
        not_after=changed.get("not_after", pub.not_after),
        budgets=quotas(pub.account, Method(changed.get("method", pub.method))),
        paid_at=pub.committed_at,
        paid=pub.paid,
    )


def _of_new(
    want: Desired,
    quotas: Callable[[str, Method], tuple[Budget, ...]],
    released: datetime | None,
    now: datetime,
) -> Wish | None:
    if want.by_hand:
        return None
    # Held ones count as well: a fault is expected to be mended, a unit to agree.
    due_at = want.due_at
    if want.kind is Kind.REPRINT and released is not None:
        due_at = released + timedelta(seconds=want.offset_s)
    return Wish(
        post=want.post,
        account=want.account.id,
        due_at=due_at,
        at=max(now, due_at),
        not_after=want.not_after,
        budgets=quotas(want.account.id, want.method),
    )


def forecast(wishes: Iterable[Wish], used: Mapping[Key, int]) -> list[QuotaUse]:
    """The quotas that will be exceeded, by time; `used` is what the ledger has granted so far."""
    return _by_time(
        _use(key[0], line, at) for key, line, at in _asked(wishes, used) if line.refused
    )


def foreseen(wishes: Iterable[Wish], used: Mapping[Key, int]) -> list[QuotaUse]:
    """Every quota that will be touched, by time."""
    return _by_time(_use(key[0], line, at) for key, line, at in _asked(wishes, used))


def _by_time(found: Iterable[QuotaUse]) -> list[QuotaUse]:
    return sorted(found, key=lambda one: (one.start, one.account, one.action, one.period))


def _asked(
    wishes: Iterable[Wish], used: Mapping[Key, int]
) -> Iterator[tuple[Key, _Line, Mapping[tuple[str, str], datetime]]]:
    """Each quota that is asked for with who asks; and when each post of an account goes."""
    spent = dict(used)
    lines: dict[Key, _Line] = {}
    goes_at: dict[tuple[str, str], datetime] = {}
    # Whoever waits and whoever is just due ask in one round, longest due first.
    queue = [(wish.at, wish.due_at, wish.post, wish.account, wish) for wish in wishes]
    heapq.heapify(queue)
    while queue:
        at, due_at, post, account, wish = heapq.heappop(queue)
        wanted = unpaid(wish.budgets, last=wish.paid_at, paid=wish.paid, now=at)
        full = exhausted(spent, account, wanted, at)
        for budget in wanted:
            _line(lines, used, account, budget, at).ask(wish, refused=budget in full)
        if not full:
            spend(spent, account, wanted, at)
            goes_at[post, account] = at
            continue
        again_at = max(period_end(at, budget.period) for budget in full)
        if again_at < wish.not_after:
            heapq.heappush(queue, (again_at, due_at, post, account, wish))
    for key, line in lines.items():
        yield key, line, goes_at


def _line(
    lines: dict[Key, _Line], used: Mapping[Key, int], account: str, budget: Budget, at: datetime
) -> _Line:
    key = key_of(account, budget, at)
    if key not in lines:
        start = period_start(at, budget.period)
        lines[key] = _Line(budget=budget, start=start, used=used.get(key, 0))
    return lines[key]


def _use(account: str, line: _Line, goes_at: Mapping[tuple[str, str], datetime]) -> QuotaUse:
    return QuotaUse(
        account=account,
        action=str(line.budget.action),
        period=line.budget.period,
        start=line.start,
        end=period_end(line.start, line.budget.period),
        limit=line.budget.limit,
        used=line.used,
        planned=len(line.planned),
        carried=len(line.carried),
        late=tuple(
            Late(
                post=wish.post,
                due_at=wish.due_at,
                not_after=wish.not_after,
                goes_at=goes_at.get((wish.post, account)),
            )
            for wish in line.refused.values()
        ),
    )
