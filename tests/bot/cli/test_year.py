"""The yearly figures: 2022 with 1143 WeChat articles and 232 Weibo posts, traps included."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.contract import Item
from bot.domain.roster import Account, Roster, Unit
from bot.ledger import items, roster
from bot.ledger.store import open_ledger
from tests.bot.cli.office import Office

SHANGHAI = ZoneInfo("Asia/Shanghai")
FIRST = datetime(2022, 1, 1, tzinfo=SHANGHAI)
LAST = datetime(2022, 12, 31, 23, 59, 59, tzinfo=SHANGHAI)
YEAR = ("counts", "--year", "2022")
# account → (pushes, articles in each); WeChat 429 + 400 + 314 = 1143 articles in 657 pushes
WECHAT = {"u01-wechat": (143, 3), "u02-wechat": (200, 2), "u03-wechat": (314, 1)}
WEIBO = {"u01-weibo": 150, "u02-weibo": 82}  # 232
OTHERS = {"u01-douyin": 40, "u02-channels": 10, "u03-website": 7}


def _roster() -> Roster:
    names = [*WECHAT, *WEIBO, *OTHERS]
    units = {
        f"u0{n}": Unit(id=f"u0{n}", name=f"澜汀区第{n}医院", short=f"第{n}医院") for n in (1, 2, 3)
    }
    accounts = {
        name: Account(
            id=name,
            unit=name[:3],
            platform=name.partition("-")[2],
            name=name,
            verified_name=units[name[:3]].name,
            filing="澜网备",
        )
        for name in names
    }
    return Roster(units=units, accounts=accounts)


def _spread(count: int) -> list[datetime]:
    """The first and the last second of the year, and the rest between them."""
    step = (LAST - FIRST) / (count - 1)
    return [FIRST, *((FIRST + step * n).replace(microsecond=0) for n in range(1, count - 1)), LAST]


def _pushes(count: int, articles: int) -> list[Item]:
    # All accounts number their pushes alike: a push is told by its account, too.
    return [
        _item(f"{number}_{part}", at, push_id=f"push-{number}")
        for number, at in enumerate(_spread(count))
        for part in range(articles)
    ]


def _item(name: str, at: datetime, *, push_id: str = "", deleted: bool = False) -> Item:
    return Item(
        platform_id=name,
        url=f"https://lanting.example/{name}",
        title="防病提示",
        text="",
        published_at=at,
        push_id=push_id,
        deleted=deleted,
    )


def _traps(name: str) -> list[Item]:
    """A second before the year, the first after it, and posts deleted since."""
    deleted = [
        _item(f"{name}-gone-{n}", FIRST + timedelta(days=40 * n), deleted=True) for n in range(3)
    ]
    outside = [FIRST - timedelta(seconds=1), LAST + timedelta(seconds=1)]
    return [*deleted, *(_item(f"{name}-{n}", at) for n, at in enumerate(outside))]


async def _write(url: str) -> None:
    now = datetime(2023, 1, 10, tzinfo=SHANGHAI)
    shown = {name: _pushes(*size) for name, size in WECHAT.items()}
    singles = {**WEIBO, **OTHERS}
    shown |= {
        name: [_item(f"{name}-p{n}", at) for n, at in enumerate(_spread(count))]
        for name, count in singles.items()
    }
    ledger = await open_ledger(url)
    async with ledger.write() as conn:
        await roster.save(conn, _roster(), now)
        for name, found in shown.items():
            await items.upsert(conn, name, [*found, *_traps(name)], now)
        # Read a second time, as every day: nothing is counted twice.
        await items.upsert(conn, "u01-wechat", shown["u01-wechat"], now)
    await ledger.close()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger of the year, written once."""
    path = tmp_path_factory.mktemp("year") / "ledger.sqlite3"
    asyncio.run(_write(f"sqlite:///{path}"))
    return path


@pytest.fixture
def year(office: Office, written: Path) -> Office:
    (office.folder / "var").mkdir()
    shutil.copyfile(written, office.folder / "var" / "ledger.sqlite3")
    return office


def test_the_figures_of_the_report(year: Office) -> None:
    totals = year.ask(*YEAR)["totals"]
    assert totals["platforms"] == {
        "channels": 10,
        "douyin": 40,
        "website": 7,
        "wechat": 1143,
        "weibo": 232,
    }
    assert totals["articles"] == 1143 + 232 + 57
    assert totals["pushes"] == 657 + 232 + 57
    assert totals["left_out"] == 3 * 8


def test_pushes_are_fewer_than_articles(year: Office) -> None:
    rows = year.ask(*YEAR, "--by", "platform")["rows"]
    found = {row["platform"]: (row["pushes"], row["articles"]) for row in rows}
    assert found["wechat"] == (657, 1143)
    assert found["weibo"] == (232, 232)


def test_every_account_has_its_own_figures(year: Office) -> None:
    rows = year.ask(*YEAR, "--by", "account")["rows"]
    found = {row["account"]: (row["pushes"], row["articles"]) for row in rows}
    assert {name: found[name] for name in WECHAT} == {
        name: (pushes, pushes * articles) for name, (pushes, articles) in WECHAT.items()
    }
    assert {name: found[name][1] for name in WEIBO} == WEIBO


def test_people_read_both_figures(year: Office) -> None:
    out = year.bot(*YEAR).out
    assert "微信公众号发布1143篇，微博发布232篇" in out
    assert "后来删除的 24 篇" in out
    assert "第1医院" in out


def test_the_seconds_around_new_year_belong_to_their_years(year: Office) -> None:
    def wechat(*period: str) -> int:
        return int(year.ask("counts", *period)["totals"]["platforms"].get("wechat", 0))

    assert wechat("--year", "2021") == 3
    assert wechat("--year", "2023") == 3
    assert wechat("--from", "2022-01-01", "--to", "2022-12-31") == 1143
    months = [wechat("--month", f"2022-{month:02d}") for month in range(1, 13)]
    assert sum(months) == 1143
    assert sum(wechat("--month", f"2022-Q{quarter}") for quarter in (1, 2, 3, 4)) == 1143


@pytest.fixture(params=["America/New_York", "Pacific/Auckland"])
def elsewhere(request: pytest.FixtureRequest) -> Iterator[str]:
    """A machine whose own clock stands in another zone."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield request.param
    os.environ.pop("TZ")
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


def test_the_year_is_the_offices_wherever_the_machine_stands(elsewhere: str, year: Office) -> None:
    found = year.ask(*YEAR)
    assert found["from"] == "2022-01-01T00:00:00+08:00"
    assert found["to"] == "2023-01-01T00:00:00+08:00"
    assert found["totals"]["platforms"]["wechat"] == 1143
    assert found["totals"]["platforms"]["weibo"] == 232
