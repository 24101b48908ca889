"""One Kuaishou account on the simulator, and the office's app it authorised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from adapters.kuaishou.adapter import KuaishouAdapter
from adapters.kuaishou.config import KuaishouConfig
from adapters.kuaishou.desk import KuaishouDesk
from adapters.registry import desk_of
from bot.contract import Tools
from bot.domain.post import Kind, Media, Method, Variant
from bot.domain.roster import Account
from tests.adapters.stage import MemoryCredentials, SimulatedStage

MB = 1024 * 1024
ACCESS, REFRESH = "ChFsecretOFu05access", "ChJsecretOFu05refresh"
APP = {"app_id": "ks7001", "app_secret": "ks7001-secret"}
MP4 = b"\x00\x00\x00\x18ftypmp42"


class LaggingCredentials(MemoryCredentials):
    """A store whose first answer is what another worker has replaced since."""

    def __init__(self, fields: Mapping[str, str], old: Mapping[str, str]) -> None:
        super().__init__(fields)
        self._old = [dict(old)]

    async def load(self) -> Mapping[str, str]:
        return self._old.pop() if self._old else await super().load()


class KuaishouStage(SimulatedStage):
    """An account whose owner allowed the office's app everything."""

    platform = "kuaishou"
    commit_path = "photo/publish"
    review = timedelta(minutes=2)
    adapter: KuaishouAdapter

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.app = MemoryCredentials(APP)
        self.account = Account(
            id="u05-kuaishou",
            unit="u05",
            platform="kuaishou",
            name="澜汀妇幼",
            verified_name="澜汀区妇幼保健院",
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
        body = bytes(range(256)) * (size // 256 + 1)
        return self.folder.file(name, (MP4 + body)[:size], "video/mp4")

    def other_video(self) -> Variant:
        """The variant with another video."""
        return replace(self.variant, video=self.video(3000, "media/other.mp4"))

    async def start(self) -> KuaishouStage:
        """The stage, running."""
        known = {
            "open_id": "f1u05",
            "access_token": ACCESS,
            "refresh_token": REFRESH,
            "expires_at": (self.clock.now() + timedelta(days=2)).isoformat(),
            "refresh_expires_at": (self.clock.now() + timedelta(days=180)).isoformat(),
        }
        kept = {"app_id": APP["app_id"], **known}
        await self.open({**known, **APP, "name": self.account.name}, kept)
        return self

    def another_adapter(self, **settings: object) -> KuaishouAdapter:
        """An adapter of the same account, as a second worker would make it."""
        config = KuaishouConfig.model_validate(self._fast() | settings)
        return KuaishouAdapter(self.account, self._tools(self.credentials), config)

    def desk(self) -> KuaishouDesk:
        """The office's front desk at Kuaishou."""
        desk = desk_of("kuaishou", self._tools(self.app), self._fast())
        assert isinstance(desk, KuaishouDesk)
        return desk

    def _fast(self) -> dict[str, object]:
        url = f"{self.url}/{self.platform}"
        return {"base_url": url, "timeout_s": 5.0, "read_wait_s": 0.0}

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
