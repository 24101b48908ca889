"""Bringing a video and its cover to bilibili, step by step.

Each step gives new checkpoint data, so that a crash costs at most a few parts. An upload_token
serves one submission: what was uploaded for an earlier commit is not used again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from adapters.bilibili.api import UPLOAD_LOST, BilibiliApi
from adapters.bilibili.limits import COVER, EXTENSIONS
from adapters.bilibili.signature import Key
from adapters.http import Origin
from adapters.parts import Parts
from adapters.pictures import fit, mime_of
from bot.contract import MediaStore
from bot.domain.post import Media
from bot.errors import PlatformError, Rejected

Data = Mapping[str, str]
Asked = Callable[[Callable[[Key], Awaitable[str]]], Awaitable[str]]

_MARKS = frozenset({"video_sha256", "video_for"})
_OF_VIDEO = frozenset({*_MARKS, "upload_token", "small", "parts", "part_bytes"})
_STATES = frozenset({"uploaded", "restarted"})
_OF_COVER = frozenset({"cover_sha256", "cover_url"})


class Uploads:
    """Uploads for one account; `small_bytes` and `part_bytes` decide how a file is sent."""

    def __init__(
        self,
        api: BilibiliApi,
        media: MediaStore,
        asked: Asked,
        cache: Path,
        *,
        small_bytes: int,
        part_bytes: int,
    ) -> None:
        self._api = api
        self._media = media
        self._asked = asked  # makes a call with a living token
        self._cache = cache
        self._small_bytes = small_bytes
        self._part_bytes = part_bytes

    async def step(self, video: Media, cover: Media, data: Data) -> tuple[Data, bool]:
        """One step further: the new checkpoint data, and whether nothing is left to do."""
        data = _still_good(video, cover, data)
        if "cover_url" not in data:  # first, because it is quickly known to be good
            data = {**data, **await self._cover_step(cover)}
        elif "uploaded" not in data:
            data = await self._video_step(video, data)
        return data, "uploaded" in data and "cover_url" in data

    async def _cover_step(self, cover: Media) -> Data:
        path = await asyncio.to_thread(self._media.path, cover)
        copy = await asyncio.to_thread(fit, cover, path, COVER, self._cache)
        mime = mime_of(copy)
        url = await self._asked(lambda key: self._api.upload_cover(key, copy, mime))
        return {"cover_sha256": cover.sha256, "cover_url": url}

    async def _video_step(self, video: Media, data: Data) -> Data:
        path = await asyncio.to_thread(self._media.path, video)  # may hash the whole file
        marks = {"video_sha256": video.sha256, "video_for": data.get("committed_at", "")}
        if "upload_token" not in data:
            return {**data, **marks, **await self._begun(video)}
        try:
            return {**data, **await self._further(video, path, data)}
        except PlatformError as error:
            if error.code not in UPLOAD_LOST:
                raise
            if "restarted" in data:
                raise _refused(error) from error
            # A lost answer may leave an upload that is no longer good: once anew.
            return {**_without(data, _OF_VIDEO), **marks, "restarted": "1"}

    async def _begun(self, video: Media) -> Data:
        small = video.size <= self._small_bytes
        name = f"video.{EXTENSIONS.get(video.mime, 'mp4')}"
        token = await self._asked(lambda key: self._api.start(key, name, small=small))
        # Settings may change before the upload ends.
        how = {"small": "1"} if small else {"parts": "0", "part_bytes": str(self._part_bytes)}
        return {"upload_token": token, **how}

    async def _further(self, video: Media, path: Path, data: Data) -> Data:
        token = data["upload_token"]
        if "small" in data:
            await self._api.upload_small(token, path)
            return {"uploaded": "1"}
        parts, sent = Parts(size=video.size, part=int(data["part_bytes"])), int(data["parts"])
        if sent == parts.count:
            await self._asked(lambda key: self._finished(key, token))
            return {"uploaded": "1"}
        for number in parts.step(sent):
            piece = await asyncio.to_thread(parts.read, path, number)
            await self._api.upload_part(token, number + 1, piece)  # there they count from 1
            sent = number + 1
        return {"parts": str(sent)}

    async def _finished(self, key: Key, token: str) -> str:
        await self._api.finish(key, token)
        return token


def _still_good(video: Media, cover: Media, data: Data) -> Data:
    """`data` without what belongs to another file or an earlier commit."""
    same_commit = data.get("video_for", "") == data.get("committed_at", "")
    kept = data
    if data.get("video_sha256") != video.sha256 or not same_commit:
        kept = _without(kept, _OF_VIDEO | _STATES)
    if data.get("cover_sha256") != cover.sha256:
        kept = _without(kept, _OF_COVER)
    return kept


def _without(data: Data, names: frozenset[str]) -> dict[str, str]:
    return {name: value for name, value in data.items() if name not in names}


def _refused(error: PlatformError) -> Rejected:
    found = Origin(platform=error.platform, action=error.action, effect=False)
    return found.error(Rejected, error.message, code=error.code, advice=error.advice)
