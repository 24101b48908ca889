"""Copies that were read before their key item was known are found all the same."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from bot.app import open_app
from bot.clock import VirtualClock
from bot.contract import Item
from bot.domain import matching
from bot.domain.matching import Verdict
from bot.domain.post import KeyItem, Post
from bot.domain.roster import Account, Roster, Unit
from bot.domain.variants import marker
from bot.engine.earlier import earlier, stored
from bot.engine.ports import Core
from bot.engine.rematching import catch_up, rematch
from bot.ledger import items, posts, roster, tables
from bot.ledger import verdicts as ledger_verdicts
from bot.settings import Files, LedgerPart, Settings
from tests.data.health_texts import (
    FLU,
    FLU_TITLE,
    FOOTER,
    HANDS,
    HEADER,
    HEAT,
    NURSE,
    PRESSURE,
    SLEEP,
)

RELEASED = datetime(2026, 5, 6, 2, 0, tzinfo=UTC)
NOW = RELEASED + timedelta(days=20)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
UNITS = ("u01", "u02", "u03")


def account(unit: str) -> Account:
    """The unit's only account."""
    return Account(
        id=f"{unit}-weibo",
        unit=unit,
        platform="weibo",
        name=f"健康{unit}",
        verified_name=f"澜汀区{unit}医院",
        flagship=unit == "u01",
    )


MEMBERS = Roster(
    units={unit: Unit(id=unit, name=f"澜汀区{unit}医院", short=unit) for unit in UNITS},
    accounts={account(unit).id: account(unit) for unit in UNITS},
)


@pytest.fixture
async def core(tmp_path: Path) -> AsyncIterator[Core]:
    """The bot twenty days after the release, with three units and nothing else in its ledger."""
    settings = Settings(
        ledger=LedgerPart(url=f"sqlite:///{tmp_path / 'ledger.sqlite3'}"),
        files=Files(key=tmp_path / "secret.key"),
    )
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(open_app(settings, clock=VirtualClock(NOW)))
        async with app.core.ledger.write() as conn:
            await roster.save(conn, MEMBERS, RELEASED)
        yield app.core


def article(text: str, name: str = "flu", title: str = FLU_TITLE) -> Post:
    """A key item of the flagship."""
    return Post(
        id=name,
        title=title,
        body=text,
        due_at=RELEASED,
        accounts=("u01-weibo",),
        key=KeyItem(deadline=DAY, spread=timedelta()),
        window=6 * HOUR,
    )


async def plan(core: Core, post: Post, released: datetime | None = None) -> None:
    """Takes the post over, and its first release if there was one."""
    async with core.ledger.write() as conn:
        await posts.save(conn, post, posts.content_hash(post), core.clock.now())
        if released is not None:
            await conn.execute(
                update(tables.posts)
                .where(tables.posts.c.id == post.id)
                .values(first_release_at=released)
            )


async def read(core: Core, *shown: Item, unit: str = "u02") -> None:
    """An account's items enter the ledger, compared with nothing."""
    async with core.ledger.write() as conn:
        await items.upsert(conn, f"{unit}-weibo", shown, core.clock.now())


def item(
    name: str,
    text: str,
    *,
    title: str = "转载",
    after: timedelta = HOUR,
    source_url: str = "",
    repost_of: str = "",
) -> Item:
    """An item so long after the release."""
    return Item(
        platform_id=name,
        title=title,
        url=f"https://weibo.example/{name}",
        text=text,
        published_at=RELEASED + after,
        source_url=source_url,
        repost_of=repost_of,
    )


async def verdicts(core: Core) -> Mapping[str, tuple[str, str]]:
    """Item → decision and rule, of the verdicts in force."""
    query = (
        select(tables.items.c.platform_id, tables.verdicts.c.decision, tables.verdicts.c.rule)
        .join(tables.items, tables.items.c.id == tables.verdicts.c.item)
        .where(tables.verdicts.c.superseded.is_(False))
    )
    async with core.ledger.read() as conn:
        return {row.platform_id: (row.decision, row.rule) for row in await conn.execute(query)}


async def test_a_release_recorded_late_finds_the_copies_of_weeks_before(core: Core) -> None:
    await plan(core, article(FLU))
    await read(core, item("copy", HEADER + FLU + FOOTER), item("other", NURSE))
    assert await rematch(core) == []
    await plan(core, article(FLU), released=RELEASED)
    (done,) = await rematch(core)
    assert (done.post, done.compared, done.matched) == ("flu", 2, 1)
    assert await verdicts(core) == {"copy": ("reprinted", "contained")}
    assert await rematch(core) == [], "nothing has changed since"


async def test_a_post_that_becomes_a_key_item_later(core: Core) -> None:
    await read(core, item("copy", FLU))
    await plan(core, article(FLU), released=RELEASED)
    await rematch(core)
    assert await verdicts(core) == {"copy": ("reprinted", "contained")}


async def test_a_corrected_text_is_looked_for_in_what_was_compared_before(core: Core) -> None:
    await plan(core, article(NURSE), released=RELEASED)
    await read(core, item("copy", FLU))
    await rematch(core)
    assert await verdicts(core) == {}
    await plan(core, article(FLU))
    await rematch(core)
    assert await verdicts(core) == {"copy": ("reprinted", "contained")}


async def test_a_raised_rule_version_compares_all_again(
    core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    await plan(core, article(FLU), released=RELEASED)
    await rematch(core)
    monkeypatch.setattr(matching, "RULE_VERSION", matching.RULE_VERSION + 1)
    assert [one.post for one in await rematch(core)] == ["flu"]


async def test_again_compares_all_or_those_named(core: Core) -> None:
    await plan(core, article(FLU), released=RELEASED)
    await plan(core, article(NURSE, "nurse", "她把脚步放得很轻"), released=RELEASED)
    assert len(await rematch(core)) == 2
    assert [one.post for one in await rematch(core, again=True)] == ["flu", "nurse"]
    assert [one.post for one in await rematch(core, ["nurse"], again=True)] == ["nurse"]


async def test_only_the_window_of_the_key_item_is_looked_at(core: Core) -> None:
    await plan(core, article(FLU), released=RELEASED)
    await read(
        core,
        item("last year", FLU, after=-365 * DAY),
        item("first", FLU, after=-HOUR),
        item("late", FLU, after=12 * DAY),
        item("too late", FLU, after=32 * DAY),
    )
    await rematch(core)
    assert await verdicts(core) == {
        "first": ("no", "before-release"),
        "late": ("reprinted", "contained"),
    }


SHAPES = [
    item("whole", HEADER + FLU + FOOTER),
    item("digest", NURSE + "\n" + FLU + "\n" + HANDS),
    item("excerpt", FLU[200:360]),
    item("cut", FLU[:330] + NURSE),
    item("wide", "".join(chr(ord(c) + 0xFEE0) if "0" <= c <= "9" else c for c in FLU)),
    item("marker", PRESSURE * 2 + f"\n稿号：{marker('flu')}"),
    item("marker in the title", PRESSURE * 2, title=f"{marker('flu').lower()} 学习"),
    item("link", SLEEP * 2, source_url="https://weibo.example/flu/first"),
    item("link in the text", SLEEP * 2 + " https://weibo.example/flu/first"),
    item("repost", "转发微博。" + HEAT * 2, repost_of="m-first"),
    item("title", HEAT * 2, title=f"【健康科普】{FLU_TITLE}"),
    item("traditional", "", title="入冬流感高發，這份防護指南請收好"),
    item("short", f"【{FLU_TITLE}】一图读懂"),
    item("declared", f"来源：健康u01\n{HEAT}" * 2, title=FLU_TITLE),
    item("other", NURSE + FOOTER),
    item("no text", "", title="图集"),
]


async def released(core: Core) -> None:
    """The key item with a link and an id of its first release."""
    post = article(FLU)
    await plan(core, post, released=RELEASED)
    row = {
        "post": "flu",
        "account": "u01-weibo",
        "unit": "u01",
        "platform": "weibo",
        "kind": "original",
        "method": "publish",
        "key": "k",
        "by_hand": False,
        "needs_acceptance": False,
        "state": "published",
        "due_at": RELEASED,
        "not_after": RELEASED + HOUR,
        "content_hash": posts.content_hash(post),
        "platform_id": "m-first",
        "url": "https://weibo.example/flu/first",
        "published_at": RELEASED,
        "checkpoint": {},
        "pending": {},
        "error": {},
    }
    async with core.ledger.write() as conn:
        await conn.execute(insert(tables.publications).values(**row))


async def test_with_many_items_the_sketches_leave_out_nothing_that_matches(core: Core) -> None:
    """Every item compared, and only those that could match: the same verdicts."""
    await released(core)
    await read(core, *SHAPES)
    await read(
        core, *(item(f"noise {n}", f"第{n}期\n{SLEEP[n:]}" * 2) for n in range(20)), unit="u03"
    )
    (narrowed,) = await rematch(core, plain=0)
    found = await verdicts(core)
    assert narrowed.compared < len(SHAPES) + 5
    assert len(found) >= 11
    async with core.ledger.write() as conn:
        await conn.execute(tables.verdicts.delete())
    (whole,) = await rematch(core, again=True)
    assert whole.compared == len(SHAPES) + 20
    assert await verdicts(core) == found


async def test_what_the_rules_find_no_longer_is_withdrawn(core: Core) -> None:
    """But not what a person has decided."""
    await plan(core, article(FLU), released=RELEASED)
    await read(core, item("machine", NURSE), item("person", HANDS))
    doubtful = Verdict(post="flu", account="u02-weibo", level="D", decision="doubtful", rule="cut")
    async with core.ledger.write() as conn:
        for key in (1, 2):
            await ledger_verdicts.record(conn, key, doubtful, "", NOW)
        by_person = tables.verdicts.update().where(tables.verdicts.c.item == 2)
        await conn.execute(by_person.values(decided_by="王"))
        await items.mark_reprint(conn, 1)
    await rematch(core)
    assert await verdicts(core) == {"machine": ("no", "not-found"), "person": ("doubtful", "cut")}
    async with core.ledger.read() as conn:
        kind = select(tables.items.c.kind).where(tables.items.c.id == 1)
        assert await conn.scalar(kind) == "original"
    assert (await rematch(core, again=True))[0].matched == 0


async def test_new_texts_are_sketched_once(core: Core) -> None:
    await read(core, item("one", FLU), item("empty", ""))
    assert [await catch_up(core), await catch_up(core)] == [2, 0]


async def test_who_carried_it_before_and_who_first(core: Core) -> None:
    await read(core, item("last year", FLU + FOOTER, after=-365 * DAY))
    await read(core, item("first", HEADER + FLU, after=-370 * DAY), unit="u03")
    await read(core, item("excerpt", FLU[:100], after=-DAY), item("other", NURSE))
    await catch_up(core)
    found = await earlier(core, FLU, NOW)
    assert [one.account for one in found] == ["u03-weibo", "u02-weibo", "u02-weibo"]
    assert {one.url[22:]: round(one.found, 1) for one in found} == {
        "excerpt": 0.2,
        "first": 1.0,
        "last year": 1.0,
    }
    excerpt = next(one for one in found if one.found < 0.5)
    assert excerpt.covers == 1.0
    text, until = await stored(core, "https://weibo.example/last year") or ("", NOW)
    assert [one.url[22:] for one in await earlier(core, text, until)] == ["first"]
    assert await stored(core, "nothing") is None
    await plan(core, article(HANDS), released=RELEASED)
    assert await stored(core, "flu") == (HANDS, RELEASED)
