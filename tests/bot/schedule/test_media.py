"""Looking into pictures and videos: by content, with size and duration, once per reading."""

import hashlib
import os
import struct
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from bot.domain.post import Media
from bot.domain.problem import Place, Severity
from bot.schedule import media as looking
from bot.schedule.folder import Folder
from bot.schedule.media import Gallery

HERE = Place(file="2026-05.yaml", line=9)
VIDEOS = Path(__file__).parents[2] / "data" / "videos"
CLIP = (VIDEOS / "clip.mp4").read_bytes()
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


def test_a_video_is_measured_without_any_other_program(gallery: Gallery) -> None:
    assert film(gallery, CLIP) == Media(
        path="media/v.mp4",
        sha256=hashlib.sha256(CLIP).hexdigest(),
        size=len(CLIP),
        mime="video/mp4",
        width=64,
        height=36,
        duration_s=2.021,  # of the sound, which lasts longer than the picture
        codec="AVC",
        audio="AAC",
        fps=25.0,
        bit_rate=20_521,
    )


def film(gallery: Gallery, data: bytes, name: str = "v.mp4") -> Media | None:
    """The video as it is looked at; None when it is refused."""
    (gallery.folder.root / "media" / name).write_bytes(data)
    return gallery.video(f"media/{name}", HERE, "p")[0]


@pytest.mark.parametrize(
    ("name", "mime", "codec", "audio"),
    [
        ("clip.webm", "video/webm", "VP9", "Opus"),
        ("clip.mkv", "video/x-matroska", "AVC", "AAC"),
        ("clip.avi", "video/x-msvideo", "MPEG-4 Visual", ""),
        ("clip.flv", "video/x-flv", "AVC", "AAC"),
    ],
)
def test_other_containers_are_measured_too(
    gallery: Gallery, name: str, mime: str, codec: str, audio: str
) -> None:
    media = film(gallery, (VIDEOS / name).read_bytes(), name)
    assert media is not None
    assert (media.mime, media.codec, media.audio) == (mime, codec, audio)
    assert (media.width, media.height, media.fps) == (64, 36, 25.0)
    assert media.duration_s == pytest.approx(2, abs=0.15)
    assert media.bit_rate == pytest.approx(media.size * 8 / media.duration_s, rel=0.01)


@pytest.mark.parametrize(
    ("brand", "mime", "name"),
    [(b"qt  ", "video/quicktime", "v.MOV"), (b"3gp6", "video/3gpp", "v.3gp")]
    + [(brand, "video/mp4", "v.mp4") for brand in (b"isom", b"mp42", b"M4V ")],
)
def test_a_phone_s_containers_are_told_apart(
    gallery: Gallery, brand: bytes, mime: str, name: str
) -> None:
    media = film(gallery, CLIP[:8] + brand + CLIP[12:], name)
    assert media is not None
    assert media.mime == mime
    assert gallery.video(f"media/{name}", HERE, "p")[1] == []


@pytest.mark.parametrize(
    ("turn", "sides"),
    [
        ((0, 1, 0, -1, 0, 0), (36, 64)),  # the matrices of 90, 180 and 270 degrees
        ((-1, 0, 0, 0, -1, 0), (64, 36)),
        ((0, -1, 0, 1, 0, 0), (36, 64)),
    ],
)
def test_a_video_filmed_upright_is_upright(
    gallery: Gallery, turn: tuple[int, ...], sides: tuple[int, int]
) -> None:
    at = CLIP.index(b"tkhd") + 4 + 40  # the track's matrix: nine numbers of 16.16 bits
    matrix = struct.pack(">9i", *(part << 16 for part in turn), 0, 0, 1 << 30)
    media = film(gallery, CLIP[:at] + matrix + CLIP[at + 36 :])
    assert media is not None
    assert (media.width, media.height) == sides


@pytest.mark.parametrize("turn", [1, 3, 6, 8])
def test_a_photo_taken_upright_is_upright(gallery: Gallery, turn: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn  # orientation
    Image.new("RGB", (60, 40)).save(gallery.folder.root / "media" / "a.jpg", exif=exif)
    media, _problems = gallery.picture("media/a.jpg", HERE, None)
    assert media is not None
    assert (media.width, media.height) == ((40, 60) if turn > 4 else (60, 40))


def test_a_large_video_is_measured_without_being_held_in_memory(gallery: Gallery) -> None:
    path = gallery.folder.root / "media" / "v.mp4"
    path.write_bytes(CLIP)
    hole = 600_000_000
    with path.open("ab") as file:  # a box nobody reads, with nothing on the disk behind it
        file.write(struct.pack(">I4sQ", 1, b"free", hole + 16))
        file.truncate(len(CLIP) + 16 + hole)
    tracemalloc.start()
    media = gallery.video("media/v.mp4", HERE, None)[0]
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert media is not None
    assert media.size == len(CLIP) + 16 + hole
    assert media.duration_s == pytest.approx(2.021)
    assert most < 20_000_000


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


@pytest.mark.parametrize("name", ["clip.mp4", "clip.webm", "clip.mkv", "clip.avi", "clip.flv"])
@pytest.mark.parametrize("part", [0.01, 0.3, 0.6, 0.99])
def test_each_container_shows_when_it_is_cut_off(gallery: Gallery, name: str, part: float) -> None:
    data = (VIDEOS / name).read_bytes()
    assert film(gallery, data[: int(len(data) * part)], name) is None
    assert [p.code for p in gallery.video(f"media/{name}", HERE, None)[1]] == ["media-damaged"]


def test_an_empty_file_is_damaged_whatever_it_was_to_be(gallery: Gallery) -> None:
    (gallery.folder.root / "media" / "e").write_bytes(b"")
    for look in (gallery.picture, gallery.video):
        assert [p.code for p in look("media/e", HERE, None)[1]] == ["media-damaged"]


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"mif1", b"avif"])
def test_a_phone_s_own_photo_format_is_told_with_a_way_out(gallery: Gallery, brand: bytes) -> None:
    path = gallery.folder.root / "media" / "IMG_0001.jpg"
    path.write_bytes(b"\0\0\0\x18ftyp" + brand + bytes(12))
    [problem] = gallery.picture("media/IMG_0001.jpg", HERE, "p")[1]
    assert problem.code == "picture-heic"
    assert "JPEG" in problem.hint
    assert [p.code for p in gallery.video("media/IMG_0001.jpg", HERE, "p")[1]] == ["not-a-video"]


@pytest.mark.parametrize(
    "data",
    [(VIDEOS / "sound.m4a").read_bytes(), b"#!/bin/sh\n", b"0&\xb2u\x8ef\xcf\x11" + bytes(99)],
    ids=["sound", "text", "wmv"],
)
def test_sound_alone_and_other_files_are_no_video(gallery: Gallery, data: bytes) -> None:
    film(gallery, data)
    assert [p.code for p in gallery.video("media/v.mp4", HERE, None)[1]] == ["not-a-video"]


def test_a_video_under_another_s_name_is_told_and_kept(gallery: Gallery) -> None:
    assert film(gallery, CLIP[:8] + b"qt  " + CLIP[12:]) is not None
    [problem] = gallery.video("media/v.mp4", HERE, None)[1]
    assert (problem.code, problem.severity) == ("wrong-extension", Severity.WARNING)
    assert ".mov" in problem.hint


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
    before = looking.inspect.cache_info().misses
    first = gallery.picture(path, HERE, None)[0]
    assert first is not None
    again = Gallery(folder=Folder(root=gallery.folder.root))  # as the next reading does
    assert again.picture("media/../" + path, HERE, None)[0] == replace(
        first, path="media/../" + path
    )
    assert looking.inspect.cache_info().misses == before + 1
    save(gallery, "a.png", size=(7, 7))
    os.utime(gallery.folder.root / path, ns=(1, 1))
    second = gallery.picture(path, HERE, None)[0]
    assert second is not None
    assert (first.width, second.width) == (6, 7)
    assert gallery.folder.seen[path] == second.sha256


def test_a_copy_with_its_old_times_is_noticed(gallery: Gallery) -> None:
    path = gallery.folder.root / save(gallery, "a.bmp", kind="BMP")
    first = gallery.picture("media/a.bmp", HERE, None)[0]
    stat, other = path.stat(), bytearray(path.read_bytes())
    other[-1] ^= 1
    path.unlink()
    path.write_bytes(other)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    second = gallery.picture("media/a.bmp", HERE, None)[0]
    assert first is not None
    assert second is not None
    assert (first.size, first.sha256 == second.sha256) == (second.size, False)
