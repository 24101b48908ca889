"""What an account's registration and certification lack, and from which day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.domain.papers import Lack, papers
from bot.domain.roster import Account, AccountStatus
from tests.bot.domain.making import account

NOW = datetime(2026, 5, 31, 17, 0, tzinfo=UTC)  # 1 June in Beijing
TODAY = date(2026, 6, 1)
MONTH = timedelta(days=30)


def lacks(member: Account, said: datetime | None = None) -> list[tuple[Lack, date | None]]:
    found = papers([(member, said)], NOW, warn=MONTH, filing=MONTH)
    assert all(one.account in one.sentence for one in found)
    return [(one.lack, one.day) for one in found]


@pytest.mark.parametrize(
    ("opened", "expected"),
    [
        (None, (Lack.UNFILED, None)),
        (date(2026, 5, 2), (Lack.UNFILED, TODAY)),
        (date(2026, 5, 1), (Lack.FILING_OVERDUE, date(2026, 5, 31))),
    ],
)
def test_a_missing_number_is_overdue_some_day(
    opened: date | None, expected: tuple[Lack, date | None]
) -> None:
    assert lacks(account(filing="", opened=opened)) == [expected]


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        (date(2026, 5, 31), [Lack.VERIFIED_ENDED]),
        (TODAY, [Lack.VERIFIED_SOON]),
        (date(2026, 7, 1), [Lack.VERIFIED_SOON]),
        (date(2026, 7, 2), []),
        (None, []),
    ],
)
def test_a_certification_ends(until: date | None, expected: list[Lack]) -> None:
    assert [lack for lack, _day in lacks(account(verified_until=until))] == expected


def test_the_platforms_own_word_counts_before_the_rosters() -> None:
    renewed = datetime(2027, 6, 1, tzinfo=UTC)
    assert lacks(account(verified_until=TODAY), renewed) == []
    assert lacks(account(), NOW + MONTH) == [(Lack.VERIFIED_SOON, date(2026, 7, 1))]


def test_nobody_is_told_of_an_account_that_is_closed() -> None:
    member = account(filing="", verified_until=TODAY)
    assert lacks(replace(member, closed=TODAY)) == []
    assert lacks(replace(member, status=AccountStatus.PAUSED)) == []
