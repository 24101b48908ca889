"""WeChat official accounts (公众号 and 服务号): articles as 发布 or as 群发."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from adapters.http import Http
from adapters.wechat import checks, limits, pictures
from adapters.wechat.api import Api
from adapters.wechat.errors import Context
from adapters.wechat.limits import Limits
from adapters.wechat.reading import DRAFT, SUBMITS, Reading
from adapters.wechat.render import pictures as pictures_in
from adapters.wechat.render import render
from adapters.wechat.tokens import BySecret, Tokens
from bot.contract import (
    Adapter,
    Authorised,
    Capabilities,
    Checkpoint,
    Finding,
    Item,
    Pending,
    Receipt,
    Stat,
    Tools,
)
from bot.domain.post import Kind, Media, Method, Variant
from bot.domain.problem import Problem
from bot.domain.quota import READ, Budget, Period
from bot.domain.roster import Account
from bot.errors import Unavailable
from bot.i18n import _

CONTENT = "content"  # checkpoint keys: which version of the post the rest belongs to,
COVER = "cover"  # the cover's media_id,
IMAGE = "image:"  # and the address of each uploaded picture by its sha256


class WechatConfig(BaseModel):
    """Settings of the WeChat adapter; `settings.toml` has them under [platforms.wechat]."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = "https://api.weixin.qq.com"
    timeout_s: float = Field(default=30.0, gt=0)
    read_wait_s: float = Field(default=0.5, ge=0)  # shortest wait between tries of a question
    token_left_s: float = Field(default=600.0, ge=0)  # life a token must have before a commit
    find_pages: int = Field(default=3, ge=1)  # pages of 20 searched for a lost answer
    # After a lost answer: how long a draft still in its box may be under review. The documents say
    # "some minutes"; a second post is worse than a late one.
    recent_pages: int = Field(default=50, ge=1)  # freepublish/batchget may be asked 100 times a day


class Wechat:
    """One official account."""

    name: ClassVar[str] = "wechat"
    Config: ClassVar[type[BaseModel]] = WechatConfig
    capabilities: ClassVar[Capabilities] = Capabilities(
        title="微信公众号",
        article=True,
        idempotent=frozenset({Method.PUSH}),
        key_life_s=limits.CLIENT_ID_LIFE_S,
        finding=Finding.SURE,
        settle_s=120,
        recent=True,
        # 群发 are listed only in the statistics of a whole day, ready at 08:00 of the next.
        recent_lag_s=32 * 3600,
        stat=True,
        budgets=(
            Budget(action=Method.PUBLISH, limit=limits.PUBLISHES_PER_DAY, period=Period.DAY),
            Budget(action=Method.PUSH, limit=limits.PUSHES_PER_DAY, period=Period.DAY),
            Budget(
                action=Method.PUSH,
                limit=limits.PUSHES_PER_MONTH_SERVICE,
                period=Period.MONTH,
                account_kind="service",
            ),
            Budget(action=READ, limit=limits.READS_PER_DAY, period=Period.DAY),
        ),
    )

    def __init__(self, account: Account, tools: Tools, config: WechatConfig) -> None:
        http = Http(
            tools.session,
            platform=self.name,
            base_url=config.base_url,
            timeout_s=config.timeout_s,
            read_wait_s=config.read_wait_s,
            pace=tools.pace,
        )
        self._account = account
        self._tools = tools
        self._config = config
        source = BySecret(http, tools.clock, self._context)
        self._tokens = Tokens(source, tools.credentials, tools.clock)
        self._api = Api(http, self._tokens, self._context)
        self._reading = Reading(
            self._api,
            tools.clock,
            find_pages=config.find_pages,
            recent_pages=config.recent_pages,
        )

    @classmethod
    def check(cls, variant: Variant, account: Account) -> list[Problem]:
        """What WeChat would refuse; the account's `options` may give other limits."""
        try:
            limit = Limits.model_validate(dict(account.options))
        except ValidationError as error:
            names = ", ".join(str(detail["loc"][0]) for detail in error.errors())
            message = _("These options of account {account} must be whole numbers: {names}")
            text = message.format(account=account.id, names=names)
            return [Problem(code="account-option", message=text)]
        return list(checks.problems(variant, limit))

    async def prepare(self, variant: Variant, done: Checkpoint) -> Checkpoint:
        """One upload a call: each picture of the text, the cover, then the draft.

        A crash repeats at most one upload, and a draft that was made without our knowing is
        found again by its cover, which no other draft has. What comes last, before each commit, is
        the count of publishing calls: it tells later whether a lost one ever arrived.
        """
        await self._tokens.get(left_s=self._config.token_left_s)
        data = _of_this_version(variant, done)
        for media in _shown(variant):
            if IMAGE + media.sha256 not in data:
                data[IMAGE + media.sha256] = await self._upload(media)
                return Checkpoint(data=data)
        if COVER not in data:
            data[COVER] = await self._upload_cover(variant)
            return Checkpoint(data=data)
        if DRAFT not in data:
            data[DRAFT] = await self._own_draft(variant, data) or await self._new_draft(
                variant, data
            )
            return Checkpoint(data=data)
        if variant.method is Method.PUBLISH:
            data[SUBMITS] = await self._reading.submits()
        return Checkpoint(data=data, ready=True)

    async def commit(self, variant: Variant, done: Checkpoint, *, key: str) -> Receipt | Pending:
        """Submits the draft; WeChat answers with a job whose review `find` follows."""
        draft = done.data.get(DRAFT, "")
        if not draft:
            message = _("There is no draft yet; it must be prepared first.")
            raise Unavailable(message, platform=self.name, action="commit")
        if variant.method is Method.PUSH:
            reprint = variant.kind is Kind.REPRINT
            answer = await self._api.send_all(draft, key, reprint=reprint)
            job = "msg_id"
        else:
            answer = await self._api.submit(draft)
            job = "publish_id"
        return Pending(ref={job: answer.text(job), "msg_data_id": answer.text("msg_data_id", "")})

    async def find(
        self, variant: Variant, done: Checkpoint, *, key: str, pending: Pending | None = None
    ) -> Receipt | Pending | None:
        """The job's outcome, or after a lost answer what the lists and the draft box tell."""
        if pending is not None and (pending.ref.get("publish_id") or pending.ref.get("msg_id")):
            return await self._reading.job(variant, done, pending.ref)
        return await self._reading.lost(variant, done)

    async def recent(self, since: datetime) -> AsyncIterator[Item]:
        """发布 at once, 群发 from complete past days; newest first, none twice."""
        for item in await self._reading.recent(since):
            yield item

    async def stat(self, receipts: Sequence[Receipt]) -> list[Stat]:
        """Readers, likes, shares and comments cumulated until the end of a past day."""
        return await self._reading.stat(receipts)

    async def renew(self) -> Authorised:
        """Makes sure of a living token, which shows that the secret still holds; it has no end."""
        await self._tokens.get(left_s=self._config.token_left_s)
        return Authorised(until=None)

    def _context(self) -> Context:
        return Context(now=self._tools.clock.now(), account_kind=self._account.kind)

    async def _upload(self, media: Media) -> str:
        path = self._tools.media.path(media)
        return await self._api.upload_inline(
            await asyncio.to_thread(pictures.inline_file, media, path)
        )

    async def _upload_cover(self, variant: Variant) -> str:
        if variant.cover is None:
            return ""
        path = self._tools.media.path(variant.cover)
        return await self._api.upload_cover(
            await asyncio.to_thread(pictures.cover_file, variant.cover, path)
        )

    async def _own_draft(self, variant: Variant, data: dict[str, str]) -> str:
        drafts = await self._api.drafts()
        for draft in drafts.each("item"):
            for article in draft.fields("content").each("news_item"):
                same_cover = article.text("thumb_media_id", "") == data[COVER]
                if same_cover and article.text("title", "") == variant.title:
                    return draft.text("media_id")
        return ""

    async def _new_draft(self, variant: Variant, data: dict[str, str]) -> str:
        urls = {media.path: data[IMAGE + media.sha256] for media in _shown(variant)}
        return await self._api.add_draft(
            {
                "title": variant.title,
                "author": variant.author,
                "digest": variant.digest,
                "content": render(variant, urls),
                "content_source_url": variant.link,
                "thumb_media_id": data[COVER],
            }
        )


def _shown(variant: Variant) -> list[Media]:
    used = set(pictures_in(variant.body))
    return [media for media in variant.inline if media.path in used]


def _of_this_version(variant: Variant, done: Checkpoint) -> dict[str, str]:
    """The checkpoint's data without what belongs to an earlier version of the post.

    The cover goes too: a draft is found again by it, and the old draft must not be.
    """
    version = hashlib.blake2b(repr(variant).encode(), digest_size=12).hexdigest()
    data = dict(done.data)
    if data.get(CONTENT, version) != version:
        data.pop(COVER, None)
        data.pop(DRAFT, None)
    data[CONTENT] = version
    return data


ADAPTER: type[Adapter] = Wechat
