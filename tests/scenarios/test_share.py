"""An officer publishes from the phone (Douyin's H5 share), and Douyin says what became of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.contract import Call, Hears
from bot.domain.publication import State
from bot.engine import hearing
from tests.bot.engine.world import TEN, World, open_world, roster, video
from tests.pairs import Pair

SHARED = "p1@u01-douyin"


@pytest.fixture
async def phone(tmp_path: Path, pair: Pair) -> AsyncIterator[World]:
    """The flagship's Douyin account has no permission to publish by itself."""
    members = roster(u01_douyin={"mode": "handoff_h5"})
    async with open_world(tmp_path, members, pair) as world:
        world.platform_settings["douyin"] = {"share_media_url": "https://media.lanting.example"}
        await world.start()
        yield world


async def told(world: World, event: str, content: dict[str, str], *, secret: str = "") -> int:
    """A signed call of Douyin about this account; how many publications are looked at."""
    account = world.app.read().roster.accounts["u01-douyin"]
    credentials = world.app.core.platforms.credentials(account)
    fields = await credentials.load()
    body = json.dumps({"event": event, "client_key": fields["client_key"], "content": content})
    text = (secret or fields["client_secret"]) + body
    mark = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    headers = {"x-douyin-signature": mark, "msg-id": "m1"}
    call = Call(method="POST", query={}, headers=headers, body=body.encode())
    desk = world.app.core.platforms.desk("douyin")
    assert isinstance(desk, Hears)
    return await hearing.take(world.app.core, "douyin", await desk.hear(call, credentials))


async def scanned(world: World, **more: Any) -> dict[str, str]:
    """The officer scans and publishes; what Douyin's event says of it."""
    made = (await world.pub(SHARED)).checkpoint
    data = {"account": "u01-douyin", "link": made["link"], **more}
    shown = await world.outside.call("POST", "douyin/scan", data)
    assert shown["opened"], shown
    return {"share_id": made["share_id"], "item_id": shown["id"], "video_id": "7300000000000000001"}


async def test_what_the_officer_published_is_recorded_by_itself(phone: World) -> None:
    """The package, the phone, the event, the review, the link: nobody types anything."""
    await phone.plan(video())
    await phone.run(TEN)
    assert await phone.state(SHARED) is State.HANDED_OFF
    event = await scanned(phone)
    assert await told(phone, "create_video", event) == 1
    await phone.run()
    pub = await phone.pub(SHARED)
    (post,) = await phone.posts("u01-douyin")
    assert (pub.state, pub.url, pub.platform_id) == (State.PUBLISHED, post["url"], post["id"])
    assert post["via"] == "h5"
    assert pub.commits == 0


async def test_an_event_that_comes_twice_or_late_changes_nothing(phone: World) -> None:
    await phone.plan(video())
    await phone.run(TEN)
    event = await scanned(phone)
    await told(phone, "create_video", event)
    await told(phone, "create_video", event)
    await phone.run()
    before = await phone.events(SHARED)
    assert await told(phone, "create_video", event) == 0
    assert await phone.events(SHARED) == before


async def test_an_event_about_another_share_concerns_nobody(phone: World) -> None:
    await phone.plan(video())
    await phone.run(TEN)
    event = await scanned(phone) | {"share_id": "17"}
    assert await told(phone, "create_video", event) == 0
    assert await phone.state(SHARED) is State.HANDED_OFF


async def test_a_share_the_review_refuses_has_failed(phone: World) -> None:
    await phone.plan(video())
    await phone.run(TEN)
    await phone.fault("u01-douyin", "refuse_review")
    await told(phone, "create_video", await scanned(phone))
    await phone.run(TEN + timedelta(hours=1))
    assert await phone.state(SHARED) is State.FAILED
    assert await phone.posts("u01-douyin") == []
