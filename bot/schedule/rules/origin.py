"""Texts and media that say a machine made them.

Ground: 人工智能生成合成内容标识办法 (2025-09-01).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Final

from bot.domain.post import Post
from bot.domain.problem import Problem
from bot.i18n import _
from bot.schedule.rules.finding import Family, Found, Where, first_of_each, pairs

AI: Final = "ai-unlabelled"
_MACHINE: Final = r"(?:AI|人工智能|AIGC|大模型|文心一言|豆包|ChatGPT|DeepSeek|通义)"
_MADE: Final = r"(?:辅助)?(?:生成|绘制|制作|创作|合成|撰写)"
_SAYS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # 配图由AI生成 speaks of itself; AI生成的谣言 of something else.
        rf"(?:本文|全文|图片|配图|插图|题图|封面|视频|音频|配音|内容|海报|漫画|文字)[^。！？；，,\n]{{0,6}}"
        rf"{_MACHINE}[^。！？；，,\n]{{0,4}}{_MADE}(?!的)",
        rf"(?:[（(【\[]|^)\s*{_MACHINE}{_MADE}(?:内容|图片|配图|漫画|视频)?(?=[）)】\]\s]|$)",
    )
)


def _says_so(text: str) -> Iterator[Found]:
    for found in first_of_each(_SAYS, text):
        yield Found(
            code=AI,
            start=found.start(),
            end=found.end(),
            message=_("“{words}”: the post does not declare it.").format(words=found[0]),
            hint=_("Add “ai_generated: true”; the platform then shows its label."),
        )


FAMILIES: Final = (Family(find=_says_so, pairs=pairs("生成 绘制 制作 创作 合成 撰写")),)


def media(post: Post, where: Where, labelled: Collection[str]) -> Iterator[Problem]:
    """The pictures and videos of the post whose own label says that AI made them."""
    fields = {"cover": (post.cover,), "video": (post.video,), "images": post.images}
    shown = [(name, one) for name, found in fields.items() for one in found]
    shown += [("body", one) for one in post.inline]
    for name, one in shown:
        if one is not None and one.path in labelled:
            yield Problem(
                code=AI,
                message=_("{path} is labelled as made by AI, and the post does not say so.").format(
                    path=one.path
                ),
                hint=_("Add “ai_generated: true”; the platform then shows its label."),
                place=where(name, "", 0),
                post=post.id,
            )
