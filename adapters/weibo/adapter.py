"""Weibo 微博: short texts with a link and at most one picture, through statuses/share.

A unit that chose so (account option `reprint_as: repost`) reposts the flagship's status instead.

Only the account's newest five statuses can be read back, so a lost answer is looked for soon, and
"not there" is said only while the list reaches back far enough.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import BaseModel

from adapters.http import Origin
from adapters.pictures import EXTENSIONS, fit, mime_of
from adapters.weibo import look
from adapters.weibo.api import Credential, Picture, Status, WeiboApi, http_of
from adapters.weibo.authorisation import Authorisation
from adapters.weibo.check import problems
from adapters.weibo.config import WeiboConfig
from adapters.weibo.desk import WeiboDesk
from adapters.weibo.limits import (
    COUNT_IDS,
    PICTURE,
    PLATFORM,
    POSTS_PER_DAY,
    POSTS_PER_HOUR,
    RATE,
    READS_PER_DAY,
    TIMELINE,
)
from adapters.weibo.oauth import OAuth
from adapters.weibo.text import (
    bid_of,
    compose,
    compose_repost,
    has_marker,
    mid_of_link,
    own_words,
    same_text,
    verified_name,
)
from bot.contract import (
    Authorised,
    Capabilities,
    Checkpoint,
    Finding,
    Item,
    Length,
    Pending,
    Profile,
    Receipt,
    Repost,
    Scene,
    Screen,
    Stat,
    Tools,
)
from bot.domain.post import Kind, Variant
from bot.domain.problem import Problem
from bot.domain.quota import PLATFORM_ZONE, READ, Budget, Period
from bot.domain.roster import Account
from bot.errors import AuthFailed, Gone, Rejected, Unavailable
from bot.i18n import _

_CLOCKS_DIFFER = timedelta(minutes=10)
_CLOCK_WRONG = timedelta(hours=25)  # by an hour, a zone or a day
_EVER = "1970-01-02T00:00:00+00:00"  # nothing known: as far back as it goes
_NOT_ALLOWED = frozenset({"10005", "10014"})  # the app may not make this call


class WeiboAdapter:
    """One Weibo account."""

    name: ClassVar[str] = PLATFORM
    capabilities: ClassVar[Capabilities] = Capabilities(
        title="微博",
        short_text=True,
        finding=Finding.SURE,
        settle_s=150,
        pending_limit_s=3600,
        recent=True,
        recent_limit=TIMELINE,  # whatever is asked for
        stat=True,
        rates=(RATE,),
        budgets=(
            Budget(action="publish", limit=POSTS_PER_HOUR, period=Period.HOUR),
            Budget(action="publish", limit=POSTS_PER_DAY, period=Period.DAY),
            # A look is a call of the same user, and all calls are counted together.
            Budget(action=READ, limit=READS_PER_DAY, period=Period.DAY, looks=True),
        ),
    )
    Config: ClassVar[type[BaseModel]] = WeiboConfig

    def __init__(self, account: Account, tools: Tools, config: WeiboConfig) -> None:
        self._account = account
        self._tools = tools
        self._config = config
        http = http_of(tools, config)
        paid = http_of(tools, config, base_url=config.timeline_url) if config.timeline_url else None
        self._api = WeiboApi(http, tools.clock, paid_list=paid)
        self._authorisation = Authorisation(account, tools, OAuth(http, tools.clock), config)

    @classmethod
    def able(cls, config: WeiboConfig) -> Capabilities:
        """What an office with these settings can do: a contract shows it a longer list."""
        return replace(cls.capabilities, recent_limit=config.timeline_size)

    @classmethod
    def check(cls, variant: Variant, account: Account) -> list[Problem]:
        """What Weibo's interface would refuse in this variant."""
        return list(problems(variant, account))

    @classmethod
    def screens(cls, variant: Variant, scene: Scene, config: BaseModel) -> Sequence[Screen]:
        """The status as followers see it."""
        return look.screens(variant, scene)

    @classmethod
    def lengths(cls, variant: Variant, account: Account) -> Sequence[Length]:
        """The status as the composer counts it."""
        return look.lengths(variant, account)

    async def prepare(self, variant: Variant, done: Checkpoint) -> Checkpoint:
        """Ready at once: a living token and a fitting picture are all that is needed beforehand.

        Errors: AuthFailed when the authorisation has run out, MediaError.
        """
        await self._credential("prepare")
        await self._picture(variant)
        return Checkpoint(data=done.data, ready=True)

    async def commit(self, variant: Variant, done: Checkpoint, *, key: str) -> Receipt | Pending:
        """Sends the status. The platform knows no key; it only refuses an equal text for a while.

        20019, 20017 and 20111 (equal or similar text) come back as AlreadyThere: mostly the
        text is out already.
        """
        if not done.ready:
            raise self._origin("commit").error(
                Unavailable, _("The post was not prepared; nothing was sent.")
            )
        who = await self._credential("commit")
        target = self._target(variant)
        if target:
            link = _safe_link(self._account) if self._config.repost_link else ""
            status = await self._api.repost(who, target, compose_repost(variant, link))
        else:
            text = compose(variant, _safe_link(self._account))
            status = await self._api.share(who, text, await self._picture(variant))
        if status is None:
            return Pending(ref={"accepted": "20032"}, poll_s=self._config.slow_poll_s)
        return _receipt(who, status)

    def _target(self, variant: Variant) -> str:
        """The status to repost within the platform; "" when the text goes out as a copy."""
        if variant.kind is not Kind.REPRINT or self._account.options.get("reprint_as") != "repost":
            return ""
        return mid_of_link(variant.release)

    async def find(
        self, variant: Variant, done: Checkpoint, *, key: str, pending: Pending | None = None
    ) -> Receipt | Pending | None:
        """Looks among the newest five, by 稿号 if the text has one, else by the text itself.

        Raises Unavailable when newer posts may have pushed it off the list: a person must look.
        """
        who = await self._credential("find")
        since = _looked_since(done)
        listed = list(await self._api.timeline(who))
        recent = [s for s in listed if s.created_at >= since - _CLOCK_WRONG]
        text = compose(variant, _safe_link(self._account))
        ours = next((s for s in recent if _is_ours(s, text, variant)), None)
        if ours is not None:
            return self._found(who, ours, since, marked=has_marker(text, variant.marker))
        # The last one listed decides, not how many are newer: an old one may be pinned on top.
        if len(listed) >= self._config.timeline_size and listed[-1].created_at >= since:
            message = _("Weibo shows only the newest {count} posts, and all are newer.")
            raise self._unsure(message.format(count=self._config.timeline_size))
        return pending

    def _found(self, who: Credential, ours: Status, since: datetime, *, marked: bool) -> Receipt:
        if not marked and ours.created_at < since:
            # Of an hour ago: the same tip once more, or ours, sent while this clock was wrong.
            message = _("Weibo shows an equal text from {time}; whether it is this post is unsure.")
            shown = f"{ours.created_at.astimezone(PLATFORM_ZONE):%Y-%m-%d %H:%M}"
            raise self._unsure(message.format(time=shown))
        if ours.deleted:
            raise self._origin("find").error(
                Gone, _("The post went out, and Weibo or its author has removed it.")
            )
        return _receipt(who, ours)

    def _unsure(self, message: str) -> Unavailable:
        advice = _("Open the account's page on Weibo and look whether the post is there.")
        return self._origin("find").error(Unavailable, message, advice=advice)

    async def recent(self, since: datetime) -> AsyncIterator[Item]:
        """What the account shows, newest first: never more than the newest five."""
        who = await self._credential("recent")
        for status in await self._api.timeline(who):
            # Older ones too: an old one pinned on top must not make a full list look short.
            yield _item(status, _safe_link(self._account), who.uid)

    async def stat(self, receipts: Sequence[Receipt]) -> list[Stat]:
        """Likes, reposts and comments; Weibo tells ordinary apps no reads."""
        who = await self._credential("stat")
        ids = [receipt.platform_id for receipt in receipts if receipt.platform_id]
        stats: list[Stat] = []
        for start in range(0, len(ids), COUNT_IDS):
            asked = ids[start : start + COUNT_IDS]
            as_of = self._tools.clock.now()
            stats += [
                Stat(
                    platform_id=count.id,
                    as_of=as_of,
                    likes=count.likes,
                    shares=count.reposts,
                    comments=count.comments,
                )
                for count in await self._api.counts(who, asked)
                if count.id in asked
            ]
        return stats

    async def renew(self) -> Authorised:
        """When the authorisation ends: only a person can prolong it."""
        return await self._authorisation.renew()

    async def profile(self) -> Profile:
        """The account's name, and whom the platform verified it as, if it did."""
        who = await self._credential("users/show")
        user = await self._api.user(who, who.uid)
        told = user.verified and self._config.verified_names
        return Profile(
            name=user.screen_name,
            verified_name=verified_name(user.verified_reason) if told else "",
        )

    async def reposts(self, receipt: Receipt) -> list[Repost]:
        """By accounts that authorised the same app, at most 200; the total counts all others too.

        https://open.weibo.com/wiki/2/statuses/repost_timeline
        """
        who = await self._credential("statuses/repost_timeline")
        return [
            Repost(author=status.author, item=_item(status, "", status.author_id))
            for status in await self._api.reposts(who, receipt.platform_id)
        ]

    async def withdraw(self, receipt: Receipt) -> None:
        """Deletes the status, own ones only; well too when it is gone already.

        https://open.weibo.com/wiki/2/statuses/destroy
        """
        mid = receipt.platform_id or mid_of_link(receipt.url)
        if not mid:
            raise self._by_hand(_("Which post it was is not known."))
        try:
            await self._api.destroy(await self._credential("statuses/destroy"), mid)
        except Rejected as error:
            if error.code != "20101":  # it does not exist any more
                raise
        except AuthFailed as error:
            if error.code in _NOT_ALLOWED:
                raise self._by_hand(error.message) from error
            raise

    def _by_hand(self, why: str) -> Rejected:
        advice = _("Delete the post by hand on Weibo.")
        return self._origin("statuses/destroy").error(Rejected, why, advice=advice)

    async def _credential(self, action: str) -> Credential:
        return await self._authorisation.credential(action)

    def _origin(self, action: str) -> Origin:
        return Origin(platform=PLATFORM, action=action, effect=False)

    async def _picture(self, variant: Variant) -> Picture | None:
        """The picture as Weibo takes it; converted once, found in the cache after that."""
        if not variant.images:
            return None
        image = variant.images[0]
        path = self._tools.media.path(image)
        copy = await asyncio.to_thread(fit, image, path, PICTURE, self._tools.cache_dir)
        mime = mime_of(copy)
        data = await asyncio.to_thread(copy.read_bytes)
        return Picture(data=data, name=f"pic.{EXTENSIONS[mime]}", mime=mime)


ADAPTER = WeiboAdapter
DESK = WeiboDesk


def _safe_link(account: Account) -> str:
    return account.options.get("safe_link", "")


def _looked_since(done: Checkpoint) -> datetime:
    """From when on a status can be ours: some minutes before the commit, because clocks differ."""
    text = done.data.get("doubt_since") or done.data.get("committed_at") or _EVER
    return datetime.fromisoformat(text) - _CLOCKS_DIFFER


def _is_ours(status: Status, text: str, variant: Variant) -> bool:
    """By the marker, in whatever form a reprint went out; else by the whole text."""
    marker = variant.marker
    if has_marker(text, marker) and has_marker(own_words(status.text), marker):
        return not status.repost_of or variant.kind is Kind.REPRINT
    return not status.repost_of and same_text(text, status.text, cut=status.cut)


def _receipt(who: Credential, status: Status) -> Receipt:
    url = _url(who.uid, status)
    return Receipt(platform_id=status.id, url=url, published_at=status.created_at)


def _url(uid: str, status: Status) -> str:
    return f"https://weibo.com/{uid}/{bid_of(status.id)}"


def _item(status: Status, safe_link: str, uid: str) -> Item:
    text = status.text
    for short, real in status.links:
        text = text.replace(short, real)
    pointed = (real for _short, real in status.links if real != safe_link)
    return Item(
        platform_id=status.id,
        url=_url(uid, status),
        title="",
        text=text,
        published_at=status.created_at,
        source_url=next(pointed, ""),
        repost_of=status.repost_of,
        deleted=status.deleted,
    )
