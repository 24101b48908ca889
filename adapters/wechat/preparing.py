"""Uploads and the draft: one costly step at a time, each remembered in the checkpoint."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from adapters.http import Fields
from adapters.wechat import pictures
from adapters.wechat.api import Api
from adapters.wechat.articles import articles, as_json, materials, shown
from bot.contract import Checkpoint, MediaStore
from bot.domain.post import Media, Variant

CONTENT = "content"  # checkpoint keys: which version of the post the rest belongs to,
COVER = "cover"  # the media_id of the first cover or picture, uploaded for this draft alone,
DRAFT = "draft"  # the draft's media_id,
IMAGE = "image:"  # the address of each picture inside a text by its sha256,
MATERIAL = "material:"  # the media_id of each further cover or picture by its sha256,
READY = "ready"  # and that all of it was there once; it may have been a while ago
DRAFTED_AT = "drafted_at"  # when the draft was made; ISO 8601
_DOUBT = "doubt_since"  # set by the engine
_COMMITTED = ("committed_at", _DOUBT)  # likewise

Upload = Callable[[], Awaitable[str]]


class Preparation:
    """Makes one account's drafts."""

    def __init__(
        self, api: Api, media: MediaStore, cache: Path, defaults: Mapping[str, str]
    ) -> None:
        self._api = api
        self._media = media
        self._cache = cache  # where converted pictures are kept
        self._defaults = defaults  # the account's options, unless a post has its own

    async def step(self, variant: Variant, data: dict[str, str]) -> bool:
        """Takes the next costly step and writes it into `data`; False when none is left.

        A crash repeats at most one upload, and a draft that was made without our knowing is found
        again by its first cover, which no other draft has.
        """
        for key, upload in self._uploads(variant):
            if key not in data:
                data[key] = await upload()
                return True
        if DRAFT in data:
            return False
        data[DRAFT] = await self._own_draft(variant, data) or await self._new_draft(variant, data)
        return True

    async def is_lost(self, data: Mapping[str, str]) -> bool:
        """True when somebody deleted our draft in the console, or published it there.

        Only before the first commit: later a draft that is gone may have been published by us.
        """
        if READY not in data or any(name in data for name in _COMMITTED):
            return False
        return DRAFT in data and not await self._api.has_draft(data[DRAFT])

    def _uploads(self, variant: Variant) -> Iterator[tuple[str, Upload]]:
        for article in articles(variant):
            for media in shown(article):
                yield IMAGE + media.sha256, partial(self._inline, media)
        needed = materials(variant)
        for media in needed[1:]:
            yield MATERIAL + media.sha256, partial(self._material, media)
        for media in needed[:1]:
            yield COVER, partial(self._material, media)

    async def _inline(self, media: Media) -> str:
        path = self._media.path(media)
        file = await asyncio.to_thread(pictures.inline_file, media, path, self._cache)
        return await self._api.upload_inline(file)

    async def _material(self, media: Media) -> str:
        path = self._media.path(media)
        file = await asyncio.to_thread(pictures.material_file, media, path, self._cache)
        return await self._api.upload_material(file)

    async def _own_draft(self, variant: Variant, data: dict[str, str]) -> str:
        drafts = await self._api.drafts()
        for draft in drafts.each("item"):
            first = next(draft.fields("content").each("news_item"), None)
            if first is None or first.text("title", "") != variant.title:
                continue
            if data.get(COVER) and _cover_of(first) == data[COVER]:
                return draft.text("media_id")
        return ""

    async def _new_draft(self, variant: Variant, data: dict[str, str]) -> str:
        urls = {
            name.removeprefix(IMAGE): value
            for name, value in data.items()
            if name.startswith(IMAGE)
        }
        further = materials(variant)[1:]
        media_ids = [data.get(COVER, ""), *(data[MATERIAL + media.sha256] for media in further)]
        return await self._api.add_draft(as_json(variant, urls, media_ids, self._defaults))


def of_this_version(
    variant: Variant, done: Checkpoint, defaults: Mapping[str, str]
) -> dict[str, str]:
    """The checkpoint's data without what belongs to an earlier version of the post.

    The account's `defaults` are part of it: a draft may be a preview's, days old. The first cover
    goes too: a draft is found again by it, and the old draft must not be.
    """
    made_of = repr((variant, sorted(defaults.items())))
    version = hashlib.blake2b(made_of.encode(), digest_size=12).hexdigest()
    data = dict(done.data)
    if CONTENT in data and _DOUBT in data:
        return data
    if data.get(CONTENT, version) != version:
        for name in (COVER, DRAFT, DRAFTED_AT):
            data.pop(name, None)
    data[CONTENT] = version
    return data


def _cover_of(article: Fields) -> str:
    if "image_info" in article:  # a picture message, whose first picture is its cover
        first = next(article.fields("image_info").each("image_list"), None)
        if first is not None:
            return first.text("image_media_id", "")
    return article.text("thumb_media_id", "")
