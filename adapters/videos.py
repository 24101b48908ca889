"""What platforms take as a video, as data, and what is wrong with one that does not fit.

Each adapter keeps its platform's own table, with its source, beside its other limits. Figures that
no official page states only warn: they are named in `unsure`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Final

from bot.domain.post import Media
from bot.domain.problem import Problem, Severity
from bot.i18n import _

# What a file of each container must be called.
EXTENSIONS: Final[Mapping[str, str]] = {
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/3gpp": "3gp",
    "video/webm": "webm",
    "video/x-matroska": "mkv",
    "video/x-msvideo": "avi",
    "video/x-flv": "flv",
}
_MB: Final = 1_000_000
# A side is a whole number of pixels, so that an exact 9:16 may come out a little off.
_RATIO_SLACK: Final = 0.005


@dataclass(frozen=True, kw_only=True)
class VideoLimits:
    """What one platform takes; 0 and an empty set mean that no limit is known.

    Formats are compared with what the file holds, never with its name. A value of the video that
    is not known (0, "") is not compared.
    """

    mimes: frozenset[str] = frozenset()  # containers: "video/mp4", "video/quicktime", …
    codecs: frozenset[str] = frozenset()  # as MediaInfo names them: "AVC", "HEVC", "AV1", …
    audio: frozenset[str] = frozenset()  # "AAC", …; a video without sound passes
    max_bytes: int = 0
    min_duration_s: float = 0.0
    max_duration_s: float = 0.0
    min_short_side: int = 0  # pixels, as the video is shown
    max_short_side: int = 0
    max_long_side: int = 0
    min_ratio: float = 0.0  # width by height, as shown: 9 / 16 is upright
    max_ratio: float = 0.0
    max_fps: float = 0.0
    max_bit_rate: int = 0  # bits a second, sound included
    unsure: frozenset[str] = frozenset()  # names of fields above that only warn

    def __post_init__(self) -> None:
        unknown = self.unsure - {field.name for field in fields(self)}
        if unknown:
            raise ValueError(f"no such limits: {sorted(unknown)}")


# Where a platform states nothing at all.
ALL_UNSURE: Final = frozenset(field.name for field in fields(VideoLimits)) - {"unsure"}


def problems(video: Media, limits: VideoLimits, title: str) -> Iterator[Problem]:
    """Everything in the video that the platform would refuse, or may.

    `title` is the platform's name for people. Pure; the file is not opened.
    """
    finder = _Finder(video=video, limits=limits, title=title)
    yield from finder.formats()
    yield from finder.size()
    yield from finder.length()
    yield from finder.sides()
    yield from finder.shape()
    yield from finder.rates()


@dataclass(frozen=True, kw_only=True)
class _Finder:
    video: Media
    limits: VideoLimits
    title: str

    def formats(self) -> Iterator[Problem]:
        video, limits = self.video, self.limits
        hint = _("Export the video as MP4 (H.264 with AAC).")
        if limits.mimes and video.mime and video.mime not in limits.mimes:
            message = _("{path} is of type {value}; {platform} takes {limit}.")
            limit = _names(_kind(mime) for mime in limits.mimes)
            yield self._say("mimes", "video-type", message, _kind(video.mime), limit, hint)
        if limits.codecs and video.codec and video.codec not in limits.codecs:
            message = _("The picture of {path} is coded as {value}; {platform} takes {limit}.")
            limit = _names(map(_codec, limits.codecs))
            yield self._say("codecs", "video-codec", message, _codec(video.codec), limit, hint)
        if limits.audio and video.audio and video.audio not in limits.audio:
            message = _("The sound of {path} is coded as {value}; {platform} takes {limit}.")
            limit = _names(limits.audio)
            yield self._say("audio", "video-audio", message, video.audio, limit, hint)

    def size(self) -> Iterator[Problem]:
        size, most = self.video.size, self.limits.max_bytes
        if most and size > most:
            message = _("{path} has {value}; {platform} takes at most {limit}.")
            hint = _("Export it with a lower bit rate, or cut it.")
            yield self._say("max_bytes", "video-too-big", message, _bytes(size), _bytes(most), hint)

    def length(self) -> Iterator[Problem]:
        length_s = self.video.duration_s
        most, least = self.limits.max_duration_s, self.limits.min_duration_s
        if most and length_s > most:
            message = _("{path} is {value} long; {platform} takes at most {limit}.")
            hint = _("Cut it, or make several posts of it.")
            value, limit = _time(length_s), _time(most)
            yield self._say("max_duration_s", "video-too-long", message, value, limit, hint)
        if 0 < length_s < least:
            message = _("{path} is {value} long; {platform} takes at least {limit}.")
            hint = _("Take a longer video.")
            value, limit = _time(length_s), _time(least)
            yield self._say("min_duration_s", "video-too-short", message, value, limit, hint)

    def sides(self) -> Iterator[Problem]:
        limits, shown = self.limits, self._shown()
        short, long = sorted((self.video.width, self.video.height))
        smaller = _("Export it smaller: 1080×1920 or 1920×1080 fits everywhere.")
        if limits.max_long_side and long > limits.max_long_side:
            message = _("{path} is {value} large; {platform} takes {limit} on the long side.")
            limit = _("at most {pixels} pixels").format(pixels=limits.max_long_side)
            yield self._say("max_long_side", "video-too-large", message, shown, limit, smaller)
        message = _("{path} is {value} large; {platform} takes {limit} on the short side.")
        if limits.max_short_side and short > limits.max_short_side:
            limit = _("at most {pixels} pixels").format(pixels=limits.max_short_side)
            yield self._say("max_short_side", "video-too-large", message, shown, limit, smaller)
        if 0 < short < limits.min_short_side:
            limit = _("at least {pixels} pixels").format(pixels=limits.min_short_side)
            larger = _("Export it from the source in a higher resolution.")
            yield self._say("min_short_side", "video-too-small", message, shown, limit, larger)

    def shape(self) -> Iterator[Problem]:
        if not self.video.width or not self.video.height:
            return
        ratio, shown = self.video.width / self.video.height, self._shown()
        least, most = self.limits.min_ratio, self.limits.max_ratio
        hint = _("Cut it to 9:16 (upright) or 16:9 (across).")
        if least and ratio < least * (1 - _RATIO_SLACK):
            message = _("{path} is too narrow ({value}); {platform} takes {limit} or wider.")
            yield self._say("min_ratio", "video-shape", message, shown, _ratio(least), hint)
        if most and ratio > most * (1 + _RATIO_SLACK):
            message = _("{path} is too wide ({value}); {platform} takes {limit} or narrower.")
            yield self._say("max_ratio", "video-shape", message, shown, _ratio(most), hint)

    def rates(self) -> Iterator[Problem]:
        fps, bit_rate = self.video.fps, self.video.bit_rate
        if self.limits.max_fps and fps > self.limits.max_fps:
            message = _("{path} has {value} frames a second; {platform} takes at most {limit}.")
            hint = _("Export it with 25 or 30 frames a second.")
            value, limit = f"{fps:g}", f"{self.limits.max_fps:g}"
            yield self._say("max_fps", "video-frame-rate", message, value, limit, hint)
        if self.limits.max_bit_rate and bit_rate > self.limits.max_bit_rate:
            message = _("{path} has {value} Mbit a second; {platform} takes at most {limit}.")
            hint = _("Export it with a lower bit rate.")
            value, limit = f"{bit_rate / _MB:.1f}", f"{self.limits.max_bit_rate / _MB:g}"
            yield self._say("max_bit_rate", "video-bit-rate", message, value, limit, hint)

    def _shown(self) -> str:
        return f"{self.video.width}×{self.video.height}"

    def _say(
        self, field: str, code: str, message: str, value: str, limit: str, hint: str
    ) -> Problem:
        """The finding; a limit that is not sure warns and says so."""
        text = message.format(path=self.video.path, platform=self.title, value=value, limit=limit)
        if field not in self.limits.unsure:
            return Problem(code=code, message=text, hint=hint)
        caution = _("The platform does not state this limit officially, so it may pass.")
        return Problem(code=code, message=f"{text} {caution}", hint=hint, severity=Severity.WARNING)


def _names(words: Iterable[str]) -> str:
    return " / ".join(sorted(words))


def _kind(mime: str) -> str:
    """How editors name a container."""
    return EXTENSIONS.get(mime, mime).upper().replace("WEBM", "WebM")


def _codec(name: str) -> str:
    """How editors name a codec."""
    return {"AVC": "H.264", "HEVC": "H.265"}.get(name, name)


def _bytes(size: int) -> str:
    """The size in decimal units, rounded up so that it never looks equal to a limit it passes."""
    for unit, name in ((1000 * _MB, "GB"), (_MB, "MB")):
        if size >= unit:
            hundredths = -(-size * 100 // unit)
            return f"{hundredths / 100:g} {name}"
    return f"{size} B"


def _time(length_s: float) -> str:
    """Minutes and seconds, e.g. "15:00" or "0:02.5"; tenths only where there are any."""
    tenths = round(length_s * 10)
    minutes, rest = divmod(tenths, 600)
    seconds, tenth = divmod(rest, 10)
    return f"{minutes}:{seconds:02}" + (f".{tenth}" if tenth else "")


def _ratio(ratio: float) -> str:
    known = {9 / 16: "9:16", 16 / 9: "16:9", 6 / 7: "6:7", 3 / 4: "3:4", 4 / 3: "4:3", 1.0: "1:1"}
    return next((name for value, name in known.items() if abs(value - ratio) < 0.001), f"{ratio:g}")
