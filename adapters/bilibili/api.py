"""bilibili's calls, one method each: requests out, plain data and typed errors back.

Control https://member.bilibili.com, bytes https://openupos.bilivideo.com, OAuth
https://api.bilibili.com. `code` is 0 when all is well, perhaps as text.
https://open.bilibili.com/doc/4/ (read 2026-11-21)
"""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from adapters.bilibili.signature import Key, signed
from adapters.errortable import ErrorTable
from adapters.http import Answer, Body, Fields, Headers, Http, Params
from bot.clock import Clock
from bot.errors import ContractBroken, PlatformError, Unavailable

ERRORS = ErrorTable.load(Path(__file__).with_name("errors.csv"))
TOKEN_CODES = frozenset({"122008", "127001", "127012"})  # the access token does not hold
ABILITY_CODES = frozenset({"123001", "127007", "127011"})  # app or owner lack this one ability
NOT_THERE = frozenset({"123004", "123005", "123011", "127124"})
DELETED, PROCESSING, BAD_UPLOAD = "127107", "123028", "127022"
# An upload the platform no longer knows, or whose parts it does not have.
UPLOAD_LOST = frozenset({BAD_UPLOAD, "127100", "123006"})

PUBLIC = 0  # addit_info.state; only this one is documented, the others are told by their words
_REFUSED_WORDS = ("退回", "锁定", "删除", "失败")
_OK = "0"
_FN = "/arcopen/fn"
_JSON = {"Content-Type": "application/json"}
_BYTES = {"Content-Type": "application/octet-stream"}


@dataclass(frozen=True, kw_only=True)
class Archive:
    """A submission (稿件) as the query calls show it."""

    resource_id: str  # BV…
    title: str
    desc: str
    url: str
    created_at: datetime  # UTC
    public_at: datetime | None
    public: bool
    refused: str  # why, in the platform's words; "" while it is not refused


@dataclass(frozen=True, kw_only=True)
class Totals:
    """Counters of one submission."""

    views: int
    likes: int
    shares: int
    replies: int


class BilibiliApi:
    """The open interface. Reading calls retry by themselves, all others are made once."""

    def __init__(
        self, control: Http, data_plane: Http, oauth: Http, clock: Clock, nonce: Callable[[], str]
    ) -> None:
        self._control = control
        self._data_plane = data_plane
        self._oauth = oauth
        self._clock = clock
        self._nonce = nonce

    # ── uploading ─────────────────────────────────────────────────────────────────────────────

    async def start(self, key: Key, name: str, *, small: bool) -> str:
        """An upload_token; `small` means one request without a `complete`."""
        body = {"name": name, "utype": "1" if small else "0"}
        fields = await self._post(key, "archive/video/init", body, effect=False)
        return fields.fields("data").text("upload_token")

    async def upload_small(self, upload_token: str, path: Path) -> None:
        """Sends a small file in one request."""
        with await asyncio.to_thread(path.open, "rb") as file:
            await self._upload("/video/v2/upload", {"upload_token": upload_token}, file)

    async def upload_part(self, upload_token: str, number: int, data: bytes) -> None:
        """Sends part `number`, counted from 1; one sent again replaces the former."""
        params = {"upload_token": upload_token, "part_number": str(number)}
        # As a file: aiohttp warns of a body of plain bytes this large.
        await self._upload("/video/v2/part/upload", params, io.BytesIO(data))

    async def finish(self, key: Key, upload_token: str) -> None:
        """Has the parts joined."""
        params = {"upload_token": upload_token}
        await self._post(key, "archive/video/complete", None, params=params, effect=False)

    async def upload_cover(self, key: Key, path: Path, mime: str) -> str:
        """The address of a cover; the file is not part of what is signed."""
        with await asyncio.to_thread(path.open, "rb") as file:
            form = aiohttp.FormData()
            name = f"cover.{mime.removeprefix('image/')}"
            form.add_field("file", file, filename=name, content_type=mime)
            answer = await self._control.call(
                "POST",
                f"{_FN}/archive/cover/upload",
                action="cover/upload",
                data=form,
                headers=self._headers(key, b""),
                effect=False,
            )
        return self._checked(answer).fields("data").text("url")

    async def _upload(self, path: str, params: Params, data: Body) -> None:
        try:
            answer = await self._data_plane.call(
                "POST",
                path,
                action=path.removeprefix("/video/v2/"),
                params=params,
                data=data,
                headers=_BYTES,
                effect=False,
            )
            self._checked(answer)
        except ContractBroken as error:
            if error.status >= 400 or error.code:
                raise
            # A gateway's page after a long upload: nothing is public, so it may be sent again.
            raise Unavailable(
                error.message,
                platform=error.platform,
                action=error.action,
                status=error.status,
                raw=error.raw,
            ) from error

    # ── submitting, deleting ──────────────────────────────────────────────────────────────────

    async def add(self, key: Key, upload_token: str, fields: Mapping[str, object]) -> str:
        """Submits an upload for review; its resource_id (BV…).

        https://open.bilibili.com/doc/4/ (视频稿件提交)
        """
        params = {"upload_token": upload_token}
        answer = await self._post(
            key, "archive/add-by-utoken", dict(fields), params=params, effect=True
        )
        return answer.fields("data").text("resource_id")

    async def delete(self, key: Key, resource_id: str) -> None:
        """Takes a submission down for good; well too when it is gone."""
        try:
            await self._post(key, "archive/delete", {"resource_id": resource_id}, effect=False)
        except PlatformError as error:
            if error.code not in NOT_THERE | {DELETED}:
                raise

    # ── reading ───────────────────────────────────────────────────────────────────────────────

    async def view(self, key: Key, resource_id: str) -> Archive:
        """One submission; the caller looks at the codes it raises."""
        fields = await self._get(key, "archive/view", {"resource_id": resource_id})
        return _archive(fields.fields("data"))

    async def page(self, key: Key, number: int, size: int, status: str) -> list[Archive]:
        """A page, counted from 1, of the account's submissions, newest first."""
        params = {"pn": str(number), "ps": str(size), "status": status}
        fields = await self._get(key, "archive/viewlist", params)
        return [_archive(one) for one in fields.fields("data").each("list")]

    async def totals(self, key: Key, resource_id: str) -> Totals:
        """Counters of a submission."""
        fields = await self._get(key, "data/arc/stat", {"resource_id": resource_id})
        told = fields.fields("data")
        return Totals(
            views=told.number("view"),
            likes=told.number("like"),
            shares=told.number("share"),
            replies=told.number("reply"),
        )

    async def name(self, key: Key) -> str:
        """The account's name as everybody sees it."""
        return (await self._get(key, "user/account/info", {})).fields("data").text("name", "")

    async def scopes(self, key: Key) -> tuple[str, list[str]]:
        """The account's openid, and what its owner allowed."""
        told = (await self._get(key, "user/account/scopes", {})).fields("data")
        return told.text("openid", ""), _texts(told.value.get("scopes"))

    # ── OAuth, and the way out ────────────────────────────────────────────────────────────────

    async def oauth(self, call: str, form: Mapping[str, str]) -> Fields:
        """The data of an OAuth call (`token`, `refresh_token`)."""
        answer = await self._oauth.call(
            "POST",
            f"/x/account-oauth2/v1/{call}",
            action=f"oauth2/{call}",
            data=form,
            effect=False,
        )
        return self._checked(answer).fields("data")

    async def _post(
        self,
        key: Key,
        call: str,
        body: object,
        *,
        params: Params | None = None,
        effect: bool,
    ) -> Fields:
        # The very bytes that are sent are hashed: another writing of the same JSON is refused.
        data = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        answer = await self._control.call(
            "POST",
            f"{_FN}/{call}",
            action=call,
            params=params,
            data=data,
            headers=self._headers(key, data, _JSON),
            effect=effect,
        )
        return self._checked(answer)

    async def _get(self, key: Key, call: str, params: Params) -> Fields:
        answer = await self._control.read(
            "GET",
            f"{_FN}/{call}",
            action=call,
            params=params,
            headers=self._headers(key, b"", _JSON),
        )
        return self._checked(answer)

    def _headers(self, key: Key, body: bytes, more: Mapping[str, str] | None = None) -> Headers:
        """Makes the headers of each try: a nonce is taken once only."""
        return lambda: {
            **signed(key, body, now=self._clock.now(), nonce=self._nonce()),
            **(more or {}),
        }

    def _checked(self, answer: Answer) -> Fields:
        fields = answer.fields
        code = fields.text("code")
        if code != _OK:
            text = fields.text("message", "")
            raise ERRORS.error(answer.origin, code, text, now=self._clock.now())
        return fields


def _archive(fields: Fields) -> Archive:
    about, video = fields.fields("addit_info"), fields.value.get("video_info")
    told = Fields(value=video if isinstance(video, dict) else {}, origin=fields.origin)
    resource_id, made_s = fields.text("resource_id"), fields.number("ctime")
    state, public_s = about.number("state"), fields.number("ptime", 0)
    said, reason = about.text("state_desc", ""), about.text("reject_reason", "")
    refused = state < 0 and (reason != "" or any(word in said for word in _REFUSED_WORDS))
    return Archive(
        resource_id=resource_id,
        title=fields.text("title"),
        desc=fields.text("desc", ""),
        url=told.text("share_url", "") or f"https://www.bilibili.com/video/{resource_id}",
        created_at=datetime.fromtimestamp(made_s, UTC),
        public_at=datetime.fromtimestamp(public_s, UTC) if public_s > 0 else None,
        public=state == PUBLIC,
        refused=(reason or said) if refused else "",
    )


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []
