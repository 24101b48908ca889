"""One Weibo account on the simulator."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from adapters.weibo.adapter import WeiboAdapter
from bot.domain.post import Kind, Method, Variant
from bot.domain.roster import Account
from tests.adapters.stage import SimulatedStage

SAFE_LINK = "https://jk.lanting.example/"
UID = "1234567890"
TOKEN = "2.00secretTOKENofu01"


class WeiboStage(SimulatedStage):
    """A verified account of an app with an audited safe domain."""

    platform = "weibo"
    commit_path = "statuses/share"
    adapter: WeiboAdapter

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.account = Account(
            id="u01-weibo",
            unit="u01",
            platform="weibo",
            name="健康澜汀",
            verified_name="澜汀区卫生健康委员会",
            options={"safe_link": SAFE_LINK},
        )
        self.variant = Variant(
            post="0506-hand-hygiene",
            kind=Kind.ORIGINAL,
            method=Method.PUBLISH,
            title="手卫生，从七步洗手法开始",
            text="春季传染病多发，勤洗手是最简单的预防办法。",
            body="",
            digest="",
            author="健康促进中心",
            link="https://jk.lanting.example/0506",
            label="",
            marker="HT-20260506-hand",
            ai_generated=False,
        )

    async def start(self) -> WeiboStage:
        """The stage, running."""
        expires_at = (self.clock.now() + timedelta(days=30)).isoformat()
        await self.open(
            {
                "uid": UID,
                "access_token": TOKEN,
                "app_key": "1000000001",
                "screen_name": "健康澜汀",
                "safe_domains": ["jk.lanting.example"],
                "expires_at": expires_at,
            },
            {
                "access_token": TOKEN,
                "uid": UID,
                "rip": "211.156.0.1",
                "expires_at": expires_at,
            },
        )
        return self

    async def console(self, text: str) -> str:
        """A person posts by hand; the id of the status."""
        data = {"platform": "weibo", "account": self.account.id, "text": text}
        made = await self.control("POST", "console", data)
        return str(made["ids"][0])
