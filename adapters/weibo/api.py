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
from adapters.weibo.text import parse_time
from bot.clock import Clock
from bot.i18n import _

ERRORS = ErrorTable.load(Path(__file__).with_name("errors.csv"))


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

    def __init__(self, http: Http, clock: Clock) -> None:
        self._http = http
        self._clock = clock

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
        code, message = _error(answer)
        row = ERRORS.row(code, message)
        if row is not None and row.raises == ACCEPTED:
            return None
        self._check(answer)
        return _status(answer.fields, self._clock.now())

    async def timeline(self, who: Credential) -> list[Status]:
        """The account's newest statuses, at most five, newest first.

        https://open.weibo.com/wiki/2/statuses/user_timeline
        """
        answer = await self._http.read(
            "GET",
            "/2/statuses/user_timeline.json",
            action="statuses/user_timeline",
            params={"count": "100", "trim_user": "1"},
            headers=_headers(who),
        )
        self._check(answer)
        return [_status(fields, None) for fields in answer.fields.each("statuses")]

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
            self._check(answer)
        found = Fields(value={"counts": answer.json}, origin=answer.origin)
        return [_count(fields) for fields in found.each("counts")]

    async def left_s(self, access_token: str) -> int:
        """How many seconds the token still has. https://open.weibo.com/wiki/Oauth2/get_token_info

        The field is `expire_in` here; the page that gives the token calls it `expires_in`.
        """
        answer = await self._http.read(
            "POST",
            "/oauth2/get_token_info",
            action="oauth2/get_token_info",
            data={"access_token": access_token},
        )
        self._check(answer)
        return answer.fields.number("expire_in")

    def _check(self, answer: Answer) -> None:
        code, message = _error(answer)
        if code:
            raise ERRORS.error(answer.origin, code, message, now=self._clock.now())


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
    origin = fields.fields("retweeted_status") if "retweeted_status" in fields else None
    return Status(
        id=_id(fields),
        created_at=_created_at(fields, now),
        text=fields.text("text", ""),
        cut=fields.flag("isLongText", False),
        repost_of=_id(origin) if origin is not None else "",
        links=tuple(_links(fields)),
        deleted=fields.flag("deleted", False),
    )


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
