"""Markdown as nobody should write it: pieces that break parsers, in any order."""

from __future__ import annotations

from hypothesis import strategies as st

PATHS = ("media/a.png", "media/洗手.png")
_PIECES = (
    *("洗手", "wash", "20秒", " ", "\n", "\n\n", "\t", "\\", "\x00", "\u2028", "😷"),
    *("**", "*", "_", "~~", "`", "```\n", "#", "## ", "> ", "- ", "1. ", "7) ", "    ", "---\n"),
    *("|", "|--|--:|\n", "| 甲 | 乙 |\n| --- | --- |\n| 1 | 2 |\n", "[", "](", ")", "![", '"'),
    *("<", ">", "&", "&nbsp;", "&#106;", "'", "</p>", "</section>", "-->", "<!--", "]]>"),
    *("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<style>p{}</style>"),
    *('<a href="https://x.example" class="y" style="position:fixed">', "<svg onload=alert(1)>"),
    *("![图](media/a.png)", '![](media/洗手.png "题")', "![x](https://evil.example/x.png)"),
    *("![s](data:image/svg+xml;base64,AA)", "[a](https://a.example/x?a=1&b=2)", "[r](../x.md)"),
    *("[j](javascript:alert(1))", "[v](vbscript:x)", "[i](http://[)", "[t](tel:120)", "(//h/x)"),
    *("[w](https://mp.weixin.qq.com/s/abc)", "[u](https://mp.weixin.qq.com@evil.example/)"),
    *("<https://b.example>", "<mailto:a@b.example>", "[![图](media/a.png)](https://c.example)"),
)

scribbles = st.lists(st.sampled_from(_PIECES) | st.text(max_size=5), max_size=50).map("".join)
