"""WordPress: a draft with a slug of its own, then one call that makes it public.

The slug comes from the publication's key. WordPress knows no key of its own, but a post found by
its slug is never made twice, and publishing a published post changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel

from adapters.http import Http, Origin
from adapters.website.config import WebsiteConfig
from adapters.website.page import text_of
from adapters.website.wp_api import Credential, Upload, WordPressApi, WpPost
from adapters.website.wp_content import EXTENSIONS, content, files, problems, settings, slug_of
from bot.contract import (
    Capabilities,
    Checkpoint,
    Finding,
    Item,
    Pending,
    Profile,
    Receipt,
    Stat,
    Tools,
)
from bot.domain.post import Media, Variant
from bot.domain.problem import Problem
from bot.domain.publication import publication_key
from bot.domain.quota import READ, Budget, Period
from bot.domain.roster import Account
from bot.errors import AuthFailed, Gone, OutcomeUnknown, Rejected, Unavailable
from bot.i18n import _

PLATFORM = "website"
_POST_ID = "post_id"
_MEDIA = "media:"  # and the file's SHA-256, in a checkpoint
# What a user of the office needs. https://wordpress.org/documentation/article/roles-and-capabilities/
_NEEDED = (
    *("edit_posts", "publish_posts", "upload_files"),
    *("edit_published_posts", "delete_published_posts"),
)


class WordPress:
    """One institution's site on WordPress, through its REST interface."""

    name: ClassVar[str] = PLATFORM
    capabilities: ClassVar[Capabilities] = Capabilities(
        title="官网（WordPress）",
        article=True,
        short_text=True,
        finding=Finding.SURE,
        settle_s=120,
        recent=True,
        # Not a limit of WordPress; a site is not to be burdened.
        budgets=(Budget(action=READ, limit=24, period=Period.DAY),),
    )
    Config: ClassVar[type[BaseModel]] = WebsiteConfig

    def __init__(self, account: Account, tools: Tools, config: WebsiteConfig) -> None:
        self._account = account
        self._tools = tools
        self._config = config
        site = site_of(account, config)
        self._api = WordPressApi(
            self._http(site, config.timeout_s),
            self._http(site, config.upload_timeout_s),
            tools.clock,
            plain=account.options.get("permalinks") == "plain",
        )

    def _http(self, site: str, timeout_s: float) -> Http:
        return Http(
            self._tools.session,
            platform=PLATFORM,
            base_url=site,
            timeout_s=timeout_s,
            read_wait_s=self._config.read_wait_s,
            pace=self._tools.pace,
        )

    @classmethod
    def check(cls, variant: Variant, account: Account) -> list[Problem]:
        """What the site would refuse or lose, and what the roster must say of it."""
        return list(problems(variant, account))

    async def prepare(self, variant: Variant, done: Checkpoint) -> Checkpoint:
        """Uploads one file a step, then makes the draft or takes the one that is there.

        Errors: AuthFailed, MediaError, Unavailable, Rejected for a file the site does not take.
        """
        who = await self._credential("prepare")
        for media in files(variant):
            if _MEDIA + media.sha256 not in done.data:
                upload = await self._upload(who, media)
                told = f"{upload.id} {upload.url}"
                return replace(done, data={**done.data, _MEDIA + media.sha256: told}, ready=False)
        post = await self._draft(who, variant, _uploads(variant, done))
        return replace(done, data={**done.data, _POST_ID: post.id}, ready=True)

    async def _upload(self, who: Credential, media: Media) -> Upload:
        path = await asyncio.to_thread(self._tools.media.path, media)
        name = f"{media.sha256[:16]}.{EXTENSIONS[media.mime]}"
        return await self._api.upload(who, path, name=name, mime=media.mime)

    async def _draft(
        self, who: Credential, variant: Variant, uploads: Mapping[str, Upload]
    ) -> WpPost:
        """The draft with this content; a post that is public already is left as it is."""
        slug = self._slug(variant)
        fields = _words(variant, uploads) | {"slug": slug, **settings(variant, self._account)}
        known = await self._api.by_slug(who, slug)
        if known is not None and known.status == "publish":
            return known
        if known is not None:
            return await self._api.rewrite(who, known.id, fields)
        made = await self._api.create(who, fields)
        if made.slug != slug:
            raise self._twin(made)
        return made

    def _twin(self, made: WpPost) -> Unavailable:
        """Somebody made the same post at the same time; what we made is a draft, unseen."""
        message = _('The site has another post of the same name; ours became the draft "{slug}".')
        return self._origin("prepare").error(
            Unavailable,
            message.format(slug=made.slug),
            advice=_("Open the drafts of the site, keep one of them and delete the other."),
        )

    async def commit(self, variant: Variant, done: Checkpoint, *, key: str) -> Receipt | Pending:
        """Sets the draft's status to publish."""
        post_id = done.data.get(_POST_ID, "")
        if not done.ready or not post_id:
            raise self._origin("commit").error(
                Unavailable, _("The post was not prepared; nothing was sent.")
            )
        who = await self._credential("commit")
        post = await self._api.publish(who, post_id)
        if post.status != "publish":
            message = _('The site gave the post the status "{status}" instead of making it public.')
            raise Origin(platform=PLATFORM, action="commit", effect=True).error(
                OutcomeUnknown,
                message.format(status=post.status),
                advice=_("Look into the site's own console; a plugin may ask for a review."),
            )
        return _receipt(post)

    async def find(
        self, variant: Variant, done: Checkpoint, *, key: str, pending: Pending | None = None
    ) -> Receipt | Pending | None:
        """The post by its id, or by its slug while no id is known.

        Raises Gone when it lies in the trash or was deleted, Rejected for a status that only a
        person can have set.
        """
        who = await self._credential("find")
        post_id = done.data.get(_POST_ID, "")
        post = (
            await self._api.by_id(who, post_id)
            if post_id
            else await self._api.by_slug(who, self._slug(variant))
        )
        if post is None and not post_id:
            return None
        if post is None or post.status == "trash":
            raise self._origin("find").error(
                Gone, _("A person has deleted the post on the site or put it into the trash.")
            )
        if post.status == "publish":
            return _receipt(post)
        if post.status == "draft":
            return None
        message = _('A person has given the post the status "{status}" on the site.')
        raise self._origin("find").error(
            Rejected,
            message.format(status=post.status),
            advice=_("Publish it there and enter its link, or withdraw the publication here."),
        )

    async def recent(self, since: datetime) -> AsyncIterator[Item]:
        """What the site shows, newest first, with the whole text."""
        who = await self._credential("recent")
        async for post in self._api.listed(who, since, self._config.list_pages):
            yield Item(
                platform_id=post.id,
                url=post.link,
                title=text_of(post.title),
                text=text_of(post.content),
                published_at=post.published_at,
            )

    async def stat(self, receipts: Sequence[Receipt]) -> list[Stat]:
        """Nothing: WordPress itself counts no readers."""
        return []

    async def withdraw(self, receipt: Receipt) -> None:
        """Puts the post into the site's trash, from where a person can take it back."""
        who = await self._credential("withdraw")
        post = await self._api.by_id(who, receipt.platform_id)
        if post is not None and post.status != "trash":
            await self._api.trash(who, post.id)

    async def correct(self, receipt: Receipt, variant: Variant, done: Checkpoint) -> None:
        """Gives the public post the variant's title, text and pictures; nothing else of it changes.

        Its address, time, columns and tags stay as they are. What is not public stays so.
        """
        who = await self._credential("correct")
        post = await self._public(who, receipt)
        uploads = _told(done)
        for media in files(variant):
            if media.sha256 not in uploads:
                uploads[media.sha256] = await self._upload(who, media)
        fields = _words(variant, uploads)
        if variant.cover is None:
            fields["featured_media"] = 0
        await self._api.rewrite(who, post.id, fields)

    async def _public(self, who: Credential, receipt: Receipt) -> WpPost:
        """The public post of a receipt; raises Gone or Rejected where there is none to change."""
        origin = self._origin("correct")
        if not receipt.platform_id:
            advice = _("Correct the page by hand on the site.")
            raise origin.error(Rejected, _("Which post it was is not known."), advice=advice)
        post = await self._api.by_id(who, receipt.platform_id)
        if post is None or post.status == "trash":
            message = _("A person has deleted the post on the site or put it into the trash.")
            raise origin.error(Gone, message)
        if post.status != "publish":
            message = _('A person has given the post the status "{status}" on the site.')
            advice = _("Correct the page by hand on the site.")
            raise origin.error(Rejected, message.format(status=post.status), advice=advice)
        return post

    async def profile(self) -> Profile:
        """Who the office is on the site, and what that user may do."""
        user = await self._api.me(await self._credential("profile"))
        return Profile(
            name=user.name,
            kind=user.role,
            permissions={name: name in user.capabilities for name in _NEEDED},
        )

    def _slug(self, variant: Variant) -> str:
        return slug_of(variant, publication_key(variant.post, self._account.id))

    async def _credential(self, action: str) -> Credential:
        """User and application password; raises AuthFailed when the credential lacks one."""
        fields = await self._tools.credentials.load()
        for name in ("user", "password"):
            if not fields.get(name):
                message = _('The credential of {account} has no "{field}".')
                raise self._origin(action).error(
                    AuthFailed,
                    message.format(account=self._account.name, field=name),
                    advice=_("Ask the site's owner for a user and an application password."),
                )
        return Credential(user=fields["user"], password=fields["password"])

    def _origin(self, action: str) -> Origin:
        return Origin(platform=PLATFORM, action=action, effect=False)


def site_of(account: Account, config: WebsiteConfig) -> str:
    """The address of the account's site, without a slash at the end."""
    if config.base_url:
        return f"{config.base_url.rstrip('/')}/{account.id}"
    return account.options.get("site", "").rstrip("/")


def _words(variant: Variant, uploads: Mapping[str, Upload]) -> dict[str, object]:
    """What readers see of the post, as WordPress calls it."""
    fields: dict[str, object] = {
        "title": variant.title,
        "content": content(variant, {sha256: u.url for sha256, u in uploads.items()}),
        "excerpt": variant.digest,
    }
    if variant.cover is not None:
        fields["featured_media"] = int(uploads[variant.cover.sha256].id)
    return fields


def _uploads(variant: Variant, done: Checkpoint) -> dict[str, Upload]:
    """What was uploaded of this variant's files, by their SHA-256; raises KeyError for the rest."""
    known = _told(done)
    return {media.sha256: known[media.sha256] for media in files(variant)}


def _told(done: Checkpoint) -> dict[str, Upload]:
    """Every upload a checkpoint tells of, by the file's SHA-256."""
    found = {}
    for name, told in done.data.items():
        if name.startswith(_MEDIA):
            number, _space, url = told.partition(" ")
            found[name.removeprefix(_MEDIA)] = Upload(id=number, url=url)
    return found


def _receipt(post: WpPost) -> Receipt:
    return Receipt(platform_id=post.id, url=post.link, published_at=post.published_at)
