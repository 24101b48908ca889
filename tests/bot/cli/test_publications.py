"""`bot publications`: the list's fixed shape, the history in words, and people's decisions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.app import App
from bot.domain import transitions
from bot.domain.post import Method
from bot.domain.step import Step
from bot.engine import people
from bot.ledger.journal import Move
from tests.bot.cli.office import Office
from tests.bot.engine.world import article, key_item, roster, status

FAR = "2099-05-06 10:00"
KEYS = [
    "id",
    "post",
    "account",
    "platform",
    "kind",
    "state",
    "due_at",
    "published_at",
    "url",
    "error",
    "owed_by",
    "until",
]
LINK = "https://mp.weixin.qq.com/s/abc"


@pytest.fixture
def planned(office: Office) -> Office:
    """Two posts far ahead, taken over into the ledger."""
    office.write(article("p1", FAR), status("s1", FAR))
    assert office.bot("plan", "--apply").code == 0
    return office


def step(name: str, *steps: Step) -> Callable[[App], Awaitable[None]]:
    """What brings a publication into a state, as the engine would."""

    async def work(app: App) -> None:
        pub = await people.get(app.core, name)
        moves = [Move(publication=pub.id, step=one) for one in steps]
        applied = await app.core.journal.apply(*moves, now=app.core.clock.now())
        assert all(one.ok for one in applied)

    return work


def lost(*more: Step) -> tuple[Step, ...]:
    """A send without an answer."""
    now = datetime.now(UTC)
    return (
        transitions.claim(lease_until=now + timedelta(minutes=2)),
        transitions.grant(
            now=now,
            lease="l",
            lease_until=now + timedelta(minutes=2),
            commits=1,
            method=Method.PUBLISH,
        ),
        transitions.lose(
            find_at=now + timedelta(seconds=10), doubt_since=now, error={"message": "worker_died"}
        ),
        *more,
    )


def test_list_has_its_fixed_shape(planned: Office) -> None:
    ran = planned.bot("publications", "list", "--format", "json")
    assert (ran.code, ran.err) == (0, "")
    assert list(ran.document) == ["publications"]
    rows = {row["post"]: row for row in ran.document["publications"]}
    assert [list(row) for row in rows.values()] == [KEYS, KEYS]
    assert {key: value for key, value in rows["p1"].items() if key != "id"} == {
        "post": "p1",
        "account": "u01-wechat",
        "platform": "wechat",
        "kind": "original",
        "state": "planned",
        "due_at": "2099-05-06T10:00:00+08:00",
        "published_at": None,
        "url": "",
        "error": "",
        "owed_by": "clock",
        "until": None,
    }


def test_list_can_be_narrowed(planned: Office) -> None:
    def posts(*args: str) -> list[str]:
        answer = planned.ask("publications", "list", *args)
        return [row["post"] for row in answer["publications"]]

    assert posts("--post", "s1") == ["s1"]
    assert posts("--account", "u01-wechat") == ["p1"]
    assert posts("--unit", "u02") == []
    assert posts("--state", "planned", "--state", "held") == ["p1", "s1"]
    assert posts("--state", "published") == []


def test_people_read_states_and_owners_in_words(planned: Office) -> None:
    out = planned.bot("publications", "list").out
    assert "待发布" in out
    assert "到时自动发布" in out
    assert "计划时间" in out
    assert "planned" not in out


@pytest.mark.parametrize("name", ["99", "p1", "p1@u09-wechat", "@", "x@y@z", "9" * 30])
def test_a_publication_nobody_knows(planned: Office, name: str) -> None:
    ran = planned.bot("publications", "show", name)
    assert (ran.code, ran.out) == (2, "")
    assert f"没有发布记录 {name}。" in ran.err
    assert "Traceback" not in ran.err


def test_confirm_wants_a_link(planned: Office) -> None:
    ran = planned.bot("publications", "confirm", "p1@u01-wechat")
    assert (ran.code, ran.err) == (2, "✗ 命令写法有误：缺少 --url。用法见 `--help`。\n")
    ran = planned.bot("publications", "confirm", "p1@u01-wechat", "--url", "mp.weixin.qq.com/s/x")
    assert (ran.code, ran.err) == (2, "✗ 确认发布须填公开链接，以 https:// 开头。\n")
    ran = planned.bot("publications", "confirm", "p1@u01-wechat", "--url", LINK, "--at", "noon")
    assert (ran.code, ran.err) == (2, "✗ “noon”不是时间，请写成 2026-05-07 10:00。\n")
    assert planned.ask("publications", "show", "p1@u01-wechat")["state"] == "planned"


def test_confirm_with_a_link_publishes_it_by_hand(planned: Office) -> None:
    args = ("publications", "confirm", "p1@u01-wechat", "--url", LINK)
    ran = planned.bot(*args, "--at", "2026-05-07 10:00", "--by", "王老师")
    assert ran.code == 0
    assert "已发布" in ran.out
    found = planned.ask("publications", "show", "p1@u01-wechat")
    assert (found["state"], found["url"], found["owed_by"]) == ("published", LINK, "")
    assert found["published_at"] == "2026-05-07T10:00:00+08:00"
    event = found["events"][-1]
    assert (event["name"], event["facts"]["by"]) == ("publication.confirmed", "王老师")
    shown = planned.bot("publications", "show", "p1@u01-wechat").out
    assert "人工确认" in shown
    assert "经办：王老师" in shown


def test_a_second_confirmation_is_refused_in_words(planned: Office) -> None:
    args = ("publications", "confirm", "p1@u01-wechat", "--url", LINK)
    assert planned.bot(*args).code == 0
    ran = planned.bot(*args)
    assert ran.code == 2
    assert "现在是“已发布”" in ran.err


def test_unknown_is_not_retried_before_somebody_has_looked(planned: Office) -> None:
    planned.work(
        step(
            "s1@u01-weibo", *lost(transitions.ask_person(why="no_answer_in_time", doubt_since=None))
        )
    )
    ran = planned.bot("publications", "list", "--format", "json", "--post", "s1")
    [row] = ran.document["publications"]
    assert (ran.code, row["state"], row["owed_by"]) == (1, "unknown", "publicity_officer")
    assert row["error"].startswith("平台未在时限内给出结果")
    number = str(row["id"])
    ran = planned.bot("publications", "retry", number)
    assert ran.code == 2
    assert f"bot publications retry {number} --not-published" in ran.told
    assert f"bot publications confirm {number} --url" in ran.told
    assert planned.bot("publications", "retry", number, "--not-published").code == 0
    assert planned.ask("publications", "show", number)["state"] == "planned"


def test_unknown_is_not_retried_while_the_bot_still_looks(planned: Office) -> None:
    planned.work(step("s1@u01-weibo", *lost()))
    ran = planned.bot("publications", "retry", "s1@u01-weibo", "--not-published")
    assert ran.code == 2
    assert planned.ask("publications", "show", "s1@u01-weibo")["state"] == "unknown"


def test_cancel_and_its_reason(planned: Office) -> None:
    ran = planned.bot("publications", "cancel", "p1@u01-wechat", "--reason", "领导要求改期")
    assert (ran.code, "已撤稿" in ran.out) == (0, True)
    assert planned.ask("publications", "show", "p1@u01-wechat")["state"] == "cancelled"
    assert "领导要求改期" in planned.bot("publications", "show", "p1@u01-wechat").out
    assert "已撤稿" in planned.bot("publications", "cancel", "s1@u01-weibo").out


def test_markup_in_a_persons_words_is_only_text(planned: Office) -> None:
    ran = planned.bot("publications", "cancel", "p1@u01-wechat", "--reason", "[red]停[/] [/x]")
    assert ran.code == 0
    assert "[red]停[/] [/x]" in planned.bot("publications", "show", "p1@u01-wechat").out
    assert planned.bot("publications", "show", "[/x]@[red]").err.startswith("✗ 没有发布记录 [/x]@")


def test_what_waits_for_a_quota_says_until_when(planned: Office) -> None:
    until = datetime(2099, 5, 7, tzinfo=ZoneInfo("Asia/Shanghai"))
    waits = transitions.wait(
        until=until,
        reason="quota",
        attempts=0,
        commits=0,
        error={"message": "quota", "until": until.isoformat()},
    )
    planned.work(step("s1@u01-weibo", transitions.claim(lease_until=until), waits))
    [row] = planned.ask("publications", "list", "--state", "waiting")["publications"]
    assert (row["error"], row["until"]) == ("平台的发布额度已用完", "2099-05-07T00:00:00+08:00")
    assert "05-07 00:00" in planned.bot("publications", "list", "--post", "s1").out


def test_accept_and_decline_a_reprint(office: Office) -> None:
    office.write(key_item("k1", at=FAR), members=_asking())
    assert office.bot("plan", "--apply").code == 0
    rows = office.ask("publications", "list", "--unit", "u02")["publications"]
    [first, second] = [row for row in rows if row["kind"] == "reprint"]
    assert first["error"] == "主账号尚未首发"
    assert office.bot("publications", "accept", str(first["id"]), "--by", "李").code == 0
    names = [e["name"] for e in office.ask("publications", "show", str(first["id"]))["events"]]
    assert names[-1] == "publication.accepted"
    assert "单位不转载" in office.bot("publications", "decline", str(second["id"])).out


def _asking() -> dict[str, Any]:
    return roster(u02_wechat={"reprint": "confirm"}, u02_weibo={"reprint": "confirm"})


def test_freeze_and_unfreeze(planned: Office) -> None:
    assert "静默期" in planned.bot("publications", "freeze", "哀悼日").out
    assert "静默期已结束" in planned.bot("publications", "unfreeze").out


def test_json_of_show_adds_the_history(planned: Office) -> None:
    found = planned.ask("publications", "show", "p1@u01-wechat")
    assert list(found) == [*KEYS, "events"]
    [event] = found["events"]
    assert (event["name"], event["from_state"], event["to_state"]) == (
        "publication.planned",
        "",
        "planned",
    )
    assert datetime.fromisoformat(event["at"]).utcoffset() == timedelta(hours=8)
