"""The texts of a package: what to paste where, the article as a page, the check-list.

A package is read by the units' liaisons, so its own words are Chinese whatever language the
commands speak.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from markdown_it import MarkdownIt

from adapters.handoff.limits import ANY, LIMITS
from bot.domain.post import Kind, Variant

_URL = re.compile(r"https?://\S+")
_TOPIC = re.compile(r"#([^#\s，。！？、；：]+)#?")
_BODY_HINT = "见 body.html（可整页复制，转载标注已在开头），原稿见 body.md"
_PAGE = """<!DOCTYPE html>
<html lang="zh-CN">
<head><meta charset="utf-8"><title>{title}</title></head>
<body>
{body}</body>
</html>
"""


@dataclass(frozen=True, kw_only=True)
class Block:
    """A piece of text with the name of the field it is pasted into."""

    name: str
    text: str


def topics(text: str) -> list[str]:
    """The topics 话题 in a text, without # and each once; a # inside a link is none."""
    return list(dict.fromkeys(_TOPIC.findall(_URL.sub(" ", text))))


def without_topics(text: str) -> str:
    """The text without its topics, for pages where topics are made with a button."""
    kept = _URL.findall(text)
    bare = _TOPIC.sub("", _URL.sub("\0", text))
    for url in kept:
        bare = bare.replace("\0", url, 1)
    return re.sub(r"[ \t]+\n|[ \t]{2,}", lambda m: "\n" if "\n" in m[0] else " ", bare).strip()


def blocks(variant: Variant, platform: str) -> list[Block]:
    """What to paste, in the order of the platform's page; empty pieces are left out."""
    limits = LIMITS.get(platform, ANY)
    text = without_topics(variant.text) if limits.topics_apart else variant.text.strip()
    if variant.label and not variant.body:
        text = f"{text}\n{variant.label}".strip()
    found = [
        Block(name=limits.title_name, text=variant.title.strip()),
        Block(name="作者", text=variant.author),
        Block(name="摘要", text=variant.digest),
        Block(name="描述" if limits.video_needed else "正文（短）", text=text),
    ]
    if limits.topics_apart:
        found.append(Block(name="话题（逐个用工具栏添加）", text="\n".join(topics(variant.text))))
    if variant.body:
        found.append(Block(name="正文", text=_BODY_HINT))
    found.append(Block(name="链接", text=variant.link))
    if variant.ai_generated:
        found.append(Block(name="内容标注", text="含AI生成内容，发布时请勾选平台的AI声明"))
    return [block for block in found if block.text]


def paste_text(variant: Variant, platform: str) -> str:
    """文案.txt: every block under its name."""
    parts = [f"【{block.name}】\n{block.text}\n" for block in blocks(variant, platform)]
    return "\n".join(parts)


def body_markdown(variant: Variant, names: Mapping[str, str]) -> str:
    """The article with its pictures under their names in the package, and the label of a reprint.

    `names` maps the office's paths to file names of the package.
    """
    body = variant.body
    for path, name in names.items():
        # Texts may point at a picture from their own folder, so leading ../ are taken too.
        body = re.sub(rf"\]\(\s*<?(?:\.{{1,2}}/)*{re.escape(path)}>?", f"]({name}", body)
    head = f"> {variant.label}\n\n" if variant.label else ""
    return f"{head}{body.strip()}\n"


def body_html(title: str, markdown: str) -> str:
    """A plain page of the article, without style or script; raw HTML in the text stays text."""
    render = MarkdownIt("commonmark", {"html": False}).enable("table").render
    escaped = title.replace("&", "&amp;").replace("<", "&lt;")
    return _PAGE.format(title=escaped, body=render(markdown))


def checklist(variant: Variant, platform: str, account_name: str) -> str:
    """核对清单.txt: what the person checks before and after publishing."""
    limits = LIMITS.get(platform, ANY)
    lines = [
        f"用本单位已备案的官方账号“{account_name}”登录，不用个人账号。",
        f"{limits.title_name}、正文与“文案.txt”一致，未作改动。",
    ]
    if limits.title_certain:
        lines.append(f"{limits.title_name}为{limits.title_min}–{limits.title_max}字，不含逗号。")
    if limits.topics_apart:
        lines.append("话题用工具栏按钮逐个添加，不要把“#话题”粘贴进描述。")
    if variant.video is not None:
        lines.append("视频完整播放一遍，画面、声音、字幕无误，封面清晰。")
    if variant.kind is Kind.REPRINT:
        lines.append("不勾选“原创”；转载标注、来源和稿号完整保留。")
    if variant.link:
        lines.append("链接能打开，指向正确页面。")
    if variant.ai_generated:
        lines.append("已勾选平台的AI生成内容声明。")
    lines.append("同一稿件没有重复发布：发布前先看账号近期内容。")
    lines.append("发布并审核通过后，把作品链接填回系统确认。")
    return "".join(f"□ {number}. {line}\n" for number, line in enumerate(lines, 1))
