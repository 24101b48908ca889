"""Pictures for WeChat's upload calls."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from adapters.wechat.pictures import cover_file, inline_file
from bot.errors import MediaError
from tests.adapters.stage import Folder

ORIENTATION = 0x0112  # the EXIF tag; 6 means turned by a quarter


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def drawn(kind: str, mode: str = "RGB", size: tuple[int, int] = (40, 20)) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size, 0).save(buffer, kind)
    return buffer.getvalue()


def test_a_small_picture_is_sent_as_it_is(folder: Folder) -> None:
    media = folder.picture("media/洗手.png")
    file = inline_file(media, folder.path(media))
    assert file.data == folder.path(media).read_bytes()
    assert file.name.isascii()
    assert file.name.endswith(".png")


@pytest.mark.parametrize("kind", ["WEBP", "GIF", "BMP"])
def test_other_types_become_jpeg(folder: Folder, kind: str) -> None:
    media = folder.file("media/x", drawn(kind), f"image/{kind.lower()}")
    file = inline_file(media, folder.path(media))
    assert file.mime == "image/jpeg"
    assert Image.open(io.BytesIO(file.data)).size == (40, 20)


def test_transparent_parts_turn_white(folder: Folder) -> None:
    media = folder.file("media/x.webp", drawn("WEBP", "RGBA"), "image/webp")
    file = inline_file(media, folder.path(media))
    assert Image.open(io.BytesIO(file.data)).getpixel((5, 5)) == (255, 255, 255)


def test_a_photo_on_its_side_is_turned_upright(folder: Folder) -> None:
    buffer, exif = io.BytesIO(), Image.Exif()
    exif[ORIENTATION] = 6
    Image.new("RGB", (40, 20)).save(buffer, "WEBP", exif=exif)
    media = folder.file("media/x.webp", buffer.getvalue(), "image/webp")
    file = inline_file(media, folder.path(media))
    assert Image.open(io.BytesIO(file.data)).size == (20, 40)


def test_a_large_picture_comes_below_one_megabyte(folder: Folder) -> None:
    media = folder.picture("media/big.png", width=1500, height=1500, noise=120)
    file = inline_file(media, folder.path(media))
    assert media.size > 1024 * 1024 > len(file.data)


def test_what_cannot_be_read_is_a_media_error(folder: Folder) -> None:
    media = folder.file("media/x.png", b"nothing", "image/webp")
    with pytest.raises(MediaError):
        inline_file(media, folder.path(media))
    folder.path(media).unlink()
    with pytest.raises(MediaError):
        cover_file(media, folder.path(media))


def test_a_cover_keeps_its_type(folder: Folder) -> None:
    media = folder.file("media/x.gif", drawn("GIF"), "image/gif")
    file = cover_file(media, folder.path(media))
    assert (file.mime, file.name[-4:]) == ("image/gif", ".gif")
