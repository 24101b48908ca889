"""What people can enter on platforms that are served by hand.

None of these is an interface's contract. `certain` numbers were read from the platform's own page
and keep a package back; all others only warn. Sources: messages of the composing page
https://channels.weixin.qq.com/platform/post/create (read 2026-08); kuaishou and the remaining
numbers are what two shipping products of 2026 enforce.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one platform's composing page takes."""

    title_name: str = "标题"
    title_min: int = 1
    title_max: int = 64
    title_certain: bool = False
    text_max: int = 2000
    topics_max: int = 10
    topics_apart: bool = False  # topics must be made with the page's own button
    video_needed: bool = False
    video_bytes: int = 4_000_000_000
    video_s: int = 3600
    cover_bytes: int = 20_000_000


LIMITS: Mapping[str, Limits] = {
    "channels": Limits(
        title_name="短标题",
        title_min=6,
        title_max=16,
        title_certain=True,
        text_max=1000,
        topics_apart=True,
        video_needed=True,
        video_bytes=1_000_000_000,
    ),
    "kuaishou": Limits(
        text_max=1000,
        topics_max=4,
        video_needed=True,
        video_s=1800,
        cover_bytes=10_000_000,
    ),
    "douyin": Limits(text_max=1000, topics_max=5, video_needed=True, video_s=900),
    "website": Limits(text_max=100_000),
    "wechat": Limits(text_max=100_000),
    "weibo": Limits(text_max=2000),
}
ANY = Limits()

# 短标题 of channels: a comma is refused by the page; what else it takes is listed there.
SHORT_TITLE_REFUSED = ",，"
SHORT_TITLE_SIGNS = "《》“”‘’\"'：:+＋?？%％℃°C "
SHORT_VIDEO_S = 3  # shorter videos are said to be refused by channels
