"""百家号: by hand unless the account's mode is "api".

The interface is documented, and given account by account; nobody here has tried it on a real one,
so it is not the usual way. Publishing is submitting for review. The same `origin_url` is never
taken twice, so that a lost answer cannot lead to two articles.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from adapters.baijiahao.api import Article, BaijiahaoApi, Credential
from adapters.baijiahao.content import content, cover_urls, lengths, origin_url, problems
from adapters.handoff.adapter import HandoffAdapter
from adapters.http import Http, Origin
from adapters.looks.article import feed
from bot.contract import (
    Adapter,
    Capabilities,
    Checkpoint,
    Finding,
    Item,
    Length,
    Pending,
    Receipt,
    Scene,
    Screen,
    Stat,
    Tools,
)
from bot.domain.post import Variant
from bot.domain.problem import Problem
from bot.domain.quota import READ, Budget, Period
from bot.domain.roster import Account
from bot.errors import AuthFailed, Gone, Rejected, Unavailable
from bot.i18n import _

PLATFORM = "baijiahao"
_CLOCKS_DIFFER = timedelta(minutes=10)
_EVER = "1970-01-02T00:00:00+00:00"
_PUBLIC = "publish"
_ARTICLE = "article_id"


class BaijiahaoConfig(BaseModel):
    """Settings of the Baijiahao adapter."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = "https://baijiahao.baidu.com"
    timeout_s: float = 30.0
    read_wait_s: float = 0.5  # between the tries of a call that only reads
    poll_s: int = 60  # first look at the review
    list_pages: int = 10  # pages of 20
    # The documents say that an equal origin_url is refused, and not by which errno; 0: unknown.
    duplicate_errno: int = 0


class Baijiahao(HandoffAdapter):
    """One 百家号 that a person publishes on."""

    name: ClassVar[str] = PLATFORM
    capabilities: ClassVar[Capabilities] = Capabilities(
        title="百家号（人工发布）", publishes=False, article=True
    )
    Config: ClassVar[type[BaseModel]] = BaijiahaoConfig

    @classmethod
    def screens(cls, variant: Variant, scene: Scene, config: BaseModel) -> Sequence[Screen]:
        """The article, and its card in a list."""
        return feed(variant, scene, "百家号")


class BaijiahaoByApi:
    """One 百家号 whose owner opened the developer service."""

    name: ClassVar[str] = PLATFORM
    capabilities: ClassVar[Capabilities] = Capabilities(
        title="百家号（接口）",
        article=True,
        finding=Finding.SURE,
        settle_s=180,
        recent=True,
        recent_lag_s=600,
        stat=True,
        # UNVERIFIED: no figure is published; the day's quota is shown in the console only.
        rates=("2/second",),
        budgets=(Budget(action=READ, limit=24, period=Period.DAY),),
    )
    Config: ClassVar[type[BaseModel]] = BaijiahaoConfig

    def __init__(self, account: Account, tools: Tools, config: BaijiahaoConfig) -> None:
        self._account = account
        self._tools = tools
        self._config = config
        http = Http(
            tools.session,
            platform=PLATFORM,
            base_url=config.base_url,
            timeout_s=config.timeout_s,
            read_wait_s=config.read_wait_s,
            pace=tools.pace,
        )
        self._api = BaijiahaoApi(http, tools.clock, config.duplicate_errno)

    @classmethod
    def check(cls, variant: Variant, account: Account) -> list[Problem]:
        """What the platform would refuse, or keep as a draft for want of a cover."""
        return list(problems(variant, account))

    @classmethod
    def lengths(cls, variant: Variant, account: Account) -> Sequence[Length]:
        """Title, and the article as HTML."""
        return lengths(variant, account)

    async def prepare(self, variant: Variant, done: Checkpoint) -> Checkpoint:
        """Ready at once: the platform fetches pictures itself. Raises AuthFailed."""
        await self._credential("prepare")
        return Checkpoint(data=done.data, ready=True)

    async def commit(self, variant: Variant, done: Checkpoint, *, key: str) -> Receipt | Pending:
        """Submits the article; nothing of it can be taken twice, by its origin_url."""
        if not done.ready:
            raise self._origin("commit").error(
                Unavailable, _("The post was not prepared; nothing was sent.")
            )
        who = await self._credential("commit")
        covers = [{"src": url} for url in cover_urls(variant, self._account)]
        article_id, _nid = await self._api.publish(
            who,
            {
                "title": variant.title.strip(),
                "content": content(variant, self._account),
                "origin_url": origin_url(variant, self._account, key),
                "cover_images": json.dumps(covers, ensure_ascii=False),
                "is_original": 1 if not variant.label else 0,
            },
        )
        return Pending(ref={_ARTICLE: article_id}, poll_s=self._config.poll_s)

    async def find(
        self, variant: Variant, done: Checkpoint, *, key: str, pending: Pending | None = None
    ) -> Receipt | Pending | None:
        """By the article's id, or, while none is known, by its title since the commit began."""
        who = await self._credential("find")
        article_id = pending.ref.get(_ARTICLE, "") if pending else ""
        if not article_id:
            found = await self._ours(who, variant, done)
            if found is None:
                return None
            article_id = found.id
        status = await self._api.status(who, article_id)
        if status.status == _PUBLIC:
            return Receipt(
                platform_id=article_id,
                url=status.url or f"https://baijiahao.baidu.com/s?id={article_id}",
                published_at=self._tools.clock.now(),
            )
        if status.status in ("draft", "rejected", "withdraw"):
            raise self._not_public(status.status, status.message)
        return Pending(ref={_ARTICLE: article_id}, poll_s=self._config.poll_s)

    def _not_public(self, status: str, message: str) -> Rejected:
        if status == "withdraw":
            return self._origin("find").error(
                Gone, _("The article went out and was taken back on Baijiahao.")
            )
        said = {
            "draft": _("Baijiahao kept the article as a draft, mostly for want of a cover."),
            "rejected": _("Baijiahao refuses the article: {why}").format(why=message),
        }
        return self._origin("find").error(
            Rejected,
            said[status],
            code=status,
            advice=_("Look at the article in Baijiahao's console; change it and plan it anew."),
        )

    async def _ours(self, who: Credential, variant: Variant, done: Checkpoint) -> Article | None:
        since = _looked_since(done)
        until = self._tools.clock.now()
        first = max(since, until - timedelta(days=30))
        pages = self._config.list_pages
        async for article in self._api.listed(who, first, until, pages):
            if article.title == variant.title.strip() and article.updated_at >= since:
                return article
        return None

    async def recent(self, since: datetime) -> AsyncIterator[Item]:
        """What the account shows since then; the list has titles and links, no texts."""
        who = await self._credential("recent")
        until, pages = self._tools.clock.now(), self._config.list_pages
        async for article in self._api.listed(who, since, until, pages, _PUBLIC):
            yield Item(
                platform_id=article.id,
                url=article.url,
                title=article.title,
                text="",
                published_at=article.updated_at,
            )

    async def stat(self, receipts: Sequence[Receipt]) -> list[Stat]:
        """Reads, likes, shares and comments, one call an article."""
        who = await self._credential("stat")
        stats = []
        for receipt in receipts:
            as_of = self._tools.clock.now()
            try:
                counts = await self._api.counts(who, receipt.platform_id)
            except Rejected:
                continue  # not this account's any more, or gone
            stats.append(
                Stat(
                    platform_id=receipt.platform_id,
                    as_of=as_of,
                    reads=counts.views,
                    likes=counts.likes,
                    shares=counts.shares,
                    comments=counts.comments,
                )
            )
        return stats

    async def withdraw(self, receipt: Receipt) -> None:
        """Takes the article back; articles Baidu has recommended stay (Rejected)."""
        who = await self._credential("withdraw")
        day = timedelta(days=1)
        listed = self._api.listed(
            who,
            receipt.published_at - day,
            receipt.published_at + day,
            self._config.list_pages,
            _PUBLIC,
        )
        async for article in listed:
            if article.id == receipt.platform_id:
                await self._api.withdraw(who, article.nid)
                return

    async def _credential(self, action: str) -> Credential:
        """app_id and app_token; raises AuthFailed when the credential lacks one."""
        fields = await self._tools.credentials.load()
        for name in ("app_id", "app_token"):
            if not fields.get(name):
                message = _('The credential of {account} has no "{field}".')
                raise self._origin(action).error(
                    AuthFailed,
                    message.format(account=self._account.name, field=name),
                    advice=_("Copy it from the developer settings in Baijiahao's console."),
                )
        return Credential(app_id=fields["app_id"], app_token=fields["app_token"])

    def _origin(self, action: str) -> Origin:
        return Origin(platform=PLATFORM, action=action, effect=False)


ADAPTER = Baijiahao
MODES: Mapping[str, type[Adapter]] = {"api": BaijiahaoByApi}


def _looked_since(done: Checkpoint) -> datetime:
    """From when on an article can be ours: some minutes before the commit, as clocks differ."""
    text = done.data.get("doubt_since") or done.data.get("committed_at") or _EVER
    return datetime.fromisoformat(text) - _CLOCKS_DIFFER
