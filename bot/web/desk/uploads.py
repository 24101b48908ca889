"""/uploads: pictures and videos are brought into the schedules folder, and shown from there."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path
from urllib.parse import quote

from aiohttp import BodyPartReader, MultipartReader, web

from bot.domain.people import Right
from bot.i18n import _
from bot.schedule.digests import stamp
from bot.schedule.folder import Folder
from bot.schedule.media import inspect
from bot.schedule.uploads import Limits, NotTaken, Upload
from bot.web.desk.fields import UNREADABLE
from bot.web.desk.routes import get, post
from bot.web.desk.visit import Refused, Visit, wants_json
from bot.web.pages import FILE

LIMITS = Limits()
_PIECE = 1 << 20  # bytes written at once, beside the loop
_READ = 1 << 16  # bytes taken from the network at once
_HEARD_OUT = 64 << 20  # bytes still taken after a refusal, so that the browser reads the answer


async def show(visit: Visit) -> web.StreamResponse:
    """The form, for browsers without scripts and for several files one after the other."""
    return _page(visit)


def _page(visit: Visit, *, status: int = 200, fault: str = "", path: str = "") -> web.Response:
    return visit.render(
        "uploads",
        status=status,
        title=_("Pictures and videos"),
        picture_mb=LIMITS.picture // 1_000_000,
        video_gb=LIMITS.video // 1_000_000_000,
        fault=fault,
        path=path,
        address=address(path),
        is_picture=bool(path) and _is_picture(visit, path),
    )


def address(path: str) -> str:
    """Where a file of the folder is shown, below the root."""
    return f"uploads/file?path={quote(path)}"


async def take(visit: Visit) -> web.StreamResponse:
    """Takes one file in, piece by piece; it is kept only when it is a picture or a video."""
    try:
        path = await _taken(visit)
    except NotTaken as error:
        if wants_json(visit.request):
            return web.json_response({"error": str(error)}, status=422)
        return _page(visit, status=422, fault=str(error))
    await visit.noted("media.uploaded", path)
    if wants_json(visit.request):
        return web.json_response({"path": path, "address": address(path)}, status=201)
    return _page(visit, status=201, path=path)


async def _taken(visit: Visit) -> str:
    request = visit.request
    if request.content_type != "multipart/form-data":
        raise NotTaken(_("Choose a file first."))
    day = _day(visit)
    root = visit.desk.settings.office.schedules
    try:
        reader = await request.multipart()
        part = await _file_of(reader)
        if part is None:
            raise NotTaken(_("Choose a file first."))
        with Upload(root=root, name=part.filename or "", day=day, limits=LIMITS) as upload:
            try:
                await _stream(part, upload)
            except NotTaken:
                await _hear_out(part)
                raise
            return await asyncio.to_thread(upload.keep)
    except UNREADABLE as error:  # no multipart after all
        raise NotTaken(_("The file did not arrive whole. Please send it again.")) from error


async def _file_of(reader: MultipartReader) -> BodyPartReader | None:
    """The first file of the form; fields before it are left out."""
    while (part := await reader.next()) is not None:
        if isinstance(part, BodyPartReader) and part.filename:
            return part
    return None


async def _stream(part: BodyPartReader, upload: Upload) -> None:
    held = bytearray()
    while piece := await part.read_chunk(_READ):
        held += piece
        if len(held) >= _PIECE:
            await asyncio.to_thread(upload.write, bytes(held))
            held.clear()
    await asyncio.to_thread(upload.write, bytes(held))


async def _hear_out(part: BodyPartReader) -> None:
    left = _HEARD_OUT
    while left > 0 and (piece := await part.read_chunk(_READ)):
        left -= len(piece)


def _day(visit: Visit) -> date:
    """The day of the post it is for, or today: it goes into its month's folder."""
    try:
        return date.fromisoformat(visit.query("day"))
    except ValueError:
        return visit.now.astimezone(visit.zone).date()


async def show_file(visit: Visit) -> web.StreamResponse:
    """A picture or video of the folder; nothing else that lies in it or outside."""
    path = visit.query("path")
    found = await asyncio.to_thread(_find, visit, path)
    if found is None:
        raise Refused(404, _("There is no picture or video of this name."))
    full, mime = found
    return web.FileResponse(full, headers={**FILE, "Content-Type": mime})


def _find(visit: Visit, path: str) -> tuple[Path, str] | None:
    """The file and what is in it, by content."""
    if any(part.startswith(".") for part in path.split("/")):
        return None
    full, _why = Folder(root=visit.desk.settings.office.schedules).locate(path)
    if full is None:
        return None
    try:
        look = inspect(full, stamp(full.stat()))
    except OSError:
        return None
    return (full, look.media.mime) if look.media is not None else None


def _is_picture(visit: Visit, path: str) -> bool:
    found = _find(visit, path)
    return found is not None and found[1].startswith("image/")


ROUTES = (
    get("/uploads", show, Right.WRITE),
    post("/uploads", take, Right.WRITE),
    get("/uploads/file", show_file, Right.WRITE),
)
