"""Health and metrics over real HTTP, with a real ledger and the simulator as the platforms."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from bot import __version__
from bot.engine import people
from bot.engine.health import Ping
from bot.engine.ports import Core
from bot.ledger import publications
from bot.metrics import Metrics
from bot.queue.remote import connect
from bot.settings import Web
from bot.web.app import create_app, serving
from bot.web.watch import Watch, is_loopback
from tests.bot.engine.world import TEN, World, article, open_world, status
from tests.services import Redis, redis_server


@dataclass(frozen=True, kw_only=True)
class Site:
    """What is served, asked by a client of its own."""

    url: str
    client: aiohttp.ClientSession
    metrics: Metrics

    async def ask(self, path: str, **headers: str) -> tuple[int, Any]:
        """Status and JSON body."""
        async with self.client.get(f"{self.url}{path}", headers=headers) as answer:
            return answer.status, await answer.json()

    async def numbers(self) -> dict[str, float]:
        """Every sample of /metrics, labels in their usual writing."""
        async with self.client.get(f"{self.url}/metrics") as answer:
            assert answer.status == 200
            assert answer.headers["Content-Type"].startswith("text/plain; version=")
            page = await answer.text()
        return {
            sample.name
            + "".join(
                f" {key}={value}" for key, value in sorted(sample.labels.items())
            ): sample.value
            for family in text_string_to_metric_families(page)
            for sample in family.samples
        }


@asynccontextmanager
async def site(core: Core, *, ping: Ping | None = None, **changes: Any) -> AsyncIterator[Site]:
    settings = Web(**({"listen": "127.0.0.1:0"} | changes))
    metrics = Metrics()
    async with (
        serving(settings, core, metrics, ping=ping) as served,
        aiohttp.ClientSession() as client,
    ):
        url = served.address
        yield Site(url=url, client=client, metrics=metrics)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as opened:
        yield opened


def codes(body: Any) -> list[str]:
    return [reason["code"] for reason in body["reasons"]]


async def test_alive(world: World) -> None:
    async with site(world.app.core) as web:
        code, body = await web.ask("/healthz")
    assert (code, body["alive"], body["version"]) == (200, True, __version__)
    assert body["loop_late_s"] >= 0


async def test_a_loop_that_does_not_come_round_is_not_alive(world: World) -> None:
    watch = Watch(
        core=world.app.core,
        metrics=Metrics(),
        ping=None,
        overdue_s=60,
        metrics_open=False,
        slow_loop_s=0.05,
    )
    server = TestServer(create_app(watch))
    async with server, aiohttp.ClientSession() as client:
        web = Site(url=str(server.make_url("")).rstrip("/"), client=client, metrics=Metrics())
        asking = asyncio.create_task(web.ask("/healthz"))
        while not asking.done():  # something in the process keeps the loop to itself
            time.sleep(0.1)
            await asyncio.sleep(0)
        code, body = await asking
    assert (code, body["alive"]) == (503, False)


async def test_ready_as_long_as_due_posts_are_tried(world: World) -> None:
    await world.plan(status())
    async with site(world.app.core) as web:
        assert await web.ask("/readyz") == (200, {"ready": True, "reasons": [], "notes": []})
        await world.at(TEN + timedelta(seconds=59))
        assert (await web.ask("/readyz"))[0] == 200
        await world.at(TEN + timedelta(seconds=60))
        code, body = await web.ask("/readyz")
        assert (code, codes(body)) == (503, ["work_overdue"])
        assert "60" in body["reasons"][0]["message"]
        await world.run(until=TEN + timedelta(minutes=2))
        assert (await web.ask("/readyz"))[0] == 200


async def test_the_limit_is_a_setting(world: World) -> None:
    await world.plan(status())
    await world.at(TEN + timedelta(seconds=10))
    async with site(world.app.core, overdue_s=5) as web:
        assert codes((await web.ask("/readyz"))[1]) == ["work_overdue"]


async def test_what_people_hold_back_is_not_overdue(world: World) -> None:
    """A freeze is on; the bot looked at the post and holds it."""
    await world.plan(status())
    await people.freeze(world.app.core, True, reason="默哀", by="test")
    await world.run(until=TEN + timedelta(minutes=10))
    async with site(world.app.core) as web:
        assert (await web.ask("/readyz"))[0] == 200
        assert (await web.numbers())["bot_frozen"] == 1


async def test_a_ledger_of_another_version_is_not_ready(world: World) -> None:
    async with world.app.core.ledger.write() as conn:
        await conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    async with site(world.app.core) as web:
        code, body = await web.ask("/readyz")
        assert (code, codes(body)) == (503, ["ledger_revision"])
        assert "9999" in body["reasons"][0]["message"]


async def test_a_ledger_that_cannot_be_read(world: World) -> None:
    """It is said, the process stays alive, and metrics go on without the ledger's."""
    async with world.app.core.ledger.write() as conn:
        await conn.execute(text("ALTER TABLE publications RENAME TO elsewhere"))
    async with site(world.app.core) as web:
        web.metrics.succeeded("tick", TEN)
        code, body = await web.ask("/readyz")
        assert (code, codes(body)) == (503, ["ledger_unreachable"])
        numbers = await web.numbers()
        assert numbers["bot_ledger_up"] == 0
        assert numbers["bot_last_success_timestamp_seconds job=tick"] == TEN.timestamp()
        assert "bot_oldest_untried_seconds" not in numbers
        assert (await web.ask("/healthz"))[0] == 200
    async with world.app.core.ledger.write() as conn:
        await conn.execute(text("ALTER TABLE elsewhere RENAME TO publications"))


@pytest.fixture
def redis() -> Any:
    with redis_server() as server:
        yield server


async def test_a_queue_that_is_gone_and_comes_back(world: World, redis: Redis) -> None:
    client = connect(redis.url)
    try:
        async with site(world.app.core, ping=client.ping) as web:
            assert (await web.ask("/readyz"))[0] == 200
            redis.kill()
            code, body = await web.ask("/readyz")
            assert (code, codes(body)) == (503, ["queue_unreachable"])
            redis.start()
            assert (await web.ask("/readyz"))[0] == 200
    finally:
        await client.aclose(close_connection_pool=True)


async def test_metrics_of_a_day(world: World) -> None:
    await world.plan(article(), status("s1"), status("s2", at="2026-05-06 12:00"))
    await world.run(until=TEN + timedelta(minutes=30))
    async with site(world.app.core) as web:
        await _tell(web.metrics, world)
        await world.at(TEN + timedelta(hours=2, seconds=7))
        numbers = await web.numbers()
    assert numbers["bot_ledger_up"] == 1
    assert numbers["bot_oldest_untried_seconds"] == 7
    assert numbers["bot_overdue_seconds"] == 7
    assert numbers["bot_open_publications state=planned"] == 1
    assert numbers["bot_open_publications state=unknown"] == 0
    assert numbers["bot_outcomes_total outcome=published platform=weibo"] == 1
    assert numbers["bot_outcomes_total outcome=published platform=wechat"] == 1
    assert numbers["bot_lateness_seconds_count platform=weibo"] == 1
    assert numbers["bot_lateness_seconds_sum platform=weibo"] == 0
    assert numbers["bot_info queue=local version=" + __version__] == 1
    day = "action=publish period=day platform=weibo"
    used = numbers[f"bot_quota_left account=u02-weibo {day}"]
    # bot_quota_left is written with its labels in alphabetical order
    assert numbers[f"bot_quota_left account=u01-weibo {day}"] == used - 1


async def _tell(metrics: Metrics, world: World) -> None:
    """Tells the metrics what the ledger recorded, as the journal does after each commit."""
    async with world.app.core.ledger.read() as conn:
        for pub in await publications.search(conn):
            more = {"account": pub.account, "platform": pub.platform, "due_at": pub.due_at}
            events = await publications.history(conn, pub.id)
            metrics.heard([{**event, **more} for event in events])


async def test_quotas_are_of_accounts_that_publish_by_themselves(world: World) -> None:
    await world.plan(status())
    async with site(world.app.core) as web:
        numbers = await web.numbers()
    accounts = {name.split()[1] for name in numbers if name.startswith("bot_quota_left")}
    assert "account=u01-wechat" in accounts
    assert "account=u01-website" not in accounts


async def test_metrics_are_for_this_machine(world: World) -> None:
    async with site(world.app.core) as web:
        for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
            code, body = await web.ask("/metrics", **{header: "203.0.113.7"})
            assert (code, list(body)) == (403, ["error"])
        assert (await web.ask("/readyz", **{"X-Forwarded-For": "203.0.113.7"}))[0] == 200
    async with site(world.app.core, metrics_open=True) as web:
        passed_on = {"X-Forwarded-For": "203.0.113.7"}
        async with web.client.get(f"{web.url}/metrics", headers=passed_on) as answer:
            assert answer.status == 200


@pytest.mark.parametrize(
    ("remote", "here"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("::ffff:203.0.113.7", False),
        ("203.0.113.7", False),
        ("fe80::1", False),
        ("", False),
        (None, False),
    ],
)
def test_which_addresses_are_of_this_machine(remote: str | None, here: bool) -> None:
    assert is_loopback(remote) == here


async def test_a_port_in_use_does_not_stop_anything(world: World) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        async with serving(Web(listen=f"127.0.0.1:{port}"), world.app.core, Metrics()) as served:
            assert f"127.0.0.1:{port}" in served.sentence
            assert "web.listen" in served.sentence
            await world.plan(status())
            await world.run(until=TEN)
    assert len(await world.posts("u01-weibo")) == 1


async def test_switched_off(world: World) -> None:
    async with serving(Web(listen=""), world.app.core, Metrics()) as served:
        assert served.sentence == served.address == ""


async def test_other_pages_are_not_there(world: World) -> None:
    async with site(world.app.core) as web, web.client.get(f"{web.url}/") as answer:
        assert answer.status == 404


async def test_an_error_inside_shows_no_trace(world: World) -> None:
    await world.plan(status())
    async with world.app.core.ledger.write() as conn:
        await conn.execute(text("UPDATE accounts SET status = 'nonsense' WHERE id = 'u03-weibo'"))
    async with site(world.app.core) as web:
        code, body = await web.ask("/metrics")
    assert (code, list(body)) == (500, ["error"])
    assert "nonsense" not in str(body)


async def test_the_port_is_free_again_afterwards(world: World) -> None:
    async with site(world.app.core) as web:
        port = int(web.url.rsplit(":", 1)[1])
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", port))
