"""Clients nobody here wrote run their whole flow against the simulator, over real HTTP.

wechatpy and wechat-publish: both block, so they run in a thread.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import wechat_publish
from wechat_publish import core
from wechatpy.client import WeChatClient
from wechatpy.exceptions import APILimitedException, WeChatClientException

from tests.adapters.wechat.stage import WechatStage


class Client(WeChatClient):  # type: ignore[misc]
    """wechatpy's own client, sent to the simulator instead of api.weixin.qq.com."""

    def __init__(self, url: str) -> None:
        self.API_BASE_URL = f"{url}/wechat/cgi-bin/"
        super().__init__("wx01", "s3cret-of-wx01", timeout=5)

    def fetch_access_token(self) -> Any:
        params = {"grant_type": "client_credential", "appid": self.appid, "secret": self.secret}
        return self._fetch_access_token(url=f"{self.API_BASE_URL}token", params=params)


def upload(client: Client, picture: bytes) -> tuple[str, str]:
    """A cover's media_id, and the address of a picture for the text."""
    cover = client.material.add("image", ("cover.png", picture))["media_id"]
    return cover, client.media.upload_image(("inline.png", picture))


def draft(client: Client, picture: bytes, title: str) -> str:
    cover, inside = upload(client, picture)
    article = {
        "title": title,
        "content": f'<p>洗手七步<img src="{inside}"></p><script>alert(1)</script>',
        "thumb_media_id": cover,
        "content_source_url": "https://jk.lanting.example.gov.cn/a",
    }
    return str(client.post("draft/add", data={"articles": [article]})["media_id"])


@pytest.fixture
def picture(stage: WechatStage) -> bytes:
    media = stage.folder.picture("media/a.png", width=90, height=90)
    return stage.folder.path(media).read_bytes()


@pytest.fixture
async def client(stage: WechatStage) -> Client:
    return Client(stage.url)


async def test_wechatpy_publishes_and_reads_back(
    stage: WechatStage, client: Client, picture: bytes
) -> None:
    def submit() -> Any:
        media_id = draft(client, picture, "手卫生")
        return client.post("freepublish/submit", data={"media_id": media_id})

    job = await asyncio.to_thread(submit)
    ask = {"publish_id": job["publish_id"]}
    running = await asyncio.to_thread(client.post, "freepublish/get", data=ask)
    assert running["publish_status"] == 1
    await stage.forward(timedelta(seconds=20))
    done = await asyncio.to_thread(client.post, "freepublish/get", data=ask)
    assert done["publish_status"] == 0
    page = {"offset": 0, "count": 20, "no_content": 0}
    listed = await asyncio.to_thread(client.post, "freepublish/batchget", data=page)
    (article,) = listed["item"][0]["content"]["news_item"]
    assert article["title"] == "手卫生"
    assert "mmbiz.qpic.cn" in article["content"]
    assert "script" not in article["content"]
    (post,) = await stage.posts()
    assert post["url"] == done["article_detail"]["item"][0]["article_url"]


async def test_wechatpy_sends_to_all_and_deletes(
    stage: WechatStage, client: Client, picture: bytes
) -> None:
    def send(key: str) -> Any:
        media_id = draft(client, picture, "群发一条")
        preview = client.message.send_mass_article("shenheyuan", media_id, preview=True)
        assert preview["errcode"] == 0
        return client.message.send_mass_article(None, media_id, is_to_all=True, client_msg_id=key)

    sent = await asyncio.to_thread(send, "k1")
    with pytest.raises(WeChatClientException) as again:
        await asyncio.to_thread(send, "k1")
    assert again.value.errcode == 45065
    with pytest.raises(WeChatClientException) as spent:
        await asyncio.to_thread(send, "k2")
    assert spent.value.errcode == 45028
    await stage.forward(timedelta(seconds=20))
    assert [post["kind"] for post in await stage.posts()] == ["mass"]
    state = await asyncio.to_thread(client.message.get_mass, sent["msg_id"])
    assert state["msg_status"] == "SEND_SUCCESS"
    await asyncio.to_thread(client.message.delete_mass, sent["msg_id"])
    assert await stage.public_posts() == 0


async def test_wechatpy_gets_over_a_token_somebody_else_replaced(
    stage: WechatStage, client: Client
) -> None:
    assert (await asyncio.to_thread(client.material.get_count))["image_count"] == 0
    await stage.expire_token()
    assert (await asyncio.to_thread(client.material.get_count))["image_count"] == 0
    assert await stage.requests("cgi-bin/token") == 2


async def test_wechatpy_is_refused_what_wechat_refuses(
    stage: WechatStage, client: Client, picture: bytes
) -> None:
    with pytest.raises(WeChatClientException) as named:
        await asyncio.to_thread(client.material.add, "image", ("封面.png", picture))
    assert named.value.errcode == 41005
    with pytest.raises(WeChatClientException) as gone:
        await asyncio.to_thread(client.material.add_articles, [])
    assert gone.value.errcode == 45106
    used = {"platform": "wechat", "account": stage.account.id}
    await stage.control("POST", "quota", used | {"budget": "/cgi-bin/draft/add", "used": 1000})
    with pytest.raises(APILimitedException):
        await asyncio.to_thread(draft, client, picture, "超额")


def articles(folder: Path, picture: bytes, count: int, cover: str = "cover.png") -> list[Any]:
    """Articles as wechat-publish takes them: HTML files beside their pictures."""
    (folder / cover).write_bytes(picture)
    (folder / "图.png").write_bytes(picture)
    (folder / "a.html").write_text('<p>正文<img src="图.png"></p>', encoding="utf-8")
    one = {"html_path": folder / "a.html", "title": "洗手", "cover_path": folder / cover}
    return [one | {"title": f"第{number}条", "digest": "摘要"} for number in range(count)]


@pytest.fixture
def publish(stage: WechatStage, monkeypatch: pytest.MonkeyPatch) -> Any:
    """wechat-publish's one call, sent to the simulator."""
    monkeypatch.setattr(core, "BASE", f"{stage.url}/wechat/cgi-bin")

    async def push(given: list[Any], **options: Any) -> Any:
        return await asyncio.to_thread(
            wechat_publish.push_articles, "wx01", "s3cret-of-wx01", given, **options
        )

    return push


async def test_wechat_publish_makes_a_draft_and_publishes_it(
    stage: WechatStage, publish: Any, picture: bytes, tmp_path: Path
) -> None:
    await publish(
        articles(tmp_path, picture, 3), author="澜汀", open_comment=True, publish_now=True
    )
    await stage.forward(timedelta(seconds=20))
    posts = await stage.posts()
    assert [post["title"] for post in posts] == ["第0条", "第1条", "第2条"]
    assert all("mmbiz.qpic.cn" in post["text"] for post in posts)


async def test_wechat_publish_is_refused_what_wechat_refuses(
    stage: WechatStage, publish: Any, picture: bytes, tmp_path: Path
) -> None:
    with pytest.raises(wechat_publish.WeChatAPIError, match="41005"):
        await publish(articles(tmp_path, picture, 1, cover="封面.png"))
    too_long = [one | {"title": "字" * 33} for one in articles(tmp_path, picture, 1)]
    with pytest.raises(wechat_publish.WeChatAPIError, match="45003"):
        await publish(too_long)
    await stage.control("POST", "accounts", {"accounts": [{**who(stage), "comments": False}]})
    with pytest.raises(wechat_publish.WeChatAPIError, match="88000"):
        await publish(articles(tmp_path, picture, 1), open_comment=True)
    assert await stage.public_posts() == 0


def who(stage: WechatStage) -> dict[str, object]:
    return {"platform": "wechat", "account": stage.account.id}
