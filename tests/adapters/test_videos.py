"""A video against a platform's table: what is told, in which words, and how sure."""

from dataclasses import replace

import pytest

from adapters.videos import VideoLimits, problems
from bot.domain.post import Media
from bot.domain.problem import Severity

SOUND = Media(
    path="media/洗手.mp4",
    sha256="0" * 64,
    size=90_000_000,
    mime="video/mp4",
    width=1080,
    height=1920,
    duration_s=61.5,
    codec="AVC",
    audio="AAC",
    fps=30.0,
    bit_rate=12_000_000,
)
LIMITS = VideoLimits(
    mimes=frozenset({"video/mp4", "video/quicktime"}),
    codecs=frozenset({"AVC", "HEVC"}),
    audio=frozenset({"AAC"}),
    max_bytes=128_000_000,
    min_duration_s=3,
    max_duration_s=15 * 60,
    min_short_side=720,
    max_short_side=2160,
    max_long_side=4096,
    min_ratio=9 / 16,
    max_ratio=16 / 9,
    max_fps=60,
    max_bit_rate=60_000_000,
)
WRONG: dict[str, tuple[Media, str, str, str]] = {
    # The limit -> a video that passes it, the problem's code, the value and the limit as told.
    "mimes": (replace(SOUND, mime="video/webm"), "video-type", "WebM", "MOV / MP4"),
    "codecs": (replace(SOUND, codec="AV1"), "video-codec", "AV1", "H.264 / H.265"),
    "audio": (replace(SOUND, audio="AC-3"), "video-audio", "AC-3", "AAC"),
    "max_bytes": (replace(SOUND, size=128_000_001), "video-too-big", "128.01 MB", "128 MB"),
    "min_duration_s": (replace(SOUND, duration_s=2.5), "video-too-short", "0:02.5", "0:03"),
    "max_duration_s": (replace(SOUND, duration_s=900.2), "video-too-long", "15:00.2", "15:00"),
    "min_short_side": (replace(SOUND, width=540, height=960), "video-too-small", "540×960", "720"),
    "max_short_side": (
        replace(SOUND, width=2304, height=4096),
        "video-too-large",
        "2304×4096",
        "2160",
    ),
    "max_long_side": (
        replace(SOUND, width=2160, height=4100, duration_s=9),
        "video-too-large",
        "2160×4100",
        "4096",
    ),
    "min_ratio": (replace(SOUND, width=1000, height=1920), "video-shape", "1000×1920", "9:16"),
    "max_ratio": (replace(SOUND, width=2000, height=1080), "video-shape", "2000×1080", "16:9"),
    "max_fps": (replace(SOUND, fps=120), "video-frame-rate", "120", "60"),
    "max_bit_rate": (replace(SOUND, bit_rate=60_100_000), "video-bit-rate", "60.1", "60"),
}


def test_a_video_that_fits_has_no_problem() -> None:
    assert list(problems(SOUND, LIMITS, "抖音")) == []


def test_every_limit_but_the_list_of_unsure_ones_is_tried_below() -> None:
    assert set(WRONG) == set(VideoLimits.__dataclass_fields__) - {"unsure"}


@pytest.mark.parametrize("field", WRONG)
def test_a_video_past_a_limit_is_told_with_file_value_and_limit(field: str) -> None:
    video, code, value, limit = WRONG[field]
    only = replace(VideoLimits(), **{field: getattr(LIMITS, field)})
    [problem] = problems(video, only, "抖音")
    assert (problem.code, problem.severity) == (code, Severity.ERROR)
    assert problem.hint
    for word in ("media/洗手.mp4", value, limit, "抖音"):
        assert word in problem.message


@pytest.mark.parametrize("field", WRONG)
def test_a_limit_nobody_states_officially_only_warns(field: str) -> None:
    video, code, _value, _limit = WRONG[field]
    found = {
        problem.code: problem
        for problem in problems(video, replace(LIMITS, unsure=frozenset({field})), "抖音")
    }
    assert found[code].severity is Severity.WARNING
    [sure] = [each for each in problems(video, LIMITS, "抖音") if each.code == code]
    assert found[code].message.startswith(sure.message)
    assert found[code].message != sure.message


@pytest.mark.parametrize("field", WRONG)
def test_a_table_without_the_limit_says_nothing(field: str) -> None:
    video, _code, _value, _limit = WRONG[field]
    assert list(problems(video, VideoLimits(), "抖音")) == []


def test_the_exact_limit_is_taken() -> None:
    video = replace(SOUND, size=128_000_000, duration_s=900.0, fps=60, bit_rate=60_000_000)
    assert list(problems(video, LIMITS, "抖音")) == []
    assert list(problems(replace(video, duration_s=3.0), LIMITS, "抖音")) == []


def test_a_shape_rounded_to_whole_pixels_is_taken() -> None:
    # 9:16 of 1278 would be 718.875 wide, and codecs want even sides.
    assert list(problems(replace(SOUND, width=720, height=1282), LIMITS, "抖音")) == []


def test_what_is_not_known_of_a_video_is_not_held_against_it() -> None:
    video = Media(path="media/v.mp4", sha256="0" * 64, size=1, mime="video/mp4")
    assert list(problems(video, LIMITS, "抖音")) == []


def test_braces_in_a_name_do_no_harm() -> None:
    video = replace(SOUND, path="media/{0}{x}.mp4", codec="{y}")
    [problem] = problems(video, LIMITS, "{z}")
    assert "media/{0}{x}.mp4" in problem.message


def test_a_mistyped_name_among_the_unsure_is_refused() -> None:
    with pytest.raises(ValueError, match="max_byte"):
        VideoLimits(unsure=frozenset({"max_byte"}))
