"""百家号: articles by app_id and app_token, review, status, lists, statistics, withdrawal.

Every answer is HTTP 200 with `{"errno","errmsg","data"}`. Source:
https://baijiahao.baidu.com/docs/#/normalcomplex/developer/serviceIntroduction and its siblings
publishPT, getArticleLists, getArtsRealTimeData, withdrawalContent, errorCode (as read by others
2026-09; UNVERIFIED on a real account).
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Final

from bot.simulator.clock import CHINA, day_number
from bot.simulator.store import Core, Json, Post, figure
from bot.simulator.wire import Answer, BadBody, Call

PREFIX: Final = "/baijiahao/builderinner/open/resource"
INPUT: Final = ("platform", "account", "app_id", "app_token", "name", "muted")
REVIEW_S: Final = 60.0
PAGE_MAX: Final = 20
IDS_MAX: Final = 20
CONTENT_MAX: Final = 20_000
#: The documents say that an equal origin_url is refused, and not by which number.
DUPLICATE: Final = 60_009_999

PARAMETER, NO_PERMISSION, NOT_YOURS, TOKEN = 2, 10002, 10009, 60001001
MUTED, QUOTA, STATE, MISSING = 60000005, 60001009, 60001003, 80000107
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class Refused(Exception):
    """An errno other than 0."""

    def __init__(self, errno: int, text: str = "") -> None:
        super().__init__(errno)
        self.errno = errno
        self.text = text or f"error {errno}"


@dataclass(kw_only=True)
class Article:
    """An article with what only 百家号 knows of it."""

    post: Post
    nid: str
    origin_url: str
    draft: bool  # it came without a cover
    rejected: bool
    ready_at: float
    withdrawn: bool = False


@dataclass(kw_only=True)
class Author:
    """One 百家号 that opened the developer service."""

    platform: str
    account: str
    app_id: str
    app_token: str
    name: str = ""
    muted: bool = False
    dead: bool = False  # the token was reset in the console
    articles: dict[str, Article] = field(default_factory=dict)


class BaijiahaoState:
    """All accounts."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.authors: dict[str, Author] = {}

    def register(self, data: Json) -> None:
        """Adds an account or changes what is given of it."""
        known = self.authors.get(data["account"])
        if known is None:
            self.authors[data["account"]] = Author(**data)
            return
        for name, value in data.items():
            setattr(known, name, value)

    def by_app(self, app_id: str) -> Author | None:
        """The account of an app_id."""
        return next((a for a in self.authors.values() if a.app_id == app_id), None)

    def add(self, author: Author, title: str, content: str, **how: Any) -> Article:
        """Keep a new article."""
        number, at = self.core.serial(), float(how["at"])
        name = str(1_700_000_000_000_000_000 + number)  # beyond 2^53, as the real ones
        public_at = None if how["draft"] or how["rejected"] else float(how["ready_at"])
        post = Post(
            id=name,
            platform="baijiahao",
            account=author.account,
            url=f"https://baijiahao.baidu.com/s?id={name}",
            title=title,
            text=content,
            created_at=at,
            public_at=public_at,
            via=str(how["via"]),
            kind="news",
            push=name,
            source_url=str(how["origin_url"]),
        )
        article = Article(
            post=post,
            nid=str(9_000_000_000_000_000_000 + number),
            origin_url=str(how["origin_url"]),
            draft=bool(how["draft"]),
            rejected=bool(how["rejected"]),
            ready_at=float(how["ready_at"]),
        )
        author.articles[name] = article
        self.core.posts.add(post)
        return article

    def status(self, article: Article) -> str:
        """publish, audit, draft, rejected or withdraw."""
        if article.withdrawn:
            return "withdraw"
        if article.draft:
            return "draft"
        if self.core.now() < article.ready_at:
            return "audit"
        return "rejected" if article.rejected else "publish"


class Baijiahao:
    """The platform as the dispatcher sees it."""

    name: ClassVar[str] = "baijiahao"

    def __init__(self, core: Core) -> None:
        self.core = core
        self.state = BaijiahaoState(core)

    def identify(self, call: Call) -> str | None:
        """The account by its app_id, even with a dead token."""
        try:
            author = self.state.by_app(str(_fields(call).get("app_id", "")))
        except BadBody:
            return None
        return author.account if author else None

    def serve(self, call: Call) -> Answer:
        """Carry out one call."""
        handlers: dict[str, Callable[[Author, Json], Any]] = {
            "/article/publish": self._publish,
            "/article/withdraw": self._withdraw,
            "/query/status": self._status,
            "/query/articleListall": self._list,
            "/query/articleStatistics": self._statistics,
        }
        handler = handlers.get(call.path.removeprefix(PREFIX))
        try:
            if handler is None or call.method != "POST":
                raise Refused(PARAMETER, "no such interface")
            fields = _fields(call)
            return _said(0, "success", handler(self._author(fields), fields))
        except Refused as refused:
            return _said(refused.errno, refused.text, [])
        except BadBody:
            return _said(PARAMETER, "param error", [])

    def refuse(self, code: int, call: Call) -> Answer:
        """An errno."""
        return _said(code, f"error {code}", [])

    def without_code(self, body: Any) -> Any:
        """The body without errno."""
        return {k: v for k, v in body.items() if k != "errno"}

    def _author(self, fields: Json) -> Author:
        author = self.state.by_app(str(fields.get("app_id", "")))
        if author is None or author.dead or author.app_token != fields.get("app_token"):
            raise Refused(TOKEN, "app_id or app_token error")
        return author

    def _publish(self, author: Author, fields: Json) -> Json:
        if author.muted:
            raise Refused(MUTED)
        title, content, origin = (
            _text(fields, name) for name in ("title", "content", "origin_url")
        )
        if not 5 <= len(title) <= 40 or len(content) > CONTENT_MAX:
            raise Refused(PARAMETER, "title or content too long")
        if any(a.origin_url == origin for a in author.articles.values()):
            raise Refused(DUPLICATE, "origin_url exists")
        covers = _covers(fields)
        self._count(author)
        now, review_s = self.core.now(), self.core.settings.review_s.get("baijiahao", REVIEW_S)
        rejected = False
        for fault in self.core.faults.take_review("baijiahao", author.account):
            rejected = rejected or fault.kind == "refuse_review"
            review_s = fault.seconds if fault.kind == "slow_review" else review_s
        article = self.state.add(
            author,
            title,
            content,
            origin_url=origin,
            draft=not covers,
            rejected=rejected,
            via="api",
            at=now,
            ready_at=now + review_s,
        )
        return {"article_id": article.post.id, "nid": article.nid}

    def _count(self, author: Author) -> None:
        key, day = ("baijiahao", author.account, "push"), day_number(self.core.now())
        limit = self.core.limit("baijiahao", "push", 0)
        if limit and self.core.quotas.used(key, day) >= limit:
            raise Refused(QUOTA, "quota")
        self.core.quotas.add(key, day)

    def _withdraw(self, author: Author, fields: Json) -> Json:
        """The field is called article_id and wants the nid."""
        nid = _text(fields, "article_id")
        article = next((a for a in author.articles.values() if a.nid == nid), None)
        if article is None:
            raise Refused(MISSING)
        if self.state.status(article) != "publish":
            raise Refused(STATE)
        article.withdrawn = True
        self.core.posts.remove(article.post, self.core.now())
        return {}

    def _status(self, author: Author, fields: Json) -> Json:
        ids = _text(fields, "article_id").split(",")
        if len(ids) > IDS_MAX:
            raise Refused(PARAMETER)
        if any(name not in author.articles for name in ids):
            raise Refused(NOT_YOURS)
        return {name: self._shown_status(author.articles[name]) for name in ids}

    def _shown_status(self, article: Article) -> Json:
        status = self.state.status(article)
        return {
            "status": status,
            "url": article.post.url if status == "publish" else "",
            "msg": "内容不符合规范" if status == "rejected" else "",
        }

    def _list(self, author: Author, fields: Json) -> Json:
        """Articles of some days, newest first; `items` is a map, not a list."""
        first, last = (_text(fields, name) for name in ("start_time", "end_time"))
        if not _DAY.fullmatch(first) or not _DAY.fullmatch(last):
            raise Refused(PARAMETER)
        page, size = int(fields.get("page_no", 1)), int(fields.get("page_size", PAGE_MAX))
        if not 1 <= size <= PAGE_MAX:
            raise Refused(PARAMETER)
        wanted = fields.get("collection")
        found = [
            a
            for a in sorted(author.articles.values(), key=lambda a: -a.post.created_at)
            if first <= _day(a) <= last and wanted in (None, "", self.state.status(a))
        ]
        cut = found[(page - 1) * size : page * size]
        return {
            "page": {"page_no": page, "page_size": size, "total": len(found)},
            "items": {a.post.id: self._shown(a) for a in cut},
        }

    def _shown(self, article: Article) -> Json:
        status, at = self.state.status(article), article.post.public_at or article.post.created_at
        return {
            "article_id": article.post.id,
            "nid": article.nid,
            "title": article.post.title,
            "type": "news",
            "status": status,
            "collection": status,
            "article_url": article.post.url if status == "publish" else "",
            "updated_at": datetime.fromtimestamp(at, CHINA).strftime("%Y-%m-%d %H:%M:%S"),
        }

    def _statistics(self, author: Author, fields: Json) -> Json:
        article = author.articles.get(_text(fields, "article_id"))
        if article is None:
            raise Refused(NOT_YOURS)
        days = (self.core.now() - article.post.created_at) / 86_400
        names = ("recommend_count", "view_count", "comment_count", "likes_count")
        counts: Json = {name: figure(article.post.id, name, days, 5000) for name in names}
        return counts | {"share_count": -1, "collect_count": -1}  # could not be read


def _day(article: Article) -> str:
    return datetime.fromtimestamp(article.post.created_at, CHINA).strftime("%Y-%m-%d")


def _fields(call: Call) -> Json:
    """A form or JSON, both are taken."""
    if call.content_type.startswith("application/json"):
        return call.json
    return dict(call.form)


def _text(fields: Json, name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Refused(PARAMETER, f"{name} is missing")
    return value


def _covers(fields: Json) -> list[str]:
    """The covers' addresses: JSON in a string, one or three, fetched by the platform itself."""
    try:
        given = json.loads(fields.get("cover_images") or "[]")
        addresses = [str(cover["src"]) for cover in given]
    except (ValueError, TypeError, KeyError) as error:
        raise Refused(PARAMETER, "cover_images") from error
    if len(addresses) not in (0, 1, 3) or not all(a.startswith("http") for a in addresses):
        raise Refused(PARAMETER, "cover_images")
    return addresses


def _said(errno: int, text: str, data: Any) -> Answer:
    return Answer(body={"errno": errno, "errmsg": text, "data": data})
