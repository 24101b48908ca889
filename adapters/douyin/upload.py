"""Bringing a video with its cover, or pictures, to Douyin, step by step.

Each step gives new checkpoint data, so that a crash costs at most one part. One upload makes one
work: what was uploaded for an earlier commit is not used again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from adapters.douyin.api import DouyinApi
from adapters.douyin.limits import PARTS_MAX, PICTURE, UPLOAD_LIFE_S
from adapters.douyin.tokens import Tokens
from adapters.pictures import fit, mime_of
from bot.contract import Tools
from bot.domain.post import Media, Variant
from bot.errors import Rejected

Data = Mapping[str, str]

_OF_VIDEO = frozenset(
    {"video_sha256", "video_for", "video_id", "upload_id", "upload_at", "parts", "restarted"}
)
_OF_COVER = frozenset({"cover_sha256", "image_id"})
_OF_IMAGES = frozenset({"images_sha256", "images_for", "image_ids"})
# An upload_id the platform no longer knows is answered as a wrong parameter.
_PARAMETER_CODES = frozenset({"28001007", "2100005"})


class Uploads:
    """Uploads for one account; `single_bytes` and `part_bytes` decide how a file is sent."""

    def __init__(
        self,
        api: DouyinApi,
        tokens: Tokens,
        tools: Tools,
        *,
        single_bytes: int,
        part_bytes: int,
    ) -> None:
        self._api = api
        self._tokens = tokens
        self._media = tools.media
        self._clock = tools.clock
        self._cache_dir = tools.cache_dir
        self._single_bytes = single_bytes
        self._part_bytes = part_bytes

    async def step(self, variant: Variant, data: Data) -> tuple[Data, bool]:
        """One step further: the new checkpoint data, and whether nothing is left to do."""
        if variant.video is None:
            return await self._image_step(variant.images, data)
        video, cover = variant.video, variant.cover
        data = self._still_good(video, cover, data)
        if "video_id" not in data:
            data = await self._video_step(video, data)
        elif cover is not None and "image_id" not in data:
            data = await self._cover_step(cover, data)
        done = "video_id" in data and (cover is None or "image_id" in data)
        return data, done

    async def _image_step(self, images: Sequence[Media], data: Data) -> tuple[Data, bool]:
        """One picture of an image set; like a video, each upload serves one work."""
        digest = ",".join(image.sha256 for image in images)
        known = {"images_sha256": digest, "images_for": data.get("committed_at", "")}
        if known.items() <= data.items():
            sent = [image_id for image_id in data["image_ids"].split(",") if image_id]
        else:
            sent = []
        if len(sent) < len(images):
            sent.append(await self._image(images[len(sent)]))
        data = {**_without(data, _OF_IMAGES), **known, "image_ids": ",".join(sent)}
        return data, len(sent) == len(images)

    def _still_good(self, video: Media, cover: Media | None, data: Data) -> Data:
        """`data` without what belongs to another file, an earlier commit, or a dead upload."""
        kept = dict(data)
        same_commit = kept.get("video_for", "") == kept.get("committed_at", "")
        if kept.get("video_sha256") != video.sha256 or not same_commit:
            kept = _without(kept, _OF_VIDEO)
        if "upload_at" in kept and "video_id" not in kept and self._too_old(kept["upload_at"]):
            kept = _without(kept, _OF_VIDEO)
        if cover is None or kept.get("cover_sha256") != cover.sha256:
            kept = _without(kept, _OF_COVER)
        return kept

    def _too_old(self, started_at: str) -> bool:
        age = self._clock.now() - datetime.fromisoformat(started_at)
        return age >= timedelta(seconds=UPLOAD_LIFE_S - 600)  # time for the parts still to come

    async def _video_step(self, video: Media, data: Data) -> Data:
        path = await asyncio.to_thread(self._media.path, video)  # may hash the whole file
        known = {**data, "video_sha256": video.sha256, "video_for": data.get("committed_at", "")}
        if video.size <= self._single_bytes:
            video_id = await self._tokens.with_token(
                lambda token: self._api.upload_whole(token, path, video.mime)
            )
            return {**known, "video_id": video_id}
        if "upload_id" not in data:
            upload_id = await self._tokens.with_token(self._api.start_parts)
            started_at = self._clock.now().isoformat()
            return {**known, "upload_id": upload_id, "upload_at": started_at, "parts": "0"}
        try:
            return await self._part_step(video, path, known)
        except Rejected as error:
            if error.code not in _PARAMETER_CODES or "restarted" in data:
                raise
            # A lost answer to the last call leaves an upload_id that is no longer good: once anew.
            return {**_without(known, _OF_VIDEO), **_mark(known), "restarted": "1"}

    async def _part_step(self, video: Media, path: Path, data: Data) -> Data:
        upload_id, sent = data["upload_id"], int(data["parts"])
        part_bytes = part_size(video.size, self._part_bytes)
        if sent * part_bytes >= video.size:  # an exact multiple has no empty last part
            video_id = await self._tokens.with_token(
                lambda token: self._api.finish_parts(token, upload_id)
            )
            return {**data, "video_id": video_id}
        part = await asyncio.to_thread(_read, path, sent * part_bytes, part_bytes)
        await self._tokens.with_token(
            lambda token: self._api.upload_part(token, upload_id, sent + 1, part, video.mime)
        )
        return {**data, "parts": str(sent + 1)}

    async def _cover_step(self, cover: Media, data: Data) -> Data:
        return {**data, "cover_sha256": cover.sha256, "image_id": await self._image(cover)}

    async def _image(self, image: Media) -> str:
        copy = await asyncio.to_thread(self._copy, image)
        return await self._tokens.with_token(
            lambda token: self._api.upload_image(token, copy, mime_of(copy))
        )

    def _copy(self, image: Media) -> Path:
        """The picture as Douyin takes it."""
        return fit(image, self._media.path(image), PICTURE, self._cache_dir)


def part_size(size: int, least: int) -> int:
    """How many bytes go in one part: `least`, or more for a file that had too many parts."""
    return max(least, -(-size // PARTS_MAX))


def _without(data: Data, names: frozenset[str]) -> dict[str, str]:
    return {name: value for name, value in data.items() if name not in names}


def _mark(data: Data) -> dict[str, str]:
    return {name: data[name] for name in ("video_sha256", "video_for")}


def _read(path: Path, start: int, size: int) -> bytes:
    """Part of a file; only this much of it is ever in memory."""
    with path.open("rb") as file:
        file.seek(start)
        return file.read(size)
