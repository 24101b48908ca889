"""百家号's calls, one method each: requests out, articles and typed errors back.

https://baijiahao.baidu.com/docs/#/normalcomplex/developer/serviceIntroduction and its siblings
publishPT, getArticleLists, getArtsRealTimeData, withdrawalContent, errorCode, as read by others
2026-09. UNVERIFIED: nobody here had an account that may use it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from adapters.errortable import ErrorTable
from adapters.http import Answer, Fields, Http
from bot.clock import Clock
from bot.domain.quota import PLATFORM_ZONE
from bot.errors import AlreadyThere
from bot.i18n import _

ERRORS = ErrorTable.load(Path(__file__).with_name("errors.csv"))
_ROOT = "/builderinner/open/resource"
_PAGE = 20  # most the platform gives


@dataclass(frozen=True, kw_only=True)
class Credential:
    """What 开发者设置 in the console shows; it holds until somebody resets it."""

    app_id: str
    app_token: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Article:
    """An article as the account's list has it."""

    id: str
    nid: str  # what withdrawing wants
    title: str
    status: str  # publish, audit, draft, rejected, withdraw …
    url: str
    updated_at: datetime  # UTC


@dataclass(frozen=True, kw_only=True)
class Status:
    """How far the review of an article is."""

    status: str
    url: str
    message: str  # why it was refused


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Counters of one article; None: the platform could not read it."""

    views: int | None
    likes: int | None
    shares: int | None
    comments: int | None


class BaijiahaoApi:
    """The interface for one account."""

    def __init__(self, http: Http, clock: Clock, duplicate_errno: int) -> None:
        self._http = http
        self._clock = clock
        self._duplicate = str(duplicate_errno) if duplicate_errno else ""

    async def publish(self, who: Credential, fields: Mapping[str, object]) -> tuple[str, str]:
        """Submits an article for review: its id and nid. The one call with an effect."""
        answer = await self._http.call(
            "POST",
            f"{_ROOT}/article/publish",
            action="article/publish",
            json_body={**_who(who), **fields},
            effect=True,
        )
        data = self._data(answer)
        return data.text("article_id"), data.text("nid", "")

    async def status(self, who: Credential, article_id: str) -> Status:
        """How far an article is."""
        answer = await self._read(who, "query/status", {"article_id": article_id})
        one = self._data(answer).fields(article_id)
        return Status(
            status=one.text("status"), url=one.text("url", ""), message=one.text("msg", "")
        )

    async def listed(
        self, who: Credential, since: datetime, until: datetime, pages: int, collection: str = ""
    ) -> AsyncIterator[Article]:
        """The account's articles of these days, in the platform's order; "" is every state."""
        days = {"start_time": _day(since), "end_time": _day(until), "article_type": "news"}
        wanted = days | ({"collection": collection} if collection else {})
        for page in range(1, pages + 1):
            asked = {**wanted, "page_no": page, "page_size": _PAGE}
            answer = await self._read(who, "query/articleListall", asked)
            found = list(_articles(self._data(answer)))
            for article in found:
                yield article
            if len(found) < _PAGE:
                return

    async def counts(self, who: Credential, article_id: str) -> Counts:
        """Counters of one article."""
        answer = await self._read(who, "query/articleStatistics", {"article_id": article_id})
        data = self._data(answer)
        return Counts(
            views=_count(data, "view_count"),
            likes=_count(data, "likes_count"),
            shares=_count(data, "share_count"),
            comments=_count(data, "comment_count"),
        )

    async def withdraw(self, who: Credential, nid: str) -> None:
        """Takes a public article back. The field is called article_id and wants the nid."""
        answer = await self._http.call(
            "POST",
            f"{_ROOT}/article/withdraw",
            action="article/withdraw",
            json_body={**_who(who), "article_id": nid},
            effect=False,
        )
        self._check(answer)

    async def _read(self, who: Credential, path: str, fields: Mapping[str, object]) -> Answer:
        # Form fields: `Http.read` repeats a call, and JSON is for calls made once.
        form = {name: str(value) for name, value in {**_who(who), **fields}.items()}
        return await self._http.read("POST", f"{_ROOT}/{path}", action=path, data=form)

    def _data(self, answer: Answer) -> Fields:
        self._check(answer)
        return answer.fields.fields("data")

    def _check(self, answer: Answer) -> None:
        fields = answer.fields
        code = fields.text("errno")
        if code == "0":
            return
        if code == self._duplicate and answer.origin.effect:
            raise answer.origin.error(
                AlreadyThere,
                _("Baijiahao has an article with this origin already (code {code}).").format(
                    code=code
                ),
                code=code,
            )
        text = fields.text("errmsg", "")
        raise ERRORS.error(answer.origin, code, text, now=self._clock.now())


def _who(who: Credential) -> dict[str, object]:
    return {"app_id": who.app_id, "app_token": who.app_token}


def _day(moment: datetime) -> str:
    return moment.astimezone(PLATFORM_ZONE).strftime("%Y-%m-%d")


def _articles(data: Fields) -> list[Article]:
    """`items` is a map from id to article; an empty one comes as a list."""
    items = data.value.get("items")
    if not items and "items" not in data:
        raise data.origin.broken(_("The list of articles has no usable field items."))
    if isinstance(items, list) and not items:
        return []
    found = data.fields("items")
    return [_article(found.fields(name)) for name in found.value]


def _article(fields: Fields) -> Article:
    text = fields.text("updated_at")
    try:
        at = datetime.fromisoformat(text).replace(tzinfo=PLATFORM_ZONE)
    except ValueError as error:
        message = _('Baijiahao gives a time the program cannot read: "{text}".')
        raise fields.origin.broken(message.format(text=text[:40])) from error
    return Article(
        id=fields.text("article_id"),
        nid=fields.text("nid", ""),
        title=fields.text("title", ""),
        status=fields.text("status"),
        url=fields.text("article_url", ""),
        updated_at=at.astimezone(UTC),
    )


def _count(data: Fields, name: str) -> int | None:
    number = data.number(name, -1)
    return number if number >= 0 else None  # -1: could not be read
