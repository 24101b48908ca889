"""Pictures as part of the page."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from pathlib import Path

from PIL import Image

from adapters import markdown
from bot.preview.frames import media_of
from bot.preview.gallery import COPY, pictures
from bot.schedule.digests import stamp
from bot.schedule.word import blocks
from bot.schedule.word.document import read_word
from tests.bot.preview.sample import FOLDER, post
from tests.bot.schedule.packing import drawing, package, paragraph, png, write


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


def test_a_picture_within_a_word_text_is_shown(tmp_path: Path) -> None:
    raw = package(
        paragraph(drawing("rId5")),
        parts={"word/media/image1.png": png()},
        links={"rId5": ("image", "media/image1.png")},
    )
    file = write(tmp_path, "posts/洗手 1.docx", raw)
    word = read_word(file, "posts/洗手 1.docx", stamp(file.stat()))
    [look] = [picture.look.media for picture in word.pictures]
    assert look is not None
    media = replace(look, path=word.pictures[0].path)
    found = pictures([media], tmp_path, tmp_path / "cache")
    assert list(found) == ["posts/洗手 1.docx#1"]
    body = "\n".join(line.text for line in blocks.body(word.blocks))
    assert markdown.pictures(body) == ("posts/洗手 1.docx#1",)
