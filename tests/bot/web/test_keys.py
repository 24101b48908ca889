"""/settings/api and /settings/webhooks: what the administrator gives to other programs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from bot.domain.people import Right
from bot.engine import keys
from bot.engine.delivering import Sender
from bot.engine.outbox import Outbox
from bot.ledger import audit
from bot.settings import WebhooksPart
from bot.web.api.site import ENDPOINTS
from tests.bot.engine.world import TEN, World, open_world, status
from tests.bot.web.programs import Program, token
from tests.bot.web.visitors import Desk, open_desk


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as opened:
        yield opened


@pytest.fixture
async def desk(world: World) -> AsyncIterator[Desk]:
    async with open_desk(world, webhooks=WebhooksPart(this_machine=True)) as opened:
        yield opened


async def test_a_token_is_made_shown_once_used_and_ended(desk: Desk) -> None:
    await desk.visitor("first")
    ruler, core = await desk.visitor("administrator"), desk.app.core
    good = {"name": "区门户", "scopes": ["see", "review"], "reviewer": "first"}
    good["until"] = "2026-12-31"
    wrongs: list[tuple[str, object]] = [
        ("name", "<script>"),
        ("name", ""),
        ("scopes", ["rule"]),
        ("scopes", []),
        ("reviewer", "officer"),
        ("reviewer", ""),
        ("until", "2026-05-01"),
        ("until", "2028-01-01"),
        ("until", "9999-12-31"),
        ("until", "x"),
    ]
    for field, value in wrongs:
        page = await ruler.post("/settings/api", **{**good, field: value})
        assert (page.status, len(page.all(f"#fault-{field}"))) == (422, 1), (field, value)
        assert "<script>" not in page.text.partition("<main")[2]
    page = await ruler.post("/settings/api", **good)
    (secret,) = page.all("#secret")
    assert len(page.all("section tbody code")) == len(ENDPOINTS)
    again = await ruler.get("/settings/api")
    assert secret not in again.text
    assert (await ruler.post("/settings/api", **good)).status == 422  # the name is taken
    found = await keys.recognise(core, secret)
    assert found is not None
    assert found.rights == frozenset({Right.SEE, Right.REVIEW})
    assert found.reviewer == "first"
    assert (await ruler.post(f"/settings/api/{found.id}/end")).status == 303
    assert (await ruler.post(f"/settings/api/{found.id}/end")).status == 404
    ended = await keys.recognise(core, secret)
    assert ended is not None
    assert not ended.holds(core.clock.now())
    async with core.ledger.read() as conn:
        entries = await audit.entries(conn, subject="区门户")
    assert [(one.action, one.by) for one in entries] == [
        ("token.ended", "administrator"),
        ("token.made", "administrator"),
    ]
    assert all(secret not in str(one.facts) for one in entries)


async def test_a_token_is_worth_nothing_while_its_maker_is_kept_out(desk: Desk) -> None:
    ruler, caller = await desk.visitor("administrator"), await desk.stranger()
    await desk.visitor("officer")
    program = Program(visitor=caller, token=await token(desk, "区门户", Right.SEE, by="officer"))
    await program.get("/tasks")
    assert (await ruler.post("/settings/people/officer/end")).status == 303
    assert await program.refused("GET", "/tasks") == (401, "token-over")
    page = await ruler.get("/settings/api")
    (standing,) = page.all("[aria-labelledby=tokens] td:has(.bad)")
    assert "officer" in standing
    assert len(page.tree.css("td:has(.bad) form")) == 1  # it can be ended for good
    form = {"name": "区门户", "scopes": "see", "until": "2026-12-31"}
    assert (await ruler.post("/settings/api", **form)).status == 422  # its name is not free
    await ruler.post("/settings/people/officer/restore")
    await program.get("/tasks")


async def test_a_webhook_is_entered_told_and_told_again(world: World, desk: Desk) -> None:
    got: list[str] = []

    async def hear(request: web.Request) -> web.Response:
        got.append(request.headers["webhook-id"])
        return web.Response()

    app = web.Application()
    app.router.add_post("/in", hear)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/in"
    ruler = await desk.visitor("administrator")
    page = await ruler.post("/settings/webhooks", url="file:///etc/passwd", events="x")
    assert page.status == 422
    assert len(page.all("#fault-url, #fault-events")) == 2
    assert page.value("url") == "file:///etc/passwd"
    page = await ruler.post("/settings/webhooks", url=url, events="publication.published")
    (secret,) = page.all("#secret")
    assert secret.startswith("whsec_")
    assert secret not in (await ruler.get("/settings/webhooks")).text
    await world.plan(status("p1"))
    await world.run(until=TEN + timedelta(minutes=5))
    await Outbox(desk.app.core, desk.app.settings.zone).fill()
    sender = Sender(core=desk.app.core, vault=desk.app.vault, this_machine=True)
    assert await sender.send_due() == 1
    page = await ruler.get("/settings/webhooks/1")
    assert len(page.all("#deliveries tbody .good")) == 1
    (form,) = page.tree.css("#deliveries form")
    path = str(form.attributes["action"]).replace("../", "/", 1).replace("../", "")
    assert (await ruler.post(path)).status == 303
    assert (await ruler.post(path)).status == 409  # it is on its way already
    assert await sender.send_due() == 1
    assert got[0] == got[1]
    assert (await ruler.post("/settings/webhooks/1/end")).status == 303
    assert (await ruler.post("/settings/webhooks/1/end")).status == 404
    assert (await ruler.get("/settings/webhooks/99999")).status == 404
    await runner.cleanup()
