"""Pictures as part of the page."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from pathlib import Path

from PIL import Image

from bot.preview.frames import media_of
from bot.preview.gallery import COPY, pictures
from tests.bot.preview.sample import FOLDER, post


def test_pictures_become_small_copies_and_videos_are_left(tmp_path: Path) -> None:
    media = media_of(post("0502-video-cpr"))
    found = pictures(media, FOLDER, tmp_path)
    assert list(found) == ["media/photo-01.jpg"]
    head, data = found["media/photo-01.jpg"].split(",")
    assert head == "data:image/webp;base64"
    raw = base64.b64decode(data)
    with Image.open(io.BytesIO(raw)) as copy:
        assert copy.size == (640, 426)
    assert len(raw) <= COPY.max_bytes


def test_a_picture_that_is_gone_or_another_is_left_out(tmp_path: Path) -> None:
    [cover, *_rest] = media_of(post("0502-video-cpr"))
    gone = replace(cover, path="media/no-such.jpg")
    other = replace(cover, sha256="0" * 64)
    assert pictures([gone, other], FOLDER, tmp_path) == {}
