"""Douyin's calls, one method each: requests out, plain data and typed errors back.

Base https://open.douyin.com; every path ends in "/"; ids contain "@ + / =" and are encoded once,
by the HTTP library.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from adapters.douyin.envelope import OK, Reply, reply_of
from adapters.errortable import ErrorTable
from adapters.http import Answer, Body, Fields, Http
from bot.clock import Clock
from bot.errors import ContractBroken, Unavailable

ERRORS = ErrorTable.load(Path(__file__).with_name("errors.csv"))

# The access token does not hold; a refresh helps.
TOKEN_CODES = frozenset({"10008", "2190002", "2190008", "28001003", "28001008"})
# The app or the user's authorisation lacks this one ability, or it was withdrawn for all.
ABILITY_CODES = frozenset(
    [
        "10004",
        "2100007",
        "2190003",
        "2190004",
        "28001012",
        "28001014",
        "28001018",
        "28001019",
        "28001056",
    ]
)
_V1 = "/api/douyin/v1/video"
_PICTURES = 2  # media_type


@dataclass(frozen=True, kw_only=True)
class Token:
    """A user's access token with the account it is for."""

    access_token: str
    open_id: str


@dataclass(frozen=True, kw_only=True)
class Created:
    """What create_video gives back; `video_id` may be missing in older answers."""

    item_id: str
    video_id: str


@dataclass(frozen=True, kw_only=True)
class Work:
    """A work as the query calls show it."""

    item_id: str
    video_id: str
    text: str
    created_at: datetime | None  # UTC; None: 0, as private works come
    status: int | None  # optional since 2024-12-13; None: not told
    share_url: str
    pinned: bool
    pictures: bool  # an image set (图文), not a video


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of the list of works."""

    works: tuple[Work, ...]
    cursor: int
    more: bool


@dataclass(frozen=True, kw_only=True)
class Totals:
    """Counters of one work."""

    plays: int
    likes: int
    comments: int
    shares: int


class DouyinApi:
    """The server interface. Reading calls retry by themselves, all others are made once."""

    def __init__(self, http: Http, uploads: Http, clock: Clock) -> None:
        self._http = http
        self._uploads = uploads  # the same platform with a longer timeout
        self._clock = clock

    async def upload_whole(self, token: Token, path: Path, mime: str) -> str:
        """The video_id of a file sent in one request."""
        with await asyncio.to_thread(path.open, "rb") as file:
            form = aiohttp.FormData()
            form.add_field("video", file, filename="video.mp4", content_type=mime)
            reply = await self._upload(token, "upload_video", form)
        return reply.data.fields("video").text("video_id")

    async def start_parts(self, token: Token) -> str:
        """An upload_id for sending in parts; it lives two hours."""
        return (await self._upload(token, "init_video_part_upload", None)).data.text("upload_id")

    async def upload_part(
        self, token: Token, upload_id: str, number: int, data: bytes, mime: str
    ) -> None:
        """Sends part `number`, counted from 1; a part sent again replaces the former."""
        form = aiohttp.FormData()
        # As a file: aiohttp warns of a body of plain bytes this large.
        form.add_field("video", io.BytesIO(data), filename="video.mp4", content_type=mime)
        more = {"upload_id": upload_id, "part_number": str(number)}
        await self._upload(token, "upload_video_part", form, more)

    async def finish_parts(self, token: Token, upload_id: str) -> str:
        """The video_id once all parts were sent."""
        more = {"upload_id": upload_id}
        reply = await self._upload(token, "complete_video_part_upload", None, more)
        return reply.data.fields("video").text("video_id")

    async def upload_image(self, token: Token, path: Path, mime: str) -> str:
        """The image_id of a cover or of a picture of an image set."""
        with await asyncio.to_thread(path.open, "rb") as file:
            form = aiohttp.FormData()
            form.add_field("image", file, filename="cover", content_type=mime)
            reply = await self._upload(token, "upload_image", form)
        return reply.data.fields("image").text("image_id")

    async def create(
        self, token: Token, video_id: str, text: str, *, image_id: str = "", cover_s: str = ""
    ) -> Created:
        """Makes a work of an upload; the platform reviews it before anybody else sees it.

        The cover is `image_id`, else the frame at `cover_s` seconds, else the platform's choice.
        https://open.douyin.com/platform/resource/docs/openapi/video-management/douyin/create/
        """
        body: dict[str, object] = {"video_id": video_id, "text": text}
        if image_id:
            body["custom_cover_image_url"] = image_id  # despite its name it takes the image_id
        elif cover_s:
            body["cover_tsp"] = float(cover_s)
        return await self._created(token, "create_video", body)

    async def create_pictures(self, token: Token, image_ids: Sequence[str], text: str) -> Created:
        """Makes an image set (图文) of uploaded pictures, reviewed like a video.

        https://developer.open-douyin.com/docs/resource/zh-CN/dop/develop/openapi/video-management/douyin/create-image-text
        """
        body = {"image_list": list(image_ids), "text": text}
        return await self._created(token, "create_image_text", body)

    async def _created(self, token: Token, call: str, body: Mapping[str, object]) -> Created:
        answer = await self._http.call(
            "POST",
            f"{_V1}/{call}/",
            action=call,
            params={"open_id": token.open_id},
            json_body=body,
            headers=_headers(token),
            effect=True,
        )
        data = self._checked(answer).data
        return Created(item_id=data.text("item_id"), video_id=data.text("video_id", ""))

    async def works(self, token: Token, call: str, item_ids: Sequence[str]) -> list[Work]:
        """One's own works by id, through `video_basic_info` or `video_data`."""
        answer = await self._http.read(
            "POST",
            f"{_V1}/{call}/",
            action=call,
            params={"open_id": token.open_id},
            json_body={"item_ids": list(item_ids)},
            headers=_headers(token),
        )
        return [_work(fields) for fields in self._checked(answer).data.each("list")]

    async def page(self, token: Token, cursor: int) -> Page:
        """A page of the account's works, newest first but for pinned ones."""
        answer = await self._http.read(
            "GET",
            f"{_V1}/video_list/",
            action="video_list",
            params={"open_id": token.open_id, "cursor": str(cursor), "count": "20"},
            headers=_headers(token),
        )
        data = self._checked(answer).data
        works = tuple(_work(fields) for fields in data.each("list"))
        return Page(works=works, cursor=data.number("cursor", 0), more=data.flag("has_more", False))

    async def totals(self, token: Token, item_id: str) -> Totals:
        """Counters of a work of the last 30 days.

        https://developer.open-douyin.com/docs/resource/zh-CN/dop/develop/openapi/data-open-service/video-data/get-share-data
        """
        answer = await self._http.read(
            "GET",
            "/data/external/item/base/",
            action="data/external/item/base",
            params={"open_id": token.open_id, "item_id": item_id, "date_type": "30"},
            headers=_headers(token),
        )
        found = self._checked(answer).data.fields("result")
        return Totals(
            plays=found.number("total_play"),
            likes=found.number("total_like"),
            comments=found.number("total_comment"),
            shares=found.number("total_share"),
        )

    async def oauth(self, call: str, form: dict[str, str]) -> Fields:
        """The data of an OAuth call, e.g. `refresh_token`; nothing public comes of one."""
        answer = await self._http.call(
            "POST", f"/oauth/{call}/", action=f"oauth/{call}", data=form, effect=False
        )
        return self._checked(answer).data

    async def nickname(self, token: Token) -> str:
        """The account's name as Douyin shows it; the owner may have chosen a made-up one."""
        form = {"open_id": token.open_id, "access_token": token.access_token}
        return (await self.oauth("userinfo", form)).text("nickname", "")

    async def _upload(
        self, token: Token, call: str, form: Body | None, more: dict[str, str] | None = None
    ) -> Reply:
        try:
            answer = await self._uploads.call(
                "POST",
                f"{_V1}/{call}/",
                action=call,
                params={"open_id": token.open_id, **(more or {})},
                data=form,
                headers=_headers(token),
                effect=False,
            )
        except ContractBroken as error:
            if error.status >= 400:
                raise
            # A gateway's page after a long upload: nothing is public, so it may be sent again.
            raise Unavailable(
                error.message,
                platform=error.platform,
                action=error.action,
                status=error.status,
                raw=error.raw,
            ) from error
        return self._checked(answer)

    def _checked(self, answer: Answer) -> Reply:
        return checked(answer, self._clock)


def checked(answer: Answer, clock: Clock) -> Reply:
    """The reply in an answer; a code that is not 0 raises the error it stands for."""
    reply = reply_of(answer)
    if reply.code != OK:
        raise ERRORS.error(answer.origin, reply.code, reply.text, now=clock.now())
    return reply


def _headers(token: Token) -> dict[str, str]:
    return {"access-token": token.access_token}


def _work(fields: Fields) -> Work:
    made_s = fields.number("create_time", 0)
    return Work(
        item_id=fields.text("item_id"),
        video_id=fields.text("video_id", ""),
        text=fields.text("title", ""),
        created_at=datetime.fromtimestamp(made_s, UTC) if made_s > 0 else None,
        status=fields.number("video_status") if "video_status" in fields else None,
        share_url=fields.text("share_url", ""),
        pinned=fields.flag("is_top", False),
        pictures=fields.number("media_type", 0) == _PICTURES,
    )
