"""Texts that say a machine made them. Ground: 人工智能生成合成内容标识办法 (2025-09-01)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from bot.i18n import _
from bot.schedule.rules.finding import Family, Found, first_of_each, pairs

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
