"""Makes the sample pictures and videos again: `python schedules/make_media.py`.

Abstract shapes only, no text, nobody's photograph. The shapes come from a seed, so that a second
run draws the same pictures. Needs Pillow, and PyAV for the videos (the extra `sample`).
"""

from __future__ import annotations

import colorsys
import math
import random
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from PIL import Image, ImageChops, ImageDraw, ImageFilter

MEDIA = Path(__file__).resolve().parent / "media"
COVER = (900, 383)  # pixels; WeChat's wide cover, 2.35:1
PHOTO = (1080, 720)
VIDEO = (720, 1280)  # upright, as Douyin and Channels show it
FPS = 10
AUDIO_RATE_HZ = 16_000
AUDIO_FRAME = 1024  # samples, what AAC takes at a time
# Seconds; 01..08 are the calendar's video posts, 09 belongs to a nurse's profile.
DURATIONS_S = (32, 38, 44, 36, 48, 40, 34, 52, 60)

Colour = tuple[int, int, int]
Size = tuple[int, int]


def main() -> None:
    """Writes 12 covers, 12 photos and 9 videos."""
    MEDIA.mkdir(exist_ok=True)
    for number in range(1, 13):
        save_picture(f"cover-{number:02}", COVER, hue=number / 12)
        save_picture(f"photo-{number:02}", PHOTO, hue=number / 12 + 0.04)
    for number, duration_s in enumerate(DURATIONS_S, start=1):
        save_video(MEDIA / f"video-{number:02}.mp4", hue=number / 9, duration_s=duration_s)


def save_picture(name: str, size: Size, *, hue: float) -> None:
    """One JPEG: a gradient with soft discs and two hills."""
    draw_scene(size, hue, random.Random(name)).save(  # noqa: S311 - a drawing, not a secret
        MEDIA / f"{name}.jpg", quality=82, optimize=True
    )


def draw_scene(size: Size, hue: float, chance: random.Random) -> Image.Image:
    """A sky from light to full colour, with discs and hills in related colours."""
    picture = gradient(size, colour(hue, 0.18, 0.99), colour(hue + 0.08, 0.45, 0.90))
    for _ in range(chance.randint(4, 7)):
        picture = with_disc(picture, hue + chance.uniform(-0.1, 0.1), chance)
    for depth in (0.62, 0.80):
        picture = with_hill(picture, depth, colour(hue + 0.02, 0.35 + depth / 3, 1.1 - depth / 2))
    return picture


def colour(hue: float, saturation: float, value: float) -> Colour:
    """RGB of a hue that may run past 1."""
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, min(value, 1))
    return round(red * 255), round(green * 255), round(blue * 255)


def gradient(size: Size, top: Colour, bottom: Colour) -> Image.Image:
    """A picture that runs from `top` to `bottom`."""
    mask = Image.linear_gradient("L").resize(size)
    return Image.composite(Image.new("RGB", size, bottom), Image.new("RGB", size, top), mask)


def with_disc(picture: Image.Image, hue: float, chance: random.Random) -> Image.Image:
    """The picture with one more soft, half transparent disc."""
    width, height = picture.size
    x, y = chance.uniform(0, width), chance.uniform(0, height * 0.7)
    radius = chance.uniform(height * 0.08, height * 0.32)
    mask = Image.new("L", picture.size)
    box = (x - radius, y - radius, x + radius, y + radius)
    ImageDraw.Draw(mask).ellipse(box, fill=chance.randint(70, 150))
    mask = mask.filter(ImageFilter.GaussianBlur(radius / 14))
    return Image.composite(Image.new("RGB", picture.size, colour(hue, 0.25, 1.0)), picture, mask)


def with_hill(picture: Image.Image, depth: float, fill: Colour) -> Image.Image:
    """The picture with a wavy hill that begins at `depth` of its height."""
    width, height = picture.size
    shift = depth * 9
    ridge = [
        (x, height * (depth + 0.07 * math.sin(x / width * 5 + shift)))
        for x in range(0, width + 9, 9)
    ]
    hilly = picture.copy()
    ImageDraw.Draw(hilly).polygon([*ridge, (width, height), (0, height)], fill=fill)
    return hilly


def save_video(path: Path, *, hue: float, duration_s: int) -> None:
    """H.264 and silent AAC in an MP4 whose index comes first, so that it plays while it loads."""
    # bitexact: the container carries neither its writer's version nor the day it was made.
    options = {"movflags": "+faststart", "fflags": "+bitexact"}
    with av.open(str(path), "w", options=options) as container:
        picture = container.add_stream("libx264", rate=FPS)
        picture.width, picture.height = VIDEO
        picture.pix_fmt = "yuv420p"
        picture.options = {"crf": "36", "preset": "medium", "threads": "1", "bf": "0"}
        picture.gop_size = FPS * 10
        sound = container.add_stream("aac", rate=AUDIO_RATE_HZ, layout="mono")
        sound.bit_rate = 8_000
        for frame in frames(hue, duration_s):
            container.mux(picture.encode(frame))
        container.mux(picture.encode(None))
        for silence in silent_frames(duration_s):
            container.mux(sound.encode(silence))
        container.mux(sound.encode(None))


def frames(hue: float, duration_s: int) -> Iterator[av.VideoFrame]:
    """The video's pictures: a scene on which one light wanders slowly."""
    scene = draw_scene((360, 640), hue, random.Random(f"video {hue:.3f}"))  # noqa: S311
    for index in range(duration_s * FPS):
        # Every fifth picture moves; the others repeat it, which costs the encoder next to nothing.
        angle = 2 * math.pi * (index - index % 5) / (duration_s * FPS)
        lit = with_light(scene, angle).resize(VIDEO)
        frame = av.VideoFrame.from_image(lit)  # type: ignore[no-untyped-call]
        frame.pts, frame.time_base = index, Fraction(1, FPS)
        yield frame


def with_light(scene: Image.Image, angle: float) -> Image.Image:
    """The scene with a pale disc at `angle` of its round."""
    width, height = scene.size
    x, y = width * (0.5 + 0.3 * math.cos(angle)), height * (0.35 + 0.15 * math.sin(angle))
    light = Image.new("RGB", scene.size)
    ImageDraw.Draw(light).ellipse((x - 40, y - 40, x + 40, y + 40), fill=(48, 46, 36))
    return ImageChops.add(scene, light)


def silent_frames(duration_s: int) -> Iterator[av.AudioFrame]:
    """As much silence as the pictures last."""
    for index in range(duration_s * AUDIO_RATE_HZ // AUDIO_FRAME):
        frame = av.AudioFrame(format="fltp", layout="mono", samples=AUDIO_FRAME)
        frame.planes[0].update(bytes(AUDIO_FRAME * 4))
        frame.sample_rate, frame.pts = AUDIO_RATE_HZ, index * AUDIO_FRAME
        frame.time_base = Fraction(1, AUDIO_RATE_HZ)
        yield frame


if __name__ == "__main__":
    main()
