"""The pages an officer sees on the way into Douyin's app.

They are read by the units' officers, so their words are Chinese whatever language the commands
speak. No script, no outside file: they open anywhere, also without a network.
"""

from __future__ import annotations

import html
import io
from dataclasses import dataclass
from datetime import datetime

import segno

from bot.domain.quota import PLATFORM_ZONE

_PAGE = """<!DOCTYPE html>
<html lang="zh-CN">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.7 sans-serif; max-width: 40em; margin: 1.5em auto; padding: 0 1em; }}
svg {{ width: 18em; height: 18em; display: block; margin: 1em 0; }}
pre {{ white-space: pre-wrap; background: #f4f4f4; padding: .8em; }}
a.go {{ display: inline-block; padding: .6em 1.2em; background: #1a1a1a; color: #fff; }}
</style></head>
<body>
{body}</body>
</html>
"""
_STEPS = (
    "用已登录本单位官方账号的手机，打开抖音“扫一扫”，扫描上面的二维码；在手机上看本页的，直接点链接。",
    "抖音打开后，{what}已备好。核对文案与话题，缺少的从下面粘贴，不要改动标题和来源标注。",
    "点“发布”。发布成功后系统会自动登记；半小时内没有登记的，把作品链接填回系统。",
    "提示“verify signature fail”的，是链接过期，或应用缺少 aweme.share 权限："
    "重新取链接，仍不行就告诉管理员。",
)


@dataclass(frozen=True, kw_only=True)
class Invitation:
    """What the page in the package is about."""

    title: str
    caption: str
    account_name: str
    target: str  # what the QR code holds
    ends_at: datetime | None  # when that stops working; None: never
    video: bool


def qr_svg(text: str) -> str:
    """The QR code of a text, as an SVG element to stand in a page."""
    code = segno.make_qr(text, error="l")
    # Inline, so that the page is one file that opens without a network.
    return str(code.svg_inline(scale=4, border=4, omitsize=True))


def qr_file(text: str) -> str:
    """The same as a file of its own, to be shown or printed elsewhere."""
    buffer = io.BytesIO()
    segno.make_qr(text, error="l").save(buffer, kind="svg", scale=8, border=4)
    return buffer.getvalue().decode()


def scan_page(about: Invitation) -> str:
    """扫码投稿.html: the QR code, until when it works, and what to do."""
    what = "视频" if about.video else "图片"
    steps = "".join(f"<li>{html.escape(step.format(what=what))}</li>\n" for step in _STEPS)
    body = (
        f"<h1>{html.escape(about.title)}</h1>\n"
        f"<p>账号：{html.escape(about.account_name)}</p>\n"
        f"{qr_svg(about.target)}\n"
        f"<p>{_until(about.ends_at)}</p>\n"
        f'<p><a class="go" href="{html.escape(about.target)}">在手机上打开抖音</a></p>\n'
        f"<ol>\n{steps}</ol>\n"
        f"<h2>文案</h2>\n<pre>{html.escape(about.caption)}</pre>\n"
    )
    return _PAGE.format(title=html.escape(about.title), body=body)


def open_page(link: str, caption: str) -> str:
    """What the phone shows after scanning an address of ours: on into the app."""
    escaped = html.escape(link)
    body = (
        f'<meta http-equiv="refresh" content="0;url={escaped}">\n'
        f'<p><a class="go" href="{escaped}">打开抖音发布</a></p>\n'
        "<p>没有自动打开的，点上面的按钮；在微信里看到本页的，先选“在浏览器打开”。</p>\n"
        f"<h2>文案</h2>\n<pre>{html.escape(caption)}</pre>\n"
    )
    return _PAGE.format(title="打开抖音发布", body=body)


def _until(moment: datetime | None) -> str:
    if moment is None:
        return "二维码长期有效，每次扫描都会取得新的链接。"
    local = moment.astimezone(PLATFORM_ZONE)
    return f"二维码在北京时间 {local:%Y年%m月%d日 %H:%M} 前有效。"
