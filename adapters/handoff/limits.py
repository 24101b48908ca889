"""What people can enter on platforms that are served by hand.

None of these is an interface's contract. `certain` numbers were read from the platform's own page
and keep a package back; all others only warn. Sources: messages of the composing page
https://channels.weixin.qq.com/platform/post/create (read 2026-08); for 百家号 its interface's page
https://baijiahao.baidu.com/docs/#/normalcomplex/developer/serviceIntroduction (read 2026-09); the
remaining numbers are what shipping products of 2026 enforce, or were passed on: UNVERIFIED.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from adapters.videos import ALL_UNSURE, VideoLimits

TITLE, AUTHOR, DIGEST, TEXT, TOPICS, BODY, LINK = (
    *("title", "author", "digest", "text", "topics", "body", "link"),
)
ARTICLE = (TITLE, BODY, AUTHOR, DIGEST, TEXT, LINK)  # as most editors for articles are laid out
VIDEO = (TEXT, TOPICS, TITLE, LINK)
_GB = 1_000_000_000
_ANY_VIDEO = VideoLimits(max_bytes=4 * _GB, max_duration_s=3600, unsure=ALL_UNSURE)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one platform's composing page takes, and how it is laid out."""

    fields: tuple[str, ...] = (TITLE, AUTHOR, DIGEST, TEXT, TOPICS, BODY, LINK)  # in its order
    page: str = ""  # where a person enters it
    link_like: str = ""  # what the link of a published work looks like
    title_name: str = "标题"
    title_min: int = 1
    title_max: int = 64
    title_certain: bool = False
    text_name: str = "正文（短）"
    text_max: int = 2000
    body_max: int = 0  # characters of an article; 0: not known
    topics_max: int = 10
    topics_apart: bool = False  # topics must be made with the page's own button
    video_needed: bool = False
    media_needed: bool = False  # takes nothing without a picture or a video
    images_max: int = 0  # pictures of one work; 0: not known
    video: VideoLimits = _ANY_VIDEO
    cover_bytes: int = 20_000_000
    cover_sides: tuple[int, int] = (0, 0)  # smallest width and height, in pixels
    cover_ratios: tuple[tuple[int, int], ...] = ()  # forms a cover is wanted in
    notes: tuple[str, ...] = ()  # what else a person must see to


LIMITS: Mapping[str, Limits] = {
    "channels": Limits(
        fields=VIDEO,
        page="https://channels.weixin.qq.com/platform/post/create",
        title_name="短标题",
        title_min=6,
        title_max=16,
        title_certain=True,
        text_name="描述",
        text_max=1000,
        topics_apart=True,
        video_needed=True,
        # Products take 1 GB and 60 minutes, and say that 3 s or less and other shapes are refused.
        video=VideoLimits(
            mimes=frozenset({"video/mp4", "video/quicktime"}),
            codecs=frozenset({"AVC", "HEVC"}),
            audio=frozenset({"AAC"}),
            max_bytes=_GB,
            min_duration_s=3.1,
            max_duration_s=3600,
            min_ratio=9 / 16,
            max_ratio=16 / 9,
            unsure=ALL_UNSURE,
        ),
        cover_ratios=((3, 4), (4, 3)),
        notes=(
            "由已绑定的管理员或运营者用微信扫码登录视频号助手。",
            "需要定时的，在页面选“定时发表”（约1小时后、30天内）。",
        ),
    ),
    "kuaishou": Limits(
        fields=VIDEO,
        text_name="描述",
        text_max=1000,
        topics_max=4,
        video_needed=True,
        video=VideoLimits(max_bytes=4 * _GB, max_duration_s=1800, unsure=ALL_UNSURE),
        cover_bytes=10_000_000,
    ),
    "bilibili": Limits(
        fields=VIDEO,
        page="https://member.bilibili.com/platform/upload/video/frame",
        title_max=80,
        text_name="简介",
        text_max=2000,
        topics_max=10,
        video_needed=True,
        video=VideoLimits(max_bytes=4 * _GB, max_duration_s=5 * 3600, unsure=ALL_UNSURE),
        cover_bytes=5_000_000,
    ),
    "douyin": Limits(
        fields=VIDEO,
        text_name="描述",
        text_max=1000,
        topics_max=5,
        video_needed=True,
        video=VideoLimits(max_bytes=4 * _GB, max_duration_s=900, unsure=ALL_UNSURE),
    ),
    "toutiao": Limits(
        fields=ARTICLE,
        page="https://mp.toutiao.com/",
        title_min=5,
        title_max=30,
        text_name="微头条正文",
        notes=("长文用“文章”，没有长文的用“微头条”，同一稿件只发一种。",),
    ),
    "baijiahao": Limits(
        fields=ARTICLE,
        page="https://baijiahao.baidu.com/",
        link_like="https://baijiahao.baidu.com/s?id=…",
        title_min=5,
        title_max=40,
        body_max=20_000,
        cover_sides=(218, 146),
        notes=("设好封面（1张或3张）再发布：没有封面的只会存成草稿。",),
    ),
    "xiaohongshu": Limits(
        fields=(TITLE, TEXT, TOPICS, LINK),
        title_max=20,
        text_name="正文",
        text_max=1000,
        media_needed=True,
        images_max=18,
        notes=("话题从正文里的“#”逐个选中，使其变为可点击。",),
    ),
    "zhihu": Limits(fields=ARTICLE, title_max=100, notes=("用机构号发布，不用个人号。",)),
    "xuexi": Limits(
        fields=ARTICLE,
        link_like="https://article.xuexi.cn/articles/index.html?art_id=…",
        notes=(
            "按本地学习平台编辑部的要求供稿（邮箱或后台）；被采用才算发布。",
            "采用后从学习强国客户端分享，取得链接再填回；未被采用的，填写“退回”并注明原因。",
        ),
    ),
    "renminhao": Limits(fields=ARTICLE),
    "pengpai": Limits(fields=ARTICLE),
    "qiehao": Limits(fields=ARTICLE),
    "website": Limits(fields=(TITLE, AUTHOR, DIGEST, BODY, TEXT, LINK), text_max=100_000),
    "wechat": Limits(fields=(TITLE, AUTHOR, BODY, LINK, DIGEST, TEXT), text_max=100_000),
    "weibo": Limits(fields=(TEXT, LINK), text_max=2000),
}
ANY = Limits()

# 短标题 of channels: a comma is refused by the page; what else it takes is listed there.
SHORT_TITLE_REFUSED = ",，"
SHORT_TITLE_SIGNS = "《》“”‘’\"'：:+＋?？%％℃°C "
