"""An office whose platforms are a `bot simulator` of its own process; shared by process tests."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp

from bot.app import App
from bot.domain.roster import Account
from bot.stage import outside
from bot.stage.outside import Outside
from tests.bot.cli.office import Office

SHANGHAI = ZoneInfo("Asia/Shanghai")
SOON_S = 10  # more than a process needs to end, much less than any wait of the bot


def minute(offset: int) -> str:
    """A planned time so many minutes from now, as the calendar has it."""
    return f"{datetime.now(SHANGHAI) + timedelta(minutes=offset):%Y-%m-%d %H:%M}"


def open_accounts(url: str) -> Callable[[App], Awaitable[None]]:
    """Opens the roster's accounts on the platforms."""

    async def work(app: App) -> None:
        async with aiohttp.ClientSession() as session:
            await Outside(session, url).register(app.read().roster)

    return work


def enter_credentials(office: Office) -> None:
    """What the officer does once for every account."""
    for name in ("u01-wechat", "u01-weibo", "u02-wechat", "u02-weibo", "u03-wechat", "u03-weibo"):
        account = Account(id=name, unit=name[:3], platform=name[4:], name=name, verified_name=name)
        ran = office.bot(
            "accounts", "set-credential", name, stdin=json.dumps(outside.credential(account))
        )
        assert (ran.code, ran.err) == (0, "")


def public(office: Office, url: str) -> list[dict[str, Any]]:
    """The platforms' own record of what is public."""
    posts: list[dict[str, Any]] = []

    async def look(_app: App) -> None:
        async with aiohttp.ClientSession() as session:
            posts.extend(await Outside(session, url).public_posts())

    office.work(look)
    return posts


def only(office: Office) -> dict[str, Any]:
    """The one publication there is."""
    [row] = office.ask("publications", "list")["publications"]
    return dict(row)
