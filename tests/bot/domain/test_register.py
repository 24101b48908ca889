"""The registry's history: who belonged where, whenever that became known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bot.domain.register import ALWAYS, Course, Entry, History, entries_for, latest, timeline
from bot.domain.roster import AccountStatus, ReprintPolicy, start_of
from tests.bot.domain.making import account, unit

Facts = Mapping[str, Any]
FIRST: Facts = {"unit": "u02", "name": "甲", "opened": None, "changed": None, "closed": None}


def may(day: int, hour: int = 12) -> datetime:
    """A moment of May 2026 in Beijing."""
    return (start_of(date(2026, 5, day)) + timedelta(hours=hour, minutes=30)).astimezone(UTC)


def noted(*rows: tuple[datetime, Facts]) -> list[Entry]:
    """The register after these rows were taken over, one after the other, each at its moment."""
    entries: list[Entry] = []
    for now, said in rows:
        facts = {**(latest(entries) if entries else FIRST), **said}
        for new in entries_for(entries, latest(entries) if entries else {}, facts, now):
            entries.append(Entry(id=len(entries) + 1, **vars(new)))
    return entries


def units_at(entries: list[Entry], *moments: datetime) -> list[str]:
    course = timeline(entries)
    return [[facts["unit"] for since, facts in course if since <= moment][-1] for moment in moments]


def test_the_first_entry_counts_from_the_opening_or_from_always() -> None:
    assert noted((may(1), {}))[0].since == ALWAYS
    assert noted((may(1), {"opened": "2021-05-06"}))[0].since == start_of(date(2021, 5, 6))
    # What came before counts as it did first: an opening may be entered wrong.
    assert units_at(noted((may(1), {"opened": "2026-04-01"})), ALWAYS) == ["u02"]


def test_the_same_row_again_notes_nothing() -> None:
    assert len(noted((may(1), {}), (may(2), {}), (may(3), {}))) == 1


def test_a_move_without_a_day_counts_from_when_it_was_taken_over() -> None:
    entries = noted((may(1), {}), (may(10), {"unit": "u03"}))
    assert units_at(entries, may(9), may(10, 11), may(10), may(31)) == ["u02", "u02", "u03", "u03"]


@pytest.mark.parametrize("told", [may(10), may(25)], ids=["in time", "late"])
def test_a_move_in_mid_month_counts_from_its_day(told: datetime) -> None:
    entries = noted((may(1), {}), (told, {"unit": "u03", "changed": "2026-05-10"}))
    midnight = start_of(date(2026, 5, 10))
    assert units_at(entries, may(9, 23), midnight, may(26)) == ["u02", "u03", "u03"]


@pytest.mark.parametrize("right", [7, 14], ids=["earlier", "later"])
def test_a_wrong_day_is_put_right(right: int) -> None:
    entries = noted(
        (may(1), {}),
        (may(12), {"unit": "u03", "changed": "2026-05-10"}),
        (may(20), {"changed": f"2026-05-{right:02}"}),
    )
    before, after = start_of(date(2026, 5, right - 1)), start_of(date(2026, 5, right))
    assert units_at(entries, before, after, may(30)) == ["u02", "u03", "u03"]
    assert len(entries) == 3  # nothing was overwritten


def test_a_day_that_is_added_later_dates_the_last_change() -> None:
    entries = noted((may(1), {}), (may(20), {"unit": "u03"}), (may(21), {"changed": "2026-05-10"}))
    assert units_at(entries, may(9), may(15), may(25)) == ["u02", "u03", "u03"]


def test_an_earlier_change_that_is_told_later_leaves_the_others() -> None:
    entries = noted(
        (may(1), {}),
        (may(12), {"unit": "u03", "changed": "2026-05-10"}),
        (may(20), {"name": "乙", "changed": "2026-05-05"}),
    )
    assert units_at(entries, may(7), may(15)) == ["u02", "u03"]
    names = [facts["name"] for since, facts in timeline(entries) if since <= may(7)]
    assert names[-1] == "乙"


def test_a_day_of_closing_needs_no_other_and_can_be_moved_and_taken_back() -> None:
    entries = noted(
        (may(1), {}),
        (may(12), {"closed": "2026-05-03"}),
        (may(13), {"closed": "2026-05-08"}),
        (may(20), {"closed": None}),
    )
    closed = [
        [facts["closed"] for since, facts in timeline(entries) if since <= moment][-1]
        for moment in (may(2), may(15), may(25))
    ]
    assert closed == ["2026-05-08", "2026-05-08", None]


def test_a_roster_at_any_moment() -> None:
    move = start_of(date(2026, 5, 10))
    history = History(
        units={
            "u02": Course(
                sinces=(ALWAYS, move), states=(unit("u02", short="旧名"), unit("u02", short="新名"))
            ),
            "u03": Course(sinces=(ALWAYS,), states=(unit("u03", closed=date(2026, 5, 20)),)),
        },
        accounts={
            "u02-weibo": Course(
                sinces=(ALWAYS, move),
                states=(account("u02-weibo"), account("u02-weibo", unit="u03")),
            )
        },
    )
    assert [history.unit_of("u02-weibo", at) for at in (may(9), move)] == ["u02", "u03"]
    assert history.unit_of("nobody", move) == ""
    assert [history.at(at).units["u02"].short for at in (may(9), move)] == ["旧名", "新名"]
    assert history.at(may(9)) is history.at(may(8))  # asked for again and again
    assert [history.at(at).open_units(at) for at in (may(19), may(20))] == [["u02", "u03"], ["u02"]]


def test_an_account_is_closed_from_its_day_on() -> None:
    ends = account(closed=date(2026, 5, 20))
    first = start_of(date(2026, 5, 20))
    assert ends.status_at(may(19, 23)) is AccountStatus.ACTIVE
    assert ends.status_at(first) is AccountStatus.CLOSED
    assert account(status=AccountStatus.PAUSED).status_at(first) is AccountStatus.PAUSED


def test_a_policy_by_column() -> None:
    own = account(reprint=ReprintPolicy.AUTO, reprint_in={"通知": ReprintPolicy.NONE})
    assert own.policy("通知") is ReprintPolicy.NONE
    assert own.policy("周三科普") is own.policy("") is ReprintPolicy.AUTO
