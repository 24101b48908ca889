"""Pictures and videos brought into the schedules folder: by what is in them, piece by piece."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.ledger import audit
from tests.bot.engine.world import MEDIA, World, open_world
from tests.bot.web.visitors import Desk, Page, Visitor, open_desk

PICTURE = (MEDIA / "photo-02.jpg").read_bytes()
VIDEO = (MEDIA / "video-01.mp4").read_bytes()
JSON = {"Accept": "application/json"}
REFUSED: dict[str, tuple[str, bytes]] = {
    "a page": ("x.jpg", b"<script>alert(1)</script>" * 10),
    "a drawing": ("x.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>"),
    "nothing": ("x.jpg", b""),
    "half a picture": ("x.jpg", PICTURE[: len(PICTURE) // 2]),
    "too large": ("x.jpg", PICTURE + bytes(10_000_000)),
    "a program": ("x.exe", b"MZ" + bytes(500)),
    "no file": ("", b""),
}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as opened:
        yield opened


@pytest.fixture
async def desk(world: World) -> AsyncIterator[Desk]:
    async with open_desk(world) as opened:
        yield opened


async def send(
    visitor: Visitor, name: str, content: bytes, *, day: str = "2026-06-01", **more: Any
) -> Page:
    form = aiohttp.FormData(quote_fields=False)
    form.add_field(
        "file", io.BytesIO(content), filename=name, content_type="application/octet-stream"
    )
    path = f"/uploads?csrf={visitor.csrf}&day={day}"
    return await visitor.ask("POST", path, data=form, **more)


def kept(world: World) -> list[str]:
    """What lies in the media folder and was not there before, half files too."""
    before = {path.name for path in MEDIA.rglob("*")}
    found = (world.schedules / "media").rglob("*")
    return sorted(path.name for path in found if path.is_file() and path.name not in before)


async def test_a_picture_and_a_video_are_taken_in(world: World, desk: Desk) -> None:
    officer = await desk.visitor("officer")
    page = await send(officer, "../../门 诊<b>.JPG", PICTURE + b"\0")
    assert page.status == 201, page.text
    (path,) = [node.attributes["value"] for node in page.tree.css("#path")]
    assert path == "media/2026-06/门-诊-b.jpg"
    (shown,) = page.tree.css("img.taken")
    picture = await officer.get("/" + str(shown.attributes["src"]).lstrip("./"))
    assert (picture.headers["Content-Type"], picture.body) == ("image/jpeg", PICTURE + b"\0")
    answer = await send(officer, "clip.mp4", VIDEO + b"\0", day="gestern", headers=JSON)
    assert '"media/2026-05/clip.mp4"' in answer.text
    async with world.app.core.ledger.read() as conn:
        entries = await audit.entries(conn, subject=str(path))
    assert [(one.action, one.by) for one in entries] == [("media.uploaded", "officer")]


async def test_what_is_neither_leaves_nothing_behind(world: World, desk: Desk) -> None:
    officer = await desk.visitor("officer")
    for what, (name, content) in REFUSED.items():
        page = await send(officer, name, content)
        assert (page.status, len(page.all("#fault-file"))) == (422, 1), what
    assert (await send(officer, *REFUSED["a page"], headers=JSON)).status == 422
    assert kept(world) == []


async def test_what_is_no_form_with_a_file_is_told(desk: Desk) -> None:
    officer = await desk.visitor("officer")
    broken = {"Content-Type": "multipart/form-data; boundary=x"}
    sent: list[Callable[[], Any]] = [
        lambda: officer.post("/uploads", file="x"),
        lambda: officer.ask(
            "POST", f"/uploads?csrf={officer.csrf}", data=b"nonsense", headers=broken
        ),
        lambda: officer.ask(
            "POST",
            f"/uploads?csrf={officer.csrf}",
            data=b"",
            headers={"Content-Type": "multipart/form-data"},
        ),
    ]
    assert [(await one()).status for one in sent] == [422, 422, 422]
    assert (await officer.ask("POST", "/uploads", data=b"x", headers=broken)).status == 403


async def test_only_pictures_and_videos_of_the_folder_are_shown(world: World, desk: Desk) -> None:
    world.write_calendar()
    (world.schedules / "media" / ".hidden.jpg").write_bytes(PICTURE)
    officer = await desk.visitor("officer")
    for path in (
        *("2026-05.yaml", "roster.yaml", "../ledger.db", "/etc/passwd", "media", "", "media/%00"),
        *("media/.hidden.jpg", "media/../../secret.key", "media/none.jpg", "x" * 3000),
    ):
        page = await officer.ask("GET", "/uploads/file", params={"path": path})
        assert page.status == 404, path
    page = await officer.ask("GET", "/uploads/file", params={"path": "media/photo-01.jpg"})
    assert page.headers["Content-Type"] == "image/jpeg"
