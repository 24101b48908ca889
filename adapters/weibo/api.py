"""Weibo's calls, one method each: requests out, statuses and typed errors back.

Base https://api.weibo.com; every path and field: https://open.weibo.com/wiki/微博API.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from adapters.errortable import ACCEPTED, ErrorTable
from adapters.http import Answer, Fields, Http
from adapters.weibo.config import WeiboConfig
from adapters.weibo.limits import PLATFORM, REPOSTS
from adapters.weibo.text import parse_time
from bot.clock import Clock
from bot.contract import Tools
from bot.i18n import _

ERRORS = ErrorTable.load(Path(__file__).with_name("errors.csv"))
_GONE = "gone"  # stands for the id of an original that was removed and is not named any more


@dataclass(frozen=True, kw_only=True)
class Credential:
    """What an account's administrator authorised."""

    access_token: str
    uid: str
    rip: str  # public address of the operator; every write call asks for it


@dataclass(frozen=True, kw_only=True)
class Status:
    """A status 微博 as the platform lists it."""

    id: str
    created_at: datetime  # UTC
    text: str
    cut: bool  # the list shows only its beginning
    repost_of: str  # id of the root original of an in-platform repost, "" for an own status
    links: tuple[tuple[str, str], ...]  # t.cn and real address, in order of appearance
    deleted: bool
    author_id: str  # "" where the list leaves authors out
    author: str  # as shown, unique on the platform; "" likewise


@dataclass(frozen=True, kw_only=True)
class User:
    """An account as the platform has it."""

    screen_name: str
    verified: bool
    verified_reason: str  # free text, e.g. "澜汀区卫生健康委员会官方微博"


@dataclass(frozen=True, kw_only=True)
class Count:
    """Counters of one status; the ordinary interface knows no reads."""

    id: str
    reposts: int
    comments: int
    likes: int


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture ready to be sent; an ASCII name, which every multipart parser takes."""

    data: bytes
    name: str
    mime: str


class WeiboApi:
    """The ordinary interface 普通接口 for one authorised account."""

    def __init__(self, http: Http, clock: Clock, *, paid_list: Http | None = None) -> None:
        self._http = http
        self._clock = clock
        self._paid_list = paid_list

    async def share(self, who: Credential, text: str, picture: Picture | None) -> Status | None:
        """Publishes; None when the platform took it and shows it in a minute or two (20032).

        https://open.weibo.com/wiki/2/statuses/share
        """
        answer = await self._http.call(
            "POST",
            "/2/statuses/share.json",
            action="statuses/share",
            data=_form({"status": text, "rip": who.rip}, picture),
            headers=_headers(who),
            effect=True,
        )
        return self._made(answer)

    async def repost(self, who: Credential, mid: str, text: str) -> Status | None:
        """Reposts the status `mid` with a text; None as in `share`.

        A call of the ordinary interface, open to third parties.
        https://open.weibo.com/wiki/2/statuses/repost
        """
        answer = await self._http.call(
            "POST",
            "/2/statuses/repost.json",
            action="statuses/repost",
            data={"id": mid, "status": text, "is_comment": "0", "rip": who.rip},
            headers=_headers(who),
            effect=True,
        )
        return self._made(answer)

    async def destroy(self, who: Credential, mid: str) -> None:
        """Deletes an own status. https://open.weibo.com/wiki/2/statuses/destroy"""
        # Nothing becomes public by it, so a lost answer means: do it again.
        answer = await self._http.call(
            "POST",
            "/2/statuses/destroy.json",
            action="statuses/destroy",
            data={"id": mid},
            headers=_headers(who),
            effect=False,
        )
        check(answer, self._clock)

    async def timeline(self, who: Credential) -> list[Status]:
        """The account's newest statuses, at most five without a contract, newest first.

        https://open.weibo.com/wiki/2/statuses/user_timeline
        """
        answer = await (self._paid_list or self._http).read(
            "GET",
            "" if self._paid_list else "/2/statuses/user_timeline.json",
            action="statuses/user_timeline",
            params={"count": "100", "trim_user": "1"},
            headers=_headers(who),
        )
        check(answer, self._clock)
        return [_status(fields, None) for fields in answer.fields.each("statuses")]

    async def reposts(self, who: Credential, mid: str) -> list[Status]:
        """Reposts of a status by users who authorised the same app, newest first.

        `total_number` counts everybody's, so a short list under a large total is normal.
        https://open.weibo.com/wiki/2/statuses/repost_timeline
        """
        answer = await self._http.read(
            "GET",
            "/2/statuses/repost_timeline.json",
            action="statuses/repost_timeline",
            params={"id": mid, "count": str(REPOSTS)},
            headers=_headers(who),
        )
        check(answer, self._clock)
        return [_status(fields, None) for fields in answer.fields.each("reposts")]

    async def user(self, who: Credential, uid: str) -> User:
        """The account `uid`, which must have authorised the app.

        https://open.weibo.com/wiki/2/users/show
        """
        answer = await self._http.read(
            "GET",
            "/2/users/show.json",
            action="users/show",
            params={"uid": uid},
            headers=_headers(who),
        )
        check(answer, self._clock)
        fields = answer.fields
        return User(
            screen_name=fields.text("screen_name"),
            verified=fields.flag("verified", False),
            verified_reason=fields.text("verified_reason", ""),
        )

    async def counts(self, who: Credential, ids: Sequence[str]) -> list[Count]:
        """Counters of the statuses the platform knows; unknown ids are left out silently.

        https://open.weibo.com/wiki/2/statuses/count
        """
        answer = await self._http.read(
            "GET",
            "/2/statuses/count.json",
            action="statuses/count",
            params={"ids": ",".join(ids)},
            headers=_headers(who),
        )
        if not isinstance(answer.json, list):
            check(answer, self._clock)
        found = Fields(value={"counts": answer.json}, origin=answer.origin)
        return [_count(fields) for fields in found.each("counts")]

    def _made(self, answer: Answer) -> Status | None:
        """The status a writing call made; None when it shows later."""
        code, message = _error(answer)
        row = ERRORS.row(code, message)
        if row is not None and row.raises == ACCEPTED:
            return None
        check(answer, self._clock)
        return _status(answer.fields, self._clock.now())


def http_of(tools: Tools, config: WeiboConfig, *, base_url: str = "") -> Http:
    """HTTP as the settings want it."""
    return Http(
        tools.session,
        platform=PLATFORM,
        base_url=base_url or config.base_url,
        timeout_s=config.timeout_s,
        read_wait_s=config.read_wait_s,
        pace=tools.pace,
    )


def check(answer: Answer, clock: Clock) -> None:
    """Raises the typed error an answer stands for."""
    code, message = _error(answer)
    if code:
        raise ERRORS.error(answer.origin, code, message, now=clock.now())


def _headers(who: Credential) -> dict[str, str]:
    # In the header, not in the query: addresses end up in logs.
    return {"Authorization": f"OAuth2 {who.access_token}"}


def _form(fields: dict[str, str], picture: Picture | None) -> dict[str, str] | aiohttp.FormData:
    if picture is None:
        return fields  # encoded once; encoding twice publishes %E5… as text
    form = aiohttp.FormData()
    for name, value in fields.items():
        form.add_field(name, value)
    # As a file: aiohttp warns of a body of plain bytes above a megabyte.
    form.add_field(
        "pic", io.BytesIO(picture.data), filename=picture.name, content_type=picture.mime
    )
    return form


def _error(answer: Answer) -> tuple[str, str]:
    """Code and text of an error answer; ("", "") for a good one. The HTTP status says nothing."""
    if not isinstance(answer.json, dict) or "error_code" not in answer.json:
        return "", ""
    return answer.fields.text("error_code"), answer.fields.text("error", "")


def _status(fields: Fields, now: datetime | None) -> Status:
    user = fields.fields("user") if "user" in fields else None
    return Status(
        id=_id(fields),
        created_at=_created_at(fields, now),
        text=fields.text("text", ""),
        cut=fields.flag("isLongText", False),
        repost_of=_root(fields),
        links=tuple(_links(fields)),
        deleted=fields.flag("deleted", False),
        author_id=user.text("idstr", "") if user is not None else "",
        author=user.text("screen_name", "") if user is not None else "",
    )


def _root(fields: Fields) -> str:
    if "retweeted_status" not in fields:
        return ""
    root = fields.fields("retweeted_status")
    return root.text("idstr", "") or root.text("mid", "") or _GONE


def _id(fields: Fields) -> str:
    # Never the number `id`: it outgrows what JavaScript and JSON readers keep exact.
    return fields.text("idstr") if "idstr" in fields else fields.text("mid")


def _created_at(fields: Fields, now: datetime | None) -> datetime:
    """When it was made; an answer to our own post that lacks it means now."""
    text = fields.text("created_at", "")
    try:
        return parse_time(text).astimezone(UTC)
    except ValueError as error:
        if now is not None:
            return now
        message = _('Weibo gives a time the program cannot read: "{text}".')
        raise fields.origin.broken(message.format(text=text[:40])) from error


def _links(fields: Fields) -> Iterator[tuple[str, str]]:
    for link in fields.each("url_objects"):
        short, real = link.text("url_short", ""), link.text("url_long", "")
        if short and real:
            yield short, real


def _count(fields: Fields) -> Count:
    return Count(
        id=fields.text("id"),
        reposts=fields.number("reposts"),
        comments=fields.number("comments"),
        likes=fields.number("attitudes", 0),
    )
