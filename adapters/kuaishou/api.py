"""Kuaishou's calls, one method each: requests out, plain data and typed errors back.

Base https://open.kuaishou.com; `result` is 1 when all is well. The bytes of a video go to the host
that start_upload gives out, over plain HTTP, with the upload_token as their only key.
https://open.kuaishou.com/platform/openApi?menu=20 (read 2026-11-21)
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from adapters.errortable import ErrorTable
from adapters.http import Answer, Body, Fields, Http, Origin, Params
from adapters.oauth import ACCESS, Kept
from bot.clock import Clock
from bot.errors import ContractBroken, PlatformError, Unavailable
from bot.i18n import _

ERRORS = ErrorTable.load(Path(__file__).with_name("errors.csv"))
TOKEN_CODES = frozenset({"100200102", "100200108"})  # the access token does not hold
NOT_THERE = frozenset({"120001", "100120001"})  # no such work, or not yet
SCOPE_CODES = frozenset({"100200106", "ACCESS_DENIED"})  # the authorisation lacks this one call
# An upload the platform no longer knows, or whose fragments it does not have.
UPLOAD_LOST = frozenset({"100400", "120001", "120002", "100120001"})

_OK = "1"
_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?")
_VIDEO = {"Content-Type": "video/mp4"}
_MILLISECONDS = 100_000_000_000  # samples have create_time in ms; a smaller figure is in seconds


@dataclass(frozen=True, kw_only=True)
class Slot:
    """Where one video may be uploaded to; it serves one work."""

    token: str
    endpoint: str  # a host, perhaps with a port


@dataclass(frozen=True, kw_only=True)
class Work:
    """A work as the query calls show it."""

    photo_id: str
    caption: str
    created_at: datetime | None  # UTC; None: not told
    pending: bool  # the platform's only word about its review
    reads: int | None
    likes: int | None
    comments: int | None


class KuaishouApi:
    """The content interface. Reading calls retry by themselves, all others are made once."""

    def __init__(self, http: Http, data_plane: Callable[[str], Http], clock: Clock) -> None:
        self._http = http
        self._data_plane = data_plane  # by endpoint
        self._clock = clock

    # ── uploading ─────────────────────────────────────────────────────────────────────────────

    async def start_upload(self, app_id: str, kept: Kept) -> Slot:
        """A slot for one video; the endpoint is another with each."""
        answer = await self._http.call(
            "POST",
            "/openapi/photo/start_upload",
            action="start_upload",
            params=_params(app_id, kept),
            effect=False,
        )
        fields = self._checked(answer)
        endpoint = fields.text("endpoint")
        if not _HOST.fullmatch(endpoint):
            message = _("Kuaishou gives {endpoint} as the place to upload to, which is no host.")
            raise answer.origin.broken(message.format(endpoint=endpoint[:80]))
        return Slot(token=fields.text("upload_token"), endpoint=endpoint)

    async def upload_whole(self, slot: Slot, path: Path) -> None:
        """Sends a small file in one request."""
        with await asyncio.to_thread(path.open, "rb") as file:
            await self._upload(slot, "", {}, file.read())

    async def upload_fragment(self, slot: Slot, number: int, data: bytes, *, md5: bool) -> None:
        """Sends fragment `number`, counted from 0; one sent again replaces the former.

        Raises Unavailable when the platform has not got all of it.
        """
        answer = await self._upload(slot, "/fragment", {"fragment_id": str(number)}, data)
        fields = self._checked(answer)
        digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
        whole = fields.number("size", len(data)) == len(data)
        if not whole or (md5 and fields.text("checksum", digest).lower() != digest):
            message = _("Kuaishou did not get all of a part of the video.")
            raise answer.origin.error(Unavailable, message)

    async def finish_fragments(self, slot: Slot, count: int) -> None:
        """Has the fragments joined; `count` is how many there are, not the last one's number."""
        await self._upload(slot, "/complete", {"fragment_count": str(count)}, None)

    async def _upload(self, slot: Slot, call: str, more: Params, data: bytes | None) -> Answer:
        # As a file: aiohttp warns of a body of plain bytes this large.
        body = None if data is None else io.BytesIO(data)
        http = self._data_plane(slot.endpoint)
        try:
            answer = await http.call(
                "POST",
                f"/api/upload{call}",
                action=f"upload{call}",
                params={"upload_token": slot.token, **more},
                data=body,
                headers=_VIDEO if data is not None else None,
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
        return answer

    # ── publishing ────────────────────────────────────────────────────────────────────────────

    async def publish(
        self, app_id: str, kept: Kept, upload_token: str, caption: str, cover: tuple[Path, str]
    ) -> Work:
        """Makes a work of an upload; it is public once the platform's review is over.

        https://open.kuaishou.com/platform/openApi?menu=20
        """
        path, mime = cover
        with await asyncio.to_thread(path.open, "rb") as file:
            form = aiohttp.FormData()
            form.add_field("caption", caption)
            form.add_field("stereo_type", "NOT_SPHERICAL_VIDEO")
            form.add_field("cover", file, filename="cover", content_type=mime)
            answer = await self._http.call(
                "POST",
                "/openapi/photo/publish",
                action="photo/publish",
                params={**_params(app_id, kept), "upload_token": upload_token},
                data=form,
                effect=True,
            )
        return _work(self._checked(answer).fields("video_info"))

    # ── reading ───────────────────────────────────────────────────────────────────────────────

    async def works(self, app_id: str, kept: Kept, cursor: str, count: int) -> list[Work]:
        """The account's works, newest first; `cursor` is the last photo_id of the page before."""
        params = {**_params(app_id, kept), "cursor": cursor, "count": str(count)}
        fields = await self._read("photo/list", "/openapi/photo/list", params)
        return [_work(one) for one in fields.each("video_list")]

    async def work(self, app_id: str, kept: Kept, photo_id: str) -> Work | None:
        """One work; None when the platform does not know it, which it may not for some minutes."""
        params = {**_params(app_id, kept), "photo_id": photo_id}
        try:
            fields = await self._read("photo/info", "/openapi/photo/info", params)
        except PlatformError as error:
            if error.code in NOT_THERE:
                return None
            raise
        return _work(fields.fields("video_info"))

    async def name(self, app_id: str, kept: Kept) -> str:
        """The account's name as everybody sees it."""
        fields = await self._read("user_info", "/openapi/user_info", _params(app_id, kept))
        return fields.fields("user_info").text("name", "")

    async def _read(self, action: str, path: str, params: Params) -> Fields:
        return self._checked(await self._http.read("GET", path, action=action, params=params))

    # ── deleting, OAuth ───────────────────────────────────────────────────────────────────────

    async def delete(self, app_id: str, kept: Kept, photo_id: str) -> None:
        """Takes a work down for good; well too when there is none any more."""
        params = {**_params(app_id, kept), "photo_id": photo_id}
        # The page names no place for the parameters; integrations use one or the other.
        form: Body = params
        try:
            answer = await self._http.call(
                "POST",
                "/openapi/photo/delete",
                action="photo/delete",
                params=params,
                data=form,
                effect=False,
            )
            self._checked(answer)
        except PlatformError as error:
            if error.code not in NOT_THERE:
                raise

    async def oauth(self, call: str, params: Params) -> Fields:
        """The answer to an OAuth call (`access_token`, `refresh_token`)."""
        answer = await self._http.call(
            "GET", f"/oauth2/{call}", action=f"oauth2/{call}", params=params, effect=False
        )
        return self._checked(answer)

    def _checked(self, answer: Answer) -> Fields:
        fields = answer.fields
        result = fields.text("result")
        if result != _OK:
            raise self._error(answer.origin, fields, result)
        return fields

    def _error(self, origin: Origin, fields: Fields, result: str) -> PlatformError:
        name, told = fields.text("error", ""), fields.text("error_msg", "")
        # Two errors are known by their name only; newer codes have 100 before the older ones.
        for code in (name, told, result, result.removeprefix("100")):
            if code and ERRORS.row(code) is not None:
                return ERRORS.error(origin, code, told or name, now=self._clock.now())
        return ERRORS.error(origin, result, told or name, now=self._clock.now())


def _params(app_id: str, kept: Kept) -> dict[str, str]:
    return {"access_token": kept[ACCESS], "app_id": app_id}


def _work(fields: Fields) -> Work:
    made = fields.number("create_time", 0)
    made_s = made / 1000 if made > _MILLISECONDS else made
    counts: Mapping[str, int | None] = {
        name: fields.number(name) if name in fields else None
        for name in ("view_count", "like_count", "comment_count")
    }
    return Work(
        photo_id=fields.text("photo_id"),
        caption=fields.text("caption", ""),
        created_at=datetime.fromtimestamp(made_s, UTC) if made_s > 0 else None,
        pending=fields.flag("pending", True),  # not said: not proven public
        reads=counts["view_count"],
        likes=counts["like_count"],
        comments=counts["comment_count"],
    )
