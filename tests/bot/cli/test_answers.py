"""`bot coverage`, `bot counts`, `bot gaps`: fixed shapes for programs, words for people."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from bot.app import App
from bot.contract import Item
from bot.ledger import items
from bot.ledger.tables import items as shown
from tests.bot.cli.office import Office
from tests.bot.engine.world import article, key_item, roster

RELEASE = "2026-05-06 10:00"
MAY = ("--month", "2026-05")


def _members() -> dict[str, Any]:
    reprints = {"reprint": "manual"}
    members = roster(u02_wechat=reprints, u03_wechat=reprints, u03_weibo=reprints)
    for unit, short in zip(members["units"], ("区卫健委", "区一院", "梨溪社区"), strict=True):
        unit["short"] = short
    return members


@pytest.fixture
def may(office: Office) -> Office:
    """k1 is released; u02 carries it late, u03 was read and shows something else."""
    key = key_item("k1", at=RELEASE)
    office.write(key, article("p1", "2026-05-07 10:00"), members=_members())
    assert office.bot("plan", "--apply").code == 0
    for name, link, at in (
        ("k1@u01-wechat", "https://mp.weixin.qq.com/s/one", RELEASE),
        ("k1@u01-weibo", "https://weibo.com/1/one", RELEASE),
        ("k1@u02-wechat", "https://mp.weixin.qq.com/s/two", "2026-05-07 12:00"),
    ):
        assert office.bot("publications", "confirm", name, "--url", link, "--at", at).code == 0
    office.work(_read_u03)
    return office


async def _read_u03(app: App) -> None:
    own = [
        Item(
            platform_id=f"{number}",
            url=f"https://mp.weixin.qq.com/s/own-{number}",
            title="门诊安排",
            text="周末门诊照常。",
            published_at=datetime(2026, 5, day, 8, 0, tzinfo=UTC),
            push_id=push,
            notified=True,
            deleted=deleted,
        )
        for number, (day, push, deleted) in enumerate(
            [(2, "a", False), (2, "a", False), (28, "b", False), (29, "c", True)]
        )
    ]
    since, until = datetime(2026, 4, 20, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
    async with app.core.ledger.write() as conn:
        await items.upsert(conn, "u03-wechat", own, until)
        for account in ("u03-wechat", "u03-weibo", "u02-wechat"):
            await items.read_done(conn, account, since=since, until=until, gaps=())


def test_coverage_has_its_fixed_shape(may: Office) -> None:
    ran = may.bot("coverage", "--format", "json")
    assert (ran.code, ran.err) == (1, "")  # a unit is missing
    assert list(ran.document) == ["key_items"]
    [item] = ran.document["key_items"]
    assert list(item) == [
        *("id", "title", "deadline", "first_release", "as_of"),
        *("required", "exempt", "on_time", "late", "missing", "unknown", "open"),
        *("coverage", "timeliness", "units", "accounts"),
        *("optional", "first_carried", "last_carried", "lacking"),
    ]
    assert (item["id"], item["deadline"]) == ("k1", "2026-05-07T10:00:00+08:00")
    assert item["first_release"] == "2026-05-06T10:00:00+08:00"
    numbers = ("required", "exempt", "on_time", "late", "missing", "unknown", "open")
    assert [item[name] for name in numbers] == [3, 0, 1, 1, 1, 0, 0]
    assert item["coverage"] == pytest.approx(2 / 3)
    assert item["timeliness"] == pytest.approx(1 / 3)
    assert {row["unit"]: row["state"] for row in item["units"]} == {
        "u01": "on_time",
        "u02": "late",
        "u03": "missing",
    }
    keys = ["unit", "state", "account", "at", "reason"]
    more = ["exempt_by", "exempt_since", "carried", "outdated"]
    assert all(list(row) == [*keys, *more] for row in item["units"])
    keys = ["account", "unit", "state", "at", "url", "evidence"]
    assert all(list(row) == [*keys, "source_missing", "outdated"] for row in item["accounts"])
    late = next(row for row in item["accounts"] if row["account"] == "u02-wechat")
    assert late == {
        "account": "u02-wechat",
        "unit": "u02",
        "state": "late",
        "at": "2026-05-07T12:00:00+08:00",
        "url": "https://mp.weixin.qq.com/s/two",
        "evidence": "confirmed",
        "source_missing": False,
        "outdated": False,
    }


def test_people_read_the_grid_and_its_evidence_in_words(may: Office) -> None:
    out = may.bot("coverage", "--evidence").out
    for words in (
        "重点稿件转载覆盖",
        "● 按时",
        "区卫健委",
        "梨溪社区",
        "66.7%",
        "人工确认",
        "首发",
    ):
        assert words in out
    for code in ("on_time", "confirmed", "first release", "missing"):
        assert code not in out


def test_coverage_of_a_time_without_key_items_is_empty(may: Office) -> None:
    ran = may.bot("coverage", "--month", "2026-04", "--format", "json")
    assert (ran.code, ran.document) == (0, {"key_items": []})
    assert may.bot("coverage", "--month", "2026-04").code == 0


def test_a_key_item_nobody_knows(may: Office) -> None:
    for name in ("k9", "p1"):  # p1 is a post, but no key item
        ran = may.bot("coverage", "k1", name)
        assert (ran.code, ran.err) == (2, f"✗ 没有重点稿件 {name}。\n")


COUNTED = [
    *("pushes", "notified", "articles", "original", "reprints", "by_bot", "by_hand"),
    "reposts",
]


def test_counts_have_their_fixed_shape(may: Office) -> None:
    ran = may.bot("counts", *MAY, "--format", "json")
    assert (ran.code, ran.err) == (0, "")
    found = ran.document
    assert list(found) == ["from", "to", "as_of", "rows", "totals", "sentence", "definition"]
    assert (found["from"], found["to"]) == (
        "2026-05-01T00:00:00+08:00",
        "2026-06-01T00:00:00+08:00",
    )
    assert datetime.fromisoformat(found["as_of"]).utcoffset() == timedelta(hours=8)
    assert all(list(row) == ["unit", "account", "platform", *COUNTED] for row in found["rows"])
    rows = {row["account"]: row for row in found["rows"]}
    assert {name: (row["pushes"], row["articles"]) for name, row in rows.items()} == {
        "u01-wechat": (1, 1),
        "u01-weibo": (1, 1),
        "u02-wechat": (1, 1),
        "u03-wechat": (2, 3),
    }
    assert list(found["totals"]) == [*COUNTED, "platforms", "left_out"]
    assert found["totals"]["platforms"] == {"wechat": 5, "weibo": 1}
    assert (found["totals"]["articles"], found["totals"]["left_out"]) == (6, 1)
    assert (found["totals"]["original"], found["totals"]["reprints"]) == (5, 1)
    assert (found["totals"]["by_bot"], found["totals"]["by_hand"]) == (0, 6)


def test_the_sentence_is_the_sum_of_its_rows(may: Office) -> None:
    """Every row of the period, counted or not, and nothing else."""
    found = may.ask("counts", *MAY, "--rows")
    rows = found["items"]
    by_platform = Counter(row["platform"] for row in rows if row["counted"])
    assert by_platform == found["totals"]["platforms"] == {"wechat": 5, "weibo": 1}
    assert re.findall(r"\d+", found["sentence"]) == ["5", "1"]
    assert [(row["reason"], row["title"]) for row in rows if not row["counted"]] == [
        ("deleted", "门诊安排")
    ]
    assert list(rows[0]) == [
        *("item", "published_at", "unit", "account", "platform", "title", "url", "push"),
        *("kind", "via", "counted", "reason"),
    ]
    said = may.bot("counts", *MAY, "--sentence")
    assert said.out.splitlines() == [found["sentence"], *said.out.splitlines()[1:]]
    assert len(said.out.splitlines()) == 2


def test_what_was_deleted_later_counted_before(may: Office) -> None:
    """The fourth push of u03 was seen and deleted at the same reading: it never counted."""
    before = datetime.now(UTC)

    async def take_down(app: App) -> None:
        async with app.core.ledger.write() as conn:
            mine = (shown.c.account == "u03-wechat") & (shown.c.push_id == "a")
            await conn.execute(update(shown).where(mine).values(deleted_at=datetime.now(UTC)))

    may.work(take_down)
    assert may.ask("counts", *MAY)["totals"]["articles"] == 4
    then = may.ask("counts", *MAY, "--as-of", before.isoformat())["totals"]
    assert (then["articles"], then["left_out"]) == (6, 1)
    earlier = may.ask("counts", *MAY, "--as-of", "2026-05-31")["totals"]
    assert earlier["articles"] == 0  # nothing of it was known by then


def test_the_last_second_of_the_year_is_the_offices(may: Office) -> None:
    async def add(app: App) -> None:
        end = datetime(2025, 12, 31, 15, 59, 59, tzinfo=UTC)  # 23:59:59 in Beijing
        own = [
            Item(
                platform_id=name,
                url=f"https://mp.weixin.qq.com/s/{name}",
                title="新年献词",
                text="新年好。",
                published_at=at,
            )
            for name, at in (("old", end), ("new", end + timedelta(seconds=1)))
        ]
        async with app.core.ledger.write() as conn:
            await items.upsert(conn, "u03-wechat", own, datetime(2026, 6, 2, tzinfo=UTC))

    may.work(add)
    last, this = (may.ask("counts", "--year", year, "--rows") for year in ("2025", "2026"))
    assert [row["published_at"] for row in last["items"]] == ["2025-12-31T23:59:59+08:00"]
    assert re.findall(r"\d+", last["sentence"]) == ["1", "0"]
    assert this["totals"]["articles"] == 7


def test_last_years_count_keeps_last_years_unit(may: Office) -> None:
    """The account was moved to another unit, and its old one renamed, since."""
    members = _members()
    moved = members["units"][2]["accounts"].pop(0)
    members["units"][1]["accounts"].append(moved | {"changed": "2026-06-01", "verified_name": "x"})
    members["units"][2] |= {"short": "新名字", "changed": "2026-06-01"}
    may.write(key_item("k1", at=RELEASE), article("p1", "2026-05-07 10:00"), members=members)
    may.bot("plan", "--apply", "--yes")
    rows = may.ask("counts", *MAY, "--by", "unit")["rows"]
    assert {row["unit"]: row["articles"] for row in rows} == {"u01": 2, "u02": 1, "u03": 3}
    assert may.ask("counts", *MAY, "--unit", "u03")["totals"]["articles"] == 3
    out = may.bot("counts", *MAY).out
    assert "梨溪社区" in out
    assert "新名字" not in out
    assert may.bot("counts", "--unit", "u99").code == 2


def test_counts_are_told_apart_as_asked(may: Office) -> None:
    rows = may.ask("counts", *MAY, "--by", "month", "--by", "platform")["rows"]
    assert [(row["month"], row["platform"], row["articles"]) for row in rows] == [
        ("2026-05", "wechat", 5),
        ("2026-05", "weibo", 1),
    ]


def test_people_read_units_and_platforms_by_name(may: Office) -> None:
    out = may.bot("counts", *MAY).out
    for words in ("推送次数", "篇数", "区一院", "梨溪社区", "微信", "微博", "u03-wechat"):
        assert words in out
    assert "│ wechat" not in out


def test_gaps_have_their_fixed_shape(may: Office) -> None:
    ran = may.bot("gaps", *MAY, "--format", "json")
    assert (ran.code, ran.err) == (1, "")
    assert list(ran.document) == ["accounts", "met", "known", "unknown", "rate"]
    rows = {row["account"]: row for row in ran.document["accounts"]}
    keys = ["account", "unit", "platform", "state", "last_post_at", "gap_days", "max_gap_days"]
    assert all(list(row) == [*keys, "lapsed", "warn_days", "fail_days"] for row in rows.values())
    u03 = rows["u03-wechat"]
    assert (u03["state"], u03["last_post_at"]) == ("ok", "2026-05-28T16:00:00+08:00")
    assert u03["lapsed"] == [{"from": "2026-05-02", "to": "2026-05-28", "days": 26, "ended": True}]
    assert rows["u01-douyin"]["state"] == "unknown"


def test_who_fails_next_is_said_on_request(may: Office) -> None:
    assert "forecast" not in may.ask("gaps")
    found = may.ask("gaps", "--forecast")["forecast"]
    keys = ["account", "unit", "platform", "state", "warns_on", "fails_on", "saving"]
    assert all(list(row) == [*keys, "planned_at", "planned_post"] for row in found)
    assert {row["account"] for row in found} >= {"u03-wechat", "u01-douyin"}
    assert may.bot("gaps", "--forecast").code in (0, 1)


def test_limits_may_differ_by_regime(may: Office) -> None:
    (may.folder / "settings.toml").write_text(
        "[gaps]\nwarn_days = 8\n[gaps.regimes.gov]\nwarn_days = 5\nfail_days = 6\n",
        encoding="utf-8",
    )
    members = _members()
    members["units"][0]["regime"] = "gov"
    may.write(key_item("k1", at=RELEASE), article("p1", "2026-05-07 10:00"), members=members)
    may.bot("plan", "--apply")
    rows = {row["account"]: row for row in may.ask("gaps", *MAY)["accounts"]}
    limits = {name: (row["warn_days"], row["fail_days"]) for name, row in rows.items()}
    assert (limits["u01-wechat"], limits["u03-wechat"]) == ((5, 6), (8, 14))


def test_people_read_who_fell_silent(may: Office) -> None:
    out = may.bot("gaps", *MAY).out
    assert "05-02 至 05-28（26 天）" in out
    assert "不明" in out
    assert "unknown" not in out


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--month", "2026-13"], "2026-13"),
        (["--month", "Mai"], "Mai"),
        (["--year", "26"], "26"),
        (["--from", "1.5.2026"], "1.5.2026"),
        (["--from", "2026-05-09", "--to", "2026-05-01"], "2026-05-09"),
        (["--to", "2026-02-30"], "2026-02-30"),
    ],
)
@pytest.mark.parametrize("command", ["counts", "gaps", "coverage"])
def test_a_period_that_is_none(office: Office, command: str, args: list[str], words: str) -> None:
    ran = office.bot(command, *args)
    assert (ran.code, ran.out) == (2, "")
    assert words in ran.err
    assert "Traceback" not in ran.err


def test_both_days_of_a_period_belong_to_it(may: Office) -> None:
    def articles(first: str, last: str) -> int:
        answer = may.ask("counts", "--from", first, "--to", last)
        return int(answer["totals"]["articles"])

    assert articles("2026-05-02", "2026-05-02") == 2
    assert articles("2026-05-02", "2026-05-28") == 6
    assert articles("2026-05-03", "2026-05-27") == 3


def test_an_empty_ledger_answers_too(office: Office) -> None:
    assert office.ask("counts")["totals"]["articles"] == 0
    assert office.ask("gaps") == {"accounts": [], "met": 0, "known": 0, "unknown": 0, "rate": None}
    assert office.ask("coverage") == {"key_items": []}
