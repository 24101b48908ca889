"""One post's page: where it stands, what it looks like, what can be done about it, by whom."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.domain.publication import State
from bot.ledger import audit
from bot.ledger.tables import publications
from tests.bot.engine.world import (
    START,
    TEN,
    World,
    article,
    key_item,
    open_world,
    roster,
    status,
)
from tests.bot.web.visitors import Desk, open_desk


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    members = roster(u02_wechat={"reprint": "auto"}, u02_weibo={"reprint": "confirm"})
    async with open_world(tmp_path, members) as opened:
        yield opened


@pytest.fixture
async def desk(world: World) -> AsyncIterator[Desk]:
    async with open_desk(world) as opened:
        yield opened


async def test_a_key_item_on_all_its_accounts(world: World, desk: Desk) -> None:
    """Accounts, history, preview and pictures; a liaison gets the own unit's part of each."""
    await world.plan(key_item("k1", at="2026-05-06 09:30", title="重点<b>甲"))
    await world.run(until=TEN)
    officer = await desk.visitor("officer")
    page = await officer.get("/posts/k1")
    assert page.all("h1") == ["重点<b>甲"]
    assert len(page.all("#accounts tbody tr")) == 4
    assert "2026-05.yaml:3" in page.words
    assert len(page.tree.css("#history tbody tr")) > 8
    only = await officer.get("/posts/k1?state=published")
    assert 0 < len(only.all("#accounts tbody tr")) < 4
    (frame,) = page.tree.css("iframe")
    preview = await officer.get(f"/{str(frame.attributes['src'])[3:]}")
    assert preview.headers["Content-Security-Policy"].startswith("sandbox;")
    assert "重点&lt;b&gt;甲" in preview.text
    assert "data:image/webp" in preview.text
    source = str(page.tree.css(".media img")[0].attributes["src"])[2:]
    picture = await officer.get(source)
    assert (picture.headers["Content-Type"], picture.body[:2]) == ("image/jpeg", b"\xff\xd8")
    for name in ("cover-01.jpg", "..%2F..%2Froster.yaml", "2026-05.yaml"):
        assert (await officer.get(f"/posts/k1/media/{name}")).status == 404

    liaison = await desk.visitor("liaison")
    mine = await liaison.get("/posts/k1")
    assert len(mine.all("#accounts tbody tr")) == 2
    assert "健康u01" not in mine.words
    assert "2026-05.yaml" not in mine.words
    assert mine.tree.css("main form, #checks") == []
    assert (await liaison.get("/posts/k1/preview/u02-weibo")).status == 200
    assert (await liaison.get("/posts/k1/preview/u01-wechat")).status == 403
    assert (await liaison.get(source)).status == 200


async def test_what_is_not_there_and_what_is_anothers(world: World, desk: Desk) -> None:
    await world.plan(article("p1", title="主账号文章"))
    officer, liaison = await desk.visitor("officer"), await desk.visitor("liaison")
    for path in ("/posts/p9", "/posts/p9/media/x", "/posts/p1/preview/nobody", "/posts/..%2Fp1"):
        assert (await officer.get(path)).status == 404, path
    assert (await liaison.get("/posts/p1")).status == 404
    (image, *_rest) = (await officer.get("/posts/p1")).tree.css(".media img")
    assert (await liaison.get(str(image.attributes["src"])[2:])).status == 403
    assert (await officer.get("/posts/p1?pub=x&show=y&before=z&page=9&state=q")).status == 200


async def test_decisions_about_one_account(world: World, desk: Desk) -> None:
    """Agreed to for a unit, cancelled with a reason, and confirmed with a link."""
    await world.plan(key_item("k1", at="2026-05-06 09:30"), status("p1"), status("p2"))
    await world.run(until=START + timedelta(minutes=40))
    officer = await desk.visitor("officer")
    asked = await world.pub("k1@u02-weibo")
    page = await officer.get(f"/posts/k1?pub={asked.id}")
    offered = [node.attributes["value"] for node in page.tree.css("#pub [name=do]")]
    assert offered == ["accept", "confirm", "decline", "cancel"]
    done = await officer.post(f"/publications/{asked.id}", do="accept")
    assert done.headers["Location"] == f"../posts/k1?pub={asked.id}&done=done#pub"
    assert (await world.pub("k1@u02-weibo")).accepted_by == "officer"

    first = await world.pub("p1@u01-weibo")
    await officer.post(f"/publications/{first.id}", do="cancel", reason="领导要求不发")
    assert await world.state("p1@u01-weibo") is State.CANCELLED
    assert "领导要求不发" in (await officer.get("/posts/p1")).words
    async with world.app.core.ledger.read() as conn:
        (entry,) = await audit.entries(conn, subject="p1@u01-weibo")
    assert (entry.action, entry.facts["reason"]) == ("publication.cancel", "领导要求不发")

    second = await world.pub("p2@u01-weibo")
    async with world.app.core.ledger.write() as conn:
        failed = {"state": State.FAILED.value, "next_at": None, "reason": "rejected"}
        chosen = update(publications).where(publications.c.id == second.id)
        await conn.execute(chosen.values(**failed))
    for url, at in (("weibo.com/1", ""), ("https://weibo.com/1/x", "gestern")):
        page = await officer.post(f"/publications/{second.id}", do="confirm", url=url, at=at)
        assert page.status == 422
        assert page.value("url") == url
        assert len(page.tree.css("[aria-invalid=true]")) == 1
    async with world.app.core.ledger.write() as conn:  # as it was, for the laws
        before = {"state": second.state.value, "next_at": second.next_at, "reason": ""}
        await conn.execute(chosen.values(**before))


async def test_a_withdrawal_is_foretold_and_ordered(world: World, desk: Desk) -> None:
    await world.plan(status("p1"), status("p2", at="2026-05-08 10:00"))
    await world.run(until=TEN + timedelta(minutes=5))
    officer = await desk.visitor("officer")
    assert len((await officer.get("/posts/p1")).tree.css("a[href*=recall]")) == 2
    page = await officer.get("/posts/p1/recall?kind=withdraw")
    assert [one.split()[-1] for one in page.all("dl.facts div")] == ["1", "0", "0", "0", "1"]
    empty = await officer.post("/posts/p1/recall", kind="withdraw", reason=" ")
    assert (empty.status, len(empty.tree.css("#reason-fault"))) == (422, 1)
    assert (await officer.get("/posts/p1/recall?kind=burn")).status == 404
    assert (await officer.post("/posts/p9/recall", kind="withdraw", reason="x")).status == 422
    done = await officer.post("/posts/p1/recall", kind="withdraw", reason="数据有误")
    assert done.headers["Location"] == "../../posts/p1?done=done"
    page = await officer.get("/posts/p1")
    assert "数据有误" in " ".join(page.all("#history tbody"))
    assert page.tree.css("a[href*=recall]") == []  # once is enough
    unsent = await officer.get("/posts/p2")
    assert unsent.tree.css("a[href*=recall]") == []  # nothing to take down
    again = await officer.get("/posts/p1/recall?kind=withdraw")
    assert again.tree.css("form") == []
    await world.run()


async def test_the_check_of_one_post(world: World, desk: Desk) -> None:
    await world.plan(article("p1", title="治愈率98%，最佳疗法"), status("p2"), faulty=True)
    officer = await desk.visitor("officer")
    page = await officer.get("/posts/p1/checks")
    assert page.all(".state.bad")
    assert page.all(".findings summary")
    assert (await (await desk.visitor("liaison")).get("/posts/p1/checks")).status == 403
    post = await officer.get("/posts/p1")
    assert post.tree.css("#checks")[0].attributes["data-from"] == "posts/p1/checks"
    assert post.tree.css("[name=day]")[0].attributes["value"] == "2026-05-06"
