"""Accounts that the calendar leaves without a post for longer than inspections allow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise

from bot.domain.planning import Desired
from bot.domain.problem import Problem, Severity
from bot.domain.roster import AccountStatus
from bot.i18n import _
from bot.schedule.reader import Reading


def uncovered(wanted: Sequence[Desired], reading: Reading) -> Iterator[Problem]:
    """Active accounts with more than the gap limit between two posts of the calendar.

    Only accounts the calendar has posts for: what others publish is not the bot's. Reprints count,
    and so do the calendar's first and last day, between which alone anything is known.
    """
    zone = reading.options.zone
    planned: dict[str, set[date]] = defaultdict(set)
    for want in wanted:
        if want.account.status_at(want.due_at) is AccountStatus.ACTIVE:
            planned[want.account.id].add(want.due_at.astimezone(zone).date())
    if not planned:
        return
    days = [post.due_at.astimezone(zone).date() for post in reading.posts]
    ends = {min(days), max(days)}
    for account, mine in planned.items():
        gap = _longest(sorted(mine | ends))
        if (gap[1] - gap[0]).days > reading.options.gap_days:
            yield _problem(account, gap, reading)


def _longest(days: Sequence[date]) -> tuple[date, date]:
    pairs = list(pairwise(days)) or [(days[0], days[0])]
    return max(pairs, key=lambda pair: pair[1] - pair[0])


def _problem(account: str, gap: tuple[date, date], reading: Reading) -> Problem:
    return Problem(
        code="account-uncovered",
        message=_("{account} has no post from {first} to {last}: {days} days.").format(
            account=account, first=gap[0], last=gap[1], days=(gap[1] - gap[0]).days
        ),
        hint=_("Plan one in between; the limit is {limit} days (gaps.fail_days).").format(
            limit=reading.options.gap_days
        ),
        severity=Severity.WARNING,
        place=reading.roster.accounts[account].place,
    )
