"""One Douyin account on the simulator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from adapters.douyin.adapter import DouyinAdapter
from adapters.douyin.desk import DouyinDesk
from adapters.registry import desk_of
from bot.contract import Adapter
from bot.domain.post import Kind, Media, Method, Variant
from bot.domain.roster import Account
from tests.adapters.stage import MemoryCredentials, SimulatedStage

MB = 1024 * 1024
ACCESS, REFRESH = "act.secretOFu01douyin", "rft.secretOFu01douyin"


class LaggingCredentials(MemoryCredentials):
    """A store whose first answer is what another worker has replaced since."""

    def __init__(self, fields: Mapping[str, str], old: Mapping[str, str]) -> None:
        super().__init__(fields)
        self._old = [dict(old)]

    async def load(self) -> Mapping[str, str]:
        return self._old.pop() if self._old else await super().load()


class DouyinStage(SimulatedStage):
    """An account that authorised an app with video.create.bind.

    `lists`: the app still owns the withdrawn list of works, so that a lost answer can be found.
    """

    platform = "douyin"
    commit_path = "create_video"
    adapter: DouyinAdapter

    def __init__(self, root: Path, *, lists: bool = False) -> None:
        super().__init__(root)
        self.lists = lists
        self.account = Account(
            id="u01-douyin",
            unit="u01",
            platform="douyin",
            name="健康澜汀",
            verified_name="澜汀区卫生健康委员会",
            options={"video_list": "yes"} if lists else {},
        )
        self.variant = Variant(
            post="0502-video-cpr",
            kind=Kind.ORIGINAL,
            method=Method.PUBLISH,
            title="胸外按压这样做",
            text="双手重叠，按在胸骨下半段。 #急救 #心肺复苏",
            body="",
            digest="",
            author="区急救中心",
            link="",
            label="",
            marker="HT-20260502-cpr",
            ai_generated=False,
            cover=self.folder.picture("media/封面.jpg"),
            video=self.video(2000),
        )

    def video(self, size: int, name: str = "media/video.mp4") -> Media:
        """An MP4 by its first bytes."""
        head = b"\x00\x00\x00\x18ftypmp42"
        body = bytes(range(256)) * (size // 256 + 1)
        return self.folder.file(name, (head + body)[:size], "video/mp4")

    async def start(self) -> DouyinStage:
        """The stage, running."""
        ends = {
            "expires_at": (self.clock.now() + timedelta(days=15)).isoformat(),
            "refresh_expires_at": (self.clock.now() + timedelta(days=30)).isoformat(),
        }
        known = {
            "open_id": "_000u01",
            "client_key": "ck01",
            "client_secret": "cs01-secret",
            "access_token": ACCESS,
            "refresh_token": REFRESH,
            **ends,
        }
        await self.open({**known, "list": self.lists}, known)
        return self

    def with_office(self, **account: str) -> None:
        """The application is the office's, and the account's credential has just these fields."""
        self.office = MemoryCredentials({"client_key": "ck01", "client_secret": "cs01-secret"})
        self.credentials = MemoryCredentials(account)

    def in_mode(self, mode: str, **settings: object) -> Adapter:
        """An adapter of the account in another mode, which becomes the stage's own."""
        self.account = replace(self.account, mode=mode)
        adapter = self.another_adapter(**settings)
        self.adapter = adapter  # type: ignore[assignment]
        return adapter

    def desk(self, **settings: object) -> DouyinDesk:
        """The front desk under the office's application."""
        assert self.office is not None
        tools = replace(self.tools(), credentials=self.office, app=None)
        desk = desk_of(self.platform, tools, self.settings() | settings)
        assert isinstance(desk, DouyinDesk)
        return desk

    async def scan(self, link: str, **more: object) -> dict[str, object]:
        """A person scans the link with the app; what came of it."""
        data = {"account": self.account.id, "link": link, **more}
        return await self.control("POST", "douyin/scan", data)

    async def account_is(self, **changes: object) -> None:
        """Changes what the platform knows of the account."""
        known = {"platform": "douyin", "account": self.account.id, **changes}
        await self.control("POST", "accounts", {"accounts": [known]})

    async def setting(self, **changes: object) -> None:
        """Switches of the simulator."""
        await self.control("POST", "settings", changes)
