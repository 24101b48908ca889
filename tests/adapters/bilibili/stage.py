"""One bilibili account on the simulator, and the office's app it authorised."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from adapters.bilibili.adapter import BilibiliAdapter
from adapters.bilibili.config import BilibiliConfig
from adapters.bilibili.desk import BilibiliDesk
from adapters.registry import desk_of
from bot.contract import Tools
from bot.domain.post import Kind, Media, Method, Variant
from bot.domain.roster import Account
from tests.adapters.stage import MemoryCredentials, SimulatedStage

MB = 1024 * 1024
ACCESS, REFRESH = "b1secretOFu03access", "b1secretOFu03refresh"
APP = {"client_id": "b7001client", "client_secret": "b7001-secret"}


class BilibiliStage(SimulatedStage):
    """An account whose owner allowed the office's app everything."""

    platform = "bilibili"
    commit_path = "add-by-utoken"
    review = timedelta(minutes=2)
    adapter: BilibiliAdapter

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.app = MemoryCredentials(APP)
        self.account = Account(
            id="u03-bilibili",
            unit="u03",
            platform="bilibili",
            name="澜汀疾控",
            verified_name="澜汀区疾病预防控制中心",
            options={"tid": "201"},
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
            cover=self.folder.picture("media/封面.jpg", width=1146, height=717),
            video=self.video(2000),
        )

    def video(self, size: int, name: str = "media/video.mp4") -> Media:
        """An MP4 by its first bytes."""
        head = b"\x00\x00\x00\x18ftypmp42"
        body = bytes(range(256)) * (size // 256 + 1)
        return self.folder.file(name, (head + body)[:size], "video/mp4")

    def other_video(self) -> Variant:
        """The variant with another video."""
        return replace(self.variant, video=self.video(3000, "media/other.mp4"))

    async def start(self) -> BilibiliStage:
        """The stage, running."""
        known = {
            "open_id": "o3u03",
            "access_token": ACCESS,
            "refresh_token": REFRESH,
            "expires_at": (self.clock.now() + timedelta(days=30)).isoformat(),
        }
        kept = {"client_id": APP["client_id"], **known}
        await self.open({**known, **APP, "name": self.account.name}, kept)
        return self

    def another_adapter(self, **settings: object) -> BilibiliAdapter:
        """An adapter of the same account, as a second worker would make it."""
        config = BilibiliConfig.model_validate(self._fast() | settings)
        return BilibiliAdapter(self.account, self._tools(self.credentials), config)

    def desk(self) -> BilibiliDesk:
        """The office's front desk at bilibili."""
        desk = desk_of("bilibili", self._tools(self.app), self._fast())
        assert isinstance(desk, BilibiliDesk)
        return desk

    def _fast(self) -> dict[str, object]:
        url = f"{self.url}/{self.platform}"
        hosts = dict.fromkeys(("base_url", "upload_url", "oauth_url"), url)
        return {**hosts, "timeout_s": 5.0, "read_wait_s": 0.0}

    def _tools(self, credentials: MemoryCredentials) -> Tools:
        return Tools(
            session=self.session,
            clock=self.clock,
            media=self.folder,
            credentials=credentials,
            out_dir=self.out_dir,
            app=self.app,
        )

    async def code(self) -> str:
        """What the browser brings back once the account's owner has agreed."""
        known = {"platform": self.platform, "account": self.account.id}
        return str((await self.control("POST", "codes", known))["code"])

    async def account_is(self, **changes: object) -> None:
        """Changes what the platform knows of the account."""
        known = {"platform": self.platform, "account": self.account.id, **changes}
        await self.control("POST", "accounts", {"accounts": [known]})

    async def setting(self, **changes: object) -> None:
        """Switches of the simulator."""
        await self.control("POST", "settings", changes)
