"""`bot tasks` and `bot matches`: fixed shapes, links, decisions, and wrong usage."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.app import App
from bot.contract import Item
from bot.domain import transitions
from bot.domain.matching import Verdict
from bot.domain.publication import Hold
from bot.engine import people
from bot.ledger import items, verdicts
from bot.ledger.journal import Move
from bot.ledger.tables import items as items_table
from tests.bot.cli.office import Office
from tests.bot.engine.world import key_item, roster

FAR = "2099-05-06 10:00"
TASK = ["id", "kind", "post", "title", "unit", "account", "platform"]
TASK += ["role", "since", "deadline", "until"]
MATCH = ["number", "item", "title", "account", "article", "url", "published_at", "deleted_at"]
MATCH += ["level", "rule", "form", "source_named", "decision", "decided_by", "reason", "at"]


@pytest.fixture
def asked(office: Office) -> Office:
    """A reprint that two accounts of u02 must agree to."""
    policy = {"reprint": "confirm"}
    office.write(key_item(at=FAR), members=roster(u02_wechat=policy, u02_weibo=policy))
    assert office.bot("plan", "--apply").code == 0

    async def hold(app: App) -> None:
        now = app.core.clock.now()
        step = transitions.hold(Hold.ACCEPTANCE, look_at=now)
        for name in ("k1@u02-wechat", "k1@u02-weibo"):
            pub = await people.get(app.core, name)
            await app.core.journal.apply(Move(publication=pub.id, step=step), now=now)

    office.work(hold)
    return office


def tasks(office: Office, *args: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = office.ask("tasks", "list", *args)["tasks"]
    return found


def test_who_owes_what(asked: Office) -> None:
    found = tasks(asked)
    assert [list(task) for task in found] == [TASK, TASK]
    assert [(task["kind"], task["unit"], task["role"]) for task in found] == [
        ("accept", "u02", "liaison")
    ] * 2
    assert found[0]["deadline"] == "2099-05-07T10:00:00+08:00"
    assert tasks(asked, "--unit", "u03") == []
    shown = asked.bot("tasks", "list", "--unit", "u02")
    assert (shown.code, shown.err) == (0, "")
    assert found[0]["id"] in shown.out
    assert asked.bot("tasks", "list", "--unit", "nobody").code == 2


def test_done_and_declined(asked: Office) -> None:
    first, second = (task["id"] for task in tasks(asked))
    assert asked.bot("tasks", "done", first, "--by", "陈").code == 0
    for wrong in (
        (second, "--decline"),
        (second, "--at", "soon"),
        (first,),  # done already
        ("accept-999",),
        ("nonsense",),
        ("accept-" + "9" * 40,),
    ):
        ran = asked.bot("tasks", "done", *wrong)
        assert (ran.code, ran.out) == (2, ""), wrong
    assert asked.bot("tasks", "done", second, "--decline", "--reason", "不宜").code == 0
    assert tasks(asked) == []
    pubs = asked.ask("publications", "list")["publications"]
    states = {f"accept-{row['id']}": row["state"] for row in pubs}
    assert (states[first], states[second]) == ("held", "cancelled")


def test_a_link_to_send_by_hand(asked: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    task = tasks(asked)[0]["id"]
    here = asked.bot("tasks", "link", task)
    assert here.code == 0
    assert here.out.startswith(f"http://127.0.0.1:8080/t/{task}.")
    assert "docs/tasks.md" in here.told
    monkeypatch.setenv("BOT_WEB__PUBLIC_URL", "https://bot.example/x/")
    link = asked.ask("tasks", "link", task)
    assert list(link) == ["task", "link"]
    assert link["link"].startswith(f"https://bot.example/x/t/{task}.")
    assert asked.bot("tasks", "link", "accept-999").code == 2
    monkeypatch.delenv("BOT_WEB__PUBLIC_URL")
    monkeypatch.setenv("BOT_WEB__LISTEN", "0.0.0.0:8080")
    ran = asked.bot("tasks", "link", task)
    assert (ran.code, ran.out) == (2, "")
    assert "web.public_url" in ran.told


@pytest.fixture
def doubtful(asked: Office) -> Office:
    """An article of u02 that may be the key item."""

    async def find(app: App) -> None:
        now = datetime.now(UTC)
        shown = Item(
            platform_id="m1",
            url="https://mp.weixin.qq.com/s/m1",
            title="流感季[bold]防护",
            text="流感季来了。",
            published_at=now - timedelta(hours=1),
        )
        said = Verdict(
            post="k1",
            account="u02-wechat",
            level="D",
            decision="doubtful",
            rule="cut",
            scores={"c": 0.61},
            passages=("流感季来了",),
        )
        async with app.core.ledger.write() as conn:
            await items.upsert(conn, "u02-wechat", [shown], now)
            (item,) = (await conn.execute(select(items_table.c.id))).scalars()
            await verdicts.record(conn, item, said, "", now)

    asked.work(find)
    return asked


def test_a_match_is_shown_and_decided(doubtful: Office) -> None:
    ran = doubtful.bot("matches", "list", "--format", "json")
    assert ran.code == 1
    (match,) = ran.document["matches"]
    assert list(match) == MATCH
    assert (match["decision"], match["level"], match["rule"]) == ("doubtful", "D", "cut")
    number = match["number"]
    shown = doubtful.ask("matches", "show", str(number))
    assert list(shown) == [*MATCH, "scores", "passages", "history"]
    assert (shown["scores"], shown["passages"]) == ({"c": 0.61}, ["流感季来了"])
    text = doubtful.bot("matches", "show", str(number)).out
    for said in ("流感季来了", "c=0.61", "[bold]", "https://mp.weixin.qq.com/s/m1"):
        assert said in text
    assert doubtful.bot("matches", "refuse", str(number)).code == 2
    assert doubtful.bot("matches", "confirm", str(number), "--by", "陈").code == 0
    again = doubtful.bot("matches", "confirm", str(number), "--by", "林")
    assert (again.code, again.out) == (2, "")
    assert "陈" in again.told
    refused = doubtful.bot("matches", "refuse", str(number), "--reason", "看错了")
    assert refused.code == 0
    assert "bot publications retry" in " ".join(refused.out.split())
    assert doubtful.ask("matches", "list")["matches"] == []
    (last,) = doubtful.ask("matches", "list", "--all", "--item", "k1")["matches"]
    assert (last["decision"], last["reason"]) == ("no", "看错了")
    assert last["number"] != number
    assert [one["decision"] for one in doubtful.ask("matches", "show", str(number))["history"]] == [
        "doubtful",
        "reprinted",
        "no",
    ]
    for wrong in (("show", "999"), ("show", "0"), ("list", "--item", "nothing")):
        assert doubtful.bot("matches", *wrong).code == 2
