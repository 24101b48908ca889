"""Counts: pushes and articles are different numbers, and each leads to the items behind it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.counts import By, CountRow, Counts, count, parse_span
from bot.domain.post import Kind
from bot.errors import UsageError

SHANGHAI = ZoneInfo("Asia/Shanghai")
HOUR = timedelta(hours=1)


def row(
    item: str,
    day: str = "2026-05-06 10:00:00",
    *,
    account: str = "u02-wechat",
    push: str = "",
    kind: Kind = Kind.ORIGINAL,
    via: Literal["bot", "hand"] = "bot",
    column: str = "",
    deleted: bool = False,
    notified: bool = False,
    repost: bool = False,
    url: str = "",
    by_link: bool = False,
) -> CountRow:
    """An item at a Beijing time."""
    unit, _, platform = account.partition("-")
    published_at = datetime.fromisoformat(day).replace(tzinfo=SHANGHAI).astimezone(UTC)
    return CountRow(
        item=item,
        account=account,
        unit=unit,
        platform=platform,
        published_at=published_at,
        push_id=push,
        kind=kind,
        via=via,
        column=column,
        deleted_at=published_at if deleted else None,
        notified=notified,
        repost=repost,
        url=url,
        by_link=by_link,
    )


def counted(*rows: CountRow, by: tuple[By, ...] = (), span: str = "2026") -> Counts:
    return count(rows, by=by, span=parse_span(span, SHANGHAI), zone=SHANGHAI)


def test_a_push_of_three_articles_is_one_push_and_three_articles() -> None:
    result = counted(row("a", push="m1"), row("b", push="m1"), row("c", push="m1"), row("d"))
    assert (result.total.pushes, result.total.articles) == (2, 4)


def test_push_ids_belong_to_their_account() -> None:
    result = counted(row("a", push="m1"), row("b", push="m1", account="u03-wechat"))
    assert result.total.pushes == 2


def test_an_item_named_like_a_push_is_its_own_push() -> None:
    assert counted(row("m1"), row("b", push="m1")).total.pushes == 2


def test_only_pushes_that_told_the_followers_count_as_notified() -> None:
    result = counted(
        row("a", push="m1", notified=True), row("b", push="m1", notified=True), row("c")
    )
    assert (result.total.pushes, result.total.notified) == (2, 1)


def test_original_and_reprint_bot_and_hand_are_told_apart() -> None:
    result = counted(row("a"), row("b", kind=Kind.REPRINT), row("c", kind=Kind.REPRINT, via="hand"))
    total = result.total
    assert (total.original, total.reprints, total.by_bot, total.by_hand) == (1, 2, 2, 1)


def test_a_repost_is_a_post_and_neither_original_nor_reprint() -> None:
    """What was passed on within the platform, of a key item or of anybody's."""
    result = counted(
        row("a", account="u02-weibo"),
        row("b", account="u02-weibo", repost=True),
        row("c", account="u02-weibo", repost=True, kind=Kind.REPRINT),
        row("d", account="u02-weibo", kind=Kind.REPRINT),
    )
    total = result.total
    assert (total.articles, total.original, total.reprints, total.reposts) == (4, 1, 1, 2)


def test_an_item_entered_twice_counts_once_under_its_own_name() -> None:
    """A person's link, and the account's own list; another account's same link is another item."""
    link = "https://mp.weixin.qq.com/s?__biz=A&mid=1&idx=1"
    noted = row("noted", url=f"{link}&chksm=9#rd", by_link=True)
    listed = row("listed", url=link.replace("https", "http"))
    other = row("other", url=link, by_link=True, account="u03-wechat")
    again = row("z-again", url=link + "#x", by_link=True, account="u03-wechat")
    result = counted(noted, listed, other, again)
    assert result.total.items == ("listed", "other")
    assert [(left.row.item, left.reason) for left in result.left_out] == [
        ("noted", "twice"),
        ("z-again", "twice"),
    ]
    gone = row("listed", url=link, deleted=True)
    assert counted(noted, gone).total.items == ("noted",)  # it was put up anew, or never gone


def test_platforms_come_as_yearly_reports_have_them() -> None:
    rows = [row(f"d{n}", account="u02-douyin") for n in range(3)] + [row("b", account="u02-weibo")]
    assert list(counted(*rows).by_platform.items()) == [("wechat", 0), ("weibo", 1), ("douyin", 3)]


def test_any_combination_of_keys() -> None:
    rows = (
        row("a", "2026-05-31 10:00:00"),
        row("b", "2026-06-01 10:00:00", account="u02-weibo"),
        row("c", "2026-06-02 10:00:00", account="u02-weibo", column="周三科普"),
    )
    by_both = counted(*rows, by=(By.PLATFORM, By.MONTH)).groups
    assert [group.as_row() for group in by_both] == [
        {
            "platform": "wechat",
            "month": "2026-05",
            "pushes": 1,
            "notified": 0,
            "articles": 1,
            "original": 1,
            "reprints": 0,
            "by_bot": 1,
            "by_hand": 0,
            "reposts": 0,
        },
        {
            "platform": "weibo",
            "month": "2026-06",
            "pushes": 2,
            "notified": 0,
            "articles": 2,
            "original": 2,
            "reprints": 0,
            "by_bot": 2,
            "by_hand": 0,
            "reposts": 0,
        },
    ]
    keys = [dict(g.keys) for g in counted(*rows, by=(By.UNIT, By.QUARTER, By.YEAR)).groups]
    assert keys == [{"unit": "u02", "quarter": "2026-Q2", "year": "2026"}]
    assert [g.articles for g in counted(*rows, by=(By.ACCOUNT,)).groups] == [1, 2]
    assert [dict(g.keys) for g in counted(*rows, by=(By.COLUMN,)).groups] == [
        {"column": ""},
        {"column": "周三科普"},
    ]


def test_a_push_in_two_columns_counts_in_each_and_once_in_the_total() -> None:
    result = counted(
        row("a", push="m1", column="科普"), row("b", push="m1", column="公告"), by=(By.COLUMN,)
    )
    assert [group.pushes for group in result.groups] == [1, 1]
    assert result.total.pushes == 1


def test_the_last_second_of_the_year_counts_in_that_year() -> None:
    rows = (row("old", "2025-12-31 23:59:59"), row("new", "2026-01-01 00:00:00"))
    assert counted(*rows, span="2025").total.items == ("old",)
    assert counted(*rows, span="2026").total.items == ("new",)
    (group,) = counted(*rows, span="2025", by=(By.MONTH,)).groups
    assert group.keys == {"month": "2025-12"}


def test_deleted_items_do_not_count_and_are_listed() -> None:
    gone = row("b", push="m2", deleted=True)
    result = counted(row("a"), gone, row("c", "2024-01-01 00:00:00", deleted=True))
    assert (result.total.pushes, result.total.articles) == (1, 1)
    assert [(left.row, left.reason) for left in result.left_out] == [(gone, "deleted")]


def test_every_number_leads_to_its_items_oldest_first() -> None:
    rows = (row("b", "2026-05-07 08:00:00"), row("a", "2026-05-06 08:00:00"))
    result = counted(*rows, by=(By.MONTH,))
    assert result.groups[0].items == ("a", "b")
    assert [r.item for r in result.counted] == ["a", "b"]


def test_nothing_counted_is_an_empty_table_with_a_total_of_zero() -> None:
    result = counted(by=(By.UNIT,))
    assert result.groups == ()
    assert (result.total.pushes, result.total.articles) == (0, 0)


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("2026", "2026-01-01", "2027-01-01"),
        ("2026-Q1", "2026-01-01", "2026-04-01"),
        ("2026-Q4", "2026-10-01", "2027-01-01"),
        ("2026-02", "2026-02-01", "2026-03-01"),
        (" 2026-12 ", "2026-12-01", "2027-01-01"),
    ],
)
def test_periods_begin_and_end_at_midnight_of_the_office(text: str, since: str, until: str) -> None:
    span = parse_span(text, SHANGHAI)
    assert span.since == datetime.fromisoformat(since).replace(tzinfo=SHANGHAI)
    assert span.until == datetime.fromisoformat(until).replace(tzinfo=SHANGHAI)
    assert span.label == text.strip()


@pytest.mark.parametrize(
    "text", ["", "今年", "2026-13", "2026-00", "2026-Q5", "0000", "0001-01", "9999-12", "26"]
)
def test_what_is_no_period_says_how_to_write_one(text: str) -> None:
    with pytest.raises(UsageError, match="2026-Q2"):
        parse_span(text, SHANGHAI)


@given(
    st.lists(
        st.builds(
            row,
            st.uuids().map(str),
            st.integers(0, 11_000).map(
                lambda n: str(datetime.fromisoformat("2025-11-01") + n * HOUR)
            ),
            account=st.sampled_from(["u01-wechat", "u01-weibo", "u02-wechat"]),
            push=st.sampled_from(["", "m1", "m2"]),
            deleted=st.booleans(),
        )
    )
)
def test_months_and_accounts_add_up_to_the_year(rows: list[CountRow]) -> None:
    result = counted(*rows, by=(By.ACCOUNT, By.MONTH))
    months = [counted(*rows, span=f"2026-{month:02}").total.articles for month in range(1, 13)]
    assert sum(group.articles for group in result.groups) == result.total.articles == sum(months)
    assert result.total.pushes <= result.total.articles == len(result.counted)
    assert sum(result.by_platform.values()) == result.total.articles
    within = [row for row in rows if result.span.since <= row.published_at < result.span.until]
    assert len(result.counted) + len(result.left_out) == len(within)
