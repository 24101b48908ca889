"""Days since the last post: limits drawn, unknown is no nought, nobody is ranked."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.charting import Silences, SilentAccount
from bot.domain.gaps import GapState, Limits
from bot.web.charts import silences
from tests.bot.web.charts.reading import check, drawings, texts

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 5, 21, 9, 30, tzinfo=ZONE)


def account(number: int, state: GapState, days: int | None, **more: object) -> SilentAccount:
    values: dict[str, object] = {
        "account": f"a{number}",
        "name": f"健康<b>市{number}",
        "unit": f"市第{number // 3}医院",
        "platform": "wechat",
        "state": state,
        "days": days,
        "last_post_at": None if days is None else NOW - timedelta(days=days),
        "limits": Limits(),
    }
    return SilentAccount(**(values | more))  # type: ignore[arg-type]


def values(*accounts: SilentAccount) -> Silences:
    return Silences(as_of=NOW, zone=ZONE, accounts=accounts)


FOUR = (
    account(4, GapState.OK, 2),
    account(3, GapState.FAIL, 37),
    account(2, GapState.UNKNOWN, None),
    account(1, GapState.WARN, 11, limits=Limits(warn_days=7, fail_days=12)),
)


def test_every_account_is_a_line_and_a_row_in_the_order_given() -> None:
    chart = silences.chart(values(*FOUR), "silent")
    check(chart)
    assert [row[0][-1] for row in chart.rows] == ["4", "3", "2", "1"]
    assert [row[5] for row in chart.rows] == ["2", "37", "–", "11"]
    wide, narrow = drawings(chart)
    for drawing in (wide, narrow):
        assert sum("健康<b>市" in one for one in texts(drawing)) == len(FOUR)
        assert not any(one.startswith("0天") or one == "0 days" for one in texts(drawing))


def test_each_account_has_its_own_limits_drawn() -> None:
    limits = {one.get("d") for one in drawings(silences.chart(values(*FOUR), "k"))[0].iter("path")}
    lines = [d for d in limits if d and d.count("v22") == len(FOUR)]
    assert len(lines) == 2
    assert all(len({part.split()[0] for part in d.split("M")[1:]}) == 2 for d in lines)


def test_many_accounts_are_parted_as_sheets_of_paper_are() -> None:
    many = [account(number, GapState.OK, number % 9) for number in range(95)]
    chart = silences.chart(values(*many), "silent")
    check(chart)
    assert (len(chart.wide), len(chart.narrow), len(chart.rows)) == (3, 3, 95)


def test_no_account_at_all_is_drawn_too() -> None:
    check(silences.chart(values(), "silent"))
