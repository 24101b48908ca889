"""One WeChat account on the simulator."""

from __future__ import annotations

from pathlib import Path

from adapters.wechat.adapter import Wechat
from bot.domain.post import Kind, Method, Variant
from bot.domain.roster import Account
from tests.adapters.stage import SimulatedStage

BODY = """## 为什么要洗手

春季传染病多发，**洗手**是最简单的预防办法，见[国家疾控局](https://www.example.gov.cn/wash)。

![七步洗手法](media/steps.png)

- 流动的水
- 肥皂或洗手液

| 步骤 | 时间 |
| --- | --- |
| 揉搓 | 20 秒 |
"""


class WechatStage(SimulatedStage):
    """A verified account with an article of two pictures."""

    platform = "wechat"
    commit_path = "freepublish/submit"
    adapter: Wechat

    def __init__(self, root: Path, *, kind: str = "subscription") -> None:
        super().__init__(root)
        self.account = Account(
            id="u01-wechat",
            unit="u01",
            platform="wechat",
            name="健康澜汀",
            verified_name="澜汀区卫生健康委员会",
            kind=kind,
        )
        self.variant = Variant(
            post="0506-hand-hygiene",
            kind=Kind.ORIGINAL,
            method=Method.PUBLISH,
            title="手卫生，从七步洗手法开始",
            text="",
            body=BODY,
            digest="学会七步洗手法，把病菌挡在门外。",
            author="健康促进中心",
            link="https://jk.lanting.example.gov.cn/0506",
            label="",
            marker="HT-20260506-hand",
            ai_generated=False,
            cover=self.folder.picture("media/cover.jpg", width=90, height=38),
            inline=(self.folder.picture("media/steps.png"),),
        )

    async def start(self) -> WechatStage:
        """The stage, running."""
        await self.open(
            {"appid": "wx01", "secret": "s3cret-of-wx01", "kind": self.account.kind},
            {"appid": "wx01", "secret": "s3cret-of-wx01"},
        )
        return self
