"""/tasks at the desk: what a liaison does there, and who sees what."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio

from bot.domain.publication import State
from bot.domain.tasks import TaskKind
from bot.engine import tasks
from bot.ledger import audit, items
from bot.settings import Web
from tests.bot.engine.world import BODY, TEN, key_item, open_world, roster
from tests.bot.web.visitors import Desk, open_desk

TITLE = "流感<b>防护</b>"
MINE = "https://mp.weixin.qq.com/s/u02-own"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """A key item is out; u02 must decide on two accounts, u03 has a package."""
    members = roster(
        u02_wechat={"reprint": "confirm"},
        u02_weibo={"reprint": "manual"},
        u03_wechat={"reprint": "manual"},
    )
    async with open_world(tmp_path_factory.mktemp("tasks"), members) as world:
        await world.plan(key_item(title=TITLE))
        await world.run(until=TEN + timedelta(hours=2))
        async with open_desk(world) as opened:
            yield opened


async def id_of(desk: Desk, kind: TaskKind, unit: str) -> str:
    async with desk.app.core.ledger.read() as conn:
        found = await tasks.open_tasks(conn, units=[unit])
    (task,) = [one for one in found if one.kind is kind]
    return task.id


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_liaison_sees_the_own_unit_and_the_officer_all(desk: Desk) -> None:
    liaison, officer = await desk.visitor("liaison"), await desk.visitor("officer")
    mine = await liaison.get("/tasks?unit=u03")
    assert mine.all("h2") == ["u02 2"]
    assert "健康u03" not in mine.text
    everything = await officer.get("/tasks")
    assert everything.all("h2") == ["u02 2", "u03 1"]
    assert (await officer.get("/tasks?unit=u03&page=9")).all("h2") == ["u03 1"]
    assert (await officer.get("/tasks?kind=accept")).all("h2") == ["u02 1"]
    theirs = await id_of(desk, TaskKind.HAND_OFF, "u03")
    for path in (f"/tasks/{theirs}", f"/tasks/{theirs}/files/body.html"):
        assert (await liaison.get(path)).status == 403
    for path in (f"/tasks/{theirs}", f"/tasks/{theirs}/link"):
        assert (await liaison.post(path, said="reported", url=MINE)).status == 403
    for strange in ("accept-999999", "accept-x", "x", "correct-7", "accept-" + "9" * 40):
        assert (await liaison.get(f"/tasks/{strange}")).status == 404
        assert (await liaison.post(f"/tasks/{strange}", said="agreed")).status == 404


async def test_a_package_is_taken_along_and_its_link_reported(desk: Desk) -> None:
    liaison = await desk.visitor("liaison")
    path = f"/tasks/{await id_of(desk, TaskKind.HAND_OFF, 'u02')}"
    page = await liaison.get(path)
    copied = {node.attributes["data-copy"] for node in page.tree.css("[data-copy]")}
    assert copied <= {node.attributes["id"] for node in page.tree.css("textarea[readonly]")}
    assert copied
    files = [node.attributes["href"] or "" for node in page.tree.css("a[download]")]
    assert files
    for file in files:
        assert (await liaison.get(file.removeprefix(".."))).status == 200, file
    assert (await liaison.get(f"{path}/files/manifest.json")).status == 404
    first = (await desk.world.pub("k1@u01-weibo")).url
    for url, at in (("", ""), ("https://x", ""), (MINE, ""), ("https://weibo.com/1/a", "昨天")):
        wrong = await liaison.post(path, said="reported", url=url, at=at)
        assert (wrong.status, wrong.value("url"), wrong.value("at")) == (422, url, at), url
    assert (await liaison.post(path, said="reported", url=first)).status == 422
    mine = "https://weibo.com/1234567890/MyOwnPost"
    done = await liaison.post(path, said="reported", url=f"看 {mine} 吧", at="2026-05-06T11:30")
    assert done.status == 303
    (told,) = (await liaison.follow(done)).all(".said")
    assert TITLE in told
    assert mine in told
    pub = await desk.world.pub("k1@u02-weibo")
    assert (pub.state, pub.url) == (State.PUBLISHED, mine)
    officer = await desk.visitor("officer")
    offered = (await officer.get(f"/posts/k1?pub={pub.id}")).tree.css("#pub [name=do]")
    assert [node.attributes["value"] for node in offered] == ["unconfirm"]
    told = f"/publications/{pub.id}"
    assert (await officer.post(told, do="unconfirm", reason="")).status == 422
    assert (await officer.post(told, do="unconfirm", reason="不是这篇")).status == 303
    assert (await liaison.get(path)).status == 200
    async with desk.app.core.ledger.read() as conn:
        assert await items.owners(conn, mine) == []
    again = "https://weibo.com/1234567890/MyRealPost"
    assert (await liaison.post(path, said="reported", url=again)).status == 303
    first_one = await desk.world.pub("k1@u01-weibo")
    page = await officer.post(f"/publications/{first_one.id}", do="unconfirm", reason="不是")
    assert page.status == 422
    assert await desk.world.state("k1@u01-weibo") is State.PUBLISHED


async def test_the_phone_gets_the_link_of_the_same_task(desk: Desk) -> None:
    """A GET makes none; without an address that phones reach none is offered."""
    officer = await desk.visitor("officer")
    path = f"/tasks/{await id_of(desk, TaskKind.HAND_OFF, 'u03')}"
    assert (await officer.get(path)).tree.css("button[formaction*='/link']") != []
    page = await officer.post(f"{path}/link", url="typed already")
    assert page.value("url") == "typed already"
    forms = page.tree.css("main form[method=post]")
    assert {form.attributes["action"] for form in forms} == {f"../..{path}"}
    assert page.status == 200
    assert [node.attributes["role"] for node in page.tree.css("svg.qr")] == ["img"]
    assert page.tree.css("[style], style") == []
    link = page.tree.css("#link")[0].attributes["value"] or ""
    assert (await (await desk.stranger()).get(link[link.index("/t/") :])).status == 200
    everywhere = Web(listen="0.0.0.0:0")
    async with open_desk(desk.world, web=everywhere) as other:
        officer = await other.visitor("officer")
        assert (await officer.get(path)).tree.css("button[formaction]") == []
        assert (await officer.post(f"{path}/link")).status == 409


async def test_the_second_of_two_is_told_who_was_first(desk: Desk) -> None:
    """And nobody agrees to a text that was not shown."""
    liaison, officer = await desk.visitor("liaison"), await desk.visitor("officer")
    path = f"/tasks/{await id_of(desk, TaskKind.ACCEPT, 'u02')}"
    page = await liaison.get(path)
    assert page.all("h1") == [TITLE]
    assert "发热请就诊" in page.words
    assert "2026-05-07 10:00" in page.words
    empty = await liaison.post(path, said="declined", text="")
    assert (empty.status, empty.all("#text-fault") != []) == (422, True)
    assert empty.tree.css("#text")[0].attributes["aria-invalid"] == "true"
    long = await liaison.post(path, said="declined", text="<" * 501)
    assert (long.status, long.value("text")) == (422, "<" * 501)
    assert (await liaison.post(path, said="nonsense")).status == 422
    desk.world.write_body("k1", BODY + "\n更正：门诊时间为八点。\n")
    await desk.world.plan()
    stale = await liaison.post(path, said="agreed", form=page.value("form"))
    assert stale.status == 422
    assert "更正：门诊时间为八点。" in stale.words
    done = await liaison.post(path, said="agreed", form=stale.value("form"))
    assert "k1" not in (await liaison.follow(done)).all("h2")
    assert (await desk.world.pub("k1@u02-wechat")).accepted_by == "liaison"
    late = await officer.post(path, said="declined", text="不转", form=stale.value("form"))
    assert late.status == 409
    assert "一院联络员" in late.words
    ended = await officer.get(path)
    assert (ended.status, "一院联络员" in ended.words) == (409, True)
    assert (await desk.world.events("k1@u02-wechat")).count("accepted") == 1
    async with desk.app.core.ledger.read() as conn:
        (entry,) = await audit.entries(conn, subject=path[7:])
    assert (entry.by, entry.subject, entry.facts["said"]) == ("liaison", path[7:], "agreed")
