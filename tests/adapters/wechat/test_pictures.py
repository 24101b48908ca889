"""Pictures for WeChat's upload calls."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from adapters.wechat.pictures import inline_file, material_file
from bot.errors import MediaError
from tests.adapters.stage import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def drawn(kind: str, mode: str = "RGB", size: tuple[int, int] = (90, 70)) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size, 0).save(buffer, kind)
    return buffer.getvalue()


def test_a_small_picture_is_sent_as_it_is(folder: Folder) -> None:
    media = folder.picture("media/洗手.png", width=90, height=70)
    file = inline_file(media, folder.path(media), folder.root / "cache")
    assert file.data == folder.path(media).read_bytes()
    assert file.name.isascii()
    assert file.name.endswith(".png")


@pytest.mark.parametrize("kind", ["WEBP", "GIF", "BMP"])
def test_other_types_become_one_that_articles_take(folder: Folder, kind: str) -> None:
    media = folder.file("media/x", drawn(kind), f"image/{kind.lower()}")
    file = inline_file(media, folder.path(media), folder.root / "cache")
    assert file.mime in ("image/jpeg", "image/png")
    assert Image.open(io.BytesIO(file.data)).size == (90, 70)
    assert Image.open(io.BytesIO(file.data)).format == file.mime.rpartition("/")[2].upper()


def test_a_large_picture_comes_below_one_megabyte(folder: Folder) -> None:
    media = folder.picture("media/big.png", width=1500, height=1500, noise=120)
    file = inline_file(media, folder.path(media), folder.root / "cache")
    assert media.size > 1024 * 1024 > len(file.data)


@pytest.mark.parametrize(
    ("kind", "mime"), [("GIF", "image/gif"), ("BMP", "image/bmp"), ("WEBP", None)]
)
def test_a_cover_keeps_a_type_the_library_takes(
    folder: Folder, kind: str, mime: str | None
) -> None:
    media = folder.file("media/x", drawn(kind), f"image/{kind.lower()}")
    file = material_file(media, folder.path(media), folder.root / "cache")
    assert file.mime in ((mime,) if mime else ("image/jpeg", "image/png"))
    assert file.name.isascii()


def test_what_cannot_be_read_is_a_media_error(folder: Folder) -> None:
    media = folder.file("media/x.png", b"nothing", "image/webp")
    with pytest.raises(MediaError):
        inline_file(media, folder.path(media), folder.root / "cache")
    folder.path(media).unlink()
    with pytest.raises(MediaError):
        material_file(media, folder.path(media), folder.root / "cache")


def test_a_file_changed_since_the_check_is_not_uploaded(folder: Folder) -> None:
    media = folder.picture("media/x.png")
    folder.path(media).write_bytes(drawn("PNG"))
    with pytest.raises(MediaError):
        material_file(media, folder.path(media), folder.root / "cache")
