"""The calendar feed over real HTTP, read by a parser that shares nothing with its writer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from ical.calendar import Calendar
from ical.calendar_stream import IcsCalendarStream
from ical.event import Event
from sqlalchemy import text

from bot.app import App
from bot.domain.publication import State
from bot.settings import Web
from bot.web.app import watched
from bot.web.feed import address_of
from tests.bot.engine.world import TEN, World, article, key_item, open_world, status

LONG = "世界无烟日：戒烟后的第一个月会发生什么；逗号，分号, 反斜杠\\和🚭" * 3


@dataclass(frozen=True, kw_only=True)
class Served:
    """A running bot's feed, asked by a client of its own."""

    app: App
    url: str
    client: aiohttp.ClientSession

    async def get(self, account: str = "", **headers: str) -> tuple[int, bytes, Any]:
        """Status, body and headers at the address people subscribe to."""
        address = address_of(self.url, account, self.app.vault.sign)
        return await self.ask(address.removeprefix(self.url), **headers)

    async def ask(self, path: str, **headers: str) -> tuple[int, bytes, Any]:
        async with self.client.get(f"{self.url}{path}", headers=headers) as answer:
            return answer.status, await answer.read(), answer.headers

    async def calendar(self, account: str = "") -> Calendar:
        """The feed as the other parser understands it."""
        code, body, headers = await self.get(account)
        assert code == 200
        assert headers["Content-Type"] == "text/calendar; charset=utf-8"
        check_lines(body)
        return IcsCalendarStream.calendar_from_ics(body.decode())


def check_lines(body: bytes) -> None:
    """Lines end with CRLF, have at most 75 octets, and break between characters."""
    *lines, rest = body.split(b"\r\n")
    assert rest == b""
    assert max(len(line) for line in lines) <= 75
    assert [line for line in lines if b"\n" in line or b"\r" in line] == []
    assert all(line.decode() for line in lines)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as opened:
        yield opened


@asynccontextmanager
async def served(world: World) -> AsyncIterator[Served]:
    said: list[str] = []
    settings = world.app.settings.model_copy(update={"web": Web(listen="127.0.0.1:0")})
    app = App(**{**vars(world.app), "settings": settings})
    async with watched(app, said.append), aiohttp.ClientSession() as client:
        sentence = said[0]
        url = sentence[sentence.index("http") :].removesuffix("/readyz")
        yield Served(app=app, url=url, client=client)


def by_uid(calendar: Calendar) -> dict[str, Event]:
    found = {event.uid.removesuffix("@xuanfa-bot"): event for event in calendar.events}
    assert len(found) == len(calendar.events)
    return found


async def test_posts_deadlines_and_health_days(world: World) -> None:
    (world.schedules / "health-days.csv").write_text(
        "name_zh,rule\n全国老年健康宣传周,2026-06-22..2026-06-28\n建党节,off\n", encoding="utf-8"
    )
    await world.plan(
        status("s1", title=LONG, column="卫生健康主题日"),
        key_item("k1"),
        article("p1", "2026-05-07 10:00"),
    )
    async with served(world) as site:
        before = by_uid(await site.calendar())
        assert before["post-s1"].summary == LONG
        assert before["post-s1"].dtstart == TEN
        assert before["post-s1"].categories == ["卫生健康主题日"]
        assert before["post-s1"].status == "CONFIRMED"
        assert before["post-p1"].dtstart == TEN + timedelta(days=1)
        assert "健康u01" in str(before["post-p1"].description)
        assert before["deadline-k1"].dtstart == TEN + timedelta(days=1)
        days = {
            event.summary: event
            for uid, event in before.items()
            if uid.startswith("day-2026-") and not isinstance(event.dtstart, datetime)
        }
        assert span(days["世界无烟日"]) == (date(2026, 5, 31), date(2026, 6, 1))
        assert span(days["爱国卫生月"]) == (date(2026, 4, 1), date(2026, 5, 1))
        assert span(days["《职业病防治法》宣传周"]) == (date(2026, 4, 25), date(2026, 5, 2))
        assert span(days["全国老年健康宣传周"]) == (date(2026, 6, 22), date(2026, 6, 29))
        assert "建党节" not in days
        assert "全国食品安全宣传周" not in days  # its notice is not known: never guessed
        assert {event.transparency for event in before.values()} == {"TRANSPARENT"}


def span(event: Event) -> tuple[object, object]:
    return event.dtstart, event.dtend


async def test_what_became_of_a_post(world: World) -> None:
    await world.plan(status("s1"), status("s2", "2026-05-06 12:00"), key_item("k1"))
    async with served(world) as site:
        before = by_uid(await site.calendar())
        await world.run(until=TEN + timedelta(minutes=30))
        after = by_uid(await site.calendar())
        pub = await world.pub("s1@u01-weibo")
        assert pub.state is State.PUBLISHED
        assert (after["post-s1"].url, after["post-s1"].dtstart) == (pub.url, pub.published_at)
        assert pub.url in str(after["post-s1"].description)
        assert after["post-s1"].summary != before["post-s1"].summary
        assert after["post-s2"] == before["post-s2"]
        await world.plan(status("s1"), status("s2", "2026-05-06 13:00"))
        moved = by_uid(await site.calendar())
        assert moved["post-s2"].dtstart == TEN + timedelta(hours=3)
        assert (moved["post-s2"].sequence or 0) > (before["post-s2"].sequence or 0)
        assert moved["post-s2"].dtstamp > before["post-s2"].dtstamp
        # Out of the calendar it is out of the feed, but not what the public sees.
        await world.plan(status("s3", "2026-05-08 10:00"))
        left = by_uid(await site.calendar())
        assert {"post-s1", "post-k1", "post-s3"} <= left.keys()
        assert "post-s2" not in left


async def test_only_the_right_key_opens_a_feed(world: World) -> None:
    await world.plan(status("s1"), key_item("k1"), article("p1"))
    async with served(world) as site:
        mine = await site.calendar("u02-wechat")
        posts = {uid for uid in by_uid(mine) if not uid.startswith("day-")}
        assert posts <= {"post-k1", "deadline-k1"}
        whole = address_of("", "", site.app.vault.sign)
        other = address_of("", "u02-wechat", site.app.vault.sign)
        key, own = (address.rpartition("key=")[2] for address in (whole, other))
        # A unit's key opens neither the whole feed nor another unit's.
        for path in (
            f"?key={own}",
            f"?account=u01-weibo&key={own}",
            f"?account=u01-weibo&key={key}",
        ):
            assert (await site.ask(f"/calendar.ics{path}"))[0] == 404
        for query in ("", "?key=", "?key=wrong", "?key=%F0%9F%9A%AD", f"?key=a&key={key}"):
            code, body, _headers = await site.ask(f"/calendar.ics{query}")
            assert (code, b"BEGIN" in body) == (404, False)
        # An account that is in no roster has a key all the same.
        gone = address_of("", "u09-wechat", site.app.vault.sign)
        assert (await site.ask(gone))[0] == 404


async def test_what_did_not_change_is_not_sent_again(world: World) -> None:
    await world.plan(status("s1"))
    async with served(world) as site:
        _code, body, headers = await site.get()
        assert "private" in headers["Cache-Control"]
        tag = headers["ETag"]
        for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            code, nothing, again = await site.get(**{"If-None-Match": known})
            assert (code, nothing, again["ETag"]) == (304, b"", tag)
        assert (await site.get(**{"If-None-Match": '"other"'}))[:2] == (200, body)
        await world.plan(status("s1", "2026-05-06 11:00"))
        code, changed, headers = await site.get(**{"If-None-Match": tag})
        assert code == 200
        assert changed != body
        assert headers["ETag"] != tag
        address = address_of(site.url, "", site.app.vault.sign)
        async with site.client.head(address) as answer:
            assert (answer.status, answer.headers["ETag"]) == (200, headers["ETag"])


async def test_its_head_and_characters_no_calendar_may_have(world: World) -> None:
    await world.plan(status("s1"))
    async with world.app.core.ledger.write() as conn:
        await conn.execute(
            text("UPDATE posts SET title = :t"), {"t": "a\x0bb\x1bc\r\nBEGIN:VEVENT"}
        )
    async with served(world) as site:
        event = by_uid(await site.calendar())["post-s1"]
        _code, body, _headers = await site.get()
    assert (event.dtstart, event.summary) == (TEN, "abc\nBEGIN:VEVENT")
    head = body.decode().partition("BEGIN:VEVENT")[0].splitlines()
    assert head[:2] == ["BEGIN:VCALENDAR", "VERSION:2.0"]
    for line in ("REFRESH-INTERVAL;VALUE=DURATION:PT1H", "X-PUBLISHED-TTL:PT1H"):
        assert line in head
    assert [line for line in head if line.startswith("X-WR-CALNAME:")]
    assert "X-WR-TIMEZONE:Asia/Shanghai" in head
