"""Programs that are told: each thing at least once and put down once, whoever is down meanwhile."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy import delete, insert, select, update

from bot.domain.review import Level
from bot.engine import delivering, outward
from bot.engine import webhooks as entering
from bot.engine.clearing import Clearing
from bot.engine.delivering import PAUSES, Sender
from bot.engine.outbox import SETTLED, Outbox
from bot.ledger import audit, webhooks
from bot.ledger.desk_tables import deliveries
from bot.ledger.tables import accounts, events
from bot.settings import ReviewPart
from tests.bot.engine.world import TEN, World, key_item, open_world, roster, status
from tests.pairs import Pair


class Receiver:
    """A program that checks what it gets, as docs/webhooks.md says."""

    def __init__(self) -> None:
        self.secret = ""
        self.answer = 200
        self.headers: dict[str, str] = {}
        self.got: list[tuple[str, dict[str, Any]]] = []  # id, document

    async def hear(self, request: web.Request) -> web.Response:
        if self.answer != 200:
            return web.Response(status=self.answer, headers=self.headers)
        body = await request.read()
        name, moment = request.headers["webhook-id"], request.headers["webhook-timestamp"]
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        signed = f"{name}.{moment}.".encode() + body
        right = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        assert request.headers["webhook-signature"].split() == [f"v1,{right}"]
        self.got.append((name, json.loads(body)))
        return web.Response(status=204)

    def kinds(self) -> list[str]:
        return sorted(document["type"] for _name, document in self.got)


@pytest.fixture
async def receiver() -> AsyncIterator[tuple[Receiver, str]]:
    heard, app = Receiver(), web.Application()
    app.router.add_post("/in", heard.hear)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield heard, f"http://127.0.0.1:{runner.addresses[0][1]}/in"
    await runner.cleanup()


class Post:
    """The outbox and who sends it, of one world."""

    def __init__(self, world: World) -> None:
        core = world.app.core
        self.outbox = Outbox(core, world.app.settings.zone)
        self.sender = Sender(core=core, vault=world.app.vault, this_machine=True)

    async def go(self) -> tuple[int, int]:
        """How many were put down, and how many were taken."""
        return await self.outbox.fill(), await self.sender.send_due()


async def enter(world: World, heard: Receiver, url: str, *names: str) -> None:
    made = await entering.make(
        world.app.core,
        world.app.vault,
        url,
        frozenset(names or entering.EVENTS),
        this_machine=True,
        by="administrator",
        address="",
    )
    assert made.faults == {}
    heard.secret = made.secret


async def states(world: World) -> list[tuple[str, int]]:
    async with world.app.core.ledger.read() as conn:
        rows = await conn.execute(select(deliveries).order_by(deliveries.c.id))
        return [(row.state, row.tries) for row in rows]


MEMBERS = roster(
    u02_wechat={"reprint": "auto"}, u02_weibo={"reprint": "none"}, u03_wechat={"reprint": "auto"}
)


@pytest.mark.both_ways
async def test_what_happens_is_told_once_and_signed(
    pair: Pair, tmp_path: Path, receiver: tuple[Receiver, str]
) -> None:
    heard, url = receiver
    async with open_world(tmp_path, MEMBERS, pair) as world:
        await world.plan(key_item("k1", at="2026-05-06 09:30"), status("p1"))
        post = Post(world)
        assert await post.go() == (0, 0)  # nobody is told
        await enter(world, heard, url)
        await world.run(until=TEN + timedelta(hours=3))
        put, sent = await post.go()
        assert put == await _all_sent(post, sent)
        assert len({name for name, _document in heard.got}) == len(heard.got) == put
        told = heard.kinds()
        assert told.count("coverage.carried") == 2  # u02 and u03, each once
        assert told.count("publication.published") >= 5
        (one,) = (
            document
            for _name, document in heard.got
            if document["type"] == "publication.published" and document["data"]["post"] == "p1"
        )
        assert one["timestamp"] == "2026-05-06T10:00:00+08:00"
        assert one["data"]["account"] == "u01-weibo"
        assert await Post(world).go() == (0, 0)  # another process looks, too


async def _all_sent(post: Post, sent: int) -> int:
    while more := await post.sender.send_due():
        sent += more
    return sent


async def test_a_receiver_that_was_down_gets_everything_later(
    tmp_path: Path, receiver: tuple[Receiver, str]
) -> None:
    heard, url = receiver
    async with open_world(tmp_path) as world:
        await world.plan(status("p1"), status("p2", at="2026-05-06 10:10"))
        await enter(world, heard, url, "publication.published")
        await world.run(until=TEN + timedelta(minutes=20))
        post = Post(world)
        heard.answer, heard.headers = 302, {"Location": url}  # no redirect is followed
        assert await post.go() == (2, 0)
        assert await states(world) == [("waiting", 1), ("waiting", 0)]
        assert await post.go() == (0, 0)
        heard.answer = 503
        for tried, pause in enumerate(PAUSES[:-1], 2):
            await world.at(world.clock.now() + pause)
            assert await post.go() == (0, 0)
            assert (await states(world))[0] == ("waiting", tried)
        await world.at(world.clock.now() + PAUSES[-1])
        await post.go()
        assert (await states(world))[0] == ("failed", len(PAUSES) + 1)
        assert sum(PAUSES, timedelta()) == timedelta(hours=75, minutes=35, seconds=5)
        heard.answer = 200
        async with world.app.core.ledger.read() as conn:
            (last, first) = await webhooks.latest(conn, 1)
        assert (last.answer, first.answer) == ("", "503")
        assert await entering.again(world.app.core, first.id, by="administrator", address="")
        await world.at(world.clock.now() + timedelta(days=1))
        assert await post.go() == (0, 2)
        assert await states(world) == [("sent", 1), ("sent", 1)]
        assert await entering.end(world.app.core, 1, by="administrator", address="")
        assert not await entering.again(world.app.core, first.id, by="x", address="")


async def test_a_receiver_says_when_it_wants_more_or_that_it_wants_nothing_more(
    tmp_path: Path, receiver: tuple[Receiver, str]
) -> None:
    heard, url = receiver
    async with open_world(tmp_path) as world:
        await world.plan(status("p1"), status("p2", at="2026-05-06 10:10"))
        await enter(world, heard, url, "publication.published")
        await world.run(until=TEN + timedelta(minutes=20))
        post = Post(world)
        heard.answer, heard.headers = 429, {"Retry-After": "900"}
        assert await post.go() == (2, 0)
        heard.answer, heard.headers = 410, {}
        await world.at(TEN + timedelta(minutes=34))
        assert await post.go() == (0, 0)
        assert await states(world) == [("waiting", 1), ("waiting", 0)]
        await world.at(TEN + timedelta(minutes=35))
        assert await post.go() == (0, 0)
        assert await states(world) == [("failed", 2), ("failed", 0)]
        async with world.app.core.ledger.read() as conn:
            assert await webhooks.open_ones(conn) == []
            (entry,) = await audit.entries(conn, actions=["webhook.gone"])
        assert (entry.by, entry.subject) == ("", url)


def test_signed_as_the_specifications_own_libraries_sign() -> None:
    """A case their tests know, too (standard-webhooks, libraries/python/tests/test_webhooks.py)."""
    headers = delivering.signed(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        b'{"test": 2432232314}',
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    )
    assert headers["webhook-id"] == "msg_p5jXN8AQM9LWM0D4loKWxJek"
    assert headers["webhook-timestamp"] == "1614265330"
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.both_ways
async def test_what_was_told_long_ago_is_deleted_and_never_told_again(
    pair: Pair, tmp_path: Path, receiver: tuple[Receiver, str]
) -> None:
    heard, url = receiver
    async with open_world(tmp_path, MEMBERS, pair) as world:
        late = [status(f"p{one}", at=f"2026-05-06 12:5{one}") for one in (8, 9)]
        await world.plan(key_item("k1", at="2026-05-06 09:30"), *late)
        await enter(world, heard, url, "publication.published", "coverage.carried")
        await world.run(until=TEN + timedelta(hours=3))
        post = Post(world)
        put, sent = await post.go()
        assert put == await _all_sent(post, sent)
        async with world.app.core.ledger.read() as conn:
            *_rest, first = await webhooks.latest(conn, 1)
        assert await entering.again(world.app.core, first.id, by="administrator", address="")
        clearing = Clearing(post.outbox)
        for days, left in ((89, put), (92, 3)):
            await world.at(TEN + timedelta(days=days))
            await clearing.clear()
            assert len(await states(world)) == left, days
        async with world.app.core.ledger.read() as conn:
            found = {one.id: one.event for one in await webhooks.latest(conn, 1)}
        assert found.pop(first.id) == "publication.published"  # it is to be sent
        assert [*found.values()] == ["coverage.carried"] * 2
        assert await Post(world).outbox.fill() == 0
        await entering.end(world.app.core, 1, by="administrator", address="")
        await world.at(world.clock.now() + timedelta(days=91))
        await clearing.clear()
        assert len(await states(world)) == 1  # its number is not given again


async def test_what_somebody_did_not_finish_sending_is_sent_again_under_the_same_name(
    tmp_path: Path, receiver: tuple[Receiver, str]
) -> None:
    heard, url = receiver
    async with open_world(tmp_path) as world:
        await world.plan(status("p1"))
        await enter(world, heard, url, "publication.published")
        await world.run(until=TEN + timedelta(minutes=5))
        post, core = Post(world), world.app.core
        await post.outbox.fill()
        async with core.ledger.write() as conn:  # a process that is killed while it sends
            until = world.clock.now() + timedelta(minutes=3)
            await webhooks.take(conn, world.clock.now(), lease="dead", until=until, each=10)
        assert await post.sender.send_due() == 0
        await world.at(until)
        assert await post.sender.send_due() == 1
        async with core.ledger.write() as conn:  # its answer comes late, and counts no more
            await webhooks.settle(conn, 1, "dead", state="failed", tries=9)
            await conn.execute(update(deliveries).values(state="waiting", next_at=until))
        assert await post.sender.send_due() == 1
        assert heard.got[0] == heard.got[1]


@pytest.mark.both_ways
async def test_a_row_that_becomes_visible_late_is_not_passed_over(
    pair: Pair, tmp_path: Path, receiver: tuple[Receiver, str]
) -> None:
    """A lower number after a higher one: on PostgreSQL alone, where several write at once."""
    heard, url = receiver
    async with open_world(tmp_path, None, pair) as world:
        await world.plan(status("p1"), status("p2"))
        await enter(world, heard, url, "publication.published")
        await world.run(until=TEN + timedelta(minutes=1))
        core, post = world.app.core, Post(world)
        wanted = events.c.to_state == "published"
        async with core.ledger.write() as conn:
            rows = await conn.execute(select(events).where(wanted).order_by(events.c.id))
            first = dict(rows.all()[0]._mapping) | {"at": world.clock.now()}
            await conn.execute(delete(events).where(events.c.id == first["id"]))
        assert await post.outbox.fill() == 1
        async with core.ledger.write() as conn:
            await conn.execute(insert(events).values(**first))
        several = pair.ledger_url.startswith("postgresql")
        assert await post.outbox.fill() == (1 if several else 0)
        await world.at(world.clock.now() + SETTLED + timedelta(minutes=1))
        assert await post.outbox.fill() == 0


async def test_missed_deadlines_and_reviews_are_told_and_the_unknown_is_not(
    tmp_path: Path, receiver: tuple[Receiver, str]
) -> None:
    heard, url = receiver
    asked, left = {"reprint": "confirm"}, {"reprint": "none"}
    members = roster(u02_wechat=asked, u02_weibo=left, u03_wechat=asked, u03_weibo=left)
    members["units"][1]["accounts"].pop()  # its website, which cannot be read
    async with open_world(tmp_path, members) as world:
        world.review = ReviewPart(columns={"科普": [Level.FIRST]})
        await world.start()
        deadline = {"deadline": "T+1h", "spread": "30m"}
        await world.plan(key_item("k1", key=deadline), status("p1", column="科普"))
        await enter(world, heard, url, "coverage.late", "review.waiting")
        post = Post(world)
        assert await post.go() == (1, 1)
        assert heard.kinds() == ["review.waiting"]
        await world.run(until=TEN + timedelta(hours=2))
        read = {"read_from": TEN - timedelta(days=9), "read_until": world.clock.now()}
        async with world.app.core.ledger.write() as conn:
            await conn.execute(update(accounts).where(accounts.c.unit == "u02").values(**read))
        await post.go()
        late = [one["data"]["unit"] for _name, one in heard.got if one["type"] == "coverage.late"]
        assert late == ["u02"]  # u03 was not read: nobody knows
        async with world.app.core.ledger.write() as conn:
            await conn.execute(update(accounts).where(accounts.c.unit == "u03").values(**read))
        await world.at(world.clock.now() + timedelta(minutes=2))
        await post.go()
        await world.at(world.clock.now() + timedelta(minutes=2))
        assert await post.go() == (0, 0)
        assert heard.kinds() == ["coverage.late", "coverage.late", "review.waiting"]


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("https://portal.lanting.example/in", True),
        ("http://10.1.2.3:9000/in", True),
        ("http://portal.office/in", True),
        ("http://8.8.8.8/in", False),
        ("https://8.8.8.8/in", True),
        ("http://127.0.0.1:9000/in", False),
        ("https://[::1]/in", False),
        ("https://[::ffff:127.0.0.1]/in", False),
        ("http://localhost/in", False),
        ("http://169.254.169.254/latest", False),
        ("https://100.100.100.200/latest", False),
        ("https://0.0.0.0/", False),
        ("https://user:word@portal.example/", False),
        ("ftp://portal.example/", False),
        ("https://", False),
        ("https://[", False),
        ("https://portal.example:99999/", False),
        ("javascript:alert(1)", False),
    ],
)
def test_not_every_address_may_be_entered(url: str, fits: bool) -> None:
    assert (outward.url_fault(url, this_machine=False) == "") is fits


async def test_a_name_that_leads_to_this_machine_is_not_called() -> None:
    """It is the connection that is guarded, for a name may lead elsewhere by then."""
    for this_machine in (False, True):
        guard = outward.Guard(secure=False, this_machine=this_machine)
        if this_machine:
            assert await guard.resolve("localhost", 80)
        else:
            with pytest.raises(outward.NotAllowed):
                await guard.resolve("localhost", 80)
        await guard.close()
