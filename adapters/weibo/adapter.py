"""Weibo 微博: short texts with a link and at most one picture, through statuses/share.

Only the account's newest five statuses can be read back, so a lost answer is looked for soon, and
"not there" is said only while the list reaches back far enough.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from adapters.http import Http, Origin
from adapters.weibo.api import Credential, Picture, Status, WeiboApi
from adapters.weibo.check import problems
from adapters.weibo.limits import (
    COUNT_IDS,
    PICTURE_TYPES,
    POSTS_PER_DAY,
    POSTS_PER_HOUR,
    RATE,
    READS_PER_DAY,
    TIMELINE,
)
from adapters.weibo.text import bid_of, compose, has_marker, same_text
from bot.clock import check_aware
from bot.contract import (
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
from bot.domain.post import Variant
from bot.domain.problem import Problem
from bot.domain.quota import PLATFORM_ZONE, READ, Budget, Period
from bot.domain.roster import Account
from bot.errors import AuthFailed, Gone, Unavailable
from bot.i18n import _

PLATFORM = "weibo"
_CLOCKS_DIFFER = timedelta(minutes=10)
_CLOCK_WRONG = timedelta(hours=25)  # by an hour, a zone or a day
_EVER = "1970-01-02T00:00:00+00:00"  # nothing known: as far back as it goes


class WeiboConfig(BaseModel):
    """Settings of the Weibo adapter."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = "https://api.weibo.com"
    timeout_s: float = 30.0
    read_wait_s: float = 0.5  # between the tries of a call that only reads
    timeline_size: int = TIMELINE  # 100 with a contract for the paid interface
    slow_poll_s: int = 60  # 20032 promises the post in one or two minutes


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
        recent_limit=5,  # user_timeline gives the newest five, whatever is asked for
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
        http = Http(
            tools.session,
            platform=PLATFORM,
            base_url=config.base_url,
            timeout_s=config.timeout_s,
            read_wait_s=config.read_wait_s,
            pace=tools.pace,
        )
        self._api = WeiboApi(http, tools.clock)

    @classmethod
    def check(cls, variant: Variant, account: Account) -> list[Problem]:
        """What Weibo's interface would refuse in this variant."""
        return list(problems(variant, _safe_link(account)))

    async def prepare(self, variant: Variant, done: Checkpoint) -> Checkpoint:
        """Ready at once: a living token and the picture are all that is needed beforehand.

        Errors: AuthFailed when the authorisation has run out, MediaError.
        """
        await self._credential("prepare")
        self._picture_path(variant)
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
        text = compose(variant, _safe_link(self._account))
        picture = await self._picture(variant)
        status = await self._api.share(who, text, picture)
        if status is None:
            return Pending(ref={"accepted": "20032"}, poll_s=self._config.slow_poll_s)
        return _receipt(who, status)

    async def find(
        self, variant: Variant, done: Checkpoint, *, key: str, pending: Pending | None = None
    ) -> Receipt | Pending | None:
        """Looks among the newest five, by 稿号 if the text has one, else by the text itself.

        Raises Unavailable when newer posts may have pushed it off the list: a person must look.
        """
        who = await self._credential("find")
        text = compose(variant, _safe_link(self._account))
        since = _looked_since(done)
        listed = list(await self._api.timeline(who))
        recent = [s for s in listed if s.created_at >= since - _CLOCK_WRONG]
        ours = next((s for s in recent if _is_ours(s, text, variant.marker)), None)
        marked = has_marker(text, variant.marker)
        if ours is not None and not marked and ours.created_at < since:
            # Of an hour ago: the same tip once more, or ours, sent while this clock was wrong.
            raise self._origin("find").error(
                Unavailable,
                _(
                    "Weibo shows an equal text from {time}; whether it is this post is unsure."
                ).format(time=f"{ours.created_at.astimezone(PLATFORM_ZONE):%Y-%m-%d %H:%M}"),
                advice=_("Open the account's page on Weibo and look whether the post is there."),
            )
        if ours is not None and ours.deleted:
            raise self._origin("find").error(
                Gone, _("The post went out, and Weibo or its author has removed it.")
            )
        if ours is not None:
            return _receipt(who, ours)
        # The last one listed decides, not how many are newer: an old one may be pinned on top.
        if len(listed) >= self._config.timeline_size and listed[-1].created_at >= since:
            raise self._origin("find").error(
                Unavailable,
                _("Weibo shows only the newest {count} posts, and all are newer.").format(
                    count=self._config.timeline_size
                ),
                advice=_("Open the account's page on Weibo and look whether the post is there."),
            )
        return pending

    async def recent(self, since: datetime) -> AsyncIterator[Item]:
        """What the account shows, newest first: never more than the newest five."""
        who = await self._credential("recent")
        for status in await self._api.timeline(who):
            # Older ones too: an old one pinned on top must not make a full list look short.
            yield _item(who, status, _safe_link(self._account))

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
        """When the authorisation ends: only a person can prolong it.

        A web app gets no refresh token. An end nobody entered is asked for once, and stored.
        https://open.weibo.com/wiki/授权机制说明
        """
        who = await self._credential("authorise")
        until = self._expiry(await self._tools.credentials.load(), "authorise")
        if until is None:
            left = timedelta(seconds=await self._api.left_s(who.access_token))
            until = self._tools.clock.now() + left
            await self._note_end(who, until)
        return Authorised(until=until)

    async def _note_end(self, who: Credential, until: datetime) -> None:
        async with self._tools.credentials.exclusively() as fields:
            if fields.get("access_token") == who.access_token:
                ends = {"expires_at": until.isoformat()}
                await self._tools.credentials.store({**fields, **ends}, expires_at=until)

    async def _credential(self, action: str) -> Credential:
        """The account's authorisation; raises AuthFailed when it is incomplete or has run out."""
        fields = await self._tools.credentials.load()
        for name in ("access_token", "uid", "rip"):
            if not fields.get(name):
                message = _('The credential of {account} has no "{field}".')
                raise self._auth(action, message.format(account=self._account.name, field=name))
        expires_at = self._expiry(fields, action)
        if expires_at is not None and expires_at <= self._tools.clock.now():
            message = _("The Weibo authorisation of {account} has run out.")
            raise self._auth(action, message.format(account=self._account.name))
        return Credential(access_token=fields["access_token"], uid=fields["uid"], rip=fields["rip"])

    def _expiry(self, fields: Mapping[str, str], action: str) -> datetime | None:
        text = fields.get("expires_at", "")
        try:
            return check_aware(datetime.fromisoformat(text)) if text else None
        except ValueError as error:
            message = _('The credential of {account} has an unreadable "{field}".')
            raise self._auth(
                action, message.format(account=self._account.name, field="expires_at")
            ) from error

    def _auth(self, action: str, message: str) -> AuthFailed:
        advice = _("Authorise the account again on Weibo's open platform.")
        return self._origin(action).error(AuthFailed, message, advice=advice)

    def _origin(self, action: str) -> Origin:
        return Origin(platform=PLATFORM, action=action, effect=False)

    def _picture_path(self, variant: Variant) -> str:
        return str(self._tools.media.path(variant.images[0])) if variant.images else ""

    async def _picture(self, variant: Variant) -> Picture | None:
        if not variant.images:
            return None
        image = variant.images[0]
        data = await asyncio.to_thread(self._tools.media.path(image).read_bytes)
        return Picture(
            data=data, name=f"pic.{PICTURE_TYPES.get(image.mime, 'bin')}", mime=image.mime
        )


ADAPTER = WeiboAdapter


def _safe_link(account: Account) -> str:
    return account.options.get("safe_link", "")


def _looked_since(done: Checkpoint) -> datetime:
    """From when on a status can be ours: some minutes before the commit, because clocks differ."""
    text = done.data.get("doubt_since") or done.data.get("committed_at") or _EVER
    return datetime.fromisoformat(text) - _CLOCKS_DIFFER


def _is_ours(status: Status, text: str, marker: str) -> bool:
    if status.repost_of:
        return False
    if has_marker(text, marker) and has_marker(status.text, marker):
        return True
    return same_text(text, status.text, cut=status.cut)


def _receipt(who: Credential, status: Status) -> Receipt:
    return Receipt(platform_id=status.id, url=_url(who, status), published_at=status.created_at)


def _url(who: Credential, status: Status) -> str:
    return f"https://weibo.com/{who.uid}/{bid_of(status.id)}"


def _item(who: Credential, status: Status, safe_link: str) -> Item:
    text = status.text
    for short, real in status.links:
        text = text.replace(short, real)
    pointed = (real for _short, real in status.links if real != safe_link)
    return Item(
        platform_id=status.id,
        url=_url(who, status),
        title="",
        text=text,
        published_at=status.created_at,
        source_url=next(pointed, ""),
        repost_of=status.repost_of,
        deleted=status.deleted,
    )
