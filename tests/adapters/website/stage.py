"""One institution's WordPress on the simulator."""

from __future__ import annotations

from pathlib import Path

from adapters.registry import make
from adapters.website.wordpress import WordPress
from bot.contract import Adapter, Tools
from bot.domain.post import Kind, Method, Variant
from bot.domain.roster import Account
from tests.adapters.stage import SimulatedStage

USER = "xuanchuan"
PASSWORD = "abcd EFGH 1234 ijkl MNOP 5678"
BODY = """## 为什么要洗手

![七步洗手法](../media/steps.png)

| 步骤 | 时间 |
| --- | --- |
| 揉搓 | 20 秒 |
"""


class WordPressStage(SimulatedStage):
    """A site whose owner gave the office a user with the role 编辑 and an application password."""

    platform = "website"
    commit_path = "/wp/v2/posts/"
    adapter: WordPress

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.account = Account(
            id="u02-website",
            unit="u02",
            platform="website",
            name="澜汀一院官网",
            verified_name="澜汀区第一人民医院",
            mode="wordpress",
            options={"site": "https://yy1.lanting.example"},
        )
        self.variant = Variant(
            post="0506-hand-hygiene",
            kind=Kind.ORIGINAL,
            method=Method.PUBLISH,
            title="手卫生，从七步洗手法开始",
            text="",
            body=BODY,
            digest="学会七步洗手法。",
            author="健康促进中心",
            link="https://jk.lanting.example/0506",
            label="",
            marker="HT-20260506-hand",
            ai_generated=False,
            cover=self.folder.picture("media/封面.jpg"),
            inline=(self.folder.picture("media/steps.png"),),
        )

    async def start(self, **site: object) -> WordPressStage:
        """The stage, running."""
        await self.open(
            {"user": USER, "password": PASSWORD, "name": "澜汀一院", **site},
            {"user": USER, "password": PASSWORD},
        )
        return self

    def another_adapter(self, **settings: object) -> Adapter:
        tools = Tools(
            session=self.session,
            clock=self.clock,
            media=self.folder,
            credentials=self.credentials,
            out_dir=self.out_dir,
        )
        fast = {
            "base_url": f"{self.url}/website",
            "timeout_s": 5.0,
            "read_wait_s": 0.0,
            "gap_s": 0.0,
            "inside": True,
        }
        return make(self.account, tools, fast | settings)

    async def console(self, title: str, content: str = "<p>正文</p>", **more: object) -> str:
        """A person publishes in the site's own console; the post's id."""
        data = {
            "platform": "website",
            "account": self.account.id,
            "title": title,
            "content": content,
            **more,
        }
        made = await self.control("POST", "console", data)
        return str(made["ids"][0])

    async def change(self, **site: object) -> None:
        """The site's owner changes something about the user."""
        known = {"platform": "website", "account": self.account.id, **site}
        await self.control("POST", "accounts", {"accounts": [known]})
