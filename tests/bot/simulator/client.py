"""Clients that speak to the simulator over real HTTP, and the accounts they speak for."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # Monday 10:00 in Shanghai
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 64
JPG = b"\xff\xd8\xff\xe0" + b"\x00" * 64
MP4 = b"\x00\x00\x00\x18ftypmp42" + b"\x00" * 64

HOSPITAL: dict[str, Any] = {
    "platform": "wechat",
    "account": "hospital",
    "appid": "wx1",
    "secret": "s1",
    "name": "区人民医院",
    "kind": "subscription",
    "followers": 5000,
}
CENTRE: dict[str, Any] = {
    "platform": "wechat",
    "account": "centre",
    "appid": "wx2",
    "secret": "s2",
    "kind": "service",
}
FLAGSHIP: dict[str, Any] = {
    "platform": "weibo",
    "account": "flagship",
    "uid": "1234567890",
    "access_token": "2.00flag",
    "app_key": "1000000001",
    "app_secret": "shh",
    "redirect_uri": "https://wjw.example.cn/back",
    "screen_name": "健康澜汀",
    "safe_domains": ["wjw.example.cn"],
}
UNIT: dict[str, Any] = FLAGSHIP | {
    "account": "unit",
    "uid": "2233445566",
    "access_token": "2.00unit",
    "screen_name": "望汀社区卫生",
}
STRANGER: dict[str, Any] = UNIT | {
    "account": "stranger",
    "uid": "3344556677",
    "access_token": "2.00strange",
    "app_key": "2000000002",
    "screen_name": "市民",
}
CLIPS: dict[str, Any] = {
    "platform": "douyin",
    "account": "clips",
    "open_id": "_000demo",
    "client_key": "key",
    "client_secret": "secret",
    "access_token": "act.first",
    "refresh_token": "rft.first",
    "nickname": "健康澜汀",
}


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A status and a decoded body."""

    status: int
    body: Any
    text: str


@dataclass(kw_only=True)
class Sim:
    """The simulator's control API and plain HTTP."""

    base: str
    http: aiohttp.ClientSession

    async def call(self, method: str, path: str, **options: Any) -> Reply:
        """Any call; the body is decoded when it is JSON."""
        async with self.http.request(method, self.base + path, **options) as response:
            text = (await response.read()).decode()
        try:
            body = json.loads(text)
        except ValueError:
            body = None
        return Reply(status=response.status, body=body, text=text)

    async def control(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        """A control call that must succeed."""
        reply = await self.call(method, f"/_sim/{path}", json=body, params=query)
        assert reply.status == 200, reply.text
        return reply.body

    async def fault(self, platform: str, kind: str, **more: Any) -> str:
        """Set a fault."""
        data = {"platform": platform, "kind": kind} | more
        return str((await self.control("POST", "faults", data))["id"])

    async def settings(self, **values: Any) -> None:
        """Change settings."""
        await self.control("POST", "settings", values)

    async def move(self, **step: float) -> datetime:
        """Move the clock forward."""
        now = datetime.fromisoformat((await self.control("GET", "clock"))["now"])
        later = now + timedelta(**step)
        await self.control("POST", "clock", {"now": later.isoformat()})
        return later

    async def posts(self, **query: str) -> list[dict[str, Any]]:
        """The simulator's own record."""
        answer = await self.control("GET", "posts", **query)
        assert answer["count"] == len(answer["posts"])
        return list(answer["posts"])


@dataclass(kw_only=True)
class Wechat:
    """Calls of one official account."""

    sim: Sim
    token: str

    async def call(self, path: str, body: Any = None, **options: Any) -> Any:
        """A business call: the decoded body, always HTTP 200."""
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        params = {"access_token": self.token} | options.pop("params", {})
        method = options.pop("method", "POST")
        options.setdefault("data", data)
        reply = await self.sim.call(method, f"/wechat{path}", params=params, **options)
        assert reply.status == 200
        return reply.body

    async def upload(self, path: str, data: bytes, name: str = "a.png", **params: str) -> Any:
        """Send one file in a part `media`."""
        form = aiohttp.FormData()
        form.add_field("media", io.BytesIO(data), filename=name, content_type="image/png")
        return await self.call(path, data=form, params=params)

    async def cover(self) -> str:
        """A permanent image's media_id."""
        answer = await self.upload("/cgi-bin/material/add_material", PNG, type="image")
        return str(answer["media_id"])

    async def draft(self, *articles: Mapping[str, Any], **fields: Any) -> Any:
        """The answer to draft/add; without articles one made of `fields`."""
        cover = await self.cover()
        given = articles or (fields,)
        plain = {"title": "世界防治结核病日", "content": "<p>正文</p>", "thumb_media_id": cover}
        return await self.call("/cgi-bin/draft/add", {"articles": [plain | dict(a) for a in given]})

    async def submit(self, **fields: Any) -> Any:
        """Draft and submit in one go."""
        draft = await self.draft(**fields)
        return await self.call("/cgi-bin/freepublish/submit", {"media_id": draft["media_id"]})

    async def status(self, publish_id: Any) -> Any:
        """The answer to freepublish/get."""
        return await self.call("/cgi-bin/freepublish/get", {"publish_id": publish_id})


@dataclass(kw_only=True)
class Weibo:
    """Calls of one Weibo user."""

    sim: Sim
    token: str

    async def post(self, path: str, **fields: str) -> Reply:
        """A form."""
        data = {"access_token": self.token} | fields
        return await self.sim.call("POST", f"/weibo{path}", data=data)

    async def get(self, path: str, **query: str) -> Reply:
        """A query."""
        params = {"access_token": self.token} | query
        return await self.sim.call("GET", f"/weibo{path}", params=params)

    async def share(self, words: str, **fields: str) -> Reply:
        """Share words with a link of the safe domain."""
        text = {"status": f"{words} https://wjw.example.cn/a ", "rip": "211.156.0.1"}
        return await self.post("/2/statuses/share.json", **(text | fields))

    async def timeline(self) -> Any:
        """One's own newest posts."""
        return (await self.get("/2/statuses/user_timeline.json")).body


@dataclass(kw_only=True)
class Douyin:
    """Calls of one Douyin account."""

    sim: Sim
    token: str = "act.first"
    open_id: str = "_000demo"

    async def call(self, method: str, name: str, **options: Any) -> Any:
        """A call under /api/douyin/v1/video/, or anywhere with a leading slash."""
        path = name if name.startswith("/") else f"/api/douyin/v1/video/{name}/"
        params = {"open_id": self.open_id} | options.pop("params", {})
        headers = {"access-token": self.token}
        reply = await self.sim.call(
            method, f"/douyin{path}", params=params, headers=headers, **options
        )
        assert reply.status == 200
        return reply.body

    async def post(self, name: str, body: Any = None, **params: str) -> Any:
        """A JSON body."""
        return await self.call("POST", name, json=body, params=params)

    async def upload(
        self,
        data: bytes,
        name: str = "upload_video",
        *,
        field: str = "video",
        kind: str = "video/mp4",
        **params: str,
    ) -> Any:
        """Send one file."""
        form = aiohttp.FormData()
        form.add_field(field, io.BytesIO(data), filename="a.bin", content_type=kind)
        return await self.call("POST", name, data=form, params=params)

    async def video_id(self) -> str:
        """An uploaded video."""
        return str((await self.upload(MP4))["data"]["video"]["video_id"])

    async def create(self, text: str = "洗手 #健康#", **fields: Any) -> Any:
        """Upload and create in one go."""
        body = {"video_id": await self.video_id(), "text": text} | fields
        return await self.post("create_video", body)

    async def create_probe(self) -> Any:
        """The cheapest call that needs a living token and the publishing scope."""
        return await self.post("init_video_part_upload")

    async def info(self, item_id: str) -> Any:
        """The one work with this id, as video_basic_info shows it."""
        answer = await self.post("video_basic_info", {"item_ids": [item_id]})
        return answer["data"]["list"][0]


def error_of(answer: Any) -> int:
    """The error code of an envelope A answer."""
    assert answer["data"]["error_code"] == answer["extra"]["error_code"]
    return int(answer["data"]["error_code"])
