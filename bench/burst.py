"""A burst of one-call posts: the bot, with its ledger, against a bare aiohttp client.

Both make the same requests to the same simulator, which runs in a process of its own. What is
measured is how much of the wire's speed is left when every post is claimed, granted, recorded
and durable.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from bench.simulator import Simulator
from bot.app import App, open_app
from bot.clock import VirtualClock
from bot.domain.publication import State
from bot.engine import plan, service
from bot.ledger import credentials, publications
from bot.settings import Settings

NOON = datetime(2026, 5, 6, 4, 0, tzinfo=UTC)
ACCOUNTS = 50
POSTS = 20  # per account: below the 30 an hour that Weibo allows
_CONCURRENCY = 16
_LINK = "https://jk.lanting.example/"


@dataclass(frozen=True, kw_only=True)
class Run:
    """One burst."""

    posts: int
    seconds: float


def _account(number: int) -> dict[str, str]:
    return {
        "account": f"a{number:02d}-weibo",
        "uid": f"10{number:08d}",
        "access_token": f"2.00bench{number:04d}",
    }


def text_of(post: int) -> str:
    """The text of one post; all differ, because Weibo refuses equal ones."""
    return f"第{post:03d}号健康提示：勤洗手、常通风，出门记得戴口罩，不适及时就医。"


async def prepare(simulator: Simulator) -> None:
    """Opens the accounts on an empty simulator that stands at noon."""
    await simulator.call("POST", "reset", {})
    await simulator.call("POST", "clock", {"now": NOON.isoformat(), "force": True})
    accounts = [
        {
            "platform": "weibo",
            "app_key": "1",
            "screen_name": f"单位{number}",
            "safe_domains": ["jk.lanting.example"],
            "expires_at": None,
            **_account(number),
        }
        for number in range(ACCOUNTS)
    ]
    await simulator.call("POST", "accounts", {"accounts": accounts})


async def bare(simulator: Simulator) -> Run:
    """The same requests from nothing but aiohttp."""
    await prepare(simulator)
    gate = asyncio.Semaphore(_CONCURRENCY)
    url = f"{simulator.url}/weibo/2/statuses/share.json"

    async def line(session: aiohttp.ClientSession, number: int) -> None:
        async with gate:
            for post in range(POSTS):
                form = {
                    "access_token": _account(number)["access_token"],
                    "status": f"{text_of(post)} {_LINK} ",
                    "rip": "203.0.113.7",
                }
                async with session.post(url, data=form) as answer:
                    (await answer.json())["idstr"]

    async with aiohttp.ClientSession() as session:
        begin = time.perf_counter()
        await asyncio.gather(*(line(session, number) for number in range(ACCOUNTS)))
        seconds = time.perf_counter() - begin
    return Run(posts=ACCOUNTS * POSTS, seconds=seconds)


def _write_schedules(folder: Path) -> None:
    folder.mkdir()
    units = [
        f"""  - id: u{number:02d}
    name: 单位{number}
    short: 单位{number}
    accounts:
      - id: a{number:02d}-weibo
        platform: weibo
        name: 单位{number}
        verified_name: 单位{number}
        filing: 备{number}
        flagship: {"true" if number == 0 else "false"}
        options: {{safe_link: "{_LINK}"}}"""
        for number in range(ACCOUNTS)
    ]
    (folder / "roster.yaml").write_text("matrix: 测速\nunits:\n" + "\n".join(units), "utf-8")
    names = ", ".join(f"a{number:02d}-weibo" for number in range(ACCOUNTS))
    posts = [
        f"""  - id: post-{post:02d}
    at: 2026-05-06 12:00
    title: 健康提示{post}
    accounts: [{names}]
    text: {text_of(post)}"""
        for post in range(POSTS)
    ]
    (folder / "may.yaml").write_text(
        "timezone: Asia/Shanghai\nposts:\n" + "\n".join(posts), "utf-8"
    )


async def bot(simulator: Simulator) -> Run:
    """The whole way of a thousand posts that are all due at once."""
    await prepare(simulator)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_schedules(folder / "schedules")
        settings = _settings(folder, simulator.url)
        async with open_app(settings, clock=VirtualClock(NOON)) as app:
            await plan.apply(app.core, app.read())
            await _authorise(app)
            begin = time.perf_counter()
            await service.run_due(app.core, app.queue)
            seconds = time.perf_counter() - begin
            async with app.core.ledger.read() as conn:
                states = await publications.count_by_state(conn)
    if states != {State.PUBLISHED: ACCOUNTS * POSTS}:
        raise SystemExit(f"the burst did not go out whole: {states}")
    return Run(posts=ACCOUNTS * POSTS, seconds=seconds)


def _settings(folder: Path, url: str) -> Settings:
    parts: dict[str, Any] = {
        "office": {"schedules": folder / "schedules"},
        "ledger": {"url": f"sqlite:///{(folder / 'ledger.sqlite3').as_posix()}"},
        "files": {"handoff": folder / "handoff", "key": folder / "secret.key"},
        "platforms": {"weibo": {"base_url": f"{url}/weibo"}},
    }
    return Settings(**parts)


async def _authorise(app: App) -> None:
    async with app.core.ledger.write() as conn:
        for number in range(ACCOUNTS):
            secret = {
                "access_token": _account(number)["access_token"],
                "uid": _account(number)["uid"],
                "expires_at": "2031-01-01T00:00:00+00:00",
                "rip": "203.0.113.7",
            }
            await credentials.store(
                conn,
                _account(number)["account"],
                app.vault.seal(secret),
                expires_at=None,
                now=NOON,
            )


def median(runs: Sequence[Run]) -> float:
    """Posts per second of the middle run."""
    speeds = sorted(run.posts / run.seconds for run in runs)
    return speeds[len(speeds) // 2]
