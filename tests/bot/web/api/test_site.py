"""The API: who is heard, what each address answers, and what is done through it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.people import Right
from bot.domain.publication import State
from bot.domain.review import Level
from bot.engine import keys
from bot.ledger import audit
from bot.ledger import keys as stored
from bot.settings import ReviewPart
from bot.web.api.site import ENDPOINTS
from tests.bot.engine.world import TEN, World, key_item, open_world, roster, status
from tests.bot.web.programs import Json, Program, program, token
from tests.bot.web.visitors import Desk, open_desk


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    members = roster(
        u02_wechat={"reprint": "auto"},
        u02_weibo={"reprint": "confirm"},
        u03_wechat={"reprint": "manual"},
        u03_weibo={"reprint": "confirm"},
    )
    async with open_world(tmp_path, members) as opened:
        yield opened


@pytest.fixture
async def desk(world: World) -> AsyncIterator[Desk]:
    async with open_desk(world) as opened:
        yield opened


def told(path: str, method: str, document: Json) -> Json:
    """The document, which is as the address declares it."""
    (one,) = (each for each in ENDPOINTS if (each.path, each.method) == (path, method))
    one.gives.model_validate(document)
    return document


async def test_what_can_be_read(world: World, desk: Desk) -> None:
    """Each address gives what it declares; long lists come in pages that miss nothing."""
    await world.plan(
        key_item("k1", at="2026-05-06 09:30", title="重点稿件甲"),
        *(status(f"p{number}", at="2026-05-06 16:00") for number in range(4)),
    )
    await world.run(until=TEN + timedelta(minutes=5))
    asks = await program(desk)

    async def read(path: str, declared: str = "", **query: str) -> Json:
        return told(declared or path, "GET", await asks.get(path, **query))

    pages, after = [], ""
    while page := await read("/publications", limit="4", after=after):
        pages += [one["id"] for one in page["publications"]]
        if not (after := page["next"]):
            break
    assert len(pages) == len(set(pages)) == 10
    found = await read("/publications", state="published", platform="wechat", period="2026")
    assert {one["account"] for one in found["publications"]} == {"u01-wechat", "u02-wechat"}
    one = await read("/publications/k1@u01-wechat", "/publications/{id}")
    assert one["events"][-1]["to_state"] == one["state"] == "published"
    posts = await read("/posts", limit="2", period="2026-05")
    assert [one["id"] for one in posts["posts"]] == ["k1", "p0"]
    assert posts["next"] == "2"
    whole = await read("/posts/k1", "/posts/{post}")
    assert whole["content"]["title"] == "重点稿件甲"
    assert len(whole["publications"]) == 6
    items = await read("/key-items", period="2026-Q2")
    assert items["key_items"][0]["units"]["u02"] == "on_time"
    item = await read("/key-items/k1", "/key-items/{post}")
    assert item["required"] == items["key_items"][0]["required"] == 3
    assert {row["account"] for row in item["accounts"] if row["evidence"]} == {
        "u01-wechat",
        "u01-weibo",
        "u02-wechat",
    }
    counts = await read("/counts", by="unit", **{"from": "2026-05-06", "to": "2026-05-06"})
    assert sum(int(row["articles"]) for row in counts["rows"]) == counts["totals"]["articles"] == 3
    behind = await read("/counts/items", period="2026-05", unit="u01", limit="1")
    assert behind["next"] == "1"
    assert behind["items"][0]["counted"]
    tasks = await read("/tasks", unit="u02")
    task = await read(f"/tasks/{tasks['tasks'][0]['id']}", "/tasks/{id}")
    assert (task["kind"], task["answers"]) == ("accept", ["agreed", "declined"])
    account = await read("/accounts/u01-wechat", "/accounts/{account}")
    assert {one["id"] for one in (await read("/accounts"))["accounts"]} >= {account["id"]}
    assert account["quotas"]
    assert (await read("/gaps"))["accounts"]
    assert (await read("/gaps/forecast"))["forecast"]
    assert await read("/reviews") == {"reviews": []}
    assert (await read("/log"))["entries"][0]["action"] == "token.made"


async def test_what_can_be_done(world: World, desk: Desk) -> None:
    """Each in the ledger at once, in the name of the token, and in the log."""
    await world.plan(
        key_item("k1", at="2026-05-06 09:30"),
        *(status(f"p{number}", at=f"2026-05-06 1{number}:30") for number in range(3)),
    )
    await world.run(until=TEN)
    does = await program(desk)
    asked = await world.pub("k1@u02-weibo")
    seen = (await does.get(f"/tasks/accept-{asked.id}"))["version"]
    yes = {"said": "agreed", "version": seen}
    assert await does.refused(
        "POST", f"/tasks/accept-{asked.id}/answer", json={**yes, "version": "another"}
    ) == (422, "not-fit")
    told("/tasks/{id}/answer", "POST", await does.post(f"/tasks/accept-{asked.id}/answer", **yes))
    assert (await world.pub("k1@u02-weibo")).accepted_by == "token 区门户"
    assert await does.refused("POST", f"/tasks/accept-{asked.id}/answer", json=yes) == (404, "404")
    await does.post("/publications/k1@u03-weibo/decline", reason="本院不转")
    assert await world.state("k1@u03-weibo") is State.CANCELLED
    item = await does.post("/key-items/k1/exempt", unit="u03", reason="停业装修")
    assert told("/key-items/{post}/exempt", "POST", item)["exempt"] == 1
    item = await does.post("/key-items/k1/require", unit="u03")
    assert told("/key-items/{post}/require", "POST", item)["exempt"] == 0
    gone = await does.post("/publications/p2@u01-weibo/cancel", reason="取消活动")
    assert told("/publications/{id}/cancel", "POST", gone)["state"] == "cancelled"
    assert await does.refused("POST", "/publications/p2@u01-weibo/cancel", json={}) == (
        409,
        "not-possible",
    )
    await world.at(TEN + timedelta(days=1))
    await world.run()
    assert (await does.post("/publications/p0@u01-weibo/retry"))["state"] == "planned"
    link = {"url": "https://weibo.com/1/abc", "at": "2026-05-07T09:00:00"}
    done = await does.post("/publications/p1@u01-weibo/confirm", **link)
    assert (done["state"], done["published_at"]) == ("published", "2026-05-07T09:00:00+08:00")
    entries = (await does.get("/log", by="token 区门户"))["entries"]
    assert [one["action"] for one in entries] == [
        *("publication.confirm", "publication.retry", "publication.cancel"),
        *("item.required", "item.exempted", "publication.decline", "task.answered"),
    ]


async def test_a_token_opens_what_its_scopes_say(desk: Desk) -> None:
    """Each address × each scope; nothing is open without a token but the document."""
    stranger = await desk.stranger()
    tokens = {scope: await token(desk, f"仅{scope.value}", scope) for scope in keys.SCOPES[:3]}
    wrong = []
    for scope, secret in tokens.items():
        one = Program(visitor=stranger, token=secret)
        for each in ENDPOINTS:
            path = each.path.format(id="1", post="x", account="x")
            status, _document = await one.ask(each.method, path)
            if (status == 403) != (each.right is not scope):
                wrong.append((scope, each.method, path, status))
    assert wrong == []
    cookie = await desk.visitor("administrator")
    nobody = Program(visitor=cookie, token="")
    for each in ENDPOINTS:
        path = each.path.format(id="1", post="x", account="x")
        assert await nobody.refused(each.method, path) == (401, "no-token")
    page = await stranger.get("/api/v1/openapi.json")
    assert page.status == 200
    asks = Program(visitor=stranger, token=tokens[Right.SEE])
    assert await asks.refused("PUT", "/tasks") == (405, "405")
    assert await asks.refused("GET", "/nothing") == (404, "404")


async def test_ended_and_expired_tokens_open_nothing_and_guessing_is_slow(
    world: World, desk: Desk
) -> None:
    ended, over = await token(desk, "停用", Right.SEE), await token(desk, "到期", Right.SEE, days=1)
    stranger = await desk.stranger()

    async def tried(secret: str) -> tuple[int, str]:
        return await Program(visitor=stranger, token=secret).refused("GET", "/tasks")

    async with world.app.core.ledger.read() as conn:
        numbers = {one.name: one.id for one in await stored.everything(conn)}
    end = keys.end(world.app.core, numbers["停用"], by="administrator", address="")
    assert await end
    assert await tried(ended) == (401, "token-over")
    good = await token(desk, "一年", Right.SEE, days=300)
    await world.at(TEN + timedelta(days=2))
    assert await tried(over) == (401, "token-over")
    for _again in range(18):
        assert await tried("xfb_guess") == (401, "wrong-token")
    assert await tried("xfb_guess") == (401, "wrong-token")
    assert await tried("xfb_guess") == (429, "too-many")
    await Program(visitor=stranger, token=good).get("/tasks")  # right ones are never slowed
    async with world.app.core.ledger.read() as conn:
        known = {one.name: one for one in await stored.everything(conn)}
    assert known["一年"].used_at == world.clock.now()
    assert known["到期"].used_at is None


NONSENSE = (
    "/publications?state=gone",
    "/publications?limit=0",
    "/publications?unknown=1",
    "/publications?from=2026-02-30&to=2026-03-01",
    "/counts?period=2026-13",
    "/counts?period=2026&from=2026-05-01",
    "/counts?as_of=0001-01-01",
    "/counts?as_of=2099-01-01",
    "/counts/items?period=2026",
    "/log?subject=%00",
)


async def test_nonsense_is_refused_field_by_field(desk: Desk) -> None:
    asks = await program(desk)
    for path in NONSENSE:
        assert (await asks.refused("GET", path))[0] == 422, path
    body = {"reason": 1, "more": "x"}
    status, document = await asks.ask("POST", "/publications/1/cancel", json=body)
    assert status == 422
    assert [one["where"] for one in document["errors"]] == ["body.reason", "body.more"]
    for sent in (b"{", b"[]", b'"\\ud800"', b"\xff"):
        assert (await asks.refused("POST", "/publications/1/cancel", data=sent))[0] == 422
    much = {"reason": "x" * 70_000}
    assert (await asks.refused("POST", "/publications/1/cancel", json=much))[0] == 413


async def test_a_token_reviews_in_the_name_of_one_reviewer(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world:
        world.review = ReviewPart(levels=[Level.FIRST, Level.FINAL])
        await world.start()
        await world.plan(status())
        async with open_desk(world) as desk:
            await desk.visitor("first")
            says = await program(desk, Right.SEE, Right.REVIEW, reviewer="first")
            (case,) = told("/reviews", "GET", await says.get("/reviews"))["reviews"]
            word = {"level": "first", "version": case["version"]}
            for level, version in (("final", case["version"]), ("first", "0" * 64)):
                body = {"level": level, "version": version}
                refused = await says.refused("POST", "/reviews/p1/approve", json=body)
                assert refused == (409, "not-possible")
            after = await says.post("/reviews/p1/approve", **word)
            assert told("/reviews/{post}/approve", "POST", after)["next_level"] == "final"
            await says.post("/reviews/p1/refuse", **word, note="标题不妥")
            whole = told("/reviews/{post}", "GET", await says.get("/reviews/p1"))
            assert [(one["said"], one["by"]) for one in whole["said"]] == [
                ("approved", "first"),
                ("refused", "first"),
            ]
        async with world.app.core.ledger.read() as conn:
            (entry,) = await audit.entries(conn, actions=["review.refused"])
        assert entry.by == "token 区门户seereview"
