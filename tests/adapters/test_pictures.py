"""Pictures made fit: what a copy keeps, what it leaves out, and what is refused."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from adapters.pictures import Fit, fit, mime_of, page_of, problems
from bot.domain.post import Media
from bot.domain.problem import Severity
from bot.errors import MediaError

JPEG, PNG, GIF = "image/jpeg", "image/png", "image/gif"
WEB = Fit(formats=(JPEG, PNG), max_bytes=1_000_000, max_width=1000, max_height=1000)
ORIENTATION, GPS, MAKER = 0x0112, 0x8825, 0x010F  # EXIF tags


class Album:
    """A folder of originals and the cache beside it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.cache = root / "cache" / "pictures"

    def keep(self, data: bytes, mime: str = JPEG, name: str = "洗手.jpg") -> Media:
        (self.root / name).write_bytes(data)
        with Image.open(io.BytesIO(data)) as picture:
            width, height = picture.size
        return Media(
            path=name,
            sha256=hashlib.sha256(data).hexdigest(),
            size=len(data),
            mime=mime,
            width=width,
            height=height,
        )

    def fit(self, media: Media, to: Fit = WEB) -> Path:
        return fit(media, self.root / media.path, to, self.cache)

    def opened(self, media: Media, to: Fit = WEB) -> Image.Image:
        return Image.open(io.BytesIO(self.fit(media, to).read_bytes()))


@pytest.fixture
def album(tmp_path: Path) -> Album:
    return Album(tmp_path)


def saved(picture: Image.Image, kind: str = "JPEG", **how: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **how)
    return buffer.getvalue()


def plain(kind: str = "JPEG", size: tuple[int, int] = (40, 20), **how: object) -> bytes:
    return saved(Image.new("RGB", size, (200, 30, 30)), kind, **how)


def noise(size: tuple[int, int]) -> Image.Image:
    return Image.merge("RGB", [Image.effect_noise(size, 120) for _ in "RGB"])


def colour(picture: Image.Image, at: tuple[int, int] = (5, 5)) -> tuple[int, ...]:
    found = picture.convert("RGB").getpixel(at)
    assert isinstance(found, tuple)
    return tuple(int(part) for part in found)


def near(found: tuple[int, ...], wanted: tuple[int, ...], by: int = 6) -> bool:
    return all(abs(a - b) <= by for a, b in zip(found, wanted, strict=True))


def test_a_picture_that_fits_keeps_every_byte_under_a_name_of_ascii(album: Album) -> None:
    media = album.keep(plain("PNG"), PNG)
    copy = album.fit(media)
    assert copy.read_bytes() == (album.root / media.path).read_bytes()
    assert copy.name.isascii()
    assert copy.suffix == ".png"
    assert mime_of(copy) == PNG


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "BMP"])
def test_a_type_the_platform_does_not_take_becomes_one_it_takes(album: Album, kind: str) -> None:
    media = album.keep(plain(kind), f"image/{kind.lower()}")
    copy = album.opened(media)
    assert (copy.format, copy.size) == ("JPEG", (40, 20))
    assert near(colour(copy), (200, 30, 30))


def test_the_original_stays_as_it_was(album: Album) -> None:
    data = saved(noise((1500, 1200)), "PNG")
    media = album.keep(data, PNG)
    album.fit(media)
    assert (album.root / media.path).read_bytes() == data


@pytest.mark.parametrize("turn", range(2, 9))
def test_a_photo_on_its_side_is_turned_upright(album: Album, turn: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = turn
    picture = Image.new("RGB", (40, 20), "white")
    picture.paste("black", (0, 0, 20, 10))  # the upper left quarter
    copy = album.opened(album.keep(saved(picture, exif=exif, quality=95)))
    assert copy.size == ((20, 40) if turn >= 5 else (40, 20))
    width, height = copy.size
    corners = {
        (x, y): colour(copy, (x, y))[0] < 128 for x in (2, width - 3) for y in (2, height - 3)
    }
    dark = {2: (1, 0), 3: (1, 1), 4: (0, 1), 5: (0, 0), 6: (1, 0), 7: (1, 1), 8: (0, 1)}[turn]
    assert [at for at, black in corners.items() if black] == [
        ((2, width - 3)[dark[0]], (2, height - 3)[dark[1]])
    ]


def with_place() -> bytes:
    exif = Image.Exif()
    exif[MAKER] = "PhoneMaker"
    exif.get_ifd(GPS)[1] = "N"
    exif.get_ifd(GPS)[2] = (30.0, 15.0, 0.0)
    return plain(exif=exif, comment=b"taken by Wang")


def with_words() -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "PhoneMaker Wang")
    return plain("PNG", pnginfo=info)


@pytest.mark.parametrize(
    ("make", "mime"),
    [
        (with_place, JPEG),
        (with_words, PNG),
        (lambda: plain("GIF", comment=b"PhoneMaker Wang"), GIF),
        (lambda: plain("PNG", exif=_exif_of_maker()), PNG),
        (lambda: plain(xmp=b"<x:xmpmeta>PhoneMaker</x:xmpmeta>"), JPEG),
    ],
    ids=["jpeg-gps", "png-text", "gif-comment", "png-exif", "jpeg-xmp"],
)
def test_place_camera_and_comments_do_not_go_along(
    album: Album, make: Callable[[], bytes], mime: str
) -> None:
    data = make()
    assert b"PhoneMaker" in data
    copy = album.fit(album.keep(data, mime), replace(WEB, formats=(JPEG, PNG, GIF)))
    kept = copy.read_bytes()
    assert b"PhoneMaker" not in kept
    assert b"Wang" not in kept
    with Image.open(copy) as picture:
        assert not picture.getexif()
        assert mime_of(copy) == mime


def _exif_of_maker() -> Image.Exif:
    exif = Image.Exif()
    exif[MAKER] = "PhoneMaker"
    return exif


def test_the_preview_in_a_camera_s_file_does_not_go_along(album: Album) -> None:
    data = saved(
        Image.new("RGB", (40, 20), "white"),
        "MPO",
        save_all=True,
        append_images=[Image.new("RGB", (40, 20), "black")],
    )
    copy = album.opened(album.keep(data))
    assert copy.format == "JPEG"
    assert getattr(copy, "n_frames", 1) == 1


def test_transparent_parts_turn_white_where_a_type_has_none(album: Album) -> None:
    media = album.keep(saved(Image.new("RGBA", (40, 20), (0, 0, 0, 0)), "PNG"), PNG)
    copy = album.opened(media, replace(WEB, formats=(JPEG,)))
    assert colour(copy) == (255, 255, 255)


def test_transparent_parts_stay_where_a_type_has_them(album: Album) -> None:
    picture = Image.new("RGBA", (40, 20), (0, 0, 0, 0))
    copy = album.opened(album.keep(saved(picture, "WEBP", lossless=True), "image/webp"))
    assert copy.format == "PNG"
    assert copy.convert("RGBA").getpixel((5, 5))[3] == 0  # type: ignore[index]


def test_a_palette_s_transparent_colour_turns_white(album: Album) -> None:
    picture = Image.new("P", (40, 20), 0)
    picture.putpalette([0, 0, 0, 255, 0, 0])
    media = album.keep(saved(picture, "GIF", transparency=0), GIF)
    assert colour(album.opened(media, replace(WEB, formats=(JPEG,)))) == (255, 255, 255)


def test_printer_s_colours_become_screen_colours(album: Album) -> None:
    media = album.keep(saved(Image.new("CMYK", (40, 20), (0, 255, 255, 0)), quality=95))
    copy = album.opened(media)
    assert copy.mode == "RGB"
    assert near(colour(copy), (254, 0, 0))


def test_a_colour_profile_is_applied_not_only_dropped(album: Album) -> None:
    # In this profile the same numbers mean another colour: a screen with gamma 1.0.
    picture = Image.new("L", (40, 20), 55)
    media = album.keep(saved(picture, "PNG", icc_profile=_linear_grey_profile()), PNG)
    copy = album.opened(media)
    assert "icc_profile" not in copy.info
    assert near(colour(copy), (128, 128, 128), by=4)  # 55/255 linear is about 128 in sRGB


def _linear_grey_profile() -> bytes:
    """A grey profile of gamma 1.0, the smallest there can be."""
    curve = b"curv" + bytes(8)
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    offset = 128 + 4 + 2 * 12
    tags = struct.pack(">I4sII4sII", 2, b"kTRC", offset, 12, b"wtpt", offset + 12, 20)
    size = offset + 12 + 20
    head = struct.pack(">I4sI4s4s4s", size, b"none", 0x02100000, b"mntr", b"GRAY", b"XYZ ")
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    head += struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + tags + curve + white


def test_a_broken_colour_profile_is_passed_over(album: Album) -> None:
    copy = album.opened(album.keep(plain(icc_profile=b"no profile at all")))
    assert near(colour(copy), (200, 30, 30))
    assert "icc_profile" not in copy.info


def test_sixteen_bits_of_grey_keep_their_light(album: Album) -> None:
    picture = Image.new("I;16", (40, 20), 0x8000)
    media = album.keep(saved(picture, "PNG"), PNG)
    assert near(colour(album.opened(media, replace(WEB, formats=(JPEG,)))), (128, 128, 128))


def test_sides_are_scaled_in_proportion_and_never_up(album: Album) -> None:
    assert album.opened(album.keep(plain(size=(3000, 1500)))).size == (1000, 500)
    assert album.opened(album.keep(plain(size=(900, 1800)))).size == (500, 1000)
    assert album.opened(album.keep(plain("BMP", size=(30, 15)), "image/bmp")).size == (30, 15)


def test_a_line_thin_picture_keeps_at_least_a_pixel(album: Album) -> None:
    assert album.opened(album.keep(plain(size=(8000, 2)))).size == (1000, 1)


def test_quality_goes_down_before_sides_do(album: Album) -> None:
    media = album.keep(saved(noise((600, 600)), quality=100))
    to = replace(WEB, max_bytes=250_000)
    copy = album.fit(media, to)
    assert copy.stat().st_size <= 250_000 < media.size
    with Image.open(copy) as picture:
        assert picture.size == (600, 600)


def test_sides_go_down_when_no_quality_helps(album: Album) -> None:
    media = album.keep(saved(noise((600, 600)), quality=100))
    copy = album.fit(media, replace(WEB, max_bytes=30_000))
    assert copy.stat().st_size <= 30_000
    with Image.open(copy) as picture:
        assert 64 <= picture.width < 600


def test_a_png_too_large_becomes_a_jpeg_of_full_size(album: Album) -> None:
    media = album.keep(saved(noise((900, 900)), "PNG"), PNG)
    assert media.size > 1_000_000
    copy = album.opened(media)
    assert (copy.format, copy.size) == ("JPEG", (900, 900))


def test_what_cannot_be_made_small_enough_is_refused(album: Album) -> None:
    media = album.keep(saved(noise((300, 300)), quality=100))
    with pytest.raises(MediaError, match=r"洗手\.jpg"):
        album.fit(media, replace(WEB, max_bytes=300))
    with pytest.raises(MediaError, match=r"洗手\.jpg"):
        album.fit(media, replace(WEB, max_bytes=9_000, min_width=290, min_height=290))


def animated(size: tuple[int, int] = (40, 20), kind: str = "GIF") -> bytes:
    frames = [Image.new("RGB", size, word) for word in ("red", "green", "blue")]
    return saved(
        frames[0], kind, save_all=True, append_images=frames[1:], duration=[100, 200, 300], loop=0
    )


def test_an_animation_is_kept_as_it_is_where_it_fits(album: Album) -> None:
    media = album.keep(animated(), GIF)
    copy = album.fit(media, replace(WEB, formats=(JPEG, GIF)))
    assert copy.read_bytes() == (album.root / media.path).read_bytes()


def test_an_animation_is_scaled_with_all_its_frames(album: Album) -> None:
    media = album.keep(animated((400, 200)), GIF)
    copy = album.opened(media, replace(WEB, formats=(JPEG, GIF), max_width=100))
    assert (copy.format, copy.size, getattr(copy, "n_frames", 1)) == ("GIF", (100, 50), 3)
    assert copy.info["loop"] == 0
    copy.seek(2)
    assert copy.info["duration"] == 300
    assert near(colour(copy), (0, 0, 255))


def test_an_animation_becomes_its_first_frame_where_it_is_not_taken(album: Album) -> None:
    copy = album.opened(album.keep(animated(), GIF))
    assert (copy.format, getattr(copy, "n_frames", 1)) == ("JPEG", 1)
    assert near(colour(copy), (254, 0, 0))


def test_a_picture_to_be_cut_is_upright_on_white(album: Album) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    picture = Image.new("RGBA", (40, 20), (0, 0, 0, 0))
    media = album.keep(saved(picture, "PNG", exif=exif), PNG)
    page = page_of(media, album.root / media.path)
    assert (page.mode, page.size) == ("RGB", (20, 40))
    assert page.getpixel((5, 5)) == (255, 255, 255)
    (album.root / media.path).write_bytes(b"another")
    with pytest.raises(MediaError):
        page_of(media, album.root / media.path)


def bomb() -> bytes:
    """A PNG of a few bytes that says it has 900 million pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    empty = zlib.compress(b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", empty) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "data",
    [
        bomb(),
        b"",
        b"no picture",
        plain()[:200],
        saved(noise((60, 60)), "PNG")[:-3000],
        b"GIF89a" + bytes(20),
        b"\xff\xd8\xff" + bytes(50),
        b"\x00\x00\x00\x18ftypheic" + bytes(40),
    ],
    ids=["bomb", "empty", "text", "cut-jpeg", "cut-png", "hollow-gif", "hollow-jpeg", "heic"],
)
def test_what_is_no_sound_picture_is_a_media_error(album: Album, data: bytes) -> None:
    (album.root / "x.jpg").write_bytes(data)
    media = Media(path="x.jpg", sha256=hashlib.sha256(data).hexdigest(), size=len(data), mime=JPEG)
    with pytest.raises(MediaError, match=r"x\.jpg"):
        album.fit(media)
    assert not album.cache.exists()


def test_a_picture_changed_since_it_was_planned_is_not_kept_under_its_name(album: Album) -> None:
    media = album.keep(plain())
    (album.root / media.path).write_bytes(plain(size=(41, 20)))
    with pytest.raises(MediaError, match=r"洗手\.jpg"):
        album.fit(media)
    assert not album.cache.exists()


def test_a_picture_that_is_gone_is_a_media_error(album: Album) -> None:
    media = album.keep(plain())
    (album.root / media.path).unlink()
    with pytest.raises(MediaError, match=r"洗手\.jpg"):
        album.fit(media)


def test_the_same_picture_always_gives_the_same_bytes(album: Album, tmp_path: Path) -> None:
    media = album.keep(saved(noise((1200, 800)), quality=95))
    again = fit(media, album.root / media.path, WEB, tmp_path / "another")
    first = album.fit(media)
    assert first.name == again.name
    assert first.read_bytes() == again.read_bytes()


def test_a_copy_is_made_once_and_found_again(album: Album) -> None:
    media = album.keep(plain(size=(3000, 1500)))
    first = album.fit(media)
    (album.root / media.path).unlink()  # so that it could not be made anew
    assert album.fit(media) == first
    with pytest.raises(MediaError):
        album.fit(media, replace(WEB, max_width=900))


def test_what_a_power_failure_left_half_written_is_never_used(album: Album) -> None:
    media = album.keep(plain(size=(3000, 1500)))
    good = album.fit(media)
    data = good.read_bytes()
    good.rename(good.with_name(".new-abcd"))
    good.with_name(".new-abcd").write_bytes(data[:100])
    assert album.fit(media).read_bytes() == data


def test_a_cache_that_cannot_be_written_is_a_media_error(album: Album) -> None:
    album.cache.parent.write_text("a file stands where the folder should be")
    with pytest.raises(MediaError, match=r"洗手\.jpg"):
        album.fit(album.keep(plain()))


def test_pictures_too_small_for_a_platform_are_told_before(album: Album) -> None:
    to = replace(WEB, max_width=0, max_height=0, min_width=960, min_height=600)
    [problem] = problems(album.keep(plain(size=(960, 599))), to, "哔哩哔哩")
    assert (problem.code, problem.severity) == ("picture-too-small", Severity.ERROR)
    for word in ("洗手.jpg", "960×599", "960×600", "哔哩哔哩"):
        assert word in problem.message
    assert list(problems(album.keep(plain(size=(960, 600))), to, "哔哩哔哩")) == []
    unknown = Media(path="x", sha256="", size=1, mime=JPEG)
    assert list(problems(unknown, to, "哔哩哔哩")) == []
