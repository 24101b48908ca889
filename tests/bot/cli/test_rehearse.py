"""`bot rehearse`: a month played before it is real, on the real bot and the simulator."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from sqlalchemy import insert

from adapters import registry
from bot.app import App
from bot.engine import people
from bot.ledger.tables import items, usage
from tests.bot.cli.office import Data, Office
from tests.bot.cli.rehearsing import FILE, played, usage_error
from tests.bot.cli.stage import SHANGHAI, minute
from tests.bot.engine.world import account, article, key_item, roster, status, video

TIMES = ("published_at", "first_seen_at", "last_seen_at")
ROOT = Path(__file__).parents[3]
KEYS = [
    *("calendar", "from", "to", "as_planned", "publications", "went_out", "already_public"),
    *("past_posts", "by_hand_instead", "unread_files", "days", "troubles", "over_quota"),
    *("key_items", "silent", "quotas", "problems"),
]


def matrix(**changes: Data) -> Data:
    """Three units that reprint: u02 by itself, u03 when asked."""
    auto: dict[str, Data] = {
        "u02_wechat": {"reprint": "auto"},
        "u03_wechat": {"reprint": "confirm"},
    }
    return roster(**(auto | changes))


def troubles(document: Any) -> list[tuple[str, str, str, str]]:
    """Kind, post, account and reason of each."""
    return [
        (one["kind"], one["post"], one["account"], one["reason"]) for one in document["troubles"]
    ]


def test_a_clean_month_ends_well(office: Office) -> None:
    """A key item with its reprints, a video, a package by hand, a unit that agrees."""
    office.write(
        key_item(),
        status("s1", "2026-05-07 10:00"),
        video("v1", "2026-05-08 10:00"),
        article("w1", "2026-05-08 11:00", accounts=["u01-website"]),
        members=matrix(),
    )
    code, found = played(office)
    assert (code, list(found), found["troubles"]) == (0, KEYS, [])
    assert (found["as_planned"], found["publications"], found["went_out"]) == (True, 7, 7)
    [item] = found["key_items"]
    assert (item["required"], item["on_time"], item["lacking"], item["no_account"]) == (
        3,
        3,
        [],
        [],
    )
    out = {one["account"]: one for day in found["days"] for one in day["went_out"]}
    assert out["u03-wechat"]["at"] > "2026-05-06T12:00"  # two hours after it was asked
    assert out["u01-website"] == {
        "at": "2026-05-08T12:00:00+08:00",
        "post": "w1",
        "account": "u01-website",
        "kind": "original",
        "by_hand": True,
    }
    # Nothing of the office was made or touched.
    assert sorted(path.name for path in office.folder.iterdir()) == ["schedules"]


def test_the_report_for_people(office: Office) -> None:
    """Every table, codes and ids in it; and the folder that was asked for is kept."""
    office.write(
        key_item(), article("bad", text="治愈率98%", body="posts/bad.md"), members=matrix()
    )
    (office.schedules / "posts" / "bad.md").write_text("治愈率98%，欢迎就诊。\n", encoding="utf-8")
    kept = office.folder / "kept"
    ran = office.bot("rehearse", FILE, "--confirm", "no", "--dir", kept)
    assert (ran.code, ran.err) == (1, "")
    for word in ("2026-05-06", "efficacy-claim", "bad", "k1", "u03-wechat"):
        assert word in ran.out
    assert {path.name for path in kept.iterdir()} >= {"ledger.sqlite3", "report.json"}
    again = office.bot("rehearse", FILE, "--dir", kept)
    assert again.code == 1
    assert "u03-wechat" not in again.out
    assert usage_error(office.bot("rehearse", FILE, "--dir", office.schedules))


def test_what_waits_for_a_quota_is_late_and_what_cannot_wait_is_missed(office: Office) -> None:
    """One mass send a day: p2 waits until the next morning, p3 has no time to."""
    office.write(
        article("p1", push=True),
        article("p2", "2026-05-06 12:00", push=True, window="2d"),
        article("p3", "2026-05-06 13:00", push=True, window="3h"),
    )
    code, found = played(office)
    assert code == 1
    assert troubles(found) == [
        ("late", "p2", "u01-wechat", "quota"),
        ("missed", "p3", "u01-wechat", "quota"),
    ]
    assert found["troubles"][0]["actual_at"][:16] == "2026-05-07T00:00"
    waits = [(one["post"], (one["came_at"] or "")[:10]) for one in found["over_quota"]]
    assert waits == [("p2", "2026-05-07"), ("p3", "")]
    [left] = [
        one
        for one in found["quotas"]
        if (one["account"], one["quota"]) == ("u01-wechat", "push_day")
    ]
    assert (left["limit"], left["used"], left["left"]) == (1, 1, 0)


def test_the_offices_own_quotas_are_in_force(office: Office) -> None:
    """A 服务号 that its office gives one mass send a month: the second key item is not carried."""
    Path("settings.toml").write_text(
        "[platforms.wechat.quotas]\npush_month = 1\n", encoding="utf-8"
    )
    office.write(
        key_item("k1"),
        key_item("k2", at="2026-05-08 10:00"),
        members=roster(u02_wechat={"reprint": "auto", "push": True, "kind": "service"}),
    )
    code, found = played(office)
    assert code == 1
    assert troubles(found) == [("missed", "k2", "u02-wechat", "quota")]
    first, second = found["key_items"]
    assert first["lacking"] == []
    assert second["lacking"] == [
        {
            "unit": "u02",
            "state": "missing",
            "accounts": [{"account": "u02-wechat", "why": "quota"}],
        }
    ]
    assert (first["no_account"], second["no_account"]) == (["u03"], ["u03"])
    assert not any(one["quota"] == "push_month" and one["left"] for one in found["quotas"])


def test_what_a_platform_refuses_is_told_with_its_code(office: Office) -> None:
    """Weibo takes equal words but once (20019)."""
    said = "【勤洗手】流感季来了，回家先洗手。"
    office.write(status("s1", text=said), status("s2", "2026-05-06 15:00", text=said, window="3h"))
    code, found = played(office)
    assert code == 1
    [one] = found["troubles"]
    assert (one["kind"], one["post"], one["platform"], one["code"]) == (
        "refused",
        "s2",
        "weibo",
        "20019",
    )
    assert one["advice"]


def test_held_missed_and_late_by_hand(office: Office) -> None:
    """An error of the calendar, a name that differs, a unit that is slow."""
    office.write(
        article("held", patient_story=True),
        status("name", accounts=["u02-weibo"]),
        key_item(key={"deadline": "T+4h", "spread": "1h"}),
        members=roster(
            u02_weibo={"verified_name": "另一单位"},
            u02_website={"reprint": "manual"},
            u03_weibo={"reprint": "confirm"},
        ),
    )
    code, found = played(office, "--by-hand", "5h", "--confirm", "no")
    assert code == 1
    assert troubles(found) == [
        ("held", "held", "u01-wechat", "check_failed"),
        ("late", "k1", "u02-website", "by_hand"),
        ("missed", "name", "u02-weibo", "account_not_registered"),
        ("missed", "k1", "u03-weibo", "unit_must_accept"),
    ]
    assert found["troubles"][0]["problems"] == ["consent-missing"]
    assert "consent-missing" in [one["code"] for one in found["problems"]]
    [item] = found["key_items"]
    assert [(one["unit"], one["state"]) for one in item["lacking"]] == [
        ("u02", "late"),
        ("u03", "missing"),
    ]
    assert (item["required"], item["on_time"], item["late"]) == (3, 1, 1)


def test_accounts_the_calendar_leaves_silent(office: Office) -> None:
    """Twenty days between two posts are more than the limit; the settings' limit counts."""
    office.write(status("s1", "2026-05-01 10:00"), status("s2", "2026-05-21 10:00"))
    code, found = played(office)
    assert code == 0  # silence is told; what is planned goes out all the same
    days = {one["account"]: one["days"] for one in found["silent"]}
    assert (days["u01-weibo"], days["u02-weibo"]) == (20, 20)
    Path("settings.toml").write_text("[gaps]\nfail_days = 25\n", encoding="utf-8")
    assert played(office)[1]["silent"] == []


def test_one_file_or_all_and_some_days(office: Office) -> None:
    """Only the file named is played; a folder means all its files; days narrow it."""
    office.write(status("s1"), status("s2", "2026-05-09 10:00"))
    shutil.copy(office.schedules / FILE, office.schedules / "2026-06.yaml")
    other = office.schedules / "2026-06.yaml"
    other.write_text(
        other.read_text("utf-8").replace("s1", "t1").replace("s2", "t2"), encoding="utf-8"
    )
    assert played(office)[1]["publications"] == 2
    assert office.ask("rehearse", office.schedules / FILE)["publications"] == 2
    assert office.ask("rehearse", "--from", "2026-05-07")["publications"] == 2
    assert office.ask("rehearse", office.schedules)["publications"] == 4
    narrow = office.ask("rehearse", FILE, "--to", "2026-05-06")
    assert [one["post"] for day in narrow["days"] for one in day["went_out"]] == ["s1"]


# ── what is real stays untouched ──────────────────────────────────────────────────────────────────


class Trap:
    """A server that stands for the real platforms and wants no visitors."""

    def __init__(self) -> None:
        self.seen: list[object] = []  # who called, whatever they wanted
        trap = self

        class Handler(BaseHTTPRequestHandler):
            def setup(self) -> None:
                trap.seen.append(self.client_address)
                super().setup()

            def log_message(self, format: str, *args: object) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def trap() -> Iterator[Trap]:
    found = Trap()
    thread = threading.Thread(target=found.server.serve_forever)
    thread.start()
    yield found
    found.server.shutdown()
    thread.join()
    found.server.server_close()


def _addresses(kind: type[BaseModel], url: str) -> list[str]:
    return [f'{name} = "{url}/{name}"' for name in kind.model_fields if name.endswith("url")]


def test_no_real_platform_and_no_server_of_the_office_is_asked(office: Office, trap: Trap) -> None:
    """Every address of settings and roster leads to the trap, and so do ledger and queue."""
    lines = ['[ledger]\nurl = "sqlite:///real.sqlite3"']
    lines.append('[queue]\nredis_url = "redis://127.0.0.1:1/0"')
    for name in sorted(registry.platforms()):
        found = _addresses(registry.adapter_for(name).Config, trap.url)
        lines += [f"[platforms.{name}]", *found] if found else []
    assert len(lines) > 14
    Path("settings.toml").write_text("\n".join(lines), encoding="utf-8")
    site = f"{trap.url}/".replace("http:", "https:")
    members = matrix(
        u01_website={"mode": "wordpress", "options": {"site": site}},
        u02_website={"mode": "feed", "options": {"feed": trap.url}, "reprint": "manual"},
    )
    members["units"][0]["accounts"] += [
        account("u01", "kuaishou"),
        account("u01", "bilibili", options={"tid": "201"}),
    ]
    clip = ["u01-douyin", "u01-kuaishou", "u01-bilibili"]
    office.write(
        key_item(accounts=["u01-wechat", "u01-weibo", "u01-website"]),
        video("v1", "2026-05-07 10:00", accounts=clip, text="按压要快。#急救"),
        members=members,
    )
    code, found = played(office)
    assert trap.seen == []
    assert {one["account"] for day in found["days"] for one in day["went_out"]} >= {
        *clip,
        *("u01-wechat", "u01-weibo", "u01-website", "u02-wechat", "u02-website", "u03-wechat"),
    }
    assert (code, found["troubles"]) == (0, [])
    assert not Path("real.sqlite3").exists()


def test_credentials_of_the_environment_are_not_used(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An account whose secret is in a variable plays with a made-up one."""
    monkeypatch.setenv("WEIBO_SECRET", '{"access_token": "real", "uid": "1"}')
    office.write(status(), members=roster(u01_weibo={"credential": "env:WEIBO_SECRET"}))
    assert played(office)[0] == 0


DAY = datetime(2099, 5, 6, tzinfo=SHANGHAI)


def test_what_the_ledger_knows_counts_and_stays_as_it_is(office: Office) -> None:
    """A post that is public is not played again, and a quota that is spent is spent."""
    office.write(
        article("p1", "2099-05-06 10:00", push=True),
        article("p2", "2099-05-06 12:00", push=True, window="3h"),
        status("s1", "2099-05-06 12:00"),
    )

    async def was_published(app: App) -> None:
        pub = await people.get(app.core, "p1@u01-wechat")
        await people.confirm(app.core, pub, url="https://mp.weixin.qq.com/s/1", at=None, by="x")
        row = {"account": "u01-wechat", "action": "push", "period": "day", "used": 1}
        async with app.core.ledger.write() as conn:
            await conn.execute(insert(usage).values(start=DAY, **row))

    assert office.bot("plan", "--apply").code == 1  # p2 will be missed, and it knows
    office.work(was_published)
    ledger = office.folder / "var" / "ledger.sqlite3"
    before = ledger.read_bytes()
    code, found = played(office)
    assert ledger.read_bytes() == before
    assert code == 1
    assert (found["already_public"], found["publications"]) == (1, 2)
    assert troubles(found) == [("missed", "p2", "u01-wechat", "quota")]
    assert [one["by_platform"] for one in found["over_quota"]] == [False]
    blank = played(office, "--blank")[1]
    assert (blank["already_public"], blank["publications"]) == (0, 3)
    assert ledger.read_bytes() == before


def test_with_a_ledger_it_begins_now(office: Office) -> None:
    """What is over is left out; what may still go is played."""
    office.write(
        status("old", minute(-600), window="1h"),
        status("s1", minute(-3)),
        status("s2", minute(4)),
    )
    assert played(office)[1]["publications"] == 3
    office.bot("plan", "--apply")
    found = played(office)[1]
    assert (found["past_posts"], found["publications"], found["went_out"]) == (1, 2, 2)
    assert found["from"] > minute(-3).replace(" ", "T")
    office.write(status("old", minute(-600), window="1h"), status("s1", minute(-300), window="1h"))
    assert office.bot("plan", "--apply").err == ""
    found = played(office)[1]
    assert (found["past_posts"], found["publications"]) == (0, 2)  # a month that is over: whole


def test_what_a_unit_has_sent_by_hand_the_platform_counts(office: Office) -> None:
    """服务号 at 4/4 as reading back showed it: refused by the platform, and missed."""
    office.write(
        article("p1", "2099-05-06 10:00", push=True, accounts=["u02-wechat"]),
        members=roster(u02_wechat={"kind": "service"}),
    )

    async def sent_by_hand(app: App) -> None:
        row = {"account": "u02-wechat", "unit": "u02", "platform": "wechat", "kind": "original"}
        times = {name: DAY - timedelta(days=2) for name in TIMES}
        rows = [
            row
            | {"platform_id": f"{n}_1", "push_id": str(n), "by_bot": False, "notified": True}
            | times
            for n in range(4)
        ]
        async with app.core.ledger.write() as conn:
            await conn.execute(insert(items), rows)

    assert office.bot("plan", "--apply").code == 0
    office.work(sent_by_hand)
    found = played(office)[1]
    assert troubles(found) == [("missed", "p1", "u02-wechat", "quota")]
    assert found["troubles"][0]["code"] == "45028"
    assert [one["by_platform"] for one in found["over_quota"]] == [True]


def test_a_key_item_that_is_out_already_is_reprinted_on_the_stage(office: Office) -> None:
    """Its real posts are unknown there, also to Weibo, where a reprint is a repost of one."""
    office.write(
        key_item(at=minute(-5)),
        members=roster(u02_weibo={"reprint": "auto"}, u03_wechat={"reprint": "auto"}),
    )

    async def was_released(app: App) -> None:
        released = datetime.now(SHANGHAI) - timedelta(minutes=4)
        for name, url in (
            ("k1@u01-wechat", "https://mp.weixin.qq.com/s/1"),
            ("k1@u01-weibo", "https://weibo.com/1234567890/NxAbCdEfG"),
        ):
            pub = await people.get(app.core, name)
            await people.confirm(app.core, pub, url=url, at=released, by="x")

    assert office.bot("plan", "--apply").code == 0
    office.work(was_released)
    code, found = played(office)
    assert (code, found["troubles"]) == (0, [])
    assert (found["already_public"], found["went_out"]) == (2, 2)
    [item] = found["key_items"]
    assert (item["required"], item["on_time"]) == (3, 3)


def test_two_days_of_the_sample_month(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its planted faults, as far as they follow from calendar and roster, are told."""
    monkeypatch.setenv("BOT_OFFICE__SCHEDULES", str(ROOT / "schedules"))
    code, found = played(office, "--from", "2026-05-14", "--to", "2026-05-15", "--blank")
    assert code == 1
    assert troubles(found) == [
        ("held", "0514-clinic-claim", "u01-wechat", "check_failed"),
        ("missed", "k4-long-prescription", "u09-weibo", "account_not_registered"),
    ]
    assert [one["problems"] for one in found["troubles"]] == [["efficacy-claim"], []]
    [item] = found["key_items"]
    assert (item["required"], item["exempt"], item["on_time"]) == (22, 2, 22)
