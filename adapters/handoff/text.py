"""The texts of a package: what to paste where, the article as a page, the check-list.

A package is read by the units' liaisons, so its own words are Chinese whatever language the
commands speak.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from adapters.handoff.limits import (
    ANY,
    AUTHOR,
    BODY,
    DIGEST,
    LIMITS,
    LINK,
    TEXT,
    TITLE,
    TOPICS,
    Limits,
)
from adapters.markdown import pictures, to_html
from bot.domain.plain import plain_text
from bot.domain.post import Article, Kind, Media, Variant

_URL = re.compile(r"https?://\S+")
_TOPIC = re.compile(r"#([^#\s，。！？、；：]+)#?")
_PAGE = """<!DOCTYPE html>
<html lang="zh-CN">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title></head>
<body>
{body}</body>
</html>
"""


@dataclass(frozen=True, kw_only=True)
class Block:
    """A piece of text with the name of the field it is pasted into."""

    name: str
    text: str
    limit: int = 0  # characters the field takes; 0: not known
    each_line: bool = False  # its lines are entered one by one
    article: bool = False  # stands for the next article, which has files of its own


@dataclass(frozen=True, kw_only=True)
class Part:
    """One article of the package, as Markdown and as HTML with its pictures' names in it."""

    number: int  # from 1
    title: str
    markdown: str
    html: str

    def file(self, extension: str) -> str:
        """Its name in the package: body.html, body-2.html, …"""
        return f"body{'' if self.number == 1 else f'-{self.number}'}.{extension}"


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
    found = [_block(field, variant, limits) for field in limits.fields]
    for number, article in enumerate(variant.more, 2):
        found += _further(number, article)
    if variant.ai_generated:
        found.append(Block(name="内容标注", text="含AI生成内容，发布时请勾选平台的AI声明"))
    return [block for block in found if block.text]


def _block(field: str, variant: Variant, limits: Limits) -> Block:
    made = {
        TITLE: Block(name=limits.title_name, text=variant.title.strip(), limit=limits.title_max),
        AUTHOR: Block(name="作者", text=variant.author),
        DIGEST: Block(name="摘要", text=variant.digest),
        TEXT: Block(name=limits.text_name, text=_text(variant, limits), limit=limits.text_max),
        TOPICS: Block(
            name="话题（逐个用工具栏添加）",
            text="\n".join(topics(variant.text)) if limits.topics_apart else "",
            each_line=True,
        ),
        BODY: Block(
            name="正文",
            text="见 body.html（可整页复制，转载标注已在开头），原稿见 body.md"
            if variant.body
            else "",
            article=True,
        ),
        LINK: Block(name="链接", text=variant.link),
    }
    return made[field]


def _text(variant: Variant, limits: Limits) -> str:
    """The short text; "" where the article itself goes out.

    Without a short text it is the words of an article the platform has no place for.
    """
    if variant.body and BODY in limits.fields:
        return ""
    text = without_topics(variant.text) if limits.topics_apart else variant.text.strip()
    if not text:
        text = plain_text(variant.body) or ("" if TITLE in limits.fields else variant.title)
    if variant.label:
        text = f"{text}\n{variant.label}".strip()
    return text


def _further(number: int, article: Article) -> Iterator[Block]:
    yield Block(name=f"第{number}篇 标题", text=article.title)
    yield Block(name=f"第{number}篇 作者", text=article.author)
    yield Block(name=f"第{number}篇 摘要", text=article.digest)
    yield Block(name=f"第{number}篇 正文", text=f"见 body-{number}.html", article=True)
    yield Block(name=f"第{number}篇 链接", text=article.link)


def paste_text(variant: Variant, platform: str) -> str:
    """文案.txt: every block under its name."""
    parts = [f"【{block.name}】\n{block.text}\n" for block in blocks(variant, platform)]
    return "\n".join(parts)


def parts(variant: Variant, names: Mapping[str, Media]) -> list[Part]:
    """The articles of the package; `names` gives the media by their file names in it."""
    inline = {media.path: name for name, media in names.items()}
    found = []
    if variant.body:
        markdown = body_markdown(variant.body, inline, label=variant.label)
        found.append(_part(1, variant.title, markdown))
    for number, article in enumerate(variant.more, 2):
        found.append(_part(number, article.title, body_markdown(article.body, inline)))
    return found


def _part(number: int, title: str, markdown: str) -> Part:
    # The pictures' names stand in the Markdown already, and are their own addresses.
    body = to_html(markdown, {path: path for path in pictures(markdown)})
    return Part(number=number, title=title, markdown=markdown, html=body)


def body_markdown(body: str, names: Mapping[str, str], *, label: str = "") -> str:
    """The article with its pictures under their names in the package, and the label of a reprint.

    `names` maps the office's paths to file names of the package.
    """
    for path, name in names.items():
        # Texts may point at a picture from their own folder, so leading ../ are taken too.
        body = re.sub(rf"\]\(\s*<?(?:\.{{1,2}}/)*{re.escape(path)}>?", f"]({name}", body)
    head = f"> {label}\n\n" if label else ""
    return f"{head}{body.strip()}\n"


def body_html(part: Part) -> str:
    """A plain page of the article, without style or script; raw HTML in the text stays text."""
    return _PAGE.format(title=html.escape(part.title), body=f"{part.html}\n")


def checks(variant: Variant, platform: str, account_name: str) -> list[str]:
    """What the person checks before and after publishing."""
    limits = LIMITS.get(platform, ANY)
    lines = [f"用本单位已备案的官方账号“{account_name}”登录，不用个人账号。"]
    lines += limits.notes
    names = "、".join(block.name for block in blocks(variant, platform)[:2])
    lines.append(f"{names}等与“文案.txt”一致，未作改动。")
    if limits.title_certain:
        lines.append(f"{limits.title_name}为{limits.title_min}–{limits.title_max}字，不含逗号。")
    if limits.topics_apart:
        lines.append("话题用工具栏按钮逐个添加，不要把“#话题”粘贴进描述。")
    if variant.video is not None:
        lines.append("视频完整播放一遍，画面、声音、字幕无误，封面清晰。")
    if variant.inline or any(article.inline for article in variant.more):
        lines.append("正文中的图片逐张插入原位（文件名见发布页），没有遗漏。")
    if variant.kind is Kind.REPRINT:
        lines.append("不勾选“原创”；转载标注、来源和稿号完整保留。")
    if variant.link:
        lines.append("链接能打开，指向正确页面。")
    if variant.ai_generated:
        lines.append("已勾选平台的AI生成内容声明。")
    lines.append("同一稿件没有重复发布：发布前先看账号近期内容。")
    like = f"（形如 {limits.link_like}）" if limits.link_like else ""
    lines.append(f"发布并审核通过后，把作品链接{like}填回系统确认。")
    return lines


def checklist(variant: Variant, platform: str, account_name: str) -> str:
    """核对清单.txt: the same, to be printed."""
    lines = checks(variant, platform, account_name)
    return "".join(f"□ {number}. {line}\n" for number, line in enumerate(lines, 1))
