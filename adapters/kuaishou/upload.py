"""Bringing a video to Kuaishou, step by step.

Each step gives new checkpoint data, so that a crash costs at most a few fragments. An upload_token
serves one work: what was uploaded for an earlier commit is not used again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from adapters.http import Origin
from adapters.kuaishou.api import UPLOAD_LOST, KuaishouApi, Slot
from adapters.parts import Parts
from bot.contract import MediaStore
from bot.domain.post import Media
from bot.errors import PlatformError, Rejected

Data = Mapping[str, str]

_MARKS = frozenset({"video_sha256", "video_for"})
_OF_VIDEO = frozenset(
    {*_MARKS, "upload_token", "endpoint", "fragments", "fragment_bytes", "uploaded", "restarted"}
)


class Uploads:
    """Uploads for one account; `whole_bytes` and `fragment_bytes` decide how a file is sent."""

    def __init__(
        self,
        api: KuaishouApi,
        media: MediaStore,
        start: Callable[[], Awaitable[Slot]],
        *,
        whole_bytes: int,
        fragment_bytes: int,
        md5: bool,
    ) -> None:
        self._api = api
        self._media = media
        self._start = start  # asks for a slot, with a living token
        self._whole_bytes = whole_bytes
        self._fragment_bytes = fragment_bytes
        self._md5 = md5

    async def step(self, video: Media, data: Data) -> Data:
        """One step further; done once the data has `uploaded`."""
        data = _still_good(video, data)
        if "uploaded" in data:
            return data
        path = await asyncio.to_thread(self._media.path, video)  # may hash the whole file
        marks = {"video_sha256": video.sha256, "video_for": data.get("committed_at", "")}
        if "upload_token" not in data:
            return {**data, **marks, **await self._begun()}
        slot = Slot(token=data["upload_token"], endpoint=data["endpoint"])
        try:
            return {**data, **await self._further(slot, video, path, data)}
        except PlatformError as error:
            if error.code not in UPLOAD_LOST:
                raise
            if "restarted" in data:
                raise _refused(error) from error
            # A lost answer may leave an upload that is no longer good: once anew.
            return {**_without(data, _OF_VIDEO), **marks, "restarted": "1"}

    async def _begun(self) -> Data:
        slot = await self._start()
        return {
            "upload_token": slot.token,
            "endpoint": slot.endpoint,
            "fragments": "0",
            "fragment_bytes": str(self._fragment_bytes),  # a setting may change meanwhile
        }

    async def _further(self, slot: Slot, video: Media, path: Path, data: Data) -> Data:
        if video.size < self._whole_bytes:
            await self._api.upload_whole(slot, path)
            return {"uploaded": "1"}
        parts = Parts(size=video.size, part=int(data["fragment_bytes"]))
        sent = int(data["fragments"])
        if sent == parts.count:
            await self._api.finish_fragments(slot, parts.count)
            return {"uploaded": "1"}
        for number in parts.step(sent):
            piece = await asyncio.to_thread(parts.read, path, number)
            await self._api.upload_fragment(slot, number, piece, md5=self._md5)
            sent = number + 1
        return {"fragments": str(sent)}


def _still_good(video: Media, data: Data) -> Data:
    """`data` without what belongs to another file or an earlier commit."""
    same_commit = data.get("video_for", "") == data.get("committed_at", "")
    if data.get("video_sha256") != video.sha256 or not same_commit:
        return _without(data, _OF_VIDEO)
    return data


def _without(data: Data, names: frozenset[str]) -> dict[str, str]:
    return {name: value for name, value in data.items() if name not in names}


def _refused(error: PlatformError) -> Rejected:
    found = Origin(platform=error.platform, action=error.action, effect=False)
    return found.error(Rejected, error.message, code=error.code, advice=error.advice)
