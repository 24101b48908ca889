"""Looking into pictures and videos: by content, with size and duration, once per reading."""

import hashlib
import os
from pathlib import Path

import pytest
from PIL import Image

from bot.domain.post import Media
from bot.domain.problem import Place, Severity
from bot.schedule.folder import Folder
from bot.schedule.media import Gallery

HERE = Place(file="2026-05.yaml", line=9)
BROKEN = Path(__file__).parents[2] / "data" / "broken"
VIDEO = (Path(__file__).parents[3] / "schedules" / "media" / "video-01.mp4").read_bytes()


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    (tmp_path / "media").mkdir()
    return Gallery(folder=Folder(root=tmp_path))


def save(gallery: Gallery, name: str, size: tuple[int, int] = (6, 4), kind: str = "PNG") -> str:
    path = gallery.folder.root / "media" / name
    Image.new("RGB", size, (200, 30, 30)).save(path, kind)
    return f"media/{name}"


@pytest.mark.parametrize(
    ("kind", "name", "mime"),
    [
        ("PNG", "a.png", "image/png"),
        ("JPEG", "a.jpg", "image/jpeg"),
        ("JPEG", "a.JPEG", "image/jpeg"),
        ("GIF", "a.gif", "image/gif"),
        ("WEBP", "a.webp", "image/webp"),
        ("BMP", "a.bmp", "image/bmp"),
        ("MPO", "a.jpg", "image/jpeg"),
    ],
)
def test_a_picture_is_known_by_its_content(
    gallery: Gallery, kind: str, name: str, mime: str
) -> None:
    path = save(gallery, name, kind=kind)
    raw = (gallery.folder.root / path).read_bytes()
    media, problems = gallery.picture(path, HERE, "p")
    assert problems == []
    assert media == Media(
        path=path,
        sha256=hashlib.sha256(raw).hexdigest(),
        size=len(raw),
        mime=mime,
        width=6,
        height=4,
    )


def test_a_video_has_its_size_duration_and_codec(gallery: Gallery) -> None:
    (gallery.folder.root / "media" / "v.mp4").write_bytes(VIDEO)
    media, problems = gallery.video("media/v.mp4", HERE, "p")
    assert problems == []
    assert media is not None
    assert (media.mime, media.codec, media.duration_s) == ("video/mp4", "AVC", 32.0)
    assert media.width == 720
    assert media.size == len(VIDEO)


@pytest.mark.parametrize("length", [12, 40, len(VIDEO) // 2, len(VIDEO) - 1])
def test_a_video_that_is_cut_off_is_told(gallery: Gallery, length: int) -> None:
    (gallery.folder.root / "media" / "v.mp4").write_bytes(VIDEO[:length])
    media, problems = gallery.video("media/v.mp4", HERE, "p")
    assert media is None
    assert problems[0].code in ("media-damaged", "not-a-video")
    assert (problems[0].place, problems[0].post) == (HERE, "p")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_picture_that_is_cut_off_is_told(gallery: Gallery, kind: str) -> None:
    path = gallery.folder.root / "media" / "a"
    Image.effect_noise((60, 60), 90).save(path, kind)
    raw = path.read_bytes()
    path.write_bytes(raw[: len(raw) // 2])
    media, problems = gallery.picture("media/a", HERE, None)
    assert media is None
    assert [problem.code for problem in problems] == ["media-damaged"]


def test_a_video_is_no_picture(gallery: Gallery) -> None:
    (gallery.folder.root / "media" / "v.jpg").write_bytes(VIDEO)
    assert [p.code for p in gallery.picture("media/v.jpg", HERE, None)[1]] == ["not-a-picture"]


def test_a_wrong_extension_is_a_warning_and_the_picture_is_kept(gallery: Gallery) -> None:
    media, problems = gallery.picture(save(gallery, "a.jpg"), HERE, None)
    assert media is not None
    assert media.mime == "image/png"
    assert [(p.code, p.severity) for p in problems] == [("wrong-extension", Severity.WARNING)]


def test_a_mistyped_name_is_answered_with_the_nearest(gallery: Gallery) -> None:
    save(gallery, "cover-01.png")
    [problem] = gallery.picture("media/cover-1.png", HERE, None)[1]
    assert problem.code == "media-missing"
    assert "media/cover-01.png" in problem.hint


@pytest.mark.parametrize(
    "path",
    ["../a.png", "/etc/hostname", "media/../../a.png", "media\\a.png", "media/\0.png"],
)
def test_a_path_that_leads_out_is_refused(gallery: Gallery, path: str) -> None:
    [problem] = gallery.picture(path, HERE, None)[1]
    assert problem.code == "path-outside"


@pytest.mark.parametrize("path", ["media", "media/" + "x" * 5000, "media/loop.png"])
def test_what_is_no_file_is_missing(gallery: Gallery, path: str) -> None:
    (gallery.folder.root / "media" / "loop.png").symlink_to("loop.png")
    assert [p.code for p in gallery.picture(path, HERE, None)[1]] == ["media-missing"]


def test_a_link_that_stays_inside_is_followed(gallery: Gallery) -> None:
    save(gallery, "a.png")
    (gallery.folder.root / "media" / "b.png").symlink_to("a.png")
    media, problems = gallery.picture("media/b.png", HERE, None)
    assert problems == []
    assert media is not None
    assert media.path == "media/b.png"


def test_a_file_is_looked_into_again_only_when_it_changed(gallery: Gallery) -> None:
    path = save(gallery, "a.png")
    first = gallery.picture(path, HERE, None)[0]
    assert gallery.picture("media/../" + path, HERE, None)[0] is not None
    assert len(gallery.looks) == 1
    save(gallery, "a.png", size=(7, 7))
    os.utime(gallery.folder.root / path, ns=(1, 1))
    second = gallery.picture(path, HERE, None)[0]
    assert first is not None
    assert second is not None
    assert (first.width, second.width) == (6, 7)
    assert gallery.folder.seen[path] == second.sha256
