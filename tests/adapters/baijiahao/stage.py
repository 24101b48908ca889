"""One 百家号 with the developer service on the simulator."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from adapters.baijiahao.adapter import BaijiahaoByApi
from bot.domain.post import Kind, Method, Variant
from bot.domain.roster import Account
from tests.adapters.stage import SimulatedStage

APP_ID = "1600000000000001"
TOKEN = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"


class BaijiahaoStage(SimulatedStage):
    """An approved account; the office's media are public on its site."""

    platform = "baijiahao"
    commit_path = "article/publish"
    listed_after = timedelta(0)
    adapter: BaijiahaoByApi

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.account = Account(
            id="u01-baijiahao",
            unit="u01",
            platform="baijiahao",
            name="健康澜汀",
            verified_name="澜汀区卫生健康委员会",
            mode="api",
            options={"media": "https://jk.lanting.example/files/"},
        )
        self.variant = Variant(
            post="0506-hand-hygiene",
            kind=Kind.ORIGINAL,
            method=Method.PUBLISH,
            title="手卫生，从七步洗手法开始",
            text="",
            body="## 为什么\n\n![步骤](../media/步骤.png)\n\n勤洗手。",
            digest="",
            author="健康促进中心",
            link="https://jk.lanting.example/0506",
            label="",
            marker="HT-20260506-hand",
            ai_generated=False,
            cover=self.folder.picture("media/封面.jpg", width=600, height=400),
            inline=(self.folder.picture("media/步骤.png"),),
        )

    async def start(self) -> BaijiahaoStage:
        """The stage, running."""
        await self.open(
            {"app_id": APP_ID, "app_token": TOKEN, "name": "健康澜汀"},
            {"app_id": APP_ID, "app_token": TOKEN},
        )
        return self
