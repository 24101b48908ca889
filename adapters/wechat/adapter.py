"""WeChat official accounts (公众号 and 服务号): articles as 发布 or as 群发."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from adapters.http import Fields, Http
from adapters.wechat import checks, limits, look, options, themes
from adapters.wechat.api import Api
from adapters.wechat.component import REFRESH_TOKEN, ByComponent, Component, Either, TokenName
from adapters.wechat.desk import WechatDesk
from adapters.wechat.errors import Context
from adapters.wechat.library import Library
from adapters.wechat.limits import Limits
from adapters.wechat.preparing import DRAFT, DRAFTED_AT, READY, Preparation, of_this_version
from adapters.wechat.reading import SUBMITS, Reading
from adapters.wechat.rights import Rights
from adapters.wechat.statistics import Endpoint, Statistics
from adapters.wechat.themes import Theme
from adapters.wechat.tokens import BySecret, Tokens
from adapters.wechat.withdrawing import Withdrawing
from bot.contract import (
    Adapter,
    Authorised,
    Capabilities,
    Checkpoint,
    Finding,
    Item,
    Length,
    Pending,
    Profile,
    Receipt,
    Scene,
    Screen,
    Stat,
    Tools,
)
from bot.domain.post import Kind, Method, Variant
from bot.domain.problem import Problem
from bot.domain.quota import READ, Budget, Period
from bot.domain.roster import Account
from bot.errors import Unavailable
from bot.i18n import _

CONFIRM_BY = "confirm_by"  # in `Pending.ref`: until then the administrator may be asked; ISO 8601


class WechatConfig(BaseModel):
    """Settings of the WeChat adapter; `settings.toml` has them under [platforms.wechat]."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = "https://api.weixin.qq.com"
    timeout_s: float = Field(default=30.0, gt=0)
    read_wait_s: float = Field(default=0.5, ge=0)  # shortest wait between tries of a question
    token_left_s: float = Field(default=600.0, ge=0)  # life a token must have before a commit
    find_pages: int = Field(default=3, ge=1)  # pages of 20 searched for a lost answer
    # Which daily figures are asked for; the older endpoint answers 47009 wherever that was tried.
    datacube: Endpoint = "getarticletotaldetail"
    theme: Theme = themes.DEFAULT  # how articles look; accounts and posts may choose another
    recent_pages: int = Field(default=50, ge=1)  # freepublish/batchget may be asked 100 times a day
    page_url: str = "https://mp.weixin.qq.com"  # where units authorise the third-party platform
    callback_age_s: float = Field(default=300.0, gt=0)  # an older call of WeChat's is refused
    component_parameter: TokenName = "both"  # old and new documents name the parameter differently


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
        self._component = Component(
            http, tools.app, tools.clock, parameter=config.component_parameter
        )
        source = Either(
            BySecret(http, tools.clock, self._context), ByComponent(self._component, tools.clock)
        )
        self._tokens = Tokens(source, tools.credentials, tools.clock)
        self._api = Api(http, self._tokens, self._context)
        self._library = Library(self._api)
        self._rights = Rights(self._api, tools.clock)
        self._statistics = Statistics(self._api, tools.clock, config.datacube)
        self._reading = Reading(
            self._api,
            self._statistics,
            tools.clock,
            find_pages=config.find_pages,
            recent_pages=config.recent_pages,
        )
        self._withdrawing = Withdrawing(self._api, self._reading, self._statistics)
        self._defaults = {
            "comments": options.account_comments(account),
            themes.OPTION: account.options.get(themes.OPTION, config.theme),
        }
        self._preparation = Preparation(self._api, tools.media, tools.cache_dir, self._defaults)

    @classmethod
    def check(cls, variant: Variant, account: Account) -> list[Problem]:
        """What WeChat would refuse; the account's `options` may give other limits."""
        try:
            limit = _limits(account)
        except ValidationError as error:
            names = ", ".join(str(detail["loc"][0]) for detail in error.errors())
            message = _("These options of account {account} must be whole numbers: {names}")
            text = message.format(account=account.id, names=names)
            return [Problem(code="account-option", message=text)]
        return list(checks.problems(variant, account, limit))

    @classmethod
    def screens(cls, variant: Variant, scene: Scene, config: BaseModel) -> Sequence[Screen]:
        """The articles, and the message in a chat."""
        assert isinstance(config, WechatConfig)
        return look.screens(variant, scene, config.theme)

    @classmethod
    def lengths(cls, variant: Variant, account: Account) -> Sequence[Length]:
        """Title, digest, author, and the article with its layout."""
        try:
            return list(look.lengths(variant, _limits(account)))
        except ValidationError:
            return ()  # `check` says what is wrong with the account's options

    async def prepare(self, variant: Variant, done: Checkpoint) -> Checkpoint:
        """One upload a call: each picture of the texts, the covers, then the draft.

        What comes last, before each commit, is the count of publishing calls: it tells later
        whether a lost one ever arrived.
        """
        await self._tokens.get(left_s=self._config.token_left_s)
        data = of_this_version(variant, done, self._defaults)
        if await self._preparation.is_lost(data):
            await self._reading.refuse_published_by_hand(variant, data)
            del data[DRAFT]
        if await self._preparation.step(variant, data):
            if DRAFT in data:
                data[DRAFTED_AT] = self._tools.clock.now().isoformat()
            return Checkpoint(data=data)
        if variant.method is Method.PUBLISH:
            data[SUBMITS] = await self._reading.submits()
        return Checkpoint(data=data | {READY: "yes"}, ready=True)

    async def commit(self, variant: Variant, done: Checkpoint, *, key: str) -> Receipt | Pending:
        """Submits the draft; WeChat answers with a job whose review `find` follows."""
        draft = _draft_of(done, "commit")
        # WeChat's calls name a job by a number that is unique within an account only.
        whose = {"appid": (await self._tools.credentials.load()).get("appid", "")}
        if variant.method is Method.PUBLISH:
            answer = await self._api.submit(draft)
            job = {"publish_id": answer.text("publish_id")}
            return Pending(ref=job | _message(answer) | whose)
        answer = await self._api.send_all(draft, key, reprint=variant.kind is Kind.REPRINT)
        # An account may want its administrator to confirm each send; WeChat does not tell whether.
        until = self._tools.clock.now() + timedelta(seconds=limits.CONFIRM_S)
        confirm = {CONFIRM_BY: until.isoformat()}
        return Pending(ref={"msg_id": answer.text("msg_id")} | _message(answer) | confirm | whose)

    async def preview(self, variant: Variant, done: Checkpoint, *, to: str) -> None:
        """Sends the draft to one follower, by WeChat id or openid; 100 a day by WeChat id.

        DOCS/service/api/notify/message/api_preview
        """
        draft = _draft_of(done, "message/mass/preview")
        await self._library.message.send_mass_article(to, draft, preview=True)

    async def withdraw(self, receipt: Receipt) -> None:
        """Deletes the post; well too when it is gone already."""
        await self._withdrawing.withdraw(receipt)

    async def profile(self) -> Profile:
        """The rights the account really has, probed; WeChat tells a name only to a third party."""
        fields = await self._tools.credentials.load()
        told = Profile()
        if fields.get(REFRESH_TOKEN):
            told = await self._component.profile(fields["appid"])
        return replace(told, permissions={**told.permissions, **await self._rights.probed()})

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
        return await self._statistics.stat(receipts)

    async def renew(self) -> Authorised:
        """Makes sure of a living token, which shows that the secret still holds; it has no end."""
        await self._tokens.get(left_s=self._config.token_left_s)
        return Authorised(until=None)

    def _context(self) -> Context:
        return Context(now=self._tools.clock.now(), account_kind=self._account.kind)


def _limits(account: Account) -> Limits:
    """Those of the account's options, else the documented ones; raises ValidationError."""
    return Limits.model_validate(dict(account.options))


def _draft_of(done: Checkpoint, action: str) -> str:
    draft = done.data.get(DRAFT, "")
    if not draft:
        message = _("There is no draft yet; it must be prepared first.")
        raise Unavailable(message, platform=Wechat.name, action=action)
    return draft


def _message(answer: Fields) -> dict[str, str]:
    return {"msg_data_id": answer.text("msg_data_id", "")}


ADAPTER: type[Adapter] = Wechat
DESK = WechatDesk
