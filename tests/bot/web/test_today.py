"""The desk's first page: what went out, what is due, what needs a person, and for whom."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.domain.publication import State
from bot.engine import people
from bot.ledger import audit
from bot.ledger.tables import accounts, credentials, publications
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
from tests.bot.web.visitors import PEOPLE, Desk, Page, open_desk


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    members = roster(
        u02_wechat={"reprint": "auto"},
        u02_weibo={"reprint": "confirm"},
        u03_wechat={"reprint": "manual"},
    )
    async with open_world(tmp_path, members) as opened:
        yield opened


@pytest.fixture
async def desk(world: World) -> AsyncIterator[Desk]:
    async with open_desk(world) as opened:
        yield opened


def titles(page: Page, part: str) -> list[str]:
    return page.all(f"#{part} .what a")


async def test_a_day_at_the_office(world: World, desk: Desk) -> None:
    """What is out, what comes, and a row with its button for each thing that needs a person."""
    await world.plan(
        key_item("k1", at="2026-05-06 09:30", title="重点稿件甲"),
        status("p1", title="今天的微博"),
        status("p2", at="2026-05-06 16:00", title="下午的微博"),
        article("p3", at="2026-05-07 10:00", title="明天的文章"),
        article("p4", at="2026-05-09 10:00", title="治愈率98%，最佳疗法"),
        status("p5", at="2026-05-20 10:00", title="两周后的微博"),
        faulty=True,
    )
    await world.run(until=TEN + timedelta(minutes=5))
    officer = await desk.visitor("officer")
    page = await officer.get("/")
    assert titles(page, "out") == ["今天的微博", "重点稿件甲"]
    assert titles(page, "coming") == ["下午的微博", "明天的文章"]
    assert page.all("#out .state")[1].split()[-1] == "3/5"
    assert [one.split()[0] for one in page.all(".figures b")][:2] == ["2", "1"]
    hrefs = [node.attributes["href"] for node in page.tree.css("#needs a.button")]
    assert "./posts/p4/edit" in hrefs
    assert hrefs.count("./tasks") == 2  # one to be agreed to, one to be published by hand


async def test_what_failed_is_sent_again_by_its_button(world: World, desk: Desk) -> None:
    await world.plan(status("p1"))
    await world.at(TEN + timedelta(days=1))  # nobody worked meanwhile
    await world.run()
    assert await world.state("p1@u01-weibo") is State.MISSED
    officer = await desk.visitor("officer")
    (form,) = (await officer.get("/")).tree.css("#needs form")
    fields = {node.attributes["name"]: node.attributes["value"] for node in form.css("input")}
    page = await officer.ask("POST", f"/{str(form.attributes['action'])[2:]}", data=fields)
    assert page.status == 303
    assert page.headers["Location"] == "../?done=again"
    await world.run()
    assert await world.state("p1@u01-weibo") is State.PUBLISHED
    async with world.app.core.ledger.read() as conn:
        (entry,) = await audit.entries(conn, subject="p1@u01-weibo")
    assert (entry.by, entry.action) == ("officer", "publication.retry")
    assert (await officer.get("/")).tree.css("#needs form") == []


async def test_a_late_report_does_not_count_the_whole_post_into_today(
    world: World, desk: Desk
) -> None:
    """One account today, how far the post is in all apart from that; the parts add up."""
    await world.plan(key_item("k1", at="2026-05-06 09:30", title="重点稿件甲"))
    await world.run(until=TEN)
    await world.at(TEN + timedelta(days=9))
    pub = await world.pub("k1@u03-wechat")
    now = TEN + timedelta(days=9)
    await people.confirm(world.app.core, pub, url="https://e.example/1", at=now, by="x")
    page = await (await desk.visitor("officer")).get("/")
    (out,) = page.tree.css("#out li")
    assert titles(page, "out") == ["重点稿件甲"]
    assert numbers(page.all(".figures li")[0]) == [1, 1]
    words = out.text(separator="\n").split("\n")
    (told,) = [line for line in words if "微信" in line or "微博" in line]
    assert numbers(told) == [1, 5]
    (parts,) = [line for line in words if line.count(" · ") and line is not told]
    assert sum(numbers(parts)) == 5
    assert page.all("#out .state")[0].split()[-1] == "3/5"


def numbers(text: str) -> list[int]:
    return [int(found) for found in re.findall(r"\d+", text)]


async def test_what_is_tried_again_is_due_today(world: World, desk: Desk) -> None:
    await world.plan(status("p1", title="补发的微博"))
    await world.at(TEN + timedelta(days=6))  # nobody worked meanwhile
    await world.run()
    officer = await desk.visitor("officer")
    assert titles(await officer.get("/"), "coming") == []
    pub = await world.pub("p1@u01-weibo")
    await people.retry(world.app.core, pub, by="x")
    page = await officer.get("/")
    assert titles(page, "coming") == ["补发的微博"]
    assert numbers(page.all(".figures li")[1])[0] == 1


async def test_where_trying_again_cannot_help_the_button_mends_the_cause(
    world: World, desk: Desk
) -> None:
    """Another verified name than the unit's: which it is, and where it is mended."""
    await world.fault("u01-weibo", "code", code=20021, path="statuses/share")
    changed = roster(u03_weibo={"verified_name": "别的名称"})
    world.write_roster(changed)
    await world.plan(status("p1"), status("p2", accounts=["u03-weibo"]))
    await world.run(TEN + timedelta(minutes=5))
    assert await world.state("p1@u01-weibo") is State.FAILED
    assert await world.state("p2@u03-weibo") is State.HELD
    officer = await desk.visitor("officer")
    page = await officer.get("/")
    assert page.tree.css("#needs form") == []
    links = [node.attributes["href"] for node in page.tree.css("#needs a.button")]
    assert links == ["./posts/p1/edit", "./accounts/u03-weibo"]
    assert "别的名称" in page.all("#needs li")[1]


async def test_what_was_missed_for_the_registry_leads_to_the_account(
    world: World, desk: Desk
) -> None:
    world.write_roster(roster(u03_weibo={"verified_name": "别的名称"}))
    await world.plan(status("p2", accounts=["u03-weibo"]))
    await world.run(TEN + timedelta(minutes=5))
    await world.at((await world.pub("p2@u03-weibo")).not_after)
    await world.run()
    assert await world.state("p2@u03-weibo") is State.MISSED
    page = await (await desk.visitor("officer")).get("/")
    (link,) = page.tree.css("#needs a.button, #needs form")
    assert link.attributes.get("href") == "./accounts/u03-weibo"


async def test_what_did_not_go_out_long_ago_is_counted_as_the_list_has_it(
    world: World, desk: Desk
) -> None:
    await world.plan(status("p1", accounts=["u01-weibo", "u02-weibo"]), status("p2"))
    await world.at(TEN + timedelta(days=20))  # nobody worked meanwhile
    await world.run()
    officer = await desk.visitor("officer")
    page = await officer.get("/")
    (link,) = page.tree.css('#needs a[href*="state=trouble"]')
    assert numbers(link.text())[3:] == [2, 3]
    listed = await officer.get(f"/{str(link.attributes['href'])[2:]}")
    assert len({node.attributes["href"] for node in listed.tree.css("tbody a")}) == 2


async def test_what_failed_a_week_ago_is_news_no_more(world: World, desk: Desk) -> None:
    """It is looked at first; who wants it out all the same finds the button there."""
    await world.plan(status("p1"))
    await world.at(TEN + timedelta(days=7))
    await world.run()
    officer = await desk.visitor("officer")
    assert len((await officer.get("/")).tree.css("#needs form")) == 1
    await world.at(TEN + timedelta(days=7, minutes=1))
    page = await officer.get("/")
    assert page.tree.css("#needs form") == []
    pub = await world.pub("p1@u01-weibo")
    (link,) = page.tree.css("#needs a.button")
    assert link.attributes["href"] == f"./posts/p1?pub={pub.id}#pub"
    there = await officer.get(f"/posts/p1?pub={pub.id}")
    assert there.tree.css(f'form[action$="publications/{pub.id}"] input[value="retry"]')


async def test_what_cannot_be_done_is_refused_in_words(world: World, desk: Desk) -> None:
    await world.plan(status("p1"))
    await world.run()
    officer = await desk.visitor("officer")
    pub = await world.pub("p1@u01-weibo")
    for what in ("retry", "cancel", "", "paint"):
        page = await officer.post(f"/publications/{pub.id}", do=what)
        assert page.status == 422
    assert (await officer.post("/publications/9999", do="retry")).status == 409
    assert (await world.pub("p1@u01-weibo")) == pub


async def test_a_liaison_sees_the_own_unit_alone(world: World, desk: Desk) -> None:
    await world.plan(
        key_item("k1", at="2026-05-06 09:30", title="重点稿件甲"),
        status("p1", title="别的单位的微博"),
    )
    await world.run(until=TEN)
    liaison = await desk.visitor("liaison")
    page = await liaison.get("/")
    assert "别的单位" not in page.words
    assert "u03" not in page.words
    pub = await world.pub("k1@u02-weibo")
    links = [node.attributes["href"] for node in page.tree.css("#needs a.button")]
    assert links == [f"./tasks/accept-{pub.id}"]
    manager = await (await desk.visitor("manager")).get("/")
    assert "别的单位" in manager.words
    assert manager.tree.css("#needs .button, #needs form") == []


async def test_accounts_that_need_somebody(world: World, desk: Desk) -> None:
    """Silent ones, and those whose authorisation ends."""
    await world.plan(status("p1", at="2026-05-20 10:00"))
    async with world.app.core.ledger.write() as conn:
        read = {"read_from": START - timedelta(days=30), "read_until": START}
        await conn.execute(update(accounts).where(accounts.c.id == "u03-weibo").values(**read))
        ends = update(credentials).where(credentials.c.account == "u02-wechat")
        await conn.execute(ends.values(expires_at=START + timedelta(days=3)))
    page = await (await desk.visitor("officer")).get("/")
    links = {str(node.attributes["href"]) for node in page.tree.css("#needs .what a")}
    assert links == {"./accounts/u03-weibo", "./accounts/u02-wechat"}
    assert [one.split()[0] for one in page.all(".figures b")][-1] == "1"
    mine = await (await desk.visitor("liaison")).get("/")
    assert mine.tree.css("#needs .what a")[0].attributes["href"] == "./accounts/u02-wechat"


async def test_a_freeze_is_told_to_everybody(world: World, desk: Desk) -> None:
    officer = await desk.visitor("officer")
    assert (await officer.post("/freeze", reason="<b>哀悼日</b>")).status == 303
    page = await (await desk.visitor("liaison")).get("/")
    assert "<b>哀悼日</b>" in page.words  # as text
    assert page.tree.css(".freeze form") == []
    assert len((await officer.get("/")).tree.css(".freeze form")) == 1
    for path in ("/calendar", "/reviews", "/posts/none"):
        (told,) = (await officer.get(path)).all(".frozen")
        assert "<b>哀悼日</b>" in told
        assert PEOPLE["officer"].name in told


async def test_a_bot_that_does_not_run_is_told(world: World, desk: Desk) -> None:
    await world.plan(status("p1"))
    await world.at(TEN + timedelta(minutes=7))
    page = await (await desk.visitor("officer")).get("/")
    assert [text for text in page.all(".faults") if "7" in text]


async def test_what_is_in_doubt_leads_to_where_it_is_settled(world: World, desk: Desk) -> None:
    await world.plan(status("p1"))
    pub = await world.pub("p1@u01-weibo")
    async with world.app.core.ledger.write() as conn:
        unknown = {"state": State.UNKNOWN.value, "next_at": None, "doubt_since": START}
        await conn.execute(
            update(publications).where(publications.c.id == pub.id).values(**unknown)
        )
    officer = await desk.visitor("officer")
    page = await officer.get("/")
    (link,) = page.tree.css("#needs a.button")
    assert link.attributes["href"] == f"./posts/p1?pub={pub.id}#pub"
    assert (await officer.post(f"/publications/{pub.id}", do="retry")).status == 422
    async with world.app.core.ledger.write() as conn:  # as it was, for the laws
        back = {"state": pub.state.value, "next_at": pub.next_at, "doubt_since": None}
        await conn.execute(update(publications).where(publications.c.id == pub.id).values(**back))
