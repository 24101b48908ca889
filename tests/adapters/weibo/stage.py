"""One Weibo account on the simulator."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from adapters.registry import desk_of, make
from adapters.weibo.adapter import WeiboAdapter
from adapters.weibo.desk import WeiboDesk
from bot.contract import MediaStore, Tools
from bot.domain.post import Kind, Method, Variant
from bot.domain.roster import Account
from tests.adapters.stage import MemoryCredentials, SimulatedStage

SAFE_LINK = "https://jk.lanting.example/"
UID = "1234567890"
TOKEN = "2.00secretTOKENofu01"
APP = {"app_key": "1000000001", "app_secret": "app-secret-of-the-office"}
REDIRECT = "https://bot.lanting.example/connect/weibo"


class WeiboStage(SimulatedStage):
    """A verified account of an app with an audited safe domain."""

    platform = "weibo"
    commit_path = "statuses/share"
    adapter: WeiboAdapter
    office: MemoryCredentials

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.office = MemoryCredentials(APP)
        self.files: MediaStore = self.folder
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
                **APP,
                "redirect_uri": REDIRECT,
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

    def tools(self) -> Tools:
        """As an adapter of the account gets them."""
        return Tools(
            session=self.session,
            clock=self.clock,
            media=self.files,
            credentials=self.credentials,
            out_dir=self.out_dir,
            app=self.office,
        )

    def another_adapter(self, **settings: object) -> WeiboAdapter:
        """An adapter of the account with these settings."""
        adapter = make(self.account, self.tools(), self.settings() | settings)
        assert isinstance(adapter, WeiboAdapter)
        return adapter

    def settings(self) -> dict[str, object]:
        """The platform's address, and no waiting."""
        return {"base_url": f"{self.url}/weibo", "timeout_s": 5.0, "read_wait_s": 0.0}

    def desk(self, **settings: object) -> WeiboDesk:
        """The office's front desk."""
        tools = replace(self.tools(), credentials=self.office, app=None)
        desk = desk_of("weibo", tools, self.settings() | settings)
        assert isinstance(desk, WeiboDesk)
        return desk

    async def revoke(self) -> None:
        """The account's owner takes the authorisation back."""
        url = f"{self.url}/weibo/oauth2/revokeoauth2"
        async with self.session.post(url, data={"access_token": TOKEN}) as answer:
            assert await answer.json() == {"result": "true"}
