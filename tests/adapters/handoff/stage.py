"""An account that is served by hand: nothing runs but the disk."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import aiohttp

from adapters.handoff.adapter import HandoffAdapter, HandoffConfig
from bot.clock import VirtualClock
from bot.contract import Tools
from bot.domain.post import Kind, Method, Variant
from bot.domain.roster import Account
from tests.adapters.stage import START, Folder, MemoryCredentials, Stage

ACCOUNT = Account(
    id="u02-channels",
    unit="u02",
    platform="channels",
    name="澜汀一院",
    verified_name="澜汀区第一人民医院",
)


class HandoffStage(Stage):
    """A 视频号 account with a video, its office's folder, and a folder for packages."""

    commit_path = ""
    adapter: HandoffAdapter

    def __init__(self, root: Path, account: Account = ACCOUNT) -> None:
        self.folder = Folder(root)
        self.out_dir = root / "out"
        self.clock = VirtualClock(START)
        self.account = account
        self.variant = Variant(
            post="0502-video-cpr",
            kind=Kind.ORIGINAL,
            method=Method.PUBLISH,
            title="胸外按压这样做",
            text="双手重叠，按在胸骨下半段。 #急救 #心肺复苏",
            body="",
            digest="",
            author="区急救中心",
            link="https://jk.lanting.example/0502",
            label="",
            marker="HT-20260502-cpr",
            ai_generated=False,
            cover=self.folder.picture("media/封面.jpg"),
            video=replace(
                self.folder.file("media/视频.mp4", b"\x00\x00\x00\x18ftypmp42" * 50, "video/mp4"),
                duration_s=42.0,
            ),
        )

    async def start(self) -> HandoffStage:
        """The stage, ready; the adapter gets a session it never uses."""
        self.session = aiohttp.ClientSession()
        return self.of(self.account)

    def of(self, account: Account) -> HandoffStage:
        """The same stage with another account."""
        self.account = account
        tools = Tools(
            session=self.session,
            clock=self.clock,
            media=self.folder,
            credentials=MemoryCredentials({}),
            out_dir=self.out_dir,
        )
        self.adapter = HandoffAdapter(self.account, tools, HandoffConfig())
        return self

    async def close(self) -> None:
        """Stops what was started."""
        await self.session.close()

    async def package(self) -> Path:
        """The finished package."""
        return Path((await self.prepared()).data["package"])

    async def public_posts(self) -> int:
        return 0  # nothing is published by a machine

    async def fault(self, kind: str, *, path: str = "", **more: object) -> None:
        raise NotImplementedError("there is no platform")

    async def forward(self, span: timedelta) -> None:
        self.clock.set(self.clock.now() + span)

    async def expire_token(self) -> None:
        raise NotImplementedError("there is no platform")

    async def unplug(self) -> None:
        await self.session.close()
