"""What is uploaded is taken for what it is, under a name that harms nothing, or not at all."""

from __future__ import annotations

import io
import os
import struct
import zlib
from datetime import date
from pathlib import Path

import pytest
from PIL import Image

from bot.domain.problem import NOWHERE
from bot.schedule.folder import Folder
from bot.schedule.media import Gallery
from bot.schedule.uploads import Limits, NotTaken, Upload, take_media

VIDEOS = Path(__file__).parents[2] / "data" / "videos"
DAY = date(2026, 5, 6)


def _picture(form: str = "JPEG", colour: str = "red") -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(stream, form)
    return stream.getvalue()


def _take(root: Path, name: str, content: bytes) -> str:
    return take_media(root, name, io.BytesIO(content), day=DAY)


def _left(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def test_a_picture_gets_its_months_folder_and_can_be_used(tmp_path: Path) -> None:
    path = _take(tmp_path, "洗手 海报(1).JPG", _picture())
    assert path == "media/2026-05/洗手-海报-1.jpg"
    media, problems = Gallery(folder=Folder(root=tmp_path)).picture(path, NOWHERE, None)
    assert media is not None
    assert (media.mime, media.width, problems) == ("image/jpeg", 40, [])
    assert _left(tmp_path) == [path]
    assert (tmp_path / path).stat().st_mode & 0o777 == (tmp_path / "media").stat().st_mode & 0o666


def test_the_same_content_is_kept_once_and_nothing_is_written_over(tmp_path: Path) -> None:
    first = _take(tmp_path, "a.png", _picture("PNG"))
    assert _take(tmp_path, "b.png", _picture("PNG")) == first
    second = _take(tmp_path, "a.png", _picture("PNG", "blue"))
    assert (first, second) == ("media/2026-05/a.png", "media/2026-05/a-2.png")
    assert (tmp_path / first).read_bytes() == _picture("PNG")
    flat = tmp_path / "media" / "cover.jpg"  # as the office put it there by hand
    flat.write_bytes(_picture(colour="green"))
    assert _take(tmp_path, "c.jpg", _picture(colour="green")) == "media/cover.jpg"


def test_a_name_is_told_by_the_content(tmp_path: Path) -> None:
    assert _take(tmp_path, "photo.png", _picture()) == "media/2026-05/photo.jpg"
    clip = take_media(tmp_path, "clip.jpg", VIDEOS / "clip.webm", day=DAY)
    assert clip == "media/2026-05/clip.webm"


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("../../etc/passwd", "passwd.jpg"),
        ("C:\\temp\\图.jpg", "图.jpg"),
        ("/", "image.jpg"),
        ("", "image.jpg"),
        ("..", "image.jpg"),
        (".htaccess", "htaccess.jpg"),
        ("CON.jpg", "CON-1.jpg"),
        ("a\0b\n.jpg", "a-b.jpg"),
        ("a、b)![x](y).jpg", "a-b-x-y.jpg"),
        ("长" * 300 + ".jpeg", "长" * 60 + ".jpeg"),
        ("\u202egpj.exe", "gpj.jpg"),
    ],
)
def test_no_name_leads_anywhere(tmp_path: Path, name: str, path: str) -> None:
    assert _take(tmp_path, name, _picture()) == f"media/2026-05/{path}"


def _huge() -> bytes:
    """A PNG of a few bytes that unpacks to 100,000 × 100,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        said = kind + data
        return struct.pack(">I", len(data)) + said + struct.pack(">I", zlib.crc32(said))

    head = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(1000))
    sign = b"\x89PNG\r\n\x1a\n"
    return sign + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<!doctype html><script>alert(1)</script>",
        b"MZ\x90\x00" + bytes(200),
        b"PK\x03\x04" + bytes(200),
        b"%PDF-1.7\n",
        _huge(),
        _picture()[:-40],
        b"\x00\x00\x00\x18ftypheic" + bytes(100),
        (VIDEOS / "clip.mp4").read_bytes()[:3000],
        (VIDEOS / "sound.m4a").read_bytes(),
    ],
    ids=["empty", "svg", "html", "exe", "zip", "pdf", "huge", "cut", "heic", "cut-mp4", "sound"],
)
def test_what_is_no_picture_or_video_leaves_nothing_behind(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(NotTaken):
        _take(tmp_path, "photo.jpg", content)
    assert _left(tmp_path) == []


def test_too_large_is_refused_on_the_way_in(tmp_path: Path) -> None:
    limits = Limits(picture=1000, video=200_000)
    with Upload(root=tmp_path, name="a.jpg", day=DAY, limits=limits) as upload:
        upload.write(_picture())
        with pytest.raises(NotTaken):
            upload.write(bytes(1000))
    with Upload(root=tmp_path, name="a.mp4", day=DAY, limits=limits) as upload:
        upload.write((VIDEOS / "clip.mp4").read_bytes()[:2000])
        with pytest.raises(NotTaken):
            upload.write(bytes(200_000))
    assert _left(tmp_path) == []


def test_a_folder_that_leads_out_takes_nothing(tmp_path: Path) -> None:
    root, outside = tmp_path / "schedules", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    os.symlink(outside, root / "media")
    with pytest.raises(NotTaken):
        _take(root, "a.jpg", _picture())
    assert list(outside.iterdir()) == []
