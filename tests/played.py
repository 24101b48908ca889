"""The sample month, played once for a whole run of the tests, however many workers there are.

Two moments of it are kept: MID, in the middle of a working day with much going on, and its end.
Each is a folder with ledger, key, calendar and packages, as `bot demo --dir` leaves one behind.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from bot.demo import scenario as scenarios
from bot.demo.player import Player, build_stage
from bot.settings import Office, Settings
from bot.stage.building import settings_in

ROOT = Path(__file__).parents[1]
MID = scenarios.moment("2026-05-15 15:00")  # k4 came out in the morning and is being reprinted
LEDGER = "ledger.sqlite3"
_POSTS = "public-posts.json"
_READY = "ready"


@dataclass(frozen=True, kw_only=True)
class Moment:
    """How everything stood at `now`. Its folder belongs to all tests: read it, or copy it."""

    folder: Path
    now: datetime

    @property
    def settings(self) -> Settings:
        """With ledger, key and calendar of the folder; no platform can be reached."""
        return settings_in(self.folder, Settings(), schedules=self.folder / "schedules")

    def copy(self, folder: Path) -> Moment:
        """The same in a new folder, to be written to."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return Moment(folder=folder, now=self.now)


@dataclass(frozen=True, kw_only=True)
class Month:
    """The month after it was played."""

    mid: Moment
    end: Moment
    posts: list[dict[str, Any]]  # the platforms' own record of what is public at the end


def month_in(folder: Path) -> Month:
    """The month kept in `folder`; played now if it was not yet, while others wait for it."""
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "lock"):
        if not (folder / _READY).exists():
            asyncio.run(_play(folder))
            (folder / _READY).touch()
    text = (folder / "end" / _POSTS).read_text(encoding="utf-8")
    return Month(
        mid=Moment(folder=folder / "mid", now=MID),
        end=Moment(folder=folder / "end", now=scenarios.load().end),
        posts=json.loads(text),
    )


async def _play(folder: Path) -> None:
    """From 30 April to 2 June."""
    end, mid = folder / "end", folder / "mid"

    def pass_by(now: datetime) -> None:
        if now >= MID and not mid.exists():
            _keep(end, mid)

    async with AsyncExitStack() as stack:
        stage = await build_stage(Settings(office=Office(schedules=ROOT / "schedules")), end)
        stack.push_async_callback(stage.stop)
        player = Player(stage, scenarios.load(), lambda _at, _text: None)
        stack.push_async_callback(player.close)
        await player.open()
        await player.play(pass_by)
        posts = await player.outside.public_posts()
    (end / _POSTS).write_text(json.dumps(posts, ensure_ascii=False), encoding="utf-8")


def _keep(source: Path, target: Path) -> None:
    """Copies the stage while it is open; SQLite's own copying knows what is not yet in the file."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns(f"{LEDGER}*"))
    with (
        closing(sqlite3.connect(source / LEDGER)) as open_ledger,
        closing(sqlite3.connect(target / LEDGER)) as kept,
    ):
        open_ledger.backup(kept)
