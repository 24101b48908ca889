"""A client nobody here wrote (`weibo` from PyPI) goes through the simulator: OAuth, share, read.

It shows that the simulator speaks the platform's protocol, not only our adapter's idea of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import weibo

from tests.adapters.weibo.stage import APP, REDIRECT, SAFE_LINK, UID, WeiboStage

RIP = "211.156.0.1"
UNIT: dict[str, Any] = {
    "platform": "weibo",
    "account": "u02-weibo",
    "uid": "2233445566",
    "access_token": "",
    "screen_name": "望汀社区卫生",
    "safe_domains": ["jk.lanting.example"],
    "redirect_uri": REDIRECT,
    **APP,
}


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[WeiboStage]:
    stage = await WeiboStage(tmp_path).start()
    await stage.control("POST", "accounts", {"accounts": [UNIT]})
    yield stage
    await stage.close()


@pytest.fixture
def clients(stage: WeiboStage) -> Iterator[Callable[[], Any]]:
    """Makes clients that talk to the simulator instead of api.weibo.com."""
    made: list[Any] = []

    def make() -> Any:
        client = weibo.Client(APP["app_key"], APP["app_secret"], REDIRECT)
        client.authorization_url = f"{stage.url}/weibo/oauth2/authorize"
        client.token_url = f"{stage.url}/weibo/oauth2/access_token"
        client.api_url = f"{stage.url}/weibo/2/"
        made.append(client)
        return client

    yield make
    for client in made:
        client.session.close()


async def code_for(stage: WeiboStage, client: Any, uid: str) -> str:
    """The code the owner's browser brings back from the client's own page."""
    async with stage.session.post(
        client.authorize_url, data={"uid": uid, "action": "submit"}, allow_redirects=False
    ) as answer:
        return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]


async def signed_in(stage: WeiboStage, client: Any, uid: str = UID) -> Any:
    code = await code_for(stage, client, uid)
    await asyncio.to_thread(client.set_code, code)
    return client


async def refused(call: Callable[..., Any], *args: str, **fields: str) -> str:
    with pytest.raises(RuntimeError) as raised:
        await asyncio.to_thread(call, *args, **fields)
    return str(raised.value)


async def test_oauth(stage: WeiboStage, clients: Callable[[], Any]) -> None:
    client = clients()
    code = await code_for(stage, client, UID)
    await asyncio.to_thread(client.set_code, code)
    assert client.uid == UID
    assert client.alive
    assert (await asyncio.to_thread(client.get, "account/get_uid")) == {"uid": int(UID)}
    assert (await refused(client.set_code, code)).startswith("21325")


async def test_share_read_and_delete(stage: WeiboStage, clients: Callable[[], Any]) -> None:
    client = await signed_in(stage, clients())
    text = f"勤洗手，早预防 {SAFE_LINK} "
    made = await asyncio.to_thread(client.post, "statuses/share", status=text, rip=RIP)
    assert made["text"].startswith("勤洗手，早预防 http://t.cn/")
    assert (await refused(client.post, "statuses/share", status=text, rip=RIP)).startswith("20019")
    assert "text not find domain!" in await refused(
        client.post, "statuses/share", status="没有链接", rip=RIP
    )
    listed = await asyncio.to_thread(client.get, "statuses/user_timeline")
    assert [status["idstr"] for status in listed["statuses"]] == [made["idstr"]]
    await asyncio.to_thread(client.post, "statuses/destroy", id=made["idstr"])
    assert await stage.public_posts() == 0


async def test_a_picture(stage: WeiboStage, clients: Callable[[], Any]) -> None:
    client = await signed_in(stage, clients())
    picture = stage.folder.path(stage.folder.picture("media/海报.png"))
    with picture.open("rb") as file:
        made = await asyncio.to_thread(
            client.post, "statuses/share", status=f"看图 {SAFE_LINK} ", rip=RIP, pic=file
        )
    assert len(made["pic_urls"]) == 1
    assert await stage.public_posts() == 1


async def test_a_repost_is_seen_by_the_app(stage: WeiboStage, clients: Callable[[], Any]) -> None:
    flagship = await signed_in(stage, clients())
    unit = await signed_in(stage, clients(), UNIT["uid"])
    made = await asyncio.to_thread(
        flagship.post, "statuses/share", status=f"重点 {SAFE_LINK} ", rip=RIP
    )
    mid = made["idstr"]
    passed_on = await asyncio.to_thread(
        unit.post, "statuses/repost", id=mid, status="转发微博", rip=RIP
    )
    assert passed_on["retweeted_status"]["idstr"] == mid
    await stage.control("POST", f"posts/{mid}/reposts", {"count": 11})
    seen = await asyncio.to_thread(flagship.get, "statuses/repost_timeline", id=mid)
    assert [one["user"]["idstr"] for one in seen["reposts"]] == [UNIT["uid"]]
    assert seen["total_number"] == 12
    (count,) = await asyncio.to_thread(flagship.get, "statuses/count", ids=mid)
    assert count["reposts"] == "12"


async def test_the_end_of_a_token(stage: WeiboStage, clients: Callable[[], Any]) -> None:
    client = await signed_in(stage, clients())
    await stage.control(
        "POST", "tokens/expire", {"platform": "weibo", "account": stage.account.id, "code": 21319}
    )
    assert (await refused(client.get, "statuses/user_timeline")).startswith("21319")
