"""A bot that watches real files while a test changes them as officers and programs do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import yaml

from bot.app import App, open_app
from bot.cli.living import Living
from bot.ledger import publications
from bot.logs import configure
from bot.schedule.watching import Pace
from bot.settings import Files, LedgerPart, Settings
from bot.settings import Office as OfficePart
from tests.bot.engine.world import Data, roster

PROMPT_S = 2.0  # a change is in force by then
PATIENCE_S = 10.0  # a test that waits longer fails
HASTY = Pace(look_s=0.1, rest_s=0.15, grace_s=0.5, patience_s=0.5, retry_s=0.3)
HEAD = "timezone: Asia/Shanghai\ndefaults: {accounts: [u01-weibo]}\nposts:\n"


def entry(name: str, at: str = "2099-05-06 10:00", text: str = "回家先洗手。") -> str:
    """A Weibo post as it stands in a calendar file."""
    return f"  - id: {name}\n    at: {at}\n    title: 勤洗手{name}\n    text: {text}\n"


class LivingOffice:
    """The folder, and what the bot makes of it."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root = root
        self.schedules = root / "schedules"
        self.calendar = self.schedules / "2026-05.yaml"
        self.app: App
        self._capsys = capsys
        self._told = ""
        self.schedules.mkdir(exist_ok=True)
        self.write_roster(roster())
        self.calendar.write_text(HEAD + entry("a"), encoding="utf-8")

    def write_roster(self, members: Data) -> None:
        """Writes roster.yaml."""
        text = yaml.safe_dump(members, allow_unicode=True, sort_keys=False)
        (self.schedules / "roster.yaml").write_text(text, encoding="utf-8")

    @asynccontextmanager
    async def running(self, pace: Pace = HASTY, *, write_ids: bool = True) -> AsyncIterator[App]:
        """`bot run`, as far as it watches the calendar."""
        settings = Settings(
            office=OfficePart(schedules=self.schedules, write_ids=write_ids),
            ledger=LedgerPart(url=f"sqlite:///{self.root}/ledger.sqlite3"),
            files=Files(handoff=self.root / "handoff", key=self.root / "secret.key"),
        )
        configure()
        async with open_app(settings) as self.app:
            living = Living(app=self.app, pace=pace)
            await living.begin(confirmed=False)
            stop = asyncio.Event()
            running = asyncio.create_task(living.run(stop))
            try:
                yield self.app
                assert not running.done()
            finally:
                stop.set()
                await running

    async def planned(self) -> dict[str, tuple[str, str]]:
        """Post → state of its publication and when it is due, of those that may still go out."""
        async with self.app.core.ledger.read() as conn:
            found = await publications.search(conn)
        return {
            pub.post: (pub.state.value, f"{pub.due_at:%H:%M}")
            for pub in found
            if pub.state.value != "cancelled"
        }

    async def plan_is(self, *names: str, within_s: float = PATIENCE_S) -> float:
        """Waits until just these posts are planned; how many seconds that took."""
        began_s = time.monotonic()
        while sorted(await self.planned()) != sorted(names):
            assert time.monotonic() - began_s < within_s, await self.planned()
            await asyncio.sleep(0.02)
        return time.monotonic() - began_s

    async def until(self, true: Callable[[], bool]) -> None:
        """Waits until something is so."""
        began_s = time.monotonic()
        while not true():
            assert time.monotonic() - began_s < PATIENCE_S, self.told
            await asyncio.sleep(0.02)

    @property
    def told(self) -> str:
        """All that was said on the screen so far."""
        said = self._capsys.readouterr()
        self._told += said.out + said.err
        return self._told
