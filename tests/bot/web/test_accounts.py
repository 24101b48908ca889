"""/accounts at the desk: how each account stands, connecting it, secrets, roster and platform."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import urlsplit

import aiohttp
import pytest
import pytest_asyncio

from bot.ledger import audit, profiles
from bot.ledger import roster as stored
from bot.settings import Web
from bot.wiring.platforms import office_account
from tests.bot.engine.world import TEN, open_world, roster, status
from tests.bot.web.visitors import Desk, open_desk

OFFICE = {"app_key": "1000000001", "app_secret": "shh", "rip": "203.0.113.7"}
SECRET = "wx-very-secret-" + "9" * 20
PUBLIC = "https://bot.lanting.example"
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """u02-weibo is paused, u03-wechat has no filing number; both Weibo names differ."""
    async with open_world(tmp_path_factory.mktemp("accounts")) as world:
        changed = roster(
            u02_weibo={"name": "旧<b>名"},
            u03_weibo={"name": "另一个"},
            u03_wechat={"filing": ""},
            u01_douyin={"verified_name": "别家<b>单位"},
            u02_website={"status": "paused"},
        )
        world.write_roster(changed)
        held = world.app.core.platforms.credentials(office_account("weibo"))
        await held.enter(OFFICE, expires_at=None)
        await world.plan(status())
        await world.run(until=TEN + timedelta(minutes=5))
        async with world.app.core.ledger.write() as conn:
            await stored.pause(conn, "u02-weibo", "授权<失效>")
        web = Web(listen="127.0.0.1:0", public_url=PUBLIC)
        async with open_desk(world, web=web) as opened:
            yield opened


async def test_the_table_is_filtered_and_a_liaison_has_the_own_unit(desk: Desk) -> None:
    officer, liaison = await desk.visitor("officer"), await desk.visitor("liaison")
    names = "table.accounts tbody th a"
    everything = await officer.get("/accounts")
    assert len(everything.all(names)) == 9
    assert "授权<失效>" in everything.words
    assert (await officer.get("/accounts?trouble=paused")).all(names) == ["旧<b>名"]
    assert (await officer.get("/accounts?trouble=filing")).all(names) == ["健康u03"]
    assert (await officer.get("/accounts?trouble=name")).all(names) == ["健康u01"]
    assert (await officer.get("/accounts?trouble=inactive")).all(names) == ["健康u02"]
    differs = await officer.get("/accounts/u01-douyin")
    assert "别家<b>单位" in differs.all("dl.facts dd")[0]
    assert len((await officer.get("/accounts?unit=u03&platform=weibo")).all(names)) == 1
    assert (await officer.get("/accounts?unit=<x>")).all(names) == []
    assert len((await officer.get("/accounts?view=days")).all("figure table tbody tr")) == 8
    for path in ("/accounts", "/accounts?unit=u03", "/accounts?view=days"):
        mine = await liaison.get(path)
        assert "u03" not in mine.words
        assert "u01" not in mine.words
    assert (await liaison.get("/accounts/u03-wechat")).status == 403
    own = await liaison.get("/accounts/u02-weibo")
    assert (own.status, own.tree.css("main form")) == (200, [])
    assert (await officer.get("/accounts/u09-x")).status == 404
    posts = (await officer.get("/accounts/u01-weibo")).all("tbody th a")
    assert len(posts) == 1


async def test_a_secret_is_kept_sealed_and_never_shown_again(desk: Desk) -> None:
    administrator = await desk.visitor("administrator")
    path = "/accounts/u02-wechat"
    page = await administrator.get(path)
    fields = page.tree.css("form[action$=credential] input:not([type=hidden])")
    assert {node.attributes["autocomplete"] for node in fields} == {"off"}
    key, secret = (str(node.attributes["name"]) for node in fields)
    wrong = await administrator.post(f"{path}/credential", **{key: SECRET, secret: ""})
    assert (wrong.status, SECRET in wrong.text) == (422, False)
    long = await administrator.post(f"{path}/credential", **{key: "a", secret: SECRET * 200})
    assert (long.status, SECRET in long.text) == (422, False)
    whole = await administrator.post("/accounts/u02-weibo/credential", **{"secret.json": "[1]"})
    assert whole.status == 422
    stranger = await desk.stranger()
    data = {key: "wx1", secret: SECRET}
    lost = await stranger.ask("POST", f"{path}/credential", data=data)
    assert (lost.status, SECRET in lost.text) == (401, False)
    done = await administrator.post(f"{path}/credential", **{key: "wx1", secret: SECRET})
    assert SECRET not in (await administrator.follow(done)).text
    account = desk.app.read().roster.accounts["u02-wechat"]
    held = await desk.app.core.platforms.credentials(account).load()
    assert held == {"appid": "wx1", "secret": SECRET}
    async with desk.app.core.ledger.read() as conn:
        (entry,) = await audit.entries(conn, actions=["account.credential"])
    assert SECRET not in str(entry)


async def test_a_difference_is_taken_into_the_roster_or_refused_with_a_reason(desk: Desk) -> None:
    officer = await desk.visitor("officer")
    for account, said in (("u02-weibo", "take"), ("u03-weibo", "refuse")):
        path = f"/accounts/{account}"
        page = await officer.follow(await officer.post(f"{path}/compare"))
        async with desk.app.core.ledger.read() as conn:
            found = await profiles.find(conn, profiles.Decision.OPEN)
        number = next(str(one.id) for one in found if (one.subject, one.field) == (account, "name"))
        assert number in {node.attributes["value"] for node in page.tree.css("form [name=number]")}
        wrong = await officer.post(f"{path}/differences", number=number, said="refuse", reason="")
        assert (wrong.status, len(wrong.all(f"#reason-{number}-fault"))) == (422, 1)
        fields_sent = {"number": number, "said": said, "reason": "下月<改名>"}
        done = await officer.follow(await officer.post(f"{path}/differences", **fields_sent))
        assert ("下月<改名>" in done.words) == (said == "refuse")
        again = await officer.post(f"{path}/differences", **fields_sent)
        assert again.status == 409
    assert desk.app.read().roster.accounts["u02-weibo"].name == "健康u02"
    assert desk.app.read().roster.accounts["u03-weibo"].name == "另一个"


async def test_an_owner_connects_by_link_and_the_account_goes_on(desk: Desk) -> None:
    officer, path = await desk.visitor("officer"), "/accounts/u02-weibo"
    page = await officer.post(f"{path}/connect")
    assert page.status == 200
    assert page.tree.css("svg.qr path") != []
    assert page.tree.css("[style], style") == []
    link = page.tree.css("#link")[0].attributes["value"] or ""
    assert link.startswith(f"{PUBLIC}/connect/weibo/begin?")
    for wrong in ("", "https://x/", "https://x/?state=made-up&code=1", "https://[/?state=x"):
        refused = await officer.post(f"{path}/answer", answer=wrong)
        assert (refused.status, len(refused.all("#answer-fault"))) == (422, 1), wrong
    way = page.tree.css("a[href*=oauth]")[0].attributes["href"] or ""
    users = (await desk.world.outside.call("GET", "accounts"))["accounts"]
    (uid,) = [user["uid"] for user in users if user["account"] == "u02-weibo"]
    async with (
        aiohttp.ClientSession() as browser,
        browser.post(way, data={"uid": uid, "action": "submit"}, allow_redirects=False) as answer,
    ):
        came_back = answer.headers["Location"]
    assert urlsplit(came_back).path == "/connect/weibo"
    # The roster has another name for it than the owner's account: nothing is stored.
    named = await officer.post(f"{path}/answer", answer=came_back)
    assert (named.status, "健康u02" in named.words) == (422, True)
    other = await officer.post("/accounts/u03-weibo/answer", answer=came_back)
    assert other.status == 422
    assert (await officer.post("/accounts/u02-website/connect")).status == 409
    assert (await officer.follow(await officer.post(f"{path}/resume"))).status == 200
    async with desk.app.core.ledger.read() as conn:
        assert (await stored.health(conn))["u02-weibo"].paused == ""
